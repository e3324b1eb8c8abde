"""Moving a token to another store, without any of its PINs.

What is sealed stays as it is: under the token's master key, or under the root of its origin. The token's new state,
sealed under the secret of its new store, says what that root is, and by how much all its numbers grew.
"""

import contextlib
import itertools
from collections.abc import Callable
from typing import Any, Final

from hsmith.core.durable import Durable
from hsmith.core.token import Field
from hsmith.spec.faults import Refused
from hsmith.store import sealing
from hsmith.store.records import (
    AddObject,
    Change,
    ClearObjects,
    KeyslotRecord,
    ObjectRecord,
    PutKeyslot,
    PutToken,
    TokenRecord,
)

#: Objects in one commit.
BATCH: Final = 500

Progress = Callable[[int, int], None]


def state_of(record: TokenRecord, durable: Durable) -> tuple[dict[int, Any], sealing.Origin]:
    """A token's state and origin, from its record. Damaged."""
    state: dict[int, Any] = sealing.TokenSealer(durable.secret, token=record.id).unseal(record)
    if Field.ROOT in state:
        return state, sealing.Origin(state[Field.ROOT], state[Field.OFFSET])
    return state, sealing.Origin.own(durable.secret, record.id)


def plant(
    record: TokenRecord, *, source: Durable, target: Durable, slot: int, progress: Progress
) -> tuple[int, Callable[[int], TokenRecord]]:
    """Put all of a token into another store, under new numbers, in ``slot``, where nobody sees it yet.

    Returns its new number, and what gives the record that makes it visible, once that is committed, in the slot that it
    is given. Until then it is a token that was removed: what an unfinished move leaves is deleted with the next start.
    """
    state, origin = state_of(record, source)
    last = _last_number(record.id, source)
    shift = target.reserve_many(last).start - 1
    moved = sealing.Origin(origin.root, origin.offset + shift)
    number = record.id + shift
    target.commit([PutToken(TokenRecord(number, slot, 1, b""))])
    try:
        _plant_objects(record.id, shift, source=source, target=target, progress=progress)
        _plant_values(record.id, shift, source=source, target=target, progress=progress)
        keyslots = source.keyslots(record.id)
        target.commit([PutKeyslot(KeyslotRecord(number, k.name, k.blob, k.failures)) for k in keyslots])
    except BaseException:
        with contextlib.suppress(Refused):
            target.commit([ClearObjects(number)])
        raise

    def visible(slot: int) -> TokenRecord:
        new = {**state, Field.ROOT: moved.root, Field.OFFSET: moved.offset}
        return sealing.TokenSealer(target.secret, token=number).seal(slot, 2, new)

    return number, visible


def _last_number(token: int, durable: Durable) -> int:
    last = token
    while page := durable.page(token, after=last, limit=BATCH):
        last = page[-1][0].id
    return last


def _plant_objects(token: int, shift: int, *, source: Durable, target: Durable, progress: Progress) -> None:
    total, done, after = source.count(token), 0, 0
    while page := source.page(token, after=after, limit=BATCH):
        target.commit([_moved(record, tags, shift) for record, tags in page])
        after = page[-1][0].id
        done += len(page)
        progress(done, total)


def _plant_values(token: int, shift: int, *, source: Durable, target: Durable, progress: Progress) -> None:
    """What is remembered of the values of its keys (hsmith.core.policy.values)."""
    changes = target.values.arriving(token + shift, source.values.leaving(token))
    while batch := list(itertools.islice(changes, BATCH)):
        target.commit(batch)
        progress(1, 1)


def _moved(record: ObjectRecord, tags: tuple[bytes, ...], shift: int) -> Change:
    new = ObjectRecord(record.token + shift, record.id + shift, record.version, record.private, record.blob)
    return AddObject(new, tags)
