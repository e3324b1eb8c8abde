"""Objects of one form that native code makes: native/form.c, docs/decisions/0027.

What a form consists of is found above (hsmith.core.forms); here it is laid out for native code, which seals and makes
index tags by the system's OpenSSL, which hsmith.crypto.standing opens.
"""

import ctypes
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Any, Final, NamedTuple

from hsmith.crypto.primitives import nonce_and_id
from hsmith.crypto.standing import LIBRARY, native


class Kind(IntEnum):
    """How a value of a template travels (docs/wire.md, native/search.c); of BYTES any may come."""

    EMPTY = 0
    BYTES = 1
    ULONG = 2
    BOOL = 3


class Source(IntEnum):
    """What a part is: always the same, or of the object its name (CKA_UNIQUE_ID), its number, the time at which it is
    made, or a value of the template."""

    CONSTANT = 0
    NAMED = 1
    NUMBERED = 2
    TIMED = 3
    VALUE = 4


class Part(NamedTuple):
    """A part of a record or of a text. ``constant``: the bytes of a CONSTANT; ``which``: the place of a VALUE."""

    source: Source
    constant: bytes = b""
    which: int = 0


class Depending(NamedTuple):
    """An index tag that differs from object to object: of the attribute ``type``, by the name or a VALUE."""

    type: int
    source: Source
    which: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """``expected``: of each attribute of the template, in its order, its type, kind and number; ``record`` and
    ``text``: their parts; ``tags``: those that all objects have, and ``depending`` the others; ``context`` and
    ``offset``: what a record is bound to; ``format``: the first byte of what is sealed."""

    expected: Sequence[tuple[int, Kind, int]]
    record: Sequence[Part]
    text: Sequence[Part]
    tags: Sequence[bytes]
    depending: Sequence[Depending]
    context: bytes
    offset: int
    format: int


class Made(NamedTuple):
    """The object's CKA_UNIQUE_ID, its sealed record, its tags as a row has them, and the text for the audit."""

    name: bytes
    blob: bytes
    tags: bytes
    text: str


class _Expected(ctypes.Structure):
    """struct expected of native/form.c."""

    _fields_ = (("type", ctypes.c_uint64), ("kind", ctypes.c_uint64), ("number", ctypes.c_uint64))


class _Part(ctypes.Structure):
    """struct part."""

    _fields_ = (("source", ctypes.c_uint64), ("bytes", ctypes.c_char_p), ("length", ctypes.c_uint64))


class _Depending(ctypes.Structure):
    """struct depending."""

    _fields_ = (("type", ctypes.c_uint64), ("source", ctypes.c_uint64), ("which", ctypes.c_uint64))


class _Plan(ctypes.Structure):
    """struct plan."""

    _fields_ = (
        ("expected", ctypes.POINTER(_Expected)),
        ("record", ctypes.POINTER(_Part)),
        ("text", ctypes.POINTER(_Part)),
        ("depending", ctypes.POINTER(_Depending)),
        ("tags", ctypes.c_char_p),
        ("context", ctypes.c_char_p),
        *[(name, ctypes.c_uint64) for name in ("expected_count", "record_count", "text_count")],
        *[(name, ctypes.c_uint64) for name in ("depending_count", "tag_count", "context_length")],
        ("offset", ctypes.c_int64),
        ("format", ctypes.c_uint64),
    )


#: Bytes of all values of a template, at most.
LONGEST: Final = 4096
_HEAD: Final = Struct("<3I36s")
#: Bytes of all that is made of one object: what a record and its tags have at most, and a text.
_ROOM: Final = 12 << 10


class _Out(threading.local):
    """Where native code puts what it makes, of each thread."""

    def __init__(self) -> None:
        self.bytes = bytearray(_ROOM)
        self.at = ctypes.addressof(ctypes.c_char.from_buffer(self.bytes))


_OUT: Final = _Out()


