"""Keys wrapped for the holder of an elliptic curve key (sections "ECDH AES KEY WRAP", "ECDH COFACTOR AES KEY WRAP",
"ECDH Montgomery AES KEY WRAP")."""

from typing import Any

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from hsmith.crypto import der
from hsmith.crypto.curves import Curve
from hsmith.crypto.ec import agreed, ephemeral, public_bytes
from hsmith.crypto.engine import Buffer, Engine, Wanted
from hsmith.crypto.key import Key
from hsmith.crypto.streams import bad_parameter
from hsmith.spec.constants import Attr, Fault, Kdf, KeyType, ObjectClass
from hsmith.spec.faults import Refused


def _no_key(handle: int) -> Key:
    raise bad_parameter("the parameter names no key")


def _secret(key: Key, params: Any, public_data: bytes) -> bytes:
    """ "The first ulAESKeyBits bits of the derived key": of all of it where no function makes a key of that length."""
    size = params.aes_key_bits // 8
    length = None if params.kdf == Kdf.NULL else size
    wanted = Wanted(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, length, _no_key)
    value: bytes = agreed(key, params, public_data, wanted)[Attr.VALUE]
    if len(value) < size:
        raise Refused(Fault.WRAPPING_KEY_SIZE_RANGE, "the curve is too small for an AES key of this size without a KDF")
    return value[:size]


class EcdhKeyWrap(Engine):
    """An AES key agreed with a pair made for the purpose, then the key under it with CKM_AES_KEY_WRAP_KWP. The pair's
    public key comes first: an OCTET STRING of the point, or the bytes of a Montgomery key."""

    def _checked(self, params: Any) -> None:
        if params.aes_key_bits not in (128, 192, 256):
            raise bad_parameter("ulAESKeyBits must be 128, 192 or 256")

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        self._checked(params)
        own, public = ephemeral(key)
        secret = _secret(own, params, public_bytes(key.native))
        first = der.encode(der.OCTET_STRING, public) if key.type == KeyType.EC else public
        return first + aes_key_wrap_with_padding(secret, material)

    def unwrap(self, key: Key, params: Any, wrapped: Buffer, length: int | None = None) -> bytes:
        self._checked(params)
        public, rest = _split(key, bytes(wrapped))
        if len(rest) < 16 or len(rest) % 8:
            raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, f"{len(wrapped)} bytes are not what this mechanism gives")
        try:
            return aes_key_unwrap_with_padding(_secret(key, params, public), rest)
        except (InvalidUnwrap, ValueError):
            raise Refused(Fault.WRAPPED_KEY_INVALID, "the key does not unwrap under this key") from None


def _split(key: Key, wrapped: bytes) -> tuple[bytes, bytes]:
    """(public key, wrapped key)."""
    curve: Curve = key.prepared["curve"]
    if key.type != KeyType.EC:
        return wrapped[: curve.length], wrapped[curve.length :]
    found = der.read(wrapped)
    if found is None or found[0] != der.OCTET_STRING:
        raise Refused(Fault.WRAPPED_KEY_INVALID, "the wrapped key does not begin with a point")
    return found[1], found[2]
