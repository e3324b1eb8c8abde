"""Sealed records: nothing is readable or alterable without the key, nothing opens in another's place."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsmith.store.sealing import TAG_SIZE, Damaged, Sealer, TokenSealer

ROOT = bytes(range(32))
SECRET_VALUE = b"a key that nobody may see"
ATTRIBUTES: dict[int, Any] = {0: 4, 1: True, 3: b"label", 0x11: SECRET_VALUE, 0x600: (1, 2), 0x40000211: ((1, True),)}
SEALER = Sealer(ROOT, token=7, private=True)


def test_there_and_back() -> None:
    record = SEALER.seal(9, 3, ATTRIBUTES)
    assert (record.token, record.id, record.version, record.private) == (7, 9, 3, True)
    assert SEALER.unseal(record) == ATTRIBUTES
    assert SECRET_VALUE not in record.blob
    assert b"label" not in record.blob


def test_two_seals_of_the_same_differ() -> None:
    assert SEALER.seal(9, 3, ATTRIBUTES).blob != SEALER.seal(9, 3, ATTRIBUTES).blob


def test_every_flipped_bit_is_noticed() -> None:
    record = SEALER.seal(9, 3, ATTRIBUTES)
    for bit in range(len(record.blob) * 8):
        altered = bytearray(record.blob)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Damaged) as caught:
            SEALER.unseal(replace(record, blob=bytes(altered)))
        assert "object 9 of token 7" in str(caught.value)
        assert "label" not in str(caught.value)


@pytest.mark.parametrize("length", [0, 1, 12, 28, 29])
def test_a_cut_blob(length: int) -> None:
    record = SEALER.seal(9, 3, ATTRIBUTES)
    with pytest.raises(Damaged):
        SEALER.unseal(replace(record, blob=record.blob[:length]))


@pytest.mark.parametrize("other", [{"id": 10}, {"version": 2}, {"version": -1}, {"private": False}, {"token": 8}])
def test_a_record_in_anothers_place(other: dict[str, Any]) -> None:
    with pytest.raises(Damaged):
        SEALER.unseal(replace(SEALER.seal(9, 3, ATTRIBUTES), **other))


@pytest.mark.parametrize(
    "sealer",
    [
        Sealer(ROOT, token=8, private=True),
        Sealer(ROOT, token=7, private=False),
        Sealer(bytes(32), token=7, private=True),
    ],
)
def test_another_sealer_opens_nothing_and_has_other_tags(sealer: Sealer) -> None:
    record = replace(SEALER.seal(9, 3, ATTRIBUTES), token=sealer.token, private=sealer.private)
    with pytest.raises(Damaged):
        sealer.unseal(record)
    assert sealer.tag(3, b"label") != SEALER.tag(3, b"label")


VALUES = st.booleans() | st.integers(0, 2**64 - 1) | st.binary(max_size=40) | st.lists(st.integers(0, 3)).map(tuple)


@given(st.tuples(st.integers(0, 5), VALUES), st.tuples(st.integers(0, 5), VALUES))
def test_tags_are_equal_only_of_equal_attributes(left: tuple[int, Any], right: tuple[int, Any]) -> None:
    same = left == right and type(left[1]) is type(right[1])
    assert (SEALER.tag(*left) == SEALER.tag(*right)) == same
    assert len(SEALER.tag(*left)) == TAG_SIZE


def test_token_state() -> None:
    sealer = TokenSealer(ROOT, token=7)
    record = sealer.seal(2, 5, {1: b"label", 2: 12})
    assert (record.id, record.slot, record.version) == (7, 2, 5)
    assert sealer.unseal(record) == {1: b"label", 2: 12}
    for other in ({"slot": 3}, {"version": 4}, {"id": 8}, {"blob": record.blob[:-1]}, {"blob": b""}):
        with pytest.raises(Damaged, match="token"):
            sealer.unseal(replace(record, **other))
    with pytest.raises(Damaged):
        TokenSealer(ROOT, token=8).unseal(replace(record, id=8))


def test_nothing_secret_is_shown() -> None:
    for sealer in (SEALER, TokenSealer(ROOT, token=7)):
        assert "token=7" in repr(sealer)
        assert len(repr(sealer)) < 40


def test_a_short_root_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(b"short", token=1, private=True)
