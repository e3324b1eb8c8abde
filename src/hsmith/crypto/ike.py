"""Keys of IKE (section "IKE Mechanisms"; RFC 2409, RFC 7296): chains of the library's HMACs."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from cryptography.hazmat.primitives.hmac import HMAC

from hsmith.crypto.engine import Engine, Ordered, Wanted
from hsmith.crypto.fitting import first, wanted_length
from hsmith.crypto.hashes import HASHES
from hsmith.crypto.key import Key
from hsmith.crypto.streams import bad_parameter
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.values import Template

Prf: TypeAlias = Callable[[bytes, bytes], bytes]

#: The hash of each function that a parameter may name: HMAC, as whose key type a derived key comes by default.
_PRFS: Final = {Mechanism[f"{row.mechanism.name}_HMAC"]: row for row in HASHES.values()}
_ROUNDS: Final = 255


def _prf(mechanism: int) -> tuple[Prf, int, KeyType]:
    """(the function of key and data, its size in bytes, the type of its keys)."""
    row = _PRFS.get(Mechanism(mechanism)) if mechanism in _PRFS else None
    if row is None:
        raise bad_parameter(f"prfMechanism: 0x{mechanism:x} is no HMAC that is offered")

    def prf(key: bytes, data: bytes) -> bytes:
        context = HMAC(key, row.algorithm)
        context.update(data)
        return context.finalize()

    return prf, row.size, KeyType[f"{row.mechanism.name}_HMAC"]


def _secret(wanted: Wanted, handle: int) -> bytes:
    return bytes(wanted.key(handle).native)


class _Ike(Engine):
    def _check_base(self, key: Key, own: KeyType) -> None:
        if key.type not in (KeyType.GENERIC_SECRET, own):
            raise Refused(Fault.KEY_TYPE_INCONSISTENT, f"the base key must be a generic secret or of type {own.name}")

    def _length(self, wanted: Wanted, size: int) -> int:
        length = wanted_length(wanted)
        if length is None:
            raise Refused(Fault.TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN must be given: the derivation gives any length")
        if length > _ROUNDS * size:
            raise Refused(Fault.KEY_SIZE_RANGE, f"CKA_VALUE_LEN may be {_ROUNDS * size} at most")
        return length


class Initial(_Ike):
    """CKM_IKE_PRF_DERIVE: SKEYSEED of IKEv2, SKEYID of IKEv1. As long as what the function gives."""

    def orders(self, params: Any, template: Template) -> Sequence[Ordered]:
        if params.data_as_key and params.rekey:
            raise Refused(Fault.ARGUMENTS_BAD, "bDataAsKey and bRekey exclude each other")
        own = _prf(params.prf_mechanism)[2]
        if any(attr == Attr.KEY_TYPE for attr, _ in template):
            return (Ordered(template),)
        return (Ordered((*template, (Attr.CLASS, int(ObjectClass.SECRET_KEY)), (Attr.KEY_TYPE, int(own)))),)

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        prf, size, own = _prf(params.prf_mechanism)
        self._check_base(key, KeyType.GENERIC_SECRET if params.data_as_key else own)
        if wanted.length not in (None, size):
            raise Refused(Fault.KEY_SIZE_RANGE, f"the key has {size} bytes: leave CKA_VALUE_LEN out")
        nonces = params.ni + params.nr
        if params.data_as_key:
            return first(prf(nonces, key.native), wanted)
        new = _secret(wanted, params.new_key) if params.rekey else b""
        return first(prf(key.native, new + nonces), wanted)


class Further(_Ike):
    """CKM_IKE1_PRF_DERIVE: SKEYID_d, SKEYID_a, SKEYID_e."""

    def orders(self, params: Any, template: Template) -> Sequence[Ordered]:
        if not any(attr == Attr.KEY_TYPE for attr, _ in template):
            raise Refused(Fault.TEMPLATE_INCOMPLETE, "CKA_KEY_TYPE must be given")
        return (Ordered(template),)

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        prf, _, own = _prf(params.prf_mechanism)
        self._check_base(key, own)
        previous = _secret(wanted, params.prev_key) if params.has_prev_key else b""
        agreed = _secret(wanted, params.keygxy)
        data = previous + agreed + params.ck_yi + params.ck_yr + bytes((params.key_number,))
        return first(prf(key.native, data), wanted)


class Plus(_Ike):
    """CKM_IKE2_PRF_PLUS_DERIVE: prf+ of RFC 7296, section 2.13."""

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        prf, size, own = _prf(params.prf_mechanism)
        self._check_base(key, own)
        length = self._length(wanted, size)
        seed = (_secret(wanted, params.seed_key) if params.has_seed_key else b"") + params.seed_data
        made, block = b"", b""
        for count in range(1, -(-length // size) + 1):
            block = prf(key.native, block + seed + bytes((count,)))
            made += block
        return first(made, wanted)


class Extended(_Ike):
    """CKM_IKE1_EXTENDED_DERIVE: longer keys from SKEYID_e, and the keys of Quick Mode (RFC 2409, section 5.5 and
    appendix B)."""

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        prf, size, own = _prf(params.prf_mechanism)
        self._check_base(key, own)
        length = self._length(wanted, size)
        if not params.has_keygxy and not params.extra_data and length <= min(size, len(key.native)):
            return first(bytes(key.native), wanted)
        data = (_secret(wanted, params.keygxy) if params.has_keygxy else b"") + params.extra_data
        block = prf(key.native, data or b"\0")
        made = block
        while len(made) < length:
            block = prf(key.native, block + data)
            made += block
        return first(made, wanted)
