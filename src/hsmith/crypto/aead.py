"""AES-GCM and AES-CCM (section "Additional AES Mechanisms"), and the tag at the end of what they give.

Nothing of a plaintext leaves before its tag is checked: decryption holds the data until its end.
"""

import os
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import AEADEncryptionContext, Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM

from hsmith.crypto.blocks import AES_CIPHER, algorithm_of, unwrapping
from hsmith.crypto.engine import Buffer, Engine, Stream
from hsmith.crypto.key import Key
from hsmith.crypto.later import Later
from hsmith.crypto.streams import Whole, bad_parameter
from hsmith.spec.constants import Fault, IvGenerator
from hsmith.spec.faults import Refused
from hsmith.spec.params import CcmWrapParams, GcmWrapParams

OTHER_AES: Final[Any] = Later("Crypto.Cipher.AES")

_FULL_TAG: Final = 16  # bytes
_LIBRARY_IVS: Final = range(8, 129)  # bytes of an IV that the first library takes; the second takes the others
IV_MAXIMUM: Final = 65536
_FREE_MINIMUM: Final = 32  # bits: fewer repeat too soon
_CCM_TAGS: Final = (4, 6, 8, 10, 12, 14, 16)


class _GcmFields(Protocol):
    iv: bytes
    aad: bytes
    tag_bits: int


def _invalid() -> Refused:
    return Refused(Fault.ENCRYPTED_DATA_INVALID, "the data does not decrypt under this key")


def _prepared(key: Key) -> AESGCM:
    cipher = key.prepared.get("gcm")
    if cipher is None:
        cipher = key.prepared["gcm"] = AESGCM(key.native)
    return cipher


def _tag_length(params: _GcmFields) -> int:
    """Bytes. SP 800-38D has 32, 64 and 96 to 128 bits; whole bytes between those are accepted too."""
    if not 32 <= params.tag_bits <= 128 or params.tag_bits % 8:
        raise bad_parameter("ulTagBits must be a multiple of 8 from 32 to 128")
    if not 1 <= len(params.iv) <= IV_MAXIMUM:
        raise bad_parameter(f"the IV must have 1 to {IV_MAXIMUM} bytes: 12 is usual")
    return params.tag_bits // 8


def gcm_encrypt(key: Key, params: _GcmFields, data: Buffer) -> bytes:
    """Ciphertext and tag."""
    tag = _tag_length(params)
    if len(params.iv) in _LIBRARY_IVS:
        sealed = _prepared(key).encrypt(params.iv, data, params.aad or None)
        return sealed if tag == _FULL_TAG else sealed[: len(data) + tag]
    other = _other(key, params, tag)
    ciphertext, digest = other.encrypt_and_digest(bytes(data))
    return bytes(ciphertext + digest)


def gcm_decrypt(key: Key, params: _GcmFields, data: Buffer) -> bytes:
    tag = _tag_length(params)
    if len(data) < tag:
        raise Refused(Fault.ENCRYPTED_DATA_LEN_RANGE, "the data is shorter than its tag")
    try:
        if len(params.iv) not in _LIBRARY_IVS:
            data = bytes(data)
            return bytes(_other(key, params, tag).decrypt_and_verify(data[:-tag], data[-tag:]))
        if tag == _FULL_TAG:
            return _prepared(key).decrypt(params.iv, data, params.aad or None)
        return _short_tag(key, params, bytes(data), tag)
    except (InvalidTag, ValueError):
        raise _invalid() from None


def _short_tag(key: Key, params: _GcmFields, data: bytes, tag: int) -> bytes:
    mode = modes.GCM(params.iv, data[-tag:], min_tag_length=tag)
    context = Cipher(algorithm_of(AES_CIPHER, key), mode).decryptor()
    context.authenticate_additional_data(params.aad)
    return context.update(data[:-tag]) + context.finalize()


def _other(key: Key, params: _GcmFields, tag: int) -> Any:
    cipher = OTHER_AES.new(key.native, OTHER_AES.MODE_GCM, nonce=params.iv, mac_len=tag)
    cipher.update(params.aad)
    return cipher


class GcmEncryption(Stream):
    """As long as the data while it runs; the tag at the end."""

    __slots__ = ("_context", "_key", "_params", "_tag")
    again = True

    def __init__(self, key: Key, params: _GcmFields) -> None:
        self._tag = _tag_length(params)
        self._key = key
        self._params = params
        self._context: AEADEncryptionContext | None = None

    def _started(self) -> AEADEncryptionContext:
        if self._context is None:
            mode = modes.GCM(self._params.iv)
            self._context = Cipher(algorithm_of(AES_CIPHER, self._key), mode).encryptor()
            self._context.authenticate_additional_data(self._params.aad)
        return self._context

    def update(self, data: Buffer) -> bytes:
        return self._started().update(data)

    def finish(self) -> bytes:
        context = self._started()
        return context.finalize() + context.tag[: self._tag]

    def update_size(self, length: int) -> int:
        return length

    def finish_size(self) -> int:
        return self._tag

    def once_size(self, length: int) -> int:
        return length + self._tag

    def once(self, data: Buffer) -> bytes:
        return gcm_encrypt(self._key, self._params, data)


