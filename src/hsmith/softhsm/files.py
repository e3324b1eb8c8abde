"""The file back-end of SoftHSM 2: a folder for each token, in it token.object and a file for each object.

A file is a generation number and attributes: type, kind, value. All numbers have 64 bits, the highest byte first.
"""

from collections.abc import Callable
from pathlib import Path
from struct import Struct
from struct import error as StructError
from typing import Any, Final

from hsmith.home import words
from hsmith.softhsm.stored import (
    SO_PIN,
    TOKEN_LABEL,
    TOKEN_SERIAL,
    USER_PIN,
    Stored,
    StoredObject,
    StoredToken,
    Unreadable,
)

TOKEN_FILE: Final = "token.object"  # noqa: S105
_SUFFIX: Final = ".object"
#: Much more than any object has.
_LARGEST: Final = 64 << 20

_NUMBER: Final = Struct(">Q")
BOOL, NUMBER, BYTES, TEMPLATE, MECHANISMS = 1, 2, 3, 4, 5


def read_token(folder: Path) -> StoredToken:
    """Unreadable."""
    token = read_file(folder / TOKEN_FILE)
    objects = [
        StoredObject(path.name, read_file(path))
        for path in sorted(folder.glob(f"*{_SUFFIX}"))
        if path.name != TOKEN_FILE
    ]
    return token_of(folder, "file", token, objects)


def token_of(path: Path, kind: str, token: Stored, objects: list[StoredObject]) -> StoredToken:
    """A token from the attributes that SoftHSM keeps of it. Unreadable."""
    label, serial = token.get(TOKEN_LABEL), token.get(TOKEN_SERIAL)
    if not isinstance(label, bytes) or not isinstance(serial, bytes):
        raise Unreadable(f"{path} has no label and serial number of a token")
    so_pin, user_pin = token.get(SO_PIN, b""), token.get(USER_PIN, b"")
    return StoredToken(path, kind, label, serial.rstrip(b" \0"), so_pin, user_pin, objects)


def read_file(path: Path) -> Stored:
    """The attributes in one file. Unreadable."""
    try:
        if path.stat().st_size > _LARGEST:
            raise Unreadable(f"{path} is too large for an object of SoftHSM")
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {words(error)}") from error
    try:
        return decode(data)
    except (ValueError, StructError) as error:
        reason = "it ends early" if isinstance(error, StructError) else str(error)
        raise Unreadable(f"{path} is no object of SoftHSM, or is damaged: {reason}") from None


def decode(data: bytes) -> Stored:
    """The attributes of a file's bytes. ValueError, struct.error."""
    _NUMBER.unpack_from(data)
    return attributes(data, _NUMBER.size, len(data))


def attributes(data: bytes, at: int, end: int) -> Stored:
    found: Stored = {}
    while at < end:
        (attribute,), (kind,) = _NUMBER.unpack_from(data, at), _NUMBER.unpack_from(data, at + 8)
        reader = _READERS.get(kind)
        if reader is None:
            raise ValueError(f"attribute {attribute:#x} is of an unknown kind")
        found[attribute], at = reader(data, at + 16)
    if at != end:
        raise ValueError("a value is longer than what holds it")
    return found


def _bool(data: bytes, at: int) -> tuple[bool, int]:
    if at >= len(data):
        raise ValueError("it ends early")
    return data[at] != 0, at + 1


def _number(data: bytes, at: int) -> tuple[int, int]:
    (number,) = _NUMBER.unpack_from(data, at)
    return number, at + 8


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    start, end = _extent(data, at, 1)
    return data[start:end], end


def _template(data: bytes, at: int) -> tuple[Stored, int]:
    start, end = _extent(data, at, 1)
    return attributes(data, start, end), end


def _mechanisms(data: bytes, at: int) -> tuple[tuple[int, ...], int]:
    start, end = _extent(data, at, 8)
    return tuple([number for (number,) in _NUMBER.iter_unpack(data[start:end])]), end


def _extent(data: bytes, at: int, size: int) -> tuple[int, int]:
    count, start = _number(data, at)
    if count > (len(data) - start) // size:
        raise ValueError("a value is longer than the file")
    return start, start + count * size


_READERS: Final[dict[int, Callable[[bytes, int], tuple[Any, int]]]] = {
    BOOL: _bool,
    NUMBER: _number,
    BYTES: _bytes,
    TEMPLATE: _template,
    MECHANISMS: _mechanisms,
}
