"""Derivation from secret keys: hashes, concatenation, XOR, extraction, HKDF; and keys from passwords (PBKDF2)."""

from collections.abc import Callable
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from hsmith.crypto.engine import Attributes, Engine, Wanted
from hsmith.crypto.fitting import defined, first, odd_parity, wanted_length
from hsmith.crypto.hashes import HASHES, Hash, hash_of
from hsmith.crypto.key import Key, need
from hsmith.crypto.material.secret import FIXED, LENGTHS, check_length
from hsmith.crypto.streams import bad_parameter
from hsmith.spec.constants import Attr, DataSource, Fault, HkdfSalt, KeyType, Mechanism, Pbkdf2Prf
from hsmith.spec.faults import Refused

_ITERATIONS_MAXIMUM: Final = 10_000_000  # some seconds of work: more would only block others


class HashDerivation(Engine):
    """CKM_<hash>_KEY_DERIVATION: the hash of the value."""

    def __init__(self, algorithm: hashes.HashAlgorithm) -> None:
        self._algorithm = algorithm

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        return defined(hashes.Hash.hash(self._algorithm, key.native), wanted)


class Joining(Engine):
    """CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_DATA_AND_BASE, CKM_XOR_BASE_AND_DATA."""

    def __init__(self, join: Callable[[bytes, bytes], bytes]) -> None:
        self._join = join

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        return defined(self._join(key.native, params.data), wanted)


def xor(left: bytes, right: bytes) -> bytes:
    """As long as the shorter of the two."""
    length = min(len(left), len(right))
    if not length:
        raise bad_parameter("there is no data to XOR with")
    number = int.from_bytes(left[:length], "big") ^ int.from_bytes(right[:length], "big")
    return number.to_bytes(length, "big")


class JoiningKey(Engine):
    """CKM_CONCATENATE_BASE_AND_KEY: the parameter is the other key's handle."""

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        return defined(key.native + wanted.key(params).native, wanted)


class Extraction(Engine):
    """CKM_EXTRACT_KEY_FROM_KEY: bits of the value from a given one on, around its end."""

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        if wanted_length(wanted) is None:  # "If it doesn't, an error will be returned"
            raise Refused(Fault.TEMPLATE_INCOMPLETE, "the template must give VALUE_LEN for this type of key")
        bits = 8 * len(key.native)
        if params is None or params >= bits:
            raise bad_parameter(f"the first bit must be below {bits}")
        number = int.from_bytes(key.native, "big")
        turned = (number << params | number >> bits - params) & (1 << bits) - 1
        return defined(turned.to_bytes(bits // 8, "big"), wanted)


class Hkdf(Engine):
    """CKM_HKDF_DERIVE, CKM_HKDF_DATA (RFC 5869)."""

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        row = hash_of(params.prf_hash_mechanism)
        if not (params.extract or params.expand):
            raise bad_parameter("bExtract or bExpand must be true")
        secret = self._extract(row, params, key.native, wanted) if params.extract else key.native
        if not params.expand:
            return first(secret, wanted)
        length = wanted_length(wanted)
        if length is None:
            if wanted.key_type in LENGTHS:
                raise Refused(Fault.TEMPLATE_INCOMPLETE, "the template must give VALUE_LEN for this type of key")
            length = row.size  # "CKA_VALUE_LEN should be set": what is as long as the hash needs no more
        if length > 255 * row.size:
            raise Refused(Fault.KEY_SIZE_RANGE, f"HKDF gives at most {255 * row.size} bytes with this hash")
        return first(HKDFExpand(row.algorithm, length, params.info).derive(secret), wanted)

    def _extract(self, row: Hash, params: Any, secret: bytes, wanted: Wanted) -> bytes:
        salts: dict[int, Callable[[], bytes]] = {
            HkdfSalt.SALT_NULL: lambda: bytes(row.size),
            HkdfSalt.SALT_DATA: lambda: params.salt or bytes(row.size),
            HkdfSalt.SALT_KEY: lambda: bytes(wanted.key(params.salt_key).native),
        }
        salt = salts.get(params.salt_type)
        if salt is None:
            raise bad_parameter("ulSaltType must be CKF_HKDF_SALT_NULL, _DATA or _KEY")
        context = HMAC(salt(), row.algorithm)
        context.update(secret)
        return context.finalize()


_PRFS: Final = {prf: HASHES[mechanism] for prf, mechanism in {
    Pbkdf2Prf.HMAC_SHA1: Mechanism.SHA_1,
    Pbkdf2Prf.HMAC_SHA224: Mechanism.SHA224,
    Pbkdf2Prf.HMAC_SHA256: Mechanism.SHA256,
    Pbkdf2Prf.HMAC_SHA384: Mechanism.SHA384,
    Pbkdf2Prf.HMAC_SHA512: Mechanism.SHA512,
    Pbkdf2Prf.HMAC_SHA512_224: Mechanism.SHA512_224,
    Pbkdf2Prf.HMAC_SHA512_256: Mechanism.SHA512_256,
}.items()}  # fmt: skip


class Pbkdf2(Engine):
    """CKM_PKCS5_PBKD2: a key of the template's type from a password."""

    def generate(self, params: Any, template: Attributes) -> dict[int, Any]:
        row = _PRFS.get(params.prf)
        if row is None or params.prf_data:
            raise bad_parameter("the pseudo-random function is not offered, or has data that it does not take")
        if params.salt_source != DataSource.SALT_SPECIFIED:
            raise bad_parameter("saltSource must be CKZ_SALT_SPECIFIED")
        if not 1 <= params.iterations <= _ITERATIONS_MAXIMUM:
            raise bad_parameter(f"iterations must be 1 to {_ITERATIONS_MAXIMUM}")
        key_type = need(template, Attr.KEY_TYPE)
        length = LENGTHS[key_type][0] if key_type in FIXED else need(template, Attr.VALUE_LEN)
        check_length(key_type, length)
        kdf = PBKDF2HMAC(row.algorithm, length, params.salt_source_data, params.iterations)
        value = kdf.derive(params.password)
        if key_type in (KeyType.DES, KeyType.DES2, KeyType.DES3):
            return {Attr.VALUE: odd_parity(value)}
        return {Attr.VALUE: value, Attr.VALUE_LEN: length}
