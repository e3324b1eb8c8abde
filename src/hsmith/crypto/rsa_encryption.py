"""RSA encryption and key transport (section 6.1): RSA_PKCS, RSA_X_509, RSA_PKCS_OAEP, RSA_AES_KEY_WRAP."""

import os
from abc import abstractmethod
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from hsmith.crypto.engine import Buffer, Engine, Stream, Wanted
from hsmith.crypto.fitting import last, wanted_length
from hsmith.crypto.hashes import Hash, hash_of, mgf_hash
from hsmith.crypto.key import Key
from hsmith.crypto.later import Later
from hsmith.crypto.rsa import (
    PKCS1,
    Pkcs1Signature,
    RawSignature,
    length_of,
    modulus,
    raw_private,
    raw_public,
)
from hsmith.crypto.streams import Whole, bad_parameter
from hsmith.spec.constants import Attr, DataSource, Fault, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.params import RsaAesKeyWrapParams, RsaPkcsOaepParams

PKCS1_OAEP: Final[Any] = Later("Crypto.Cipher.PKCS1_OAEP")
RSA: Final[Any] = Later("Crypto.PublicKey.RSA")
PSS: Final[Any] = Later("Crypto.Signature.pss")


class _Transport(Engine):
    """Encryption, decryption, wrapping and unwrapping by one pair of functions."""

    @abstractmethod
    def _room(self, key: Key, params: Any) -> int:
        """Bytes of plaintext that fit; checks the parameter."""

    @abstractmethod
    def _encrypt(self, key: Key, params: Any, data: bytes) -> bytes: ...

    @abstractmethod
    def _decrypt(self, key: Key, params: Any, data: bytes) -> bytes:
        """The plaintext of k bytes; ValueError when there is none."""

    def encrypt(self, key: Key, params: Any) -> Stream:
        room, length = self._room(key, params), length_of(key)

        def transform(data: Buffer) -> bytes:
            if len(data) > room:
                raise Refused(Fault.DATA_LEN_RANGE, f"at most {room} bytes fit this key")
            return self._encrypt(key, params, bytes(data))

        return Whole(transform, lambda _: length)

    def decrypt(self, key: Key, params: Any) -> Stream:
        room, length = self._room(key, params), length_of(key)

        def transform(data: Buffer) -> bytes:
            if len(data) != length:
                raise Refused(Fault.ENCRYPTED_DATA_LEN_RANGE, f"{len(data)} bytes where {length} are due")
            try:
                return self._decrypt(key, params, bytes(data))
            except ValueError:
                raise Refused(Fault.ENCRYPTED_DATA_INVALID, "the data does not decrypt under this key") from None

        return Whole(transform, lambda _: room)

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        room = self._room(key, params)
        if len(material) > room:
            raise Refused(Fault.KEY_SIZE_RANGE, f"a key of {len(material)} bytes: at most {room} fit the wrapping key")
        return self._encrypt(key, params, material)

    def unwrap(self, key: Key, params: Any, wrapped: Buffer, length: int | None = None) -> bytes:
        _check_length(length, self._room(key, params), Fault.WRAPPED_KEY_INVALID)
        if len(wrapped) != length_of(key):
            raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, f"{len(wrapped)} bytes where {length_of(key)} are due")
        try:
            return self._fitted(self._decrypt(key, params, bytes(wrapped)), length)
        except ValueError:
            raise Refused(Fault.WRAPPED_KEY_INVALID, "the key does not unwrap under this key") from None

    def _fitted(self, value: bytes, length: int | None) -> bytes:
        return value

    def encapsulate(self, key: Key, params: Any, wanted: Wanted) -> tuple[bytes, bytes]:
        """ "The secret key is generated in the C_EncapsulateKey function and then wrapped"."""
        length = wanted_length(wanted)
        if length is None:
            raise Refused(Fault.TEMPLATE_INCOMPLETE, "VALUE_LEN must be given: the secret may have any length")
        _check_length(length, self._room(key, params), Fault.KEY_SIZE_RANGE)
        secret: bytes = last(os.urandom(length), wanted)[Attr.VALUE]
        return self.wrap(key, params, secret), secret

    def decapsulate(self, key: Key, params: Any, ciphertext: Buffer, wanted: Wanted) -> bytes:
        return self.unwrap(key, params, ciphertext, wanted_length(wanted))

    def ciphertext_size(self, key: Key, params: Any) -> int:
        return length_of(key)


def _check_length(length: int | None, room: int, fault: Fault) -> None:
    """Of the length that a template asks for, before anything is made that long."""
    if length is not None and length > room:
        raise Refused(fault, f"VALUE_LEN is {length}: at most {room} bytes fit this key")


class Pkcs1(_Transport, Pkcs1Signature):
    """CKM_RSA_PKCS."""

    def _room(self, key: Key, params: Any) -> int:
        return length_of(key) - 11

    def _encrypt(self, key: Key, params: Any, data: bytes) -> bytes:
        return bytes(key.native.encrypt(data, PKCS1))

    def _decrypt(self, key: Key, params: Any, data: bytes) -> bytes:
        # The library rejects implicitly: bad padding gives a pseudo-random text of pseudo-random length, so that no
        # caller can tell it from a good one (Bleichenbacher 1998).
        if int.from_bytes(data, "big") >= modulus(key):
            raise ValueError("not a ciphertext of this key")
        return bytes(key.native.decrypt(data, PKCS1))

    def _fitted(self, value: bytes, length: int | None) -> bytes:
        """The value, or a random one of the length that is due: an answer that tells of the padding is an oracle."""
        substitute = os.urandom(len(value) if length is None else length)
        return value if length is None or len(value) == length else substitute


