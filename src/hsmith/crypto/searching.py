"""Searches of one session for native code: native/search.c, docs/decisions/0026.

It computes index tags by the system's OpenSSL, which hsmith.crypto.standing opens. Each search is tried before it is
let loose, against tags that the first library made.
"""

import ctypes
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from hsmith.crypto.forming import Kind
from hsmith.crypto.standing import native

log = logging.getLogger("hsmith.crypto")

#: Of a tag, bytes that are compared.
COMPARED: Final = 12
_LARGEST: Final = (1 << 31) - 1
#: What it is tried with.
_SAMPLE: Final = b"hsmith"


class _Attribute(ctypes.Structure):
    """struct attribute of native/search.c."""

    _fields_ = (("type", ctypes.c_uint64), ("rank", ctypes.c_uint32), ("kind", ctypes.c_uint32))


class _Elsewhere(ctypes.Structure):
    """struct elsewhere."""

    _fields_ = (("type", ctypes.c_uint64), ("number", ctypes.c_uint64))


class Search:
    """``pointer``: struct search; whoever takes it, frees it."""

    __slots__ = ("_library", "pointer")

    def __init__(self, library: ctypes.CDLL, pointer: int) -> None:
        self._library = library
        self.pointer = pointer

    def take(self) -> int:
        pointer, self.pointer = self.pointer, 0
        return pointer

    def __del__(self) -> None:
        if self.pointer:
            self._library.search_discard(self.pointer)

    def tag(self, attr: int, value: bytes, *, private: bool) -> bytes:
        """What is compared of the tag that it computes; empty: it cannot."""
        made = ctypes.create_string_buffer(COMPARED)
        good: int = self._library.search_try(self.pointer, private, attr, value, len(value), made)
        return made.raw if good else b""


class Maker:
    """Makes searches. ``attributes``: those that have index tags: their number, their rank, the kind of their values;
    ``elsewhere``: (attribute, number) of what is not among a token's objects."""

    def __init__(self, attributes: Sequence[tuple[int, int, int]], elsewhere: Sequence[tuple[int, int]]) -> None:
        self._tried = next(attr for attr, _, kind in attributes if kind == Kind.BYTES)
        self._library = library = native()
        if library is None:
            return
        pointer, number, size, text = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_char_p
        library.search_know.argtypes = (pointer, size, pointer, size)
        library.search_new.argtypes, library.search_new.restype = (pointer, number, text, text, size, size), pointer
        library.search_discard.argtypes, library.search_discard.restype = (pointer,), None
        library.search_try.argtypes = (pointer, ctypes.c_int, size, text, size, text)
        known = (_Attribute * len(attributes))(*[_Attribute(*one) for one in attributes])
        others = (_Elsewhere * len(elsewhere))(*[_Elsewhere(*one) for one in elsewhere])
        if not library.search_know(known, len(known), others, len(others)):
            self._library = None

    def make(
        self, directory: int, token: int, keys: Sequence[bytes], above: int, tag: Callable[[bool, int, bytes], bytes]
    ) -> Search | None:
        """``directory``: of hsmith.store; ``keys``: of the tags of public objects and, where they are seen, of private
        ones, whose handles have ``above`` above their numbers; ``tag(private, attribute, value)``: a tag as the first
        library makes it. None: native code has it not."""
        library = self._library
        if library is None or not directory or token > _LARGEST:
            return None
        private: Any = keys[1] if len(keys) > 1 else None
        pointer: int | None = library.search_new(directory, token, keys[0], private, len(keys[0]), above)
        if not pointer:
            return None
        search = Search(library, pointer)
        for kind in range(len(keys)):
            of_private = bool(kind)
            expected = tag(of_private, self._tried, _SAMPLE)[:COMPARED]
            if search.tag(self._tried, _SAMPLE, private=of_private) != expected:
                log.error("OpenSSL makes other index tags than the first library: it does not search")
                return None
        return search
