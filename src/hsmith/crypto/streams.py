"""Streams, signers and verifiers that engines share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from hsmith.crypto.engine import Buffer, Signer, Stream, Verifier
from hsmith.crypto.hashes import HASHES, Hash
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused

#: Bytes that an operation may hold until its end (AEAD decryption, EdDSA): a caller must not fill the keeper's memory.
HELD_MAXIMUM: Final = 64 * 1024 * 1024

PREHASHED: Final = {row.mechanism: Prehashed(row.algorithm) for row in HASHES.values()}


@dataclass(frozen=True, slots=True)
class Hashing:
    """A hash, and what the library's sign() takes for it: for the data, and for the digest of it."""

    row: Hash
    direct: Any
    prehashed: Any


def hashing(row: Hash) -> Hashing:
    return Hashing(row, row.algorithm, PREHASHED[row.mechanism])


class Held:
    """Data that is kept until it is whole."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = bytearray()

    def __len__(self) -> int:
        return len(self._data)

    def add(self, data: Buffer) -> None:
        if len(self._data) + len(data) > HELD_MAXIMUM:
            raise Refused(Fault.TOKEN_RESOURCE_EXCEEDED, "this mechanism holds all of its data: 64 MiB at most")
        self._data += data

    def take(self) -> bytes:
        """All of it; none is kept here."""
        data = bytes(self._data)
        self._data[:] = bytes(len(self._data))
        self._data.clear()
        return data


class Whole(Stream):
    """Holds the data until its end, then transforms all of it. ``size``: an upper bound of what a length gives."""

    __slots__ = ("_held", "_size", "_transform")
    again = True

    def __init__(self, transform: Callable[[Buffer], bytes], size: Callable[[int], int]) -> None:
        self._transform = transform
        self._size = size
        self._held = Held()

    @property
    def kept(self) -> int:
        return len(self._held)

    def update(self, data: Buffer) -> bytes:
        self._held.add(data)
        return b""

    def finish(self) -> bytes:
        return self._transform(self._held.take())

    def update_size(self, length: int) -> int:
        return 0

    def finish_size(self) -> int:
        return self._size(len(self._held))

    def once_size(self, length: int) -> int:
        return self._size(len(self._held) + length)

    def once(self, data: Buffer) -> bytes:
        return self._transform(data)


class WholeSigner(Signer):
    """Holds the data until its end, then signs all of it."""

    __slots__ = ("_held", "_sign", "size")
    again = True

    def __init__(self, sign: Callable[[Buffer], bytes], size: int) -> None:
        self._sign = sign
        self.size = size
        self._held = Held()

    @property
    def kept(self) -> int:
        return len(self._held)

    def update(self, data: Buffer) -> None:
        self._held.add(data)

    def finish(self) -> bytes:
        return self._sign(self._held.take())

    def once(self, data: Buffer) -> bytes:
        return self._sign(data)


class WholeVerifier(Verifier):
    """Holds the data until its end; ``verify(data, signature)`` raises InvalidSignature."""

    __slots__ = ("_held", "_verify")
    again = True

    def __init__(self, verify: Callable[[Buffer, Buffer], Any]) -> None:
        self._verify = verify
        self._held = Held()

    @property
    def kept(self) -> int:
        return len(self._held)

    def update(self, data: Buffer) -> None:
        self._held.add(data)

    def finish(self, signature: Buffer) -> None:
        self.once(self._held.take(), signature)

    def once(self, data: Buffer, signature: Buffer) -> None:
        try:
            self._verify(data, signature)
        except InvalidSignature:
            raise wrong() from None


class HashingSigner(Signer):
    """Hashes, then signs by ``sign(data, algorithm)``."""

    __slots__ = ("_context", "_hashing", "_sign", "size")
    again = True

    def __init__(self, hashing: Hashing, sign: Callable[[Buffer, Any], bytes], size: int) -> None:
        self._hashing = hashing
        self._sign = sign
        self.size = size
        self._context: hashes.Hash | None = None

    def update(self, data: Buffer) -> None:
        if self._context is None:
            self._context = hashes.Hash(self._hashing.row.algorithm)
        self._context.update(data)

    def finish(self) -> bytes:
        if self._context is None:
            return self._sign(b"", self._hashing.direct)
        return self._sign(self._context.finalize(), self._hashing.prehashed)

    def once(self, data: Buffer) -> bytes:
        return self._sign(data, self._hashing.direct)


class HashingVerifier(Verifier):
    """Hashes, then verifies by ``verify(data, signature, algorithm)``, which raises InvalidSignature or Refused."""

    __slots__ = ("_context", "_hashing", "_verify")
    again = True

    def __init__(self, hashing: Hashing, verify: Callable[[Buffer, Buffer, Any], Any]) -> None:
        self._hashing = hashing
        self._verify = verify
        self._context = hashes.Hash(hashing.row.algorithm)

    def update(self, data: Buffer) -> None:
        self._context.update(data)

    def finish(self, signature: Buffer) -> None:
        self._check(self._context.finalize(), signature, self._hashing.prehashed)

    def once(self, data: Buffer, signature: Buffer) -> None:
        self._check(data, signature, self._hashing.direct)

    def _check(self, data: Buffer, signature: Buffer, algorithm: Any) -> None:
        try:
            self._verify(data, signature, algorithm)
        except InvalidSignature:
            raise wrong() from None


def wrong() -> Refused:
    return Refused(Fault.SIGNATURE_INVALID, "the signature does not belong to the data and the key")


def wrong_length(length: int, expected: int) -> Refused:
    return Refused(Fault.SIGNATURE_LEN_RANGE, f"a signature of {length} bytes where {expected} are due")


def bad_parameter(reason: str) -> Refused:
    return Refused(Fault.MECHANISM_PARAM_INVALID, reason)
