"""A store in memory that says what a Store is, and records to put into one."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from hsmith.store.records import (
    AddObject,
    Change,
    ClearObjects,
    Conflict,
    DeleteKeyslot,
    DeleteObject,
    DeleteToken,
    Hit,
    KeyslotRecord,
    ObjectRecord,
    PutKeyslot,
    PutObject,
    PutToken,
    PutValue,
    SetFailures,
    TokenRecord,
    ValueRecord,
)


def put_token(token: int, *, slot: int | None = None, version: int = 1, blob: bytes = b"token") -> PutToken:
    return PutToken(TokenRecord(token, token if slot is None else slot, version, blob))


def put_object(token: int, number: int, *tags: bytes, version: int = 1, blob: bytes = b"object") -> PutObject:
    return PutObject(ObjectRecord(token, number, version, True, blob), tags)


class ModelStore:
    """What a Store answers, from plain dictionaries."""

    def __init__(self) -> None:
        self._tokens: dict[int, TokenRecord] = {}
        self._keyslots: dict[tuple[int, str], KeyslotRecord] = {}
        self._objects: dict[int, PutObject] = {}
        self._values: dict[bytes, ValueRecord] = {}

    def change(self, changes: Sequence[Change]) -> None:
        before = deepcopy(self.__dict__)
        try:
            for change in changes:
                self._apply(change)
        except Conflict:
            self.__dict__.update(before)
            raise

    def _apply(self, change: Change) -> None:
        match change:
            case PutToken(record):
                self._follows(self._tokens.get(record.id), record)
                if any(other.slot == record.slot and other.id != record.id for other in self._tokens.values()):
                    raise Conflict
                self._tokens[record.id] = record
            case PutKeyslot(record):
                self._needs(record.token in self._tokens)
                self._keyslots[record.token, record.name] = record
            case DeleteKeyslot(token, name):
                self._needs((token, name) in self._keyslots)
                del self._keyslots[token, name]
            case SetFailures(token, name, failures):
                self._needs((token, name) in self._keyslots)
                self._keyslots[token, name] = replace(self._keyslots[token, name], failures=failures)
            case PutObject(record, _):
                self._needs(record.token in self._tokens)
                old = self._objects.get(record.id)
                self._needs(old is None or old.record.token == record.token)
                self._follows(old and old.record, record)
                self._objects[record.id] = change
            case DeleteObject(token, number):
                self._needs(number in self._objects and self._objects[number].record.token == token)
                del self._objects[number]
            case ClearObjects(token) | DeleteToken(token):
                self._needs(token in self._tokens)
                self._objects = {n: put for n, put in self._objects.items() if put.record.token != token}
                self._keyslots = {k: v for k, v in self._keyslots.items() if k[0] != token}
                if isinstance(change, DeleteToken):
                    del self._tokens[token]

            case _:
                self._add(change)

    def _add(self, change: Change) -> None:
        """What is only ever added, or grows."""
        match change:
            case AddObject(record, tags):
                self._needs(record.token in self._tokens and record.id not in self._objects)
                self._objects[record.id] = PutObject(record, tags)
            case PutValue(record):
                old_value = self._values.get(record.name)
                if old_value is None or record.version > old_value.version:
                    self._values[record.name] = record

    @staticmethod
    def _needs(condition: bool) -> None:
        if not condition:
            raise Conflict

    def _follows(self, old: Any, new: Any) -> None:
        self._needs(new.version == (1 if old is None else old.version + 1))

    def tokens(self) -> list[TokenRecord]:
        return sorted(self._tokens.values(), key=lambda record: record.slot)

    def keyslots(self, token: int) -> list[KeyslotRecord]:
        return [record for key, record in sorted(self._keyslots.items()) if key[0] == token]

    def object(self, token: int, number: int) -> ObjectRecord | None:
        found = self.objects(token, [number])
        return found[0] if found else None

    def objects(self, token: int, numbers: Iterable[int]) -> list[ObjectRecord]:
        found = [self._objects[number].record for number in sorted(set(numbers)) if number in self._objects]
        return [record for record in found if record.token == token]

    def find(self, token: int, tags: Sequence[bytes], *, after: int = 0, limit: int = -1) -> list[int]:
        found = [
            number
            for number, put in sorted(self._objects.items())
            if put.record.token == token and set(tags) <= set(put.tags) and number > after
        ]
        return found if limit < 0 else found[:limit]

    def find_each(self, token: int, searches: Sequence[Sequence[bytes]]) -> list[list[int]]:
        return [self.find(token, tags) for tags in searches]

    def find_few(self, token: int, tags: Sequence[bytes], most: int, *, rows: bool = False) -> list[Hit] | None:
        found = [(which, id) for which, tag in enumerate(tags) for id in self.find(token, [tag])]
        return found if len(found) <= most else None

    def count(self, token: int) -> int:
        return len(self.find(token, []))

    def value(self, name: bytes) -> ValueRecord | None:
        return self._values.get(name)

    def value_names(self, *, after: bytes, limit: int) -> list[bytes]:
        return [name for name in sorted(self._values) if name > after][:limit]

    def page(self, token: int, *, after: int, limit: int) -> list[tuple[ObjectRecord, tuple[bytes, ...]]]:
        puts = [self._objects[number] for number in self.find(token, [], after=after, limit=limit)]
        return [(put.record, tuple(sorted(set(put.tags)))) for put in puts]
