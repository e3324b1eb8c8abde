"""Objects (chapter "Object management functions"): made, read, changed, copied, searched and destroyed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from hsmith.core import builtin, templates
from hsmith.core.making import Steps
from hsmith.core.objects import Object
from hsmith.core.policy.marks import Mark
from hsmith.cryptoki import operations
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import begins, handles, made_at_once
from hsmith.cryptoki.memory import FOUND
from hsmith.cryptoki.operations import Active
from hsmith.spec.constants import Attr, Fault, ObjectClass
from hsmith.spec.faults import Partly, Refused
from hsmith.spec.functions import FIND, Operation
from hsmith.spec.values import Template
from hsmith.store.records import Change

_BROUGHT: Final = Mark.KNOWN | Mark.BROUGHT
#: Bytes of an object that is made in a moment.
QUICK: Final = 16 << 10
#: Handles that one answer has at most.
MOST_FOUND = 1024
#: Bytes of all values that one C_GetAttributeValue gives: an answer is one frame.
ANSWER_MAXIMUM: Final = (64 << 20) - (1 << 16)


class TooMuch(Refused):
    """More than one answer holds, however often the one long value is asked for."""


def may_write(session: Session, attributes: Mapping[int, Any]) -> None:
    """Whether this session may make or change such an object (table "Access to different types of objects")."""
    if attributes.get(Attr.PRIVATE) and not session.logged_in:
        raise Refused(Fault.USER_NOT_LOGGED_IN, "private objects need the user to be logged in")
    if attributes.get(Attr.TOKEN) and not session.rw:
        raise Refused(Fault.SESSION_READ_ONLY, "token objects need a read/write session")


def store(session: Session, *attribute_sets: dict[int, Any], marks: Mark | list[Mark] = Mark.NONE) -> list[Object]:
    """As storing() says, in this thread."""
    return session.token.shelf.making.alone(storing(session, *attribute_sets, marks=marks))


def storing(
    session: Session, *attribute_sets: dict[int, Any], marks: Mark | list[Mark] = Mark.NONE, fresh: bool = False
) -> Steps[list[Object]]:
    """Make the objects, those of the token together or not at all. Returns them in order. ``marks``: what is to be
    remembered of their values, of all or of each; ``fresh``: they were made at random."""
    for attributes in attribute_sets:
        may_write(session, attributes)
    each = marks if isinstance(marks, list) else [marks] * len(attribute_sets)
    settle = session.token.policy.settle
    records = [settle(attributes, of, fresh=fresh) for attributes, of in zip(attribute_sets, each, strict=True)]
    pairs = list(zip(attribute_sets, records, strict=True))
    lasting = [pair for pair in pairs if pair[0][Attr.TOKEN]]
    made: Iterator[Object] = iter(())
    if lasting:
        made = iter((yield from session.token.shelf.adding(*zip(*lasting, strict=True))))
    return [
        next(made) if attributes[Attr.TOKEN] else session.app.add_object(session, attributes, record)
        for attributes, record in pairs
    ]


@handles("C_CreateObject")
def create_object(session: Session, template: Template) -> int:
    making, steps = session.token.shelf.making, begin_object(session, template)
    return making.alone(_creating(session, template)) if steps is None else making.together(steps)


@begins("C_CreateObject")
def begin_object(session: Session, template: Template) -> Steps[int] | None:
    return _creating(session, template) if _quick(template) else None


def _quick(template: Template) -> bool:
    """Whether the object is made in a moment: key material may have to be checked for long, or be long itself."""
    cls = next((value for attr, value in template if attr == Attr.CLASS), None)
    return cls == ObjectClass.DATA and sum(len(value) for _, value in template if type(value) is bytes) <= QUICK


def _creating(session: Session, template: Template) -> Steps[int]:
    attributes = templates.create(template, so=session.is_so)
    session.token.policy.shape([template], [attributes])
    (made,) = yield from storing(session, attributes, marks=_BROUGHT)
    session.forms.made(session, template, made)
    return session.handle_for(made)


@made_at_once("C_CreateObject")
def make_object(session: Session, template: memoryview) -> tuple[Sequence[Change], int] | None:
    return session.forms.make(session, template) if session.forms else None


@handles("C_CopyObject")
def copy_object(session: Session, handle: int, template: Template) -> int:
    source = session.object(handle)
    attributes = templates.copy(_changeable(source), template, so=session.is_so)
    session.token.policy.check_change(source.attributes, attributes)
    return session.handle_for(store(session, attributes)[0])


@handles("C_DestroyObject")
def destroy_object(session: Session, handle: int) -> None:
    object = session.object(handle)
    attributes = _changeable(object)
    may_write(session, attributes)
    if not attributes.get(Attr.DESTROYABLE, True):
        raise Refused(Fault.ACTION_PROHIBITED, "the object's CKA_DESTROYABLE is false")
    if object.on_token:
        session.token.shelf.destroy(object)
    else:
        session.app.drop_object(object)


@handles("C_GetObjectSize")
def get_object_size(session: Session, handle: int) -> int:
    """The bytes that the object's values take, roughly, as the text permits."""
    return templates.size(session.object(handle).attributes)


