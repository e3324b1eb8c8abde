"""The parameter of a repeated Init is made of a fresh IV alone only where nothing else can differ."""

from dataclasses import replace
from typing import Any

import pytest

from hsmith.cryptoki.repeated import _remake
from hsmith.spec.constants import Mechanism
from hsmith.spec.functions import BY_NAME
from hsmith.spec.params import AesCtrParams, CcmParams, GcmParams
from hsmith.spec.values import MechanismArg
from hsmith.wire import codec

IV = b"initialisation vector"
INIT = BY_NAME["C_EncryptInit"]
GCM = GcmParams(iv=IV[:12], aad=b"header", tag_bits=128)


def encoded(params: Any) -> bytes:
    return codec.encode_call(INIT, (4711, MechanismArg(Mechanism.AES_GCM, params), 42))


def remake(params: Any, free: slice) -> Any:
    def decoded(init: memoryview) -> Any:
        return codec.decode_call(INIT, init)[1].params

    return _remake(decoded, memoryview(encoded(params)), free)


def place(params: Any, iv: bytes) -> slice:
    at = encoded(params).index(iv)
    return slice(at, at + len(iv))


@pytest.mark.parametrize(
    ("params", "name"),
    [
        (GCM, "iv"),
        (AesCtrParams(counter_bits=128, cb=IV[:16]), "cb"),
        (CcmParams(data_len=3, nonce=IV[:13], aad=b"a", mac_len=16), "nonce"),
    ],
)
def test_a_structure_differs_in_its_vector_alone(params: Any, name: str) -> None:
    iv = getattr(params, name)
    made = remake(params, place(params, iv))
    fresh = bytes(reversed(iv))
    assert made(fresh) == replace(params, **{name: fresh})
    assert type(made(fresh)) is type(params)


def test_bytes_are_the_vector() -> None:
    made = remake(IV[:16], place(IV[:16], IV[:16]))
    assert made(b"f" * 16) == b"f" * 16


@pytest.mark.parametrize(("earlier", "later"), [(0, -1), (0, 1), (1, 0), (-1, 0), (8, 8), (-12, 0), (3, 3), (-3, -3)])
def test_any_other_place_is_decoded(earlier: int, later: int) -> None:
    iv = place(GCM, GCM.iv)
    free = slice(iv.start - earlier, iv.stop + later)
    try:
        made = remake(GCM, free)
    except codec.Undecodable:
        return
    assert made is None


def test_two_fields_are_not_one() -> None:
    twice = GcmParams(iv=IV[:12], aad=IV[:12], tag_bits=128)
    assert remake(twice, place(twice, IV[:12])) is None
    assert remake(GCM, slice(0, 0)) is None


def test_a_field_that_only_looks_like_it() -> None:
    """The free bytes are the key's handle, and the header of the same bytes."""
    handle = (42).to_bytes(8, "little")
    odd = GcmParams(iv=IV[:12], aad=handle, tag_bits=128)
    end = len(encoded(odd))
    assert encoded(odd)[end - 8 :] == handle
    assert remake(odd, slice(end - 8, end)) is None
