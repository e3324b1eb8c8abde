"""Key material as the library's own objects, and its translation to and from attributes and encodings."""

from dataclasses import dataclass
from typing import Any

from hsmith.spec.constants import KeyType, ObjectClass


@dataclass(slots=True)
class Key:
    """A key ready for use. ``size`` is in the unit of the mechanism rows (bits for key pairs, bytes for secret keys);
    ``native`` is the library's key object, or the value's bytes for a secret key."""

    cls: ObjectClass
    type: KeyType
    size: int
    native: Any
