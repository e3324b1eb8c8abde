"""Forms of data objects, for native code that makes more of them (hsmith.crypto.forming, docs/decisions/0027).

A form is found by example: of an object that was made as ever, and of what was stored of it and told of it in the
audit, all but what differs from object to object is taken as it is. So what a record consists of is known where it
always was. Before a form is used, one object of it is made and compared with what it should be.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

from hsmith.core import templates
from hsmith.core.audit import Audit
from hsmith.core.templates.values import PLAIN
from hsmith.crypto.forming import LONGEST, Depending, Form, Kind, Made, Part, Plan, Source, encoded
from hsmith.crypto.wiping import wipe
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, ObjectClass
from hsmith.spec.values import Template
from hsmith.store import codec
from hsmith.store.backlog import packed
from hsmith.store.records import ObjectRecord, PutObject
from hsmith.store.sealing import FORMAT, Damaged, Sealer

log = logging.getLogger("hsmith.core")

#: A number and a name that nothing else in a text looks like.
_NUMBER: Final = 4_611_686_018_427_387_905
_NAME: Final = b"d4d29c0e-7e62-4a3f-9f6e-0c0ffee0c0de"
_TIME: Final = re.compile(r'(?<="time":")[^"]{27}(?=")')
_VARYING: Final = re.compile(rf"{_TIME.pattern}|(?<=\D){_NUMBER}(?=\D)|{_NAME.decode()}")
_KINDS: Final[dict[type, Kind]] = {bytes: Kind.BYTES, int: Kind.ULONG, bool: Kind.BOOL}

#: What is alike in all templates of one form: type, kind and number of each attribute, in the order of the template.
Shape = tuple[tuple[int, Kind, int], ...]


def shape(template: Template) -> Shape | None:
    """Of a template that was accepted; None: no form has such ones."""
    if sum([len(value) for _, value in template if isinstance(value, bytes)]) > LONGEST:
        return None
    found: list[tuple[int, Kind, int]] = []
    for attr, value in template:
        kind = _KINDS.get(type(value))
        if kind is None or PLAIN.get(attr) is not type(value) or ATTRIBUTES[attr].big:
            return None
        if isinstance(value, int):
            found.append((int(attr), kind, int(value)))
        else:
            found.append((int(attr), kind if value else Kind.EMPTY, 0))
    return tuple(found) if len(dict(template)) == len(template) else None


def find(template: Template, attributes: Mapping[int, Any], sealer: Sealer, audit: Audit) -> Form | None:
    """The form of a data object with these attributes, which was made of ``template`` by the call that this thread
    serves. None: there is none, or native code cannot have it."""
    alike = shape(template)
    if alike is None or attributes[Attr.CLASS] != ObjectClass.DATA:
        return None
    try:
        form = Form(_plan(alike, attributes, sealer, audit), sealer.sealing_key, sealer.index_key)
    except ValueError:
        return None
    data = encoded(alike, [value for _, value in template])
    made = form.make(memoryview(data), _NUMBER)
    wipe(data)
    if made is None:
        return None
    if not _right(made, attributes, sealer, audit):
        log.error(
            "native code makes other objects than the keeper does: it makes none, and each takes longer; report this"
        )
        return None
    return form


def _plan(alike: Shape, attributes: Mapping[int, Any], sealer: Sealer, audit: Audit) -> Plan:
    places = {attr: at for at, (attr, kind, _) in enumerate(alike) if kind is Kind.BYTES}
    indexed = templates.index(attributes)
    varying = [attr for attr, _ in indexed if attr in places or attr == Attr.UNIQUE_ID]
    return Plan(
        expected=alike,
        record=_record(attributes, places),
        text=_text(audit, sealer),
        tags=list(_tags(sealer, [pair for pair in indexed if pair[0] not in varying])),
        depending=[
            Depending(int(attr), Source.VALUE if attr in places else Source.NAMED, places.get(attr, 0))
            for attr in varying
        ],
        context=sealer.context,
        offset=sealer.offset,
        format=FORMAT,
    )


def _right(made: Made, attributes: Mapping[int, Any], sealer: Sealer, audit: Audit) -> bool:
    """Whether it is the object that would have been made as ever."""
    wanted = {**attributes, Attr.UNIQUE_ID: made.name}
    record = ObjectRecord(sealer.token, _NUMBER, 1, sealer.private, made.blob)
    try:
        stored = sealer.unseal(record)
    except Damaged:
        return False
    told = _told(audit, record, made.name.decode())
    alike = [_TIME.sub("", text) for text in (made.text, told)]
    return (
        stored == wanted
        and made.tags == packed(sorted(_tags(sealer, templates.index(wanted))))
        and len(set(alike)) == 1
    )


def _record(attributes: Mapping[int, Any], places: Mapping[int, int]) -> list[Part]:
    parts = [Part(Source.CONSTANT, codec.count_of(attributes))]
    for attr, value in sorted(attributes.items()):
        entry = codec.entry_of(attr, value)
        if attr in places:
            head = len(entry) - len(value) - 4  # native code puts the length itself
            parts += [Part(Source.CONSTANT, entry[:head]), Part(Source.VALUE, which=places[attr])]
        elif attr == Attr.UNIQUE_ID:
            parts += [Part(Source.CONSTANT, entry[: -len(value)]), Part(Source.NAMED)]
        else:
            parts.append(Part(Source.CONSTANT, entry))
    return parts


def _tags(sealer: Sealer, pairs: list[tuple[int, Any]]) -> set[bytes]:
    return {sealer.tag(attr, value) for attr, value in [*pairs, (Attr.PRIVATE, sealer.private)]}


def _told(audit: Audit, record: ObjectRecord, name: str) -> str:
    """What the audit tells of a new object."""
    (change,) = audit.together([PutObject(record, ())], [name])[1:]
    text: str = change.texts[0]  # type: ignore[union-attr]
    return text


def _text(audit: Audit, sealer: Sealer) -> list[Part]:
    text = _told(audit, ObjectRecord(sealer.token, _NUMBER, 1, sealer.private, b""), _NAME.decode())
    parts, at = [], 0
    for found in _VARYING.finditer(text):
        varying = {str(_NUMBER): Source.NUMBERED, _NAME.decode(): Source.NAMED}
        parts += [Part(Source.CONSTANT, text[at : found.start()].encode()), Part(varying.get(found[0], Source.TIMED))]
        at = found.end()
    return [*parts, Part(Source.CONSTANT, text[at:].encode())]
