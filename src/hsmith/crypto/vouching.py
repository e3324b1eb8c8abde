"""What the store vouches with, for all of a commit at once: native/vouch.c.

What each of it consists of is said where it is computed without native code: hsmith.store.entries, audit and ledger.
"""

import ctypes
from collections.abc import Sequence
from struct import Struct
from struct import error as StructError
from typing import Any, Final

from hsmith.crypto.primitives import nonce
from hsmith.crypto.standing import LIBRARY, native

#: Numbers of a row, and the lengths of its tags and its record.
_ROW: Final = Struct("<4qII").pack
_length: Final = Struct("<I").pack
_DIGEST, _CODE = 32, 16  # bytes
_LINK: Final = _DIGEST + _CODE
_ENTRY: Final = 24
#: Bytes of what is stored of a place beside its entries: nonce, state, tag.
_SEALED: Final = 12 + 80 + 16
#: Bytes of what comes out.
_ROOM: Final = 20 << 10
_MOST_TEXTS: Final = _ROOM // _LINK
#: By the number of rows.
_CHECKSUMS: Final = [Struct(f"<{count}Q").unpack_from for count in range(65)]


def _open() -> ctypes.PyDLL | None:
    """Called with Python's lock: what it does takes less than to give that away."""
    try:
        library = ctypes.PyDLL(str(LIBRARY))
        pointer, text, size, signed = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_int64
        library.voucher_new.argtypes, library.voucher_new.restype = (text,), pointer
        library.voucher_discard.argtypes, library.voucher_discard.restype = (pointer,), None
        library.voucher_key.argtypes = (pointer, text)
        library.voucher_rows.argtypes = (pointer, text, size, text, size, size, pointer)
        library.voucher_links.argtypes = (pointer, size, text, text, size, size, pointer)
        library.voucher_place.argtypes = (
            *(pointer, signed, signed, size, text, size, text, text),
            *(text, size, text, size, pointer),
        )
        library.voucher_place.restype = size
    except (OSError, AttributeError):
        return None
    return library


_LIBRARY: Final = _open()


class Voucher:
    """With one key. Each answer may be None: it is to be computed without native code. Used by one thread at a time."""

    __slots__ = ("_at", "_library", "_out", "_pointer")

    def __init__(self, key: bytes, library: ctypes.PyDLL) -> None:
        """``key``: 32 bytes. Raises ValueError where native code cannot have it."""
        self._library = library
        self._pointer = library.voucher_new(key)
        if not self._pointer:
            raise ValueError("native code cannot have this key")
        self._out = bytearray(_ROOM)
        self._at = ctypes.addressof(ctypes.c_char.from_buffer(self._out))

    def __del__(self) -> None:
        if pointer := getattr(self, "_pointer", None):
            self._library.voucher_discard(pointer)

    def checksums(self, head: bytes, rows: Sequence[tuple[Any, ...]]) -> Sequence[int] | None:
        """Of rows of four numbers, tags and a record; ``head``: what comes before them in what is computed."""
        parts: list[bytes] = []
        try:
            for one, two, three, four, tags, record in rows:
                parts += (_ROW(one, two, three, four, len(tags), len(record)), tags, record)
        except StructError:
            return None
        data, count = b"".join(parts), len(rows)
        if count >= len(_CHECKSUMS) or not self._library.voucher_rows(
            self._pointer, head, len(head), data, len(data), count, self._at
        ):
            return None
        return _CHECKSUMS[count](self._out)

    def links(self, number: int, chain: bytes, texts: Sequence[bytes]) -> list[tuple[bytes, bytes]] | None:
        """The audit's chain after each of the texts, and its code. ``number``, ``chain``: the last record before, which
        may be one that somebody else put there."""
        if len(chain) != _DIGEST:
            return None
        data = b"".join([part for text in texts for part in (_length(len(text)), text)])
        if len(texts) > _MOST_TEXTS or not self._library.voucher_links(
            self._pointer, number, chain, data, len(data), len(texts), self._at
        ):
            return None
        out = self._out
        return [
            (bytes(out[at : at + _DIGEST]), bytes(out[at + _DIGEST : at + _LINK]))
            for at in range(0, len(texts) * _LINK, _LINK)
        ]

    def seals_with(self, key: bytes) -> bool:
        """The key of places from now on: 32 bytes."""
        return bool(self._library.voucher_key(self._pointer, key))

    def place(
        self, place: int, before: int, epoch: int, digest: bytes, audited: tuple[int, bytes], entries: bytes, new: bytes
    ) -> tuple[bytes, bytes, bytes] | None:
        """A place of the ledger in which ``new`` entries are put: the digest of all places, the entries, and what is
        stored of them. ``before``: the epoch in which it was written, -1: it was not; ``digest``: 32 bytes."""
        where, count = (self._pointer, place, before, epoch, digest), len(new) // _ENTRY
        length = self._library.voucher_place(*where, *audited, nonce(), entries, len(entries), new, count, self._at)
        if not length:
            return None
        out, end = self._out, _DIGEST + length
        return bytes(out[:_DIGEST]), bytes(out[_DIGEST:end]), bytes(out[end : end + _SEALED + length])


def voucher(key: bytes) -> Voucher | None:
    """For this key; None where native code is missing, or has no OpenSSL behind it."""
    if _LIBRARY is None or native() is None:
        return None
    try:
        return Voucher(key, _LIBRARY)
    except ValueError:
        return None
