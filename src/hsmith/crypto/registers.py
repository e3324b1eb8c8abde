"""CFB with segments of one bit (SP 800-38A) and OFB with segments of a byte (FIPS 81), which no library has, of single
blocks that a library encrypts."""

from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, modes

from hsmith.crypto.blocks import BlockCipher, CounterStream, algorithm_of
from hsmith.crypto.engine import Buffer, Stream
from hsmith.crypto.feedback import ANY_LENGTH, Feedback
from hsmith.crypto.key import Key


class _BitContext:
    """One block for each bit: its first bit covers one of the data, and what is then ciphertext enters the register."""

    __slots__ = ("_block", "_context", "_encrypting", "_mask", "_register")

    def __init__(self, context: Any, iv: bytes, *, encrypting: bool) -> None:
        self._context = context
        self._block = len(iv)
        self._register = int.from_bytes(iv, "big")
        self._mask = (1 << 8 * len(iv)) - 1
        self._encrypting = encrypting

    def update(self, data: Buffer) -> bytes:
        encrypt, block, mask, register = self._context.update, self._block, self._mask, self._register
        made = bytearray(len(data))
        for at, byte in enumerate(data):
            out = 0
            for shift in range(7, -1, -1):
                bit = byte >> shift & 1
                covered = bit ^ encrypt(register.to_bytes(block, "big"))[0] >> 7
                out = out << 1 | covered
                register = (register << 1 | (covered if self._encrypting else bit)) & mask
            made[at] = out
        self._register = register
        return bytes(made)


class _ByteContext:
    """One block for each byte: its first byte covers one of the data, and enters the register."""

    __slots__ = ("_context", "_register")

    def __init__(self, context: Any, iv: bytes) -> None:
        self._context = context
        self._register = iv

    def update(self, data: Buffer) -> bytes:
        encrypt, register = self._context.update, self._register
        made = bytearray(len(data))
        for at, byte in enumerate(data):
            out = encrypt(register)[0]
            register = register[1:] + bytes((out,))
            made[at] = byte ^ out
        self._register = register
        return bytes(made)


class _Registers(Feedback):
    """A thousandth as fast as the other modes."""

    def __init__(self, cipher: BlockCipher) -> None:
        super().__init__(cipher, modes.CBC)

    def _blocks(self, key: Key, params: bytes) -> Any:
        self._library(key, params)  # for what it says of the IV
        return Cipher(algorithm_of(self._cipher, key), modes.ECB()).encryptor()


class Cfb1(_Registers):
    """CKM_AES_CFB1."""

    def _stream(self, key: Key, params: bytes, *, encrypting: bool) -> Stream:
        return CounterStream(_BitContext(self._blocks(key, params), params, encrypting=encrypting), ANY_LENGTH)

    def encrypt(self, key: Key, params: Any) -> Stream:
        return self._stream(key, params, encrypting=True)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return self._stream(key, params, encrypting=False)


class Ofb8(_Registers):
    """CKM_DES_OFB8."""

    def encrypt(self, key: Key, params: Any) -> Stream:
        return CounterStream(_ByteContext(self._blocks(key, params), params), ANY_LENGTH)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return self.encrypt(key, params)