@handles("C_GetAttributeValue")
def get_attribute_value(session: Session, handle: int, types: list[int]) -> list[Any]:
    """Every value that may be read; where some may not, the others come with the refusal ("C_GetAttributeValue")."""
    attributes = session.object(handle).attributes
    values: list[Any] = []
    refusal: Fault | None = None
    left = ANSWER_MAXIMUM
    for type in types:
        try:
            values.append(templates.read(attributes, type))
            left -= len(values[-1]) if isinstance(values[-1], bytes) else 0
            if left < 0:
                raise TooMuch(Fault.DEVICE_MEMORY, f"all values together are longer than {ANSWER_MAXIMUM} bytes")
        except TooMuch:
            raise
        except Refused as refused:
            values.append(None)
            refusal = refusal or refused.fault
    if refusal is not None:
        raise Partly(refusal, (values,))
    return values


@handles("C_SetAttributeValue")
def set_attribute_value(session: Session, handle: int, template: Template) -> None:
    object = session.object(handle)
    may_write(session, _changeable(object))

    def changed(attributes: Mapping[int, Any]) -> Mapping[int, Any]:
        new = templates.change(attributes, template, so=session.is_so)
        session.token.policy.check_change(attributes, new)
        return new

    shelf = session.token.shelf
    new = shelf.change(object, changed) if object.on_token else session.app.change_object(object, changed)
    session.token.policy.changed(new)


@handles("C_FindObjectsInit")
def find_objects_init(session: Session, template: Template) -> None:
    _begin(session, _search(session, template))


@handles(FIND)
def find_all(session: Session, template: Template, most: int) -> tuple[int, list[int]]:
    """(1, all handles) when there are at most ``most``: the search is over. (0, none): it goes on as ever."""
    handles = _search(session, template)
    if len(handles) <= min(most, MOST_FOUND):
        return 1, handles
    _begin(session, handles)
    return 0, []


def _begin(session: Session, handles: list[int]) -> None:
    active = Active(iter(handles))
    active.weigh(session.app.memory, FOUND * len(handles))
    session.operations[Operation.FIND] = active
    session.searches.fall()


@handles("C_FindObjects")
def find_objects(session: Session, maximum: int) -> list[int]:
    active = session.operations.get(Operation.FIND)
    if active is None:
        raise Refused(Fault.OPERATION_NOT_INITIALIZED, "C_FindObjectsInit comes first")
    found: list[int] = []
    for _, handle in zip(range(maximum), active.running, strict=False):
        found.append(handle)
    return found


@handles("C_FindObjectsFinal")
def find_objects_final(session: Session) -> None:
    operations.take(session, Operation.FIND)


def _search(session: Session, template: Template) -> list[int]:
    """Handles of all objects that match now: a search sees the objects that there are when it begins."""
    operations.check_idle(session, Operation.FIND)
    templates.check_search(template)
    handles = builtin.find(template)
    private = session.logged_in
    if session.app.objects:
        handles += [
            object.id
            for object in list(session.app.objects.values())
            if session.app.session_object(object.id, session.token) is object
            and (private or not object.private)
            and templates.matches(object.attributes, template)
        ]
    for number, is_private in session.token.shelf.find(template, private=private):
        handles.append(session.handle_of(number, private=is_private))
    return handles


def _changeable(object: Object) -> Mapping[int, Any]:
    if object.id in builtin.OBJECTS:
        raise Refused(Fault.ACTION_PROHIBITED, "the object belongs to the token itself")
    return object.attributes
