"""Objects as the core holds them: their attributes, and the key that the crypto library made of them."""

import threading
from collections.abc import Mapping
from typing import Any, Protocol
from weakref import WeakSet

from hsmith.core.policy.values import Record
from hsmith.crypto import keys
from hsmith.crypto.key import Key
from hsmith.crypto.wiping import wipe_value
from hsmith.spec.constants import Attr, ObjectClass
from hsmith.spec.objects import SEALED

#: Session objects are numbered from here, token objects below: the two never meet in a handle.
FIRST_SESSION_OBJECT = 1 << 31

KEY_CLASSES = frozenset({ObjectClass.PUBLIC_KEY, ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY, ObjectClass.OTP_KEY})


class Changes:
    """How often an object was changed or destroyed. Who remembers something of objects knows by this number whether it
    may be wrong; one cell outside shows it to other processes. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._shown: memoryview | None = None

    def show(self, cell: memoryview) -> None:
        with self._lock:
            self._shown = cell
            cell[0] = self._count

    def count(self) -> None:
        with self._lock:
            self._count += 1
            if self._shown is not None:
                self._shown[0] = self._count


CHANGES = Changes()


def unique(object: "Object") -> str:
    """The object's CKA_UNIQUE_ID."""
    value: bytes = object.attributes.get(Attr.UNIQUE_ID, b"")
    return value.decode("ascii", "replace")


class Standing(Protocol):
    def fall(self) -> None:
        """The key is no more: no copy of it stays."""


class Object:
    """One object in memory, never changed in place: a change makes the next version and retires this one.

    ``alive`` turns False when the object is destroyed or replaced, so that an operation that began with it
    notices at its next step.
    """

    __slots__ = (
        "__weakref__", "_key", "alive", "attributes", "granted", "id", "owner", "private", "record", "standing",
        "version",
    )  # fmt: skip

    def __init__(self, id: int, attributes: Mapping[int, Any], *, version: int = 1, owner: object = None) -> None:
        self.id = id
        self.attributes = attributes
        self.version = version
        self.owner = owner
        self.private = bool(attributes.get(Attr.PRIVATE, False))
        self.alive = True
        self._key: Key | None = None
        #: What is remembered of the key's value, once somebody asked, and the roles that are durably among it.
        self.record: Record | None = None
        self.granted = 0
        #: Who uses the key elsewhere, and lets go of it when it is told.
        self.standing: WeakSet[Standing] | None = None

    def __repr__(self) -> str:
        return f"<Object {self.id} version {self.version}>"

    @property
    def cls(self) -> int:
        value: int = self.attributes[Attr.CLASS]
        return value

    @property
    def on_token(self) -> bool:
        return self.owner is None

    def retire(self) -> None:
        """It is no more, or not as it was."""
        self.alive = False
        CHANGES.count()
        for user in list(self.standing or ()):
            user.fall()

    def wipe(self) -> None:
        """The object is no more: what was secret of it goes from memory, as far as nothing else has it."""
        self.retire()
        self._key = None
        if type(self.attributes) is dict:
            for attribute in SEALED.get(self.attributes.get(Attr.CLASS, 0), ()):
                wipe_value(self.attributes, attribute)

    def key(self) -> Key:
        """The loaded key; made once and kept with the object. Raises Refused when the material is not usable."""
        if self._key is None:
            self._key = keys.load(self.attributes)
        return self._key
