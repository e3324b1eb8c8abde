"""What native code vouches with is what Python would: checksums, the chain of the audit, places of the ledger."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsmith.crypto import primitives, vouching
from hsmith.crypto.vouching import Voucher
from hsmith.store import audit, entries, ledger
from hsmith.store.audit import Links, Signer
from hsmith.store.entries import OBJECT, OBJECT_HEAD, Entry
from hsmith.store.records import Append, Change, DeleteObject
from hsmith.store.sqlite import SqliteStore
from store.vouching_natively import natively
from store_model import put_object, put_token

KEY = bytes(range(32))
NUMBERS = st.integers(-(2**63), 2**63 - 1)
ROWS = st.tuples(NUMBERS, NUMBERS, NUMBERS, st.booleans(), st.binary(max_size=300), st.binary(max_size=300))
KEYS = st.integers(0, 300) | NUMBERS
ENTRIES = st.tuples(KEYS, st.tuples(st.integers(1, 2**63), st.integers(0, 2**64 - 1)))


def voucher() -> Voucher:
    with natively(True):
        made = vouching.voucher(KEY)
    assert made is not None
    return made


@given(st.lists(ROWS, max_size=70))
def test_checksums(rows: list[Any]) -> None:
    made = voucher().checksums(OBJECT_HEAD, rows)
    if len(rows) > 64:
        assert made is None
    else:
        mac = primitives.Mac(KEY)
        assert made is not None
        assert list(made) == [entries.entry(mac, OBJECT, row)[1] for row in rows]


def test_a_row_that_no_table_has() -> None:
    assert voucher().checksums(OBJECT_HEAD, [(1 << 63, 1, 1, True, b"", b"")]) is None
    assert voucher().checksums(bytes(65), [(1, 1, 1, True, b"", b"")]) is None  # longer than any that there is


@given(
    st.lists(st.text(max_size=99), min_size=1, max_size=20),
    st.integers(0, 2**63 - 99),
    st.binary(min_size=32, max_size=32),
)
def test_the_chain_of_the_audit(texts: list[str], number: int, chain: bytes) -> None:
    with natively(True):
        native = Links(KEY)
    with natively(False):
        plain = Links(KEY)
    assert native._voucher is not None
    assert plain._voucher is None
    assert native.rows(texts, (number, chain)) == plain.rows(texts, (number, chain))
    assert native(chain) == plain(chain)


@pytest.mark.parametrize("chain", [b"", bytes(31), bytes(33)])
def test_a_record_that_somebody_else_put_there(chain: bytes) -> None:
    with natively(True):
        native = Links(KEY)
    with natively(False):
        assert native.rows(["one", "two"], (1, chain)) == Links(KEY).rows(["one", "two"], (1, chain))


def test_a_number_beyond_all_is_refused_as_ever() -> None:
    with natively(True):
        links = Links(KEY)
    with pytest.raises(OverflowError):
        links.rows(["one"], ((1 << 64) - 1, bytes(32)))


@given(
    st.integers(0, 2**60),
    st.integers(-1, 2**40),
    st.integers(0, 2**40),
    st.binary(min_size=32, max_size=32),
    st.lists(ENTRIES, max_size=130),
    st.lists(ENTRIES, min_size=1, max_size=130),
)
def test_a_place_of_the_ledger(
    place: int, before: int, epoch: int, digest: bytes, there: list[tuple[int, Entry]], new: list[tuple[int, Entry]]
) -> None:
    by, old = voucher(), b""
    assert by.place(place, before, epoch, digest, (7, bytes(32)), old, bytes(24)) is None  # no key yet
    assert by.seals_with(KEY[::-1])
    for key, entry in there:
        old = entries.put(old, key & 2**64 - 1, entry)
    wanted = old
    for key, entry in new:
        wanted = entries.put(wanted, key & 2**64 - 1, entry)
    packed = entries.put_many([(entries.Address(place, key & 2**64 - 1), entry) for key, entry in new])
    made = by.place(place, before, epoch, digest, (7, KEY), old, packed)
    if len(old) + len(packed) > 8192:  # more than a place of objects ever has
        assert made is None or made[1] == wanted
        return
    assert made is not None
    mac, part = primitives.Mac(KEY), int.from_bytes(digest, "big")
    for at in (before, epoch):
        part ^= int.from_bytes(mac(ledger._context(place, at)), "big") if at >= 0 else 0
    assert made[:2] == (part.to_bytes(32, "big"), wanted)
    state = ledger._PACKED_STATE.pack(epoch, made[0], 7, KEY)
    opened = primitives.Aead(KEY[::-1]).unseal(made[2], ledger._context(place, epoch))
    assert opened == state + wanted


def test_entries_that_end_early_are_not_touched() -> None:
    by = voucher()
    assert by.seals_with(KEY)
    assert by.place(1, 1, 2, bytes(32), (0, bytes(32)), bytes(23), bytes(24)) is None
    assert by.place(1, 1, 2, bytes(32), (0, bytes(32)), bytes(8192), bytes(24)) is None


def _filled(folder: Path, *calls: Sequence[Change]) -> None:
    store = SqliteStore(folder)
    for call in calls:
        store.change(call)
    assert store.inspect() == []
    store.close()


@pytest.mark.parametrize("order", [(True, False, True), (False, True, False)])
def test_a_store_that_both_have_written(folder: Path, order: tuple[bool, ...]) -> None:
    """Whoever opens it next takes it as it is."""
    signer = Signer(KEY)
    for turn, native in enumerate(order):
        first = 100 * turn
        calls: list[list[Change]] = [[put_token(1)]] if turn == 0 else []
        calls += [
            [put_object(1, first + at, b"tag"), Append((f"{turn} {at}",), signer.mac, lambda: (0, audit.START))]
            for at in range(1, 99)
        ]
        calls += [[put_object(1, first + at, b"tag", version=2)] for at in range(1, 9)]
        calls += [[DeleteObject(1, first + 1), put_object(1, first + 99, b"other")]]
        with natively(native):
            _filled(folder, *calls)
    store = SqliteStore(folder)
    assert len(store.find(1, [])) == 3 * 98
    assert store.verify_audit(signer) is None
    store.close()


def test_the_key_of_the_seal_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many commits."""
    monkeypatch.setattr(ledger, "_EPOCHS_BITS", 2)
    with natively(True):
        _filled(folder, [put_token(1)], *[[put_object(1, at, b"tag")] for at in range(1, 20)])
    with natively(False):
        _filled(folder, *[[put_object(1, at, b"tag")] for at in range(20, 40)])


def test_without_memory_it_is_pythons(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever native code cannot do is done as if it were not there."""
    for name in ("checksums", "links", "place"):
        monkeypatch.setattr(Voucher, name, lambda *_: None)
    with natively(True):
        _filled(folder, [put_token(1)], *[[put_object(1, at, b"tag")] for at in range(1, 20)])