def _open() -> ctypes.PyDLL | None:
    """Called with Python's lock: what it does takes less than to give that away."""
    try:
        library = ctypes.PyDLL(str(LIBRARY))
        pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint64
        library.form_new.argtypes, library.form_new.restype = (ctypes.POINTER(_Plan), text, text), pointer
        library.form_discard.argtypes, library.form_discard.restype = (pointer,), None
        library.form_make.argtypes = (pointer, pointer, size, ctypes.c_int64, text, pointer, size)
        library.form_make.restype = library.form_plan_size.restype = size
        assert library.form_plan_size() == ctypes.sizeof(_Plan)
    except (OSError, AttributeError):
        return None
    return library


_LIBRARY: Final = _open()


class Form:
    """One form. Thread-safe; close() takes its keys from memory."""

    __slots__ = ("_lock", "_make", "_plan", "_pointer")

    def __init__(self, plan: Plan, sealing_key: bytes, index_key: bytes) -> None:
        """The keys have 32 bytes. Raises ValueError where native code is missing, or cannot have it."""
        self._pointer = 0
        self._lock = threading.Lock()
        if _LIBRARY is None or native() is None:
            raise ValueError("there is no native code, or no OpenSSL behind it")
        self._plan = _laid_out(plan)  # native code looks there
        self._make = _LIBRARY.form_make
        self._pointer = _LIBRARY.form_new(ctypes.byref(self._plan), sealing_key, index_key) or 0
        if not self._pointer:
            raise ValueError("native code cannot have this form")

    def make(self, template: memoryview, number: int) -> Made | None:
        """The object with this number, of a template as it comes, in writable memory; None: it is not of this form."""
        if not template or template.readonly:
            return None
        at = ctypes.addressof(ctypes.c_char.from_buffer(template))
        with self._lock:
            if not self._pointer or not self._make(
                self._pointer, at, len(template), number, nonce_and_id(), _OUT.at, _ROOM
            ):
                return None
        out = _OUT.bytes
        record, tags, text, name = _HEAD.unpack_from(out)
        tags_at = _HEAD.size + record
        text_at = tags_at + tags
        return Made(
            name, bytes(out[_HEAD.size : tags_at]), bytes(out[tags_at:text_at]), out[text_at : text_at + text].decode()
        )

    def close(self) -> None:
        with self._lock:
            pointer, self._pointer = self._pointer, 0
            if pointer and _LIBRARY is not None:
                _LIBRARY.form_discard(pointer)

    def __del__(self) -> None:
        self.close()


_entry: Final = Struct("<QB").pack
_NUMBER_OF: Final[dict[Kind, Any]] = {Kind.ULONG: Struct("<Q").pack, Kind.BOOL: Struct("<B").pack}


def encoded(expected: Sequence[tuple[int, Kind, int]], values: Sequence[Any]) -> bytearray:
    """A template as it comes (docs/wire.md), of these values."""
    data = bytearray(len(expected).to_bytes(4, "little"))
    for (type, kind, _), value in zip(expected, values, strict=True):
        data += _entry(type, kind)
        if kind is Kind.BYTES:
            data += len(value).to_bytes(4, "little") + value
        elif kind is not Kind.EMPTY:
            data += _NUMBER_OF[kind](value)
    return data


def _laid_out(plan: Plan) -> _Plan:
    def parts(given: Sequence[Part]) -> Any:
        return (_Part * len(given))(*[_Part(one.source, one.constant, len(one.constant) or one.which) for one in given])

    return _Plan(
        (_Expected * len(plan.expected))(*[_Expected(*one) for one in plan.expected]),
        parts(plan.record),
        parts(plan.text),
        (_Depending * len(plan.depending))(*[_Depending(*one) for one in plan.depending]),
        b"".join(plan.tags),
        plan.context,
        *[len(each) for each in (plan.expected, plan.record, plan.text, plan.depending, plan.tags, plan.context)],
        plan.offset,
        plan.format,
    )
