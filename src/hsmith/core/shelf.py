"""The objects of one token: found by index, loaded when they are used, changed in the store first."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol
from weakref import WeakValueDictionary

from hsmith.core import forms, templates
from hsmith.core.durable import Durable, refusal
from hsmith.core.making import PAUSE, Making, Steps
from hsmith.core.objects import Object, unique
from hsmith.core.policy.values import Record
from hsmith.crypto.forming import Form, Made
from hsmith.spec.constants import Attr, Fault
from hsmith.spec.faults import Refused
from hsmith.spec.values import Template
from hsmith.store.entries import Row
from hsmith.store.records import (
    NOT_READ,
    Change,
    Conflict,
    DeleteObject,
    NewObject,
    ObjectRecord,
    PutObject,
    StoreBroken,
)
from hsmith.store.sealing import Damaged, Sealer, term

#: Objects kept ready for use; others are loaded again from the store.
CACHE_SIZE = 1024
#: Search results that are remembered as right.
VOUCHED = 2048
#: Bytes of a value that are not kept ready.
LARGE = 64 << 10
#: Search results up to which each is compared with the object itself.
FEW = 8


#: Whether public or private objects are searched, by the CKA_PRIVATE that is asked for and whether somebody is logged
#: in.
_SCOPES: Final = {
    (None, False): (False,), (None, True): (False, True),
    (False, False): (False,), (False, True): (False,), (True, True): (True,),
}  # fmt: skip


class Sealers(Protocol):
    """Where the shelf gets its keys: public objects always, private ones while somebody is logged in."""

    def sealer(self, private: bool) -> Sealer: ...


class Shelf:
    """Token objects. Thread-safe: a change is durable before anybody sees it, and seen by all when the call returns."""

    def __init__(self, token: int, durable: Durable, sealers: Sealers) -> None:
        self._token = token
        self._durable = durable
        self._sealers = sealers
        self._lock = threading.Lock()
        self._recent: dict[int, Object] = {}
        self._live: WeakValueDictionary[int, Object] = WeakValueDictionary()
        self._changes = 0
        #: Objects with the tags that they were found to have, since the last change.
        self._vouched: set[tuple[Any, ...]] = set()
        #: Whether what was found last had to be read: the next search then brings the rows of what it finds.
        self._unready = False
        #: Objects that were read from the store and opened, as they were not ready.
        self.loads = 0

    @property
    def making(self) -> Making:
        """What its new objects go through."""
        return self._durable.making

    @property
    def ready(self) -> int:
        """Objects in memory."""
        return len(self._recent)

    def get(self, id: int) -> Object | None:
        """The object, or None when there is none. Refused(DEVICE_ERROR) when its record is damaged."""
        found = self._recent.get(id)
        return found if found is not None else self._load(id)

    def add(self, *attribute_sets: Mapping[int, Any]) -> list[Object]:
        """Make new objects, all or none."""
        return self._durable.making.alone(self.adding(attribute_sets))

    def adding(
        self, attribute_sets: Sequence[Mapping[int, Any]], records: Sequence[Record | None] = ()
    ) -> Steps[list[Object]]:
        """Make new objects, all or none: the two halves of a key pair exist together or not at all. ``records``: what
        is remembered of their values, in the same order; it becomes durable with them."""
        if not attribute_sets:
            return []
        made = [Object(self._durable.reserve(), attributes) for attributes in attribute_sets]
        known = [record for record in records if record is not None]
        yield PAUSE
        changes, names = [self._put(object) for object in made], [unique(object) for object in made]
        yield PAUSE
        if known:
            with self._durable.values.saving(known) as remembered:
                yield self._durable.recorded([*changes, *remembered], names)
        else:
            yield self._durable.recorded(changes, names)
        for object, record in zip(made, records, strict=False):
            object.record = record
        with self._lock:
            for object in made:
                self._keep(object)
        return made

    def form(self, template: Template, made: Object) -> Form | None:
        """The form of a data object that was just made of ``template``, by the call that this thread serves; None:
        native code cannot have it."""
        audit = self._durable.audit
        return (
            None if audit is None else forms.find(template, made.attributes, self._sealers.sealer(made.private), audit)
        )

    def made(self, number: int, made: Made, *, private: bool) -> Sequence[Change]:
        """What makes a new object of what native code has made; ``number``: of reserve()."""
        new = NewObject(number, self._token, 1, private, made.tags, made.blob)
        return self._durable.told(new, made.text)

    def reserve(self) -> int:
        """A number for an object that was never given before."""
        return self._durable.reserve()

    def change(self, object: Object, changed: Callable[[Mapping[int, Any]], Mapping[int, Any]]) -> Object:
        """Replace an object's attributes by ``changed(attributes)``; computed again when another change came first."""
        while True:
            new = Object(object.id, changed(object.attributes), version=object.version + 1)
            try:
                self._durable.commit([self._put(new)], [unique(new)])
            except Conflict:
                self._retire(object)
                object = self._present(object.id)
                continue
            except Refused:
                self._retire(object)  # a failed disk may have it or not: what is there is read again
                raise
            with self._lock:
                self._changed()
                self._drop(object.id)
                self._keep(new)
            return new

    def destroy(self, object: Object) -> None:
        try:
            self._durable.commit([DeleteObject(self._token, object.id)], [unique(object)])
        except Conflict:
            raise Refused(Fault.OBJECT_HANDLE_INVALID, "the object was destroyed meanwhile") from None
        finally:
            self._retire(object)

    def find(self, template: Template, *, private: bool) -> list[tuple[int, bool]]:
        """(id, whether private) of every object that matches; private ones only when asked for, in order of id."""
        wanted = dict(template)
        if wanted.pop(Attr.TOKEN, True) is False:
            return []
        scopes = _SCOPES.get((wanted.pop(Attr.PRIVATE, None), private))
        if scopes is None:
            return []
        template = tuple(wanted.items())
        indexed = templates.searchable(template)
        if indexed and len(indexed) == len(template):
            found = self._find_few(scopes, indexed, template)
            if found is not None:
                return found
        return self._find_any(scopes, indexed, template)

    def _find_few(
        self, scopes: Sequence[bool], indexed: Sequence[tuple[int, Any]], template: Template
    ) -> list[tuple[int, bool]] | None:
        """A search of which the index answers all. What has its most selective tag is looked at, not looked up in the
        index again; None when that is more than a few."""
        sealers = [self._sealers.sealer(scope) for scope in scopes]
        first = term(*indexed[0])
        leading = [sealer.tag_of(first) for sealer in sealers]
        found = self._durable.find_few(self._token, leading, FEW, rows=self._unready)
        if found is None:
            return None
        matching = []
        for hit in found:
            which, id = hit[0], hit[1]
            object = self._recent.get(id)
            if object is None:
                has = self._was_stored_with(id, [leading[which], *_tags(sealers[which], indexed[1:])], hit[2:])
            else:
                has = templates.matches(object.attributes, template)
                self._unready = False
            if has:
                matching.append((id, sealers[which].private))
        return matching

    def _find_any(
        self, scopes: Sequence[bool], indexed: Sequence[tuple[int, Any]], template: Template
    ) -> list[tuple[int, bool]]:
        complete = len(indexed) == len(template)
        sealers = [self._sealers.sealer(scope) for scope in scopes]
        searches = [_tags(sealer, indexed) or [sealer.tag(Attr.PRIVATE, sealer.private)] for sealer in sealers]
        matching = []
        every = self._durable.find_each(self._token, searches)
        for sealer, tags, found in zip(sealers, searches, every, strict=True):
            # Few will be used, and so are looked at: an index that was altered cannot pass one key off as another.
            trusted = complete and len(found) > FEW
            matching += [
                (id, sealer.private)
                for id in found
                if trusted or (self._has(id, tags, template) if complete else self._matches(id, template))
            ]
        return matching

    def count(self) -> int:
        """How many objects the token has, private ones included."""
        return self._durable.count(self._token)

    def forget_private(self) -> None:
        """Nobody is logged in any more: no private object stays in memory."""
        with self._lock:
            self._changed()
            for object in list(self._live.values()):
                if object.private:
                    self._drop(object.id)
                    object.wipe()

    def forget(self) -> None:
        """The token was initialised again or removed."""
        with self._lock:
            self._changed()
            for object in list(self._live.values()):
                object.wipe()
            self._recent.clear()
            self._live.clear()

    def _has(self, id: int, tags: Sequence[bytes], template: Template) -> bool:
        """Whether the object has what its index entries say."""
        object = self._recent.get(id)
        if object is not None:
            return templates.matches(object.attributes, template)
        return self._was_stored_with(id, tags, NOT_READ)

    def _was_stored_with(self, id: int, tags: Sequence[bytes], row: Row) -> bool:
        """The same of an object that is not ready: it need not be opened for that."""
        known, changes = (id, *tags), self._changes
        if known in self._vouched:
            self._unready = False
            return True
        self._unready = True
        try:
            has = self._durable.store.has_tags(self._token, id, tags, row)
        except Damaged as damaged:
            refusal(damaged)
            return False
        except StoreBroken:
            return False
        if has and len(self._vouched) < VOUCHED:
            with self._lock:
                if changes == self._changes:
                    self._vouched.add(known)
        return has

    def _matches(self, id: int, template: Template) -> bool:
        try:
            object = self.get(id)
        except Refused:
            return False
        return object is not None and templates.matches(object.attributes, template)

    def _present(self, id: int) -> Object:
        object = self.get(id)
        if object is None:
            raise Refused(Fault.OBJECT_HANDLE_INVALID, "the object was destroyed meanwhile")
        return object

    def _load(self, id: int) -> Object | None:
        while True:
            changes = self._changes
            found = self._live.get(id)
            if found is None:
                record = self._durable.object(self._token, id)
                if record is None:
                    return None
                found = self._unseal(record)
                self.loads += 1
            with self._lock:
                if changes == self._changes:
                    # Another thread may have put one there meanwhile: of two, one would not be told of its end.
                    found = self._live.get(id, found)
                    self._keep(found)
                    return found

    def _unseal(self, record: ObjectRecord) -> Object:
        sealer = self._sealers.sealer(record.private)
        try:
            attributes = sealer.unseal(record)
        except Damaged as damaged:
            raise refusal(damaged) from damaged
        return Object(record.id, attributes, version=record.version)

    def _put(self, object: Object) -> PutObject:
        sealer = self._sealers.sealer(object.private)
        tag = sealer.tag
        tags = [tag(attr, value) for attr, value in templates.index(object.attributes)]
        tags.append(tag(Attr.PRIVATE, object.private))
        return PutObject(sealer.seal(object.id, object.version, object.attributes), tuple(tags))

    def _keep(self, object: Object) -> None:
        self._live[object.id] = object
        if len(object.attributes.get(Attr.VALUE, b"")) > LARGE:
            return
        self._recent[object.id] = object
        if len(self._recent) > CACHE_SIZE:
            del self._recent[next(iter(self._recent))]

    def _changed(self) -> None:
        self._changes += 1
        self._vouched.clear()

    def _drop(self, id: int) -> None:
        self._recent.pop(id, None)
        old = self._live.pop(id, None)
        if old is not None:
            old.retire()

    def _retire(self, object: Object) -> None:
        with self._lock:
            self._changed()
            self._drop(object.id)
            object.retire()


def _tags(sealer: Sealer, pairs: Sequence[tuple[int, Any]]) -> list[bytes]:
    return [sealer.tag(attr, value) for attr, value in pairs]
