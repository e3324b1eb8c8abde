"""ChaCha20, Salsa20 and their AEAD with Poly1305 (sections "ChaCha20", "Salsa20", "Chacha20/Poly1305").

The nonce's length chooses the variant. The first library has the AEAD of RFC 8439, the second one all the others.
"""

from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from hsmith.crypto.blocks import CounterStream, unwrapping
from hsmith.crypto.engine import Buffer, Engine, Stream
from hsmith.crypto.feedback import Updating
from hsmith.crypto.key import Key
from hsmith.crypto.later import Later
from hsmith.crypto.streams import Whole, bad_parameter
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused

ChaCha20: Final[Any] = Later("Crypto.Cipher.ChaCha20")
ChaCha20_Poly1305: Final[Any] = Later("Crypto.Cipher.ChaCha20_Poly1305")
Salsa20: Final[Any] = Later("Crypto.Cipher.Salsa20")

_BLOCK: Final = 64  # bytes that one count addresses
_TAG: Final = 16
#: Bits of the block counter by those of the nonce: original, IETF, XChaCha20.
_CHACHA: Final = {64: 64, 96: 32, 192: 64}


class _StreamCipher(Engine):
    """Encryption and decryption are the same; a key is wrapped as its bytes are encrypted."""

    def _keystream(self, key: Key, params: Any) -> Stream:
        raise NotImplementedError

    def encrypt(self, key: Key, params: Any) -> Stream:
        return self._keystream(key, params)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return self._keystream(key, params)

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        return self._keystream(key, params).once(material)

    def unwrap(self, key: Key, params: Any, wrapped: Buffer, length: int | None = None) -> bytes:
        if not wrapped:
            raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, "the wrapped key is empty")
        return unwrapping(self._keystream(key, params), wrapped)


def _at(cipher: Any, counter: int, bits: int) -> Stream:
    """The cipher's keystream from a block on, until the counter's bits are used up."""
    try:
        cipher.seek(counter * _BLOCK)
    except (ValueError, OverflowError):
        raise bad_parameter("the block counter is out of the library's range") from None
    return CounterStream(Updating(cipher.encrypt), ((1 << bits) - counter) * _BLOCK)


class Chacha20Stream(_StreamCipher):
    """CKM_CHACHA20. The block counter is little-endian, as it is within the cipher's state (RFC 8439)."""

    library = "pycryptodome"

    def _keystream(self, key: Key, params: Any) -> Stream:
        bits = _CHACHA.get(params.nonce_bits)
        if bits is None or 8 * len(params.nonce) != params.nonce_bits:
            raise bad_parameter("the nonce must have 64, 96 or 192 bits")
        if params.block_counter_bits not in (32, 64):
            raise bad_parameter("the block counter must have 32 or 64 bits")
        counter = int.from_bytes(params.block_counter, "little")
        if counter >> bits:
            raise bad_parameter(f"the block counter has {bits} bits with this nonce")
        return _at(ChaCha20.new(key=key.native, nonce=params.nonce), counter, bits)


class Salsa20Stream(_StreamCipher):
    """CKM_SALSA20, with a nonce of 64 bits: no library here has XSalsa20."""

    library = "pycryptodome"

    def _keystream(self, key: Key, params: Any) -> Stream:
        if params.nonce_bits != 64 or len(params.nonce) != 8:
            raise bad_parameter("only the nonce of 64 bits is offered")
        counter = int.from_bytes(params.block_counter, "little")
        return _at(Salsa20.new(key=key.native, nonce=params.nonce), counter, 64)


class Chacha20Poly1305(Engine):
    """CKM_CHACHA20_POLY1305: the tag at the end; nothing of a plaintext leaves before it is checked."""

    library = "cryptography, pycryptodome"

    def _checked(self, params: Any) -> None:
        if 8 * len(params.nonce) not in _CHACHA:
            raise bad_parameter("the nonce must have 64, 96 or 192 bits")

    def encrypt(self, key: Key, params: Any) -> Stream:
        self._checked(params)
        return Whole(lambda data: _seal(key, params, data), lambda length: length + _TAG)

    def decrypt(self, key: Key, params: Any) -> Stream:
        self._checked(params)
        return Whole(lambda data: _open(key, params, data), lambda length: max(0, length - _TAG))


def _prepared(key: Key) -> ChaCha20Poly1305:
    cipher = key.prepared.get("chacha")
    if cipher is None:
        cipher = key.prepared["chacha"] = ChaCha20Poly1305(key.native)
    return cipher


def _other(key: Key, params: Any) -> Any:
    cipher = ChaCha20_Poly1305.new(key=key.native, nonce=params.nonce)
    cipher.update(params.aad)
    return cipher


def _seal(key: Key, params: Any, data: Buffer) -> bytes:
    if len(params.nonce) == 12:
        return _prepared(key).encrypt(params.nonce, data, params.aad or None)
    ciphertext, tag = _other(key, params).encrypt_and_digest(bytes(data))
    return bytes(ciphertext + tag)


def _open(key: Key, params: Any, data: Buffer) -> bytes:
    if len(data) < _TAG:
        raise Refused(Fault.ENCRYPTED_DATA_LEN_RANGE, "the data is shorter than its tag")
    try:
        if len(params.nonce) == 12:
            return _prepared(key).decrypt(params.nonce, data, params.aad or None)
        data = bytes(data)
        return bytes(_other(key, params).decrypt_and_verify(data[:-_TAG], data[-_TAG:]))
    except (InvalidTag, ValueError):
        raise Refused(Fault.ENCRYPTED_DATA_INVALID, "the data does not decrypt under this key") from None