class Gcm(Engine):
    """CKM_AES_GCM with CK_GCM_PARAMS, or CK_GCM_WRAP_PARAMS for wrapping."""

    library = "cryptography, pycryptodome"

    def encrypt(self, key: Key, params: Any) -> Stream:
        if len(params.iv) in _LIBRARY_IVS:
            return GcmEncryption(key, params)
        tag = _tag_length(params)
        return Whole(lambda data: gcm_encrypt(key, params, data), lambda length: length + tag)

    def decrypt(self, key: Key, params: Any) -> Stream:
        tag = _tag_length(params)
        return Whole(lambda data: gcm_decrypt(key, params, data), lambda length: max(0, length - tag))

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        if isinstance(params, GcmWrapParams):
            params.iv = generated(params.iv, params.iv_fixed_bits, params.iv_generator)
        return gcm_encrypt(key, params, material)

    def unwrap(self, key: Key, params: Any, wrapped: Buffer, length: int | None = None) -> bytes:
        return unwrapping(self.decrypt(key, params), wrapped)


def generated(value: bytes, fixed_bits: int, generator: int) -> bytes:
    """The IV or nonce to use: the caller's, or its leading ``fixed_bits`` with random bits behind them."""
    if generator == IvGenerator.NO_GENERATE:
        return value
    if generator not in (IvGenerator.GENERATE, IvGenerator.GENERATE_RANDOM):
        raise bad_parameter("wrapping takes CKG_NO_GENERATE, CKG_GENERATE and CKG_GENERATE_RANDOM")
    free = 8 * len(value) - fixed_bits
    if free < _FREE_MINIMUM:
        raise bad_parameter(f"at least {_FREE_MINIMUM} bits of the IV must be left to generate")
    kept = int.from_bytes(value, "big") >> free << free
    return (kept | int.from_bytes(os.urandom(len(value)), "big") & (1 << free) - 1).to_bytes(len(value), "big")


class Ccm(Engine):
    """CKM_AES_CCM with CK_CCM_PARAMS, or CK_CCM_WRAP_PARAMS for wrapping."""

    def _library(self, key: Key, params: Any) -> AESCCM:
        if not 7 <= len(params.nonce) <= 13:
            raise bad_parameter("the nonce must have 7 to 13 bytes")
        if params.mac_len not in _CCM_TAGS:
            raise bad_parameter("ulMACLen must be 4, 6, 8, 10, 12, 14 or 16")
        return AESCCM(key.native, params.mac_len)

    def _limited(self, params: Any, length: int) -> None:
        if length >= 1 << 8 * (15 - len(params.nonce)):
            raise bad_parameter("the data is too long for a nonce of this length")

    def encrypt(self, key: Key, params: Any) -> Stream:
        cipher = self._library(key, params)
        self._limited(params, params.data_len)

        def transform(data: Buffer) -> bytes:
            if len(data) != params.data_len:
                raise Refused(Fault.DATA_LEN_RANGE, f"{len(data)} bytes of data: ulDataLen is {params.data_len}")
            return cipher.encrypt(params.nonce, data, params.aad or None)

        return Whole(transform, lambda length: length + params.mac_len)

    def decrypt(self, key: Key, params: Any) -> Stream:
        cipher = self._library(key, params)
        self._limited(params, params.data_len)

        def transform(data: Buffer) -> bytes:
            if len(data) != params.data_len + params.mac_len:
                raise Refused(Fault.ENCRYPTED_DATA_LEN_RANGE, f"{len(data)} bytes: ulDataLen + ulMACLen are due")
            return _ccm_decrypt(cipher, params, data)

        return Whole(transform, lambda length: max(0, length - params.mac_len))

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        # ulDataLen is ignored here: "the token will determine the message/data length".
        cipher = self._library(key, params)
        if isinstance(params, CcmWrapParams):
            params.nonce = generated(params.nonce, params.nonce_fixed_bits, params.nonce_generator)
        self._limited(params, len(material))
        return cipher.encrypt(params.nonce, material, params.aad or None)

    def unwrap(self, key: Key, params: Any, wrapped: Buffer, length: int | None = None) -> bytes:
        cipher = self._library(key, params)
        if len(wrapped) <= params.mac_len:
            raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, "the wrapped key is shorter than its tag")
        try:
            return _ccm_decrypt(cipher, params, wrapped)
        except Refused:
            raise Refused(Fault.WRAPPED_KEY_INVALID, "the key does not unwrap under this key") from None


def _ccm_decrypt(cipher: AESCCM, params: Any, data: Buffer) -> bytes:
    try:
        return cipher.decrypt(params.nonce, data, params.aad or None)
    except (InvalidTag, ValueError):
        raise _invalid() from None
