"""Keys from passwords as PKCS #12 makes them (section "PKCS #12 password-based encryption/authentication mechanisms",
which spells the method out): repeated SHA-1 of the library; and as PKCS #5 once did. For old containers; PKCS5_PBKD2 is
what new ones have."""

from typing import Any, Final

from cryptography.hazmat.primitives import hashes

from hsmith.crypto.engine import Attributes, Engine
from hsmith.crypto.fitting import odd_parity
from hsmith.crypto.later import Later
from hsmith.crypto.streams import bad_parameter
from hsmith.spec.constants import Attr, Fault, KeyType
from hsmith.spec.faults import Refused

KDF: Final[Any] = Later("Crypto.Protocol.KDF")
_KEY, _IV, _MAC = 1, 2, 3  # the identification byte
_BLOCK: Final = 64  # v / 8 of SHA-1
_IV_SIZE: Final = 8
_ITERATIONS_MAXIMUM: Final = 1_000_000  # some seconds of work: more would only block others


def _filled(text: bytes) -> bytes:
    """Copies of ``text`` up to the next multiple of a block."""
    length = -(-len(text) // _BLOCK) * _BLOCK
    return (text * (length // len(text) + 1))[:length] if text else b""


def pseudo_random(purpose: int, params: Any, size: int) -> bytes:
    """``size`` bytes. The password is taken as it comes: PKCS #12 itself wants a BMPString with a zero at the end."""
    blocks = _filled(params.salt) + _filled(params.password)
    made = b""
    while len(made) < size:
        digest = bytes((purpose,)) * _BLOCK + blocks
        for _ in range(params.iteration):
            digest = hashes.Hash.hash(hashes.SHA1(), digest)
        made += digest
        addend = int.from_bytes((digest * 4)[:_BLOCK], "big") + 1
        parts = (int.from_bytes(blocks[start : start + _BLOCK], "big") for start in range(0, len(blocks), _BLOCK))
        blocks = b"".join(((part + addend) % (1 << 8 * _BLOCK)).to_bytes(_BLOCK, "big") for part in parts)
    return made[:size]


class PasswordKey(Engine):
    """CKM_PBE_SHA1_DES3_EDE_CBC and its like; CKM_PBA_SHA1_WITH_SHA1_HMAC, which makes no IV."""

    def __init__(self, key_type: KeyType, size: int) -> None:
        self._key_type = key_type
        self._size = size
        self._for_mac = key_type == KeyType.GENERIC_SECRET

    def generate(self, params: Any, template: Attributes) -> dict[int, Any]:
        _check_iterations(params)
        if template.get(Attr.VALUE_LEN, self._size) != self._size:
            raise Refused(Fault.TEMPLATE_INCONSISTENT, f"VALUE_LEN is {self._size} with this mechanism: leave it out")
        if self._for_mac:
            value = pseudo_random(_MAC, params, self._size)
            return {Attr.VALUE: value, Attr.VALUE_LEN: self._size}
        if params.init_vector.capacity:
            params.init_vector.value = pseudo_random(_IV, params, _IV_SIZE)
        made = pseudo_random(_KEY, params, self._size)
        value = odd_parity(made) if self._key_type in (KeyType.DES2, KeyType.DES3) else made
        return {Attr.KEY_TYPE: self._key_type, Attr.VALUE: value}


class Pkcs5Key(Engine):
    """CKM_PBE_MD2_DES_CBC, CKM_PBE_MD5_DES_CBC: PBES1 of PKCS #5. Half of what PBKDF1 gives is the key, half the IV."""

    library = "pycryptodome"

    def __init__(self, hash_module: Any) -> None:
        self._hash = hash_module

    def generate(self, params: Any, template: Attributes) -> dict[int, Any]:
        _check_iterations(params)
        if len(params.salt) != _IV_SIZE:
            raise bad_parameter(f"the salt has {len(params.salt)} bytes where PKCS #5 has {_IV_SIZE}")
        made = KDF.PBKDF1(params.password, params.salt, 2 * _IV_SIZE, params.iteration, self._hash)
        if params.init_vector.capacity:
            params.init_vector.value = made[_IV_SIZE:]
        return {Attr.KEY_TYPE: KeyType.DES, Attr.VALUE: odd_parity(made[:_IV_SIZE])}


def _check_iterations(params: Any) -> None:
    if not 1 <= params.iteration <= _ITERATIONS_MAXIMUM:
        raise bad_parameter(f"ulIteration must be 1 to {_ITERATIONS_MAXIMUM}")
