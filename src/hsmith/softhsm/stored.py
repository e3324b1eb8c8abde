"""What SoftHSM stores, whatever the form: tokens, and objects of typed attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

#: Of SoftHSM's own attributes, those of a token (CKA_VENDOR_DEFINED + 0x5348 + n).
TOKEN_LABEL: Final = 0x80005349
TOKEN_SERIAL: Final = 0x8000534A
TOKEN_FLAGS: Final = 0x8000534B
SO_PIN: Final = 0x8000534C
USER_PIN: Final = 0x8000534D

#: By attribute: bool, int, bytes, a tuple of ints (a set of mechanisms) or a dict (a template).
Stored = dict[int, Any]


class Unreadable(Exception):
    """A store, or a part of one, is not what SoftHSM writes; str() says in words which and what is wrong."""


class WrongPin(Exception):
    """``which``: "user" or "SO"."""

    def __init__(self, which: str) -> None:
        super().__init__(f"the {which} PIN is wrong")
        self.which = which


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as it lies on the disk; ``name``: what to call it where it has no label."""

    name: str
    attributes: Mapping[int, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as it lies on the disk. ``kind``: "file", "db" or "v1". ``serial``: 16 ASCII characters, or empty.

    ``so_pin`` and ``user_pin``: what PINs are checked with; empty: there is none.
    """

    path: Path
    kind: str
    label: bytes
    serial: bytes
    so_pin: bytes = field(repr=False)
    user_pin: bytes = field(repr=False)
    objects: list[StoredObject] = field(repr=False)

    @property
    def name(self) -> str:
        return self.label.rstrip(b" \0").decode("utf-8", "replace")
