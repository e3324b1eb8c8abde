"""AES Key Wrap (RFC 3394, RFC 5649, section "AES Key Wrap")."""

from typing import Any, Final

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap,
    aes_key_wrap_with_padding,
)
from cryptography.hazmat.primitives.padding import PKCS7

from hsmith.crypto.engine import Buffer, Engine, Stream
from hsmith.crypto.key import Key
from hsmith.crypto.streams import Whole, bad_parameter
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused

_SEMIBLOCK: Final = 8  # bytes
_KW_IV: Final = b"\xa6" * 8
_KWP_IV: Final = b"\xa6\x59\x59\xa6"


class _KeyWrap(Engine):
    """What the three variants share. ``iv``: the default initial value, the only one that the library has."""

    iv: bytes

    def _checked(self, params: bytes | None) -> None:
        if params and params != self.iv:
            raise bad_parameter("only the default initial value is offered: pass no parameter")

    def _seal(self, key: Key, data: bytes) -> bytes:
        raise NotImplementedError

    def _open(self, key: Key, data: bytes) -> bytes:
        """InvalidUnwrap or ValueError when it is not what was sealed."""
        raise NotImplementedError

    def _longest(self, length: int) -> int:
        return length // _SEMIBLOCK * _SEMIBLOCK + 2 * _SEMIBLOCK

    def encrypt(self, key: Key, params: Any) -> Stream:
        self._checked(params)

        def transform(data: Buffer) -> bytes:
            try:
                return self._seal(key, bytes(data))
            except ValueError:
                raise Refused(Fault.DATA_LEN_RANGE, f"{len(data)} bytes cannot be wrapped by this mechanism") from None

        return Whole(transform, self._longest)

    def decrypt(self, key: Key, params: Any) -> Stream:
        self._checked(params)

        def transform(data: Buffer) -> bytes:
            if len(data) < 2 * _SEMIBLOCK or len(data) % _SEMIBLOCK:
                raise Refused(Fault.ENCRYPTED_DATA_LEN_RANGE, f"{len(data)} bytes are not what this mechanism gives")
            try:
                return self._open(key, bytes(data))
            except (InvalidUnwrap, ValueError):
                raise Refused(Fault.ENCRYPTED_DATA_INVALID, "the data does not unwrap under this key") from None

        return Whole(transform, lambda length: max(0, length - _SEMIBLOCK))

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        self._checked(params)
        try:
            return self._seal(key, self._padded(material))
        except ValueError:
            raise Refused(
                Fault.KEY_SIZE_RANGE, f"{len(material)} bytes of key cannot be wrapped by this mechanism"
            ) from None

    def _padded(self, material: bytes) -> bytes:
        return material

    def unwrap(self, key: Key, params: Any, wrapped: Buffer, length: int | None = None) -> bytes:
        self._checked(params)
        if len(wrapped) < 2 * _SEMIBLOCK or len(wrapped) % _SEMIBLOCK:
            raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, f"{len(wrapped)} bytes are not what this mechanism gives")
        if length is not None and length > len(wrapped) - _SEMIBLOCK:
            raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, f"{len(wrapped)} bytes wrap no key of {length}")
        try:
            return self._fitted(self._open(key, bytes(wrapped)), length)
        except (InvalidUnwrap, ValueError):
            raise Refused(Fault.WRAPPED_KEY_INVALID, "the key does not unwrap under this key") from None

    def _fitted(self, value: bytes, length: int | None) -> bytes:
        return value


class Kw(_KeyWrap):
    """CKM_AES_KEY_WRAP: whole semiblocks, at least two; a key is padded with zeros."""

    iv = _KW_IV

    def _seal(self, key: Key, data: bytes) -> bytes:
        return aes_key_wrap(key.native, data)

    def _open(self, key: Key, data: bytes) -> bytes:
        return aes_key_unwrap(key.native, data)

    def _padded(self, material: bytes) -> bytes:
        return material + bytes(-len(material) % _SEMIBLOCK)

    def _fitted(self, value: bytes, length: int | None) -> bytes:
        # The text: "The length specified in the template must not be less than n-7 bytes".
        if length is not None and not len(value) - 7 <= length <= len(value):
            raise ValueError("not the length of this key")
        return value if length is None else value[:length]


class Kwp(_KeyWrap):
    """CKM_AES_KEY_WRAP_KWP (RFC 5649), and CKM_AES_KEY_WRAP_PAD, under which SoftHSM and its clients have the same."""

    iv = _KWP_IV

    def _seal(self, key: Key, data: bytes) -> bytes:
        return aes_key_wrap_with_padding(key.native, data)

    def _open(self, key: Key, data: bytes) -> bytes:
        return aes_key_unwrap_with_padding(key.native, data)


class KwPkcs7(_KeyWrap):
    """CKM_AES_KEY_WRAP_PKCS7: padded to whole semiblocks as PKCS #7 has it, then as CKM_AES_KEY_WRAP."""

    iv = _KW_IV

    def _seal(self, key: Key, data: bytes) -> bytes:
        padder = PKCS7(8 * _SEMIBLOCK).padder()
        return aes_key_wrap(key.native, padder.update(data) + padder.finalize())

    def _open(self, key: Key, data: bytes) -> bytes:
        unpadder = PKCS7(8 * _SEMIBLOCK).unpadder()
        return unpadder.update(aes_key_unwrap(key.native, data)) + unpadder.finalize()
