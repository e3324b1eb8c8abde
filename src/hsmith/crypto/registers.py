"""Modes that no library has, of single blocks that a library encrypts: Camellia in CTR, and CFB with segments of one
bit (SP 800-38A)."""

from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, modes

from hsmith.crypto.blocks import BlockCipher, CounterStream, Ctr, algorithm_of
from hsmith.crypto.engine import Buffer, Stream
from hsmith.crypto.feedback import ANY_LENGTH, Feedback
from hsmith.crypto.key import Key


def _blocks(cipher: BlockCipher, key: Key) -> Any:
    return Cipher(algorithm_of(cipher, key), modes.ECB()).encryptor()


class _CounterContext:
    """The key stream is what the successive counters encrypt to."""

    __slots__ = ("_block", "_context", "_counter", "_left")

    def __init__(self, context: Any, counter: bytes) -> None:
        self._context = context
        self._block = len(counter)
        self._counter = int.from_bytes(counter, "big")
        self._left = b""

    def update(self, data: Buffer) -> bytes:
        size, block = len(data), self._block
        count = max(0, -(-(size - len(self._left)) // block))
        wrap = (1 << 8 * block) - 1
        counters = [(n & wrap).to_bytes(block, "big") for n in range(self._counter, self._counter + count)]
        self._counter += count
        stream = self._left + self._context.update(b"".join(counters))
        self._left = stream[size:]
        return (int.from_bytes(data, "big") ^ int.from_bytes(stream[:size], "big")).to_bytes(size, "big")


class CtrOfBlocks(Ctr):
    """CKM_CAMELLIA_CTR."""

    def _context(self, key: Key, params: Any, *, encrypting: bool) -> Any:
        return _CounterContext(_blocks(self._cipher, key), params.cb)


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


class Cfb1(Feedback):
    """CKM_AES_CFB1. A thousandth as fast as the other modes."""

    def __init__(self, cipher: BlockCipher) -> None:
        super().__init__(cipher, modes.CBC)

    def _stream(self, key: Key, params: bytes, *, encrypting: bool) -> Stream:
        self._library(key, params)  # for what it says of the IV
        context = _BitContext(_blocks(self._cipher, key), params, encrypting=encrypting)
        return CounterStream(context, ANY_LENGTH)

    def encrypt(self, key: Key, params: Any) -> Stream:
        return self._stream(key, params, encrypting=True)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return self._stream(key, params, encrypting=False)
