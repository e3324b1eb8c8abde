"""Block ciphers in ECB, CBC, CBC with padding and CTR (sections "AES", "Double and Triple-length DES")."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.decrepit.ciphers.algorithms import CAST5, IDEA, SEED, Blowfish, Camellia, TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.padding import PKCS7

from hsmith.crypto.engine import Buffer, Engine, Stream, Wanted
from hsmith.crypto.fitting import first
from hsmith.crypto.key import Key
from hsmith.crypto.streams import bad_parameter
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused


@dataclass(frozen=True, slots=True)
class BlockCipher:
    """``block``: bytes; ``algorithm``: the library's class, made of the key's value."""

    block: int
    algorithm: Callable[[bytes], Any]


def _triple_des(value: bytes) -> TripleDES:
    """A double-length key is used as K1, K2, K1, a single one three times: that is DES."""
    return TripleDES((value + value)[:24] if len(value) > 8 else value * 3)


AES_CIPHER: Final = BlockCipher(16, AES)
DES3_CIPHER: Final = BlockCipher(8, _triple_des)
CAMELLIA_CIPHER: Final = BlockCipher(16, Camellia)
SEED_CIPHER: Final = BlockCipher(16, SEED)
BLOWFISH_CIPHER: Final = BlockCipher(8, Blowfish)
CAST5_CIPHER: Final = BlockCipher(8, CAST5)
IDEA_CIPHER: Final = BlockCipher(8, IDEA)
XTS_CIPHER: Final = BlockCipher(16, AES)  # two keys in one


def algorithm_of(cipher: BlockCipher, key: Key) -> Any:
    """The library's cipher of this key, made once."""
    algorithm = key.prepared.get("cipher")
    if algorithm is None:
        algorithm = key.prepared["cipher"] = cipher.algorithm(key.native)
    return algorithm


def data_fault(encrypting: bool) -> Refused:
    if encrypting:
        return Refused(Fault.DATA_LEN_RANGE, "the data is not a whole number of blocks")
    return Refused(Fault.ENCRYPTED_DATA_LEN_RANGE, "the data is not a whole number of blocks")


class BlockStream(Stream):
    """ECB and CBC: whole blocks as they come, nothing at the end."""

    __slots__ = ("_block", "_context", "_encrypting", "_pending")

    def __init__(self, context: CipherContext, block: int, *, encrypting: bool) -> None:
        self._context = context
        self._block = block
        self._encrypting = encrypting
        self._pending = 0

    def update(self, data: Buffer) -> bytes:
        self._pending = (self._pending + len(data)) % self._block
        return self._context.update(data)

    def finish(self) -> bytes:
        if self._pending:
            raise data_fault(self._encrypting)
        return self._context.finalize()

    def update_size(self, length: int) -> int:
        return (self._pending + length) // self._block * self._block

    def finish_size(self) -> int:
        return 0

    def once_size(self, length: int) -> int:
        return self._pending + length

    def once(self, data: Buffer) -> bytes:
        if (self._pending + len(data)) % self._block:
            raise data_fault(self._encrypting)
        return self._context.update(data)


class PaddingStream(Stream):
    """CBC_PAD, encrypting: the last block is padded (PKCS #7)."""

    __slots__ = ("_block", "_context", "_padder", "_pending")

    def __init__(self, context: CipherContext, block: int) -> None:
        self._context = context
        self._block = block
        self._padder = PKCS7(block * 8).padder()
        self._pending = 0

    def update(self, data: Buffer) -> bytes:
        self._pending = (self._pending + len(data)) % self._block
        return self._context.update(self._padder.update(data))

    def finish(self) -> bytes:
        return self._context.update(self._padder.finalize())

    def update_size(self, length: int) -> int:
        return (self._pending + length) // self._block * self._block

    def finish_size(self) -> int:
        return self._block

    def once_size(self, length: int) -> int:
        return (self._pending + length) // self._block * self._block + self._block


