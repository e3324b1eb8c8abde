"""The kinds of parameters: how each becomes C arguments, and how what a call leaves there is held against the answer.

A kind is a function of the call and the scope. It gives the C arguments, and what to do with the answer: nothing for an
input parameter. Numbers that count a list are C arguments without an element of their own (section "Array and List
Representation"); a list, buffer or attribute without a length is a NULL pointer ("Determining Array or List Length").
"""

import ctypes as C
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple
from xml.etree.ElementTree import Element

from hsmith.spec.constants import Attr, Mechanism
from p11_structs import STRUCTS
from p11_values import UNAVAILABLE, Raw, c_mechanism, c_template, decoded
from profiles import values
from profiles.cases import Malformed
from profiles.scope import Mismatch, Scope, child, written
from profiles.values import Family

Check = Callable[[Element], None]
Prepare = Callable[[Element, Scope], tuple[list[Any], Check | None]]


class Parameter(NamedTuple):
    """``name``: of its element, empty for what is omitted. ``checked``: it has an element in the answer."""

    name: str
    prepare: Prepare
    checked: bool = False
    given: bool = True


#: Reserved parameters, callbacks and pApplication are omitted (section "Omitted Items").
OMITTED: Final = Parameter("", lambda call, scope: ([None], None), given=False)


# --- Input


def _input(name: str, read: Callable[[str], Any]) -> Parameter:
    return Parameter(name, lambda call, scope: ([scope.given(written(child(call, name)), read)], None))


def number(name: str, family: Family | None = None) -> Parameter:
    return _input(name, partial(values.number, family=family))


def boolean(name: str) -> Parameter:
    return _input(name, values.boolean)


def counted(name: str, read: Callable[[str], bytes]) -> Parameter:
    """A string of bytes, and its length."""

    def prepare(call: Element, scope: Scope) -> tuple[list[Any], None]:
        data = scope.given(written(child(call, name)), read)
        return [data, len(data)], None

    return Parameter(name, prepare)


def _mechanism(call: Element, scope: Scope) -> tuple[list[Any], None]:
    element = child(call, "Mechanism")
    if len(element) != 1:
        raise Malformed("a Mechanism has its Type alone: parameters of mechanisms are not interpreted")
    read = partial(values.number, family=Mechanism)
    return [c_mechanism(scope.given(written(child(element, "Type")), read))], None


MECHANISM: Final = Parameter("Mechanism", _mechanism)


def _template(call: Element, scope: Scope) -> tuple[list[Any], None]:
    pairs = []
    for element in child(call, "Template"):
        attr = _type(element)
        pairs.append((attr, scope.given(written(element), partial(values.attribute, attr))))
    array, count, kept = c_template(pairs)
    array.kept = kept
    return [array, count], None


TEMPLATE: Final = Parameter("Template", _template)


def _type(element: Element) -> Attr:
    name = written(element, "type")
    if element.tag != "Attribute" or name not in Attr.__members__:
        raise Malformed(f"{element.tag} {name!r} is no attribute")
    return Attr[name]


# --- Output


def _capacity(element: Element, scope: Scope) -> int | None:
    text = element.get("length")
    return None if text is None else int(scope.given(text, values.number))


def handle(name: str) -> Parameter:
    """A number that the call gives."""

    def prepare(call: Element, scope: Scope) -> tuple[list[Any], Check]:
        result = C.c_ulong()
        return [result], lambda answer: scope.expect(name, written(child(answer, name)), result.value, values.number)

    return Parameter(name, prepare, checked=True, given=False)


def struct(name: str, kind: str, flags: Family | None = None) -> Parameter:
    """An info structure, whose members are all in the answer."""

    def prepare(call: Element, scope: Scope) -> tuple[list[Any], Check]:
        result = STRUCTS[kind]()
        return [result], lambda answer: _check_struct(child(answer, name), result, scope, flags)

    return Parameter(name, prepare, checked=True, given=False)


def _check_struct(element: Element, result: C.Structure, scope: Scope, flags: Family | None) -> None:
    # "Normalizing Names": without the Hungarian ul, in CamelCase; the cases leave some names as they are in C.
    fields = {field[0].removeprefix("ul").lower(): getattr(result, field[0]) for field in result._fields_}
    if [member.tag.lower() for member in element] != list(fields):
        raise Malformed(f"{element.tag} does not have the members {list(fields)}")
    for member, value in zip(element, fields.values(), strict=True):
        item = f"{element.tag}.{member.tag}"
        if isinstance(value, int):
            read = partial(values.number, family=flags if member.tag == "Flags" else None)
            scope.expect(item, written(member), value, read)
        elif isinstance(value, C.Array):
            scope.expect(item, written(member), bytes(value), str.encode)
        else:
            version = f"{written(member, 'major')}.{written(member, 'minor')}"
            scope.expect(item, version, (value.major, value.minor), _version)


