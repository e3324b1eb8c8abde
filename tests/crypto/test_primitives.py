"""What the store builds on: seals that notice every change, MACs of separate parts, derivations that differ."""

from functools import reduce
from operator import and_, or_
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsmith.crypto import primitives
from hsmith.crypto.primitives import Tampered


@given(data=st.binary(max_size=300), aad=st.binary(max_size=50))
def test_a_seal_opens(data: bytes, aad: bytes) -> None:
    key = primitives.random_bytes(32)
    blob = primitives.seal(key, data, aad)
    assert primitives.unseal(key, blob, aad) == data
    assert len(blob) == len(data) + primitives.NONCE_SIZE + primitives.TAG_SIZE
    assert blob != primitives.seal(key, data, aad)


def test_a_seal_notices_every_bit() -> None:
    key = primitives.random_bytes(32)
    blob = primitives.seal(key, b"value", b"identity")
    for bit in range(8 * len(blob)):
        changed = bytearray(blob)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Tampered):
            primitives.unseal(key, bytes(changed), b"identity")
    for other_key, other, aad in (
        (key, blob, b"Identity"),
        (primitives.random_bytes(32), blob, b"identity"),
        (key, blob[:-1], b"identity"),
        (key, blob[:27], b"identity"),
        (key, b"", b"identity"),
    ):
        with pytest.raises(Tampered):
            primitives.unseal(other_key, other, aad)


def test_a_sealing_key_has_its_size() -> None:
    for length in (0, 16, 31, 33):
        with pytest.raises(ValueError, match="32 bytes"):
            primitives.seal(bytes(length), b"", b"")


@given(parts=st.lists(st.binary(max_size=10), max_size=5), others=st.lists(st.binary(max_size=10), max_size=5))
def test_macs_of_different_parts_differ(parts: list[bytes], others: list[bytes]) -> None:
    key = bytes(32)
    assert primitives.equal(primitives.mac(key, *parts), primitives.mac(key, *others)) is (parts == others)


def test_derived_keys_differ_by_purpose() -> None:
    key = bytes(32)
    assert primitives.derive(key, b"one") != primitives.derive(key, b"two")
    assert len(primitives.derive(key, b"one", 64)) == 64
    assert primitives.derive(key, b"one", 64)[:32] == primitives.derive(key, b"one")


def test_argon2id_known_answer() -> None:
    """The value that the reference implementation's command gives for these parameters."""
    value = primitives.argon2id(b"password", b"somesalt", memory_kib=65536, iterations=2, lanes=1)
    assert value.hex() == "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"


def test_unique_ids_are_random_uuids() -> None:
    made = {primitives.unique_id() for _ in range(1000)}
    assert len(made) == 1000
    for one in made:
        parsed = UUID(one.decode("ascii"))
        assert parsed.version == 4
        assert str(parsed).encode() == one
    numbers = [UUID(one.decode("ascii")).int for one in made]
    ever, always = reduce(or_, numbers), reduce(and_, numbers)
    assert ever.bit_count() == 128 - 4  # all but the zeros of version 4 (0100) and of the variant (10)
    assert always.bit_count() == 2