class UnpaddingStream(Stream):
    """CBC_PAD, decrypting: the last whole block is held back until the end. The padding is checked in constant time."""

    __slots__ = ("_block", "_context", "_seen", "_unpadder")

    def __init__(self, context: CipherContext, block: int) -> None:
        self._context = context
        self._block = block
        self._unpadder = PKCS7(block * 8).unpadder()
        self._seen = 0

    def _given(self, seen: int) -> int:
        """Bytes given out once ``seen`` have come: all whole blocks but the last."""
        return max(0, seen // self._block - 1) * self._block

    def update(self, data: Buffer) -> bytes:
        self._seen += len(data)
        return self._unpadder.update(self._context.update(data))

    def finish(self) -> bytes:
        if not self._seen or self._seen % self._block:
            raise data_fault(False)
        try:
            return self._unpadder.finalize()
        except ValueError:
            raise Refused(Fault.ENCRYPTED_DATA_INVALID, "the data does not decrypt under this key") from None

    def update_size(self, length: int) -> int:
        return self._given(self._seen + length) - self._given(self._seen)

    def finish_size(self) -> int:
        return self._block

    def once_size(self, length: int) -> int:
        return self._seen + length - self._given(self._seen)


class CounterStream(Stream):
    """CTR and its like. ``context``: has update(). ``room``: bytes until the counter overflows: DATA_LEN_RANGE."""

    __slots__ = ("_context", "_room")

    def __init__(self, context: Any, room: int) -> None:
        self._context = context
        self._room = room

    def update(self, data: Buffer) -> bytes:
        self._room -= len(data)
        if self._room < 0:
            raise Refused(Fault.DATA_LEN_RANGE, "the data is longer than the counter's bits allow")
        return bytes(self._context.update(data))

    def finish(self) -> bytes:
        return b""

    def update_size(self, length: int) -> int:
        return length

    def finish_size(self) -> int:
        return 0

    def once_size(self, length: int) -> int:
        return length


class Mode(Engine):
    """One mode of one cipher; wrapping encrypts the key, padded with zeros where the mode needs whole blocks."""

    def __init__(self, cipher: BlockCipher) -> None:
        self._cipher = cipher

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        return self.encrypt(key, params).once(material + bytes(-len(material) % self._cipher.block))

    def unwrap(self, key: Key, params: Any, wrapped: Buffer, length: int | None = None) -> bytes:
        if not wrapped:
            raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, "the wrapped key is empty")
        value = unwrapping(self.decrypt(key, params), wrapped)
        if length is not None and length > len(value):
            raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, "the wrapped key is shorter than the template asks for")
        return value if length is None else value[:length]


def unwrapping(stream: Stream, wrapped: Buffer) -> bytes:
    """Decrypt a wrapped key, with the faults of C_UnwrapKey in place of those of C_Decrypt."""
    try:
        return stream.once(wrapped)
    except Refused as refused:
        if refused.fault in (Fault.ENCRYPTED_DATA_LEN_RANGE, Fault.DATA_LEN_RANGE):
            raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, refused.reason) from None
        raise Refused(Fault.WRAPPED_KEY_INVALID, "the key does not unwrap under this key") from None


class Ecb(Mode):
    """CKM_AES_ECB, CKM_DES3_ECB."""

    def _library(self, key: Key, params: Any) -> Any:
        return Cipher(algorithm_of(self._cipher, key), modes.ECB())

    def encrypt(self, key: Key, params: Any) -> Stream:
        return BlockStream(self._library(key, params).encryptor(), self._cipher.block, encrypting=True)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return BlockStream(self._library(key, params).decryptor(), self._cipher.block, encrypting=False)


class Cbc(Mode):
    """CKM_AES_CBC, CKM_DES3_CBC. The parameter is the IV, one block."""

    def _library(self, key: Key, params: bytes) -> Any:
        if len(params) != self._cipher.block:
            raise bad_parameter(f"the IV has {len(params)} bytes where {self._cipher.block} are due")
        return Cipher(algorithm_of(self._cipher, key), modes.CBC(params))

    def encrypt(self, key: Key, params: Any) -> Stream:
        return BlockStream(self._library(key, params).encryptor(), self._cipher.block, encrypting=True)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return BlockStream(self._library(key, params).decryptor(), self._cipher.block, encrypting=False)


class CbcPad(Cbc):
    """CKM_AES_CBC_PAD, CKM_DES3_CBC_PAD."""

    def encrypt(self, key: Key, params: Any) -> Stream:
        return PaddingStream(self._library(key, params).encryptor(), self._cipher.block)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return UnpaddingStream(self._library(key, params).decryptor(), self._cipher.block)

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        return self.encrypt(key, params).once(material)


class Ctr(Mode):
    """CKM_AES_CTR."""

    def _stream(self, key: Key, params: Any, *, encrypting: bool) -> Stream:
        bits, block = params.counter_bits, self._cipher.block
        if not 0 < bits <= 8 * block or len(params.cb) != block:
            raise bad_parameter(f"ulCounterBits must be 1 to {8 * block}")
        counter = int.from_bytes(params.cb, "big") & (1 << bits) - 1
        library: Any = Cipher(algorithm_of(self._cipher, key), modes.CTR(params.cb))
        context = library.encryptor() if encrypting else library.decryptor()
        return CounterStream(context, ((1 << bits) - counter) * block)

    def encrypt(self, key: Key, params: Any) -> Stream:
        return self._stream(key, params, encrypting=True)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return self._stream(key, params, encrypting=False)

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        return self.encrypt(key, params).once(material)


class EncryptData(Engine):
    """CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_CBC_ENCRYPT_DATA and those of DES3: the ciphertext is the key."""

    def __init__(self, cipher: BlockCipher, mode: Ecb | Cbc) -> None:
        self._cipher = cipher
        self._mode = mode

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        data = params.data
        if not data or len(data) % self._cipher.block:
            raise bad_parameter(f"the data must be a multiple of {self._cipher.block} bytes")
        value = self._mode.encrypt(key, getattr(params, "iv", None)).once(data)
        # Section 6.27 names CKR_DATA_LEN_RANGE, but the data is the parameter: real modules and python-pkcs11 say this.
        return first(value, wanted, Fault.MECHANISM_PARAM_INVALID)
