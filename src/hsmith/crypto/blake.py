"""BLAKE2b digests, HMACs and derivations (RFC 7693), by hashlib: the first library has the longest of them alone."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final

from hsmith.crypto.engine import Buffer, Digest, Engine, Wanted
from hsmith.crypto.fitting import defined
from hsmith.crypto.key import Key
from hsmith.crypto.mac import Mac


@dataclass(frozen=True, slots=True)
class Blake:
    """One length of digest: in bits, as the mechanisms are named, and in bytes."""

    bits: int
    size: int

    def new(self, data: Buffer = b"") -> Any:
        return hashlib.blake2b(data, digest_size=self.size)


BLAKES: Final = tuple(Blake(bits, bits // 8) for bits in (160, 256, 384, 512))


class _BlakeDigest(Digest):
    __slots__ = ("_context", "size")

    def __init__(self, row: Blake) -> None:
        self.size = row.size
        self._context = row.new()

    def update(self, data: Buffer) -> None:
        self._context.update(data)

    def finish(self) -> bytes:
        return bytes(self._context.digest())


class BlakeEngine(Engine):
    """CKM_BLAKE2B_<bits>."""

    library = "hashlib"

    def __init__(self, row: Blake) -> None:
        self._row = row

    def digest(self, params: Any) -> Digest:
        return _BlakeDigest(self._row)


class _HmacContext:
    __slots__ = ("finalize", "update")

    def __init__(self, context: hmac.HMAC) -> None:
        self.update = context.update
        self.finalize = context.digest


class BlakeHmac(Mac):
    """CKM_BLAKE2B_<bits>_HMAC and its _GENERAL form."""

    library = "hashlib"

    def __init__(self, row: Blake, *, general: bool = False) -> None:
        super().__init__(row.size, general=general)
        self._row = row

    def _context(self, key: Key) -> Any:
        return _HmacContext(hmac.HMAC(key.native, digestmod=self._row.new))


class BlakeDerivation(Engine):
    """CKM_BLAKE2B_<bits>_KEY_DERIVE: the digest of the value."""

    library = "hashlib"

    def __init__(self, row: Blake) -> None:
        self._row = row

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        return defined(self._row.new(key.native).digest(), wanted)