def _version(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)


def listing(name: str, member: str, family: Family | None = None) -> Parameter:
    """An array and its length, which is input and output."""

    def prepare(call: Element, scope: Scope) -> tuple[list[Any], Check]:
        capacity = _capacity(child(call, name), scope)
        array = None if capacity is None else (C.c_ulong * max(1, capacity))()
        count = C.c_ulong(capacity or 0)
        return [array, count], partial(_check_listing, scope, name, member, family, array, count)

    return Parameter(name, prepare, checked=True)


def found(name: str, member: str) -> Parameter:
    """The array of C_FindObjects: its size is given apart from the number of those found."""

    def prepare(call: Element, scope: Scope) -> tuple[list[Any], Check]:
        capacity = _capacity(child(call, name), scope)
        if capacity is None:
            raise Malformed(f"{call.tag} has no length of {name}")
        array, count = (C.c_ulong * max(1, capacity))(), C.c_ulong()
        return [array, capacity, count], partial(_check_listing, scope, name, member, None, array, count)

    return Parameter(name, prepare, checked=True)


def _check_listing(
    scope: Scope, name: str, member: str, family: Family | None, array: Any, count: C.c_ulong, answer: Element
) -> None:
    element = child(answer, name)
    if "length" in element.attrib:
        scope.expect(f"{name} length", written(element, "length"), count.value, values.number)
        return
    if any(each.tag != member for each in element):
        raise Malformed(f"{name} has other members than {member}")
    if array is None or count.value > len(array):
        raise Mismatch(f"{name} has {count.value} members, more than there was room for")
    texts = [written(each) for each in element]
    scope.expect_list(name, texts, list(array[: count.value]), partial(values.number, family=family))


def buffer(name: str) -> Parameter:
    """A buffer and its length, which is input and output."""

    def prepare(call: Element, scope: Scope) -> tuple[list[Any], Check]:
        capacity = _capacity(child(call, name), scope)
        room = None if capacity is None else bytearray(capacity)
        length = C.c_ulong(capacity or 0)
        return [room, length], partial(_check_bytes, scope, name, room, length)

    return Parameter(name, prepare, checked=True)


def _check_bytes(scope: Scope, name: str, room: bytearray | None, length: C.c_ulong, answer: Element) -> None:
    element = child(answer, name)
    if "length" in element.attrib:
        scope.expect(f"{name} length", written(element, "length"), length.value, values.number)
    elif room is None or length.value > len(room):
        raise Mismatch(f"{name} has {length.value} bytes, more than there was room for")
    else:
        scope.expect(name, written(element), bytes(room[: length.value]), values.binary)


def _query(call: Element, scope: Scope) -> tuple[list[Any], Check]:
    rooms: list[tuple[Attr, bytearray | None]] = []
    for element in child(call, "Template"):
        capacity = _capacity(element, scope)
        rooms.append((_type(element), None if capacity is None else bytearray(capacity)))
    array, count, kept = c_template([(attr, Raw(room, len(room or b""))) for attr, room in rooms])
    array.kept = kept
    return [array, count], partial(_check_query, scope, rooms, array)


def _check_query(scope: Scope, rooms: list[tuple[Attr, bytearray | None]], array: Any, answer: Element) -> None:
    element = child(answer, "Template")
    if [_type(each) for each in element] != [attr for attr, _ in rooms]:
        raise Malformed("the attributes of the answer are not those of the call")
    for each, (attr, room), entry in zip(element, rooms, array, strict=False):
        length = entry.ulValueLen
        if "length" in each.attrib:
            scope.expect(f"{attr.name} length", written(each, "length"), length, values.number)
        elif room is None or length == UNAVAILABLE or length > len(room):
            raise Mismatch(f"{attr.name} has no value, but the length {length}")
        else:
            value = values.legible(attr, decoded(attr, bytes(room[:length])))
            scope.expect(attr.name, written(each), value, partial(values.attribute, attr))


QUERY: Final = Parameter("Template", _query, checked=True)
