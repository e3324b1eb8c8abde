"""Attributes as bytes: there and back, one encoding only, and nothing but Damaged for what is no encoding."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsmith.store import codec

NUMBERS = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**32 - 1, 2**32, 2**64 - 1])
ATTRIBUTES = st.integers(0, 2**32 - 1)
FLAT = st.booleans() | NUMBERS | st.binary(max_size=200) | st.lists(NUMBERS, max_size=5).map(tuple)
VALUES: st.SearchStrategy[Any] = st.recursive(
    FLAT, lambda inner: st.lists(st.tuples(ATTRIBUTES, inner), max_size=4).map(tuple), max_leaves=8
)
SETS = st.dictionaries(ATTRIBUTES, VALUES, max_size=12)


def _typed(value: Any) -> Any:
    """True and 1 are equal in Python, but not the same value of an attribute."""
    return tuple(map(_typed, value)) if isinstance(value, tuple) else (type(value), value)


@given(SETS)
def test_round_trip(attributes: dict[int, Any]) -> None:
    decoded = codec.decode(codec.encode(attributes))
    assert {attr: _typed(value) for attr, value in decoded.items()} == {
        attr: _typed(value) for attr, value in attributes.items()
    }


@given(SETS)
def test_order_of_insertion_does_not_matter(attributes: dict[int, Any]) -> None:
    assert codec.encode(dict(reversed(attributes.items()))) == codec.encode(attributes)


@given(st.binary(max_size=300))
def test_whatever_decodes_encodes_to_the_same_bytes(data: bytes) -> None:
    try:
        attributes = codec.decode(data)
    except ValueError:
        return
    assert codec.encode(attributes) == data


@given(SETS, st.data())
def test_altered_encodings(attributes: dict[int, Any], data: st.DataObject) -> None:
    encoded = bytearray(codec.encode(attributes))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    del encoded[data.draw(st.integers(0, len(encoded))) :]
    test_whatever_decodes_encodes_to_the_same_bytes.hypothesis.inner_test(bytes(encoded))  # type: ignore[attr-defined]


@given(VALUES, VALUES)
def test_values_have_equal_bytes_only_when_they_are_equal(left: Any, right: Any) -> None:
    assert (codec.encode_value(left) == codec.encode_value(right)) == (_typed(left) == _typed(right))
    assert codec.encode({1: left})[8:] == codec.encode_value(left)


@pytest.mark.parametrize("value", [-1, 2**64, (2**64,), (-1,), None, "text", 1.5, (b"x",)])
def test_what_is_no_value(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        codec.encode({3: value})


@pytest.mark.parametrize("attribute", [-1, 2**32])
def test_what_is_no_attribute(attribute: int) -> None:
    with pytest.raises(ValueError, match="too large, or negative"):
        codec.encode({attribute: True})


def test_depth_is_bounded_both_ways() -> None:
    value: Any = True
    for _ in range(codec.MAX_DEPTH):
        value = ((1, value),)
    with pytest.raises(ValueError, match="nested"):
        codec.encode({1: value})
    deep = b"\x01\0\0\0" + b"\x01\0\0\0\x06" + b"\x01\0\0\0"
    with pytest.raises(ValueError, match="nested"):
        codec.decode(b"\x01\0\0\0" + b"\x01\0\0\0\x06\x01\0\0\0" * 5000 + deep)


def test_counts_are_held_against_the_bytes_that_follow() -> None:
    for claim in (
        b"\xff\xff\xff\xff",
        b"\x01\0\0\0\x03\0\0\0\x04\xff\xff\xff\xff",
        b"\x01\0\0\0\x03\0\0\0\x05\xff\xff\xff\xff",
    ):
        with pytest.raises(ValueError, match="bytes|longer"):
            codec.decode(claim)


def test_entries_out_of_order_or_twice() -> None:
    one, two = b"\x01\0\0\0\x01", b"\x02\0\0\0\x01"
    assert codec.decode(b"\x02\0\0\0" + one + two) == {1: True, 2: True}
    for entries in (two + one, one + one):
        with pytest.raises(ValueError, match="order"):
            codec.decode(b"\x02\0\0\0" + entries)