class Raw(_Transport, RawSignature):
    """CKM_RSA_X_509."""

    library = "pycryptodome"

    def _room(self, key: Key, params: Any) -> int:
        return length_of(key)

    def _encrypt(self, key: Key, params: Any, data: bytes) -> bytes:
        return raw_public(key, self._number(key, data)).to_bytes(length_of(key), "big")

    def _decrypt(self, key: Key, params: Any, data: bytes) -> bytes:
        number = int.from_bytes(data, "big")
        if number >= modulus(key):
            raise ValueError("not less than the modulus")
        return raw_private(key, number)

    def _fitted(self, value: bytes, length: int | None) -> bytes:
        """The key is the end of the text, as long as the template says."""
        if length is None:
            return value
        if length > len(value):
            raise ValueError("more than there is")
        return value[len(value) - length :]


@lru_cache(maxsize=64)
def _oaep(hash_alg: int, mgf: int, label: bytes) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(mgf_hash(mgf).algorithm), hash_of(hash_alg).algorithm, label or None)


def _other_oaep(key: Key, params: RsaPkcsOaepParams) -> Any:
    """The same padding by the second library, for the hashes that the first does not take here (SHA-3)."""
    row, mask = hash_of(params.hash_alg), mgf_hash(params.mgf)
    if key.cls == ObjectClass.PRIVATE_KEY:
        raw_private(key, 1)  # prepares it
        native = key.prepared["raw"]
    else:
        numbers = key.native.public_numbers()
        native = RSA.construct((numbers.n, numbers.e))
    return PKCS1_OAEP.new(native, row.other, lambda seed, size: PSS.MGF1(seed, size, mask.other), params.source_data)


class Oaep(_Transport):
    """CKM_RSA_PKCS_OAEP."""

    library = "cryptography, pycryptodome"

    def _room(self, key: Key, params: Any) -> int:
        row: Hash = hash_of(params.hash_alg)
        mgf_hash(params.mgf)
        if row.other is None:
            raise bad_parameter(f"{row.name} is not offered for OAEP")
        if params.source not in (0, DataSource.DATA_SPECIFIED) or (params.source == 0 and params.source_data):
            raise bad_parameter("source must be CKZ_DATA_SPECIFIED")
        room = length_of(key) - 2 - 2 * row.size
        if room < 0:
            raise Refused(Fault.KEY_SIZE_RANGE, "the key is too small for OAEP with this hash")
        return room

    def _encrypt(self, key: Key, params: Any, data: bytes) -> bytes:
        try:
            return bytes(key.native.encrypt(data, _oaep(params.hash_alg, params.mgf, params.source_data)))
        except UnsupportedAlgorithm:
            return bytes(_other_oaep(key, params).encrypt(data))

    def _decrypt(self, key: Key, params: Any, data: bytes) -> bytes:
        try:
            return bytes(key.native.decrypt(data, _oaep(params.hash_alg, params.mgf, params.source_data)))
        except UnsupportedAlgorithm:
            return bytes(_other_oaep(key, params).decrypt(data))


_OAEP: Final = Oaep()


class AesKeyWrap(Engine):
    """CKM_RSA_AES_KEY_WRAP: a random AES key under OAEP, then the key under it with CKM_AES_KEY_WRAP_KWP."""

    def _oaep_params(self, key: Key, params: RsaAesKeyWrapParams) -> RsaPkcsOaepParams:
        if params.aes_key_bits not in (128, 192, 256):
            raise bad_parameter("ulAESKeyBits must be 128, 192 or 256")
        if params.oaep_params is None:
            raise bad_parameter("pOAEPParams is missing")
        if _OAEP._room(key, params.oaep_params) < params.aes_key_bits // 8:
            raise Refused(Fault.KEY_SIZE_RANGE, "the AES key does not fit under this RSA key with this hash")
        return params.oaep_params

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        oaep = self._oaep_params(key, params)
        secret = os.urandom(params.aes_key_bits // 8)
        return _OAEP._encrypt(key, oaep, secret) + aes_key_wrap_with_padding(secret, material)

    def unwrap(self, key: Key, params: Any, wrapped: Buffer, length: int | None = None) -> bytes:
        oaep, size = self._oaep_params(key, params), length_of(key)
        if len(wrapped) < size + 16:
            raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, f"{len(wrapped)} bytes: at least {size + 16} are due")
        try:
            secret = _OAEP._decrypt(key, oaep, bytes(wrapped[:size]))
            return aes_key_unwrap_with_padding(secret, bytes(wrapped[size:]))
        except (ValueError, InvalidUnwrap):
            raise Refused(Fault.WRAPPED_KEY_INVALID, "the key does not unwrap under this key") from None
