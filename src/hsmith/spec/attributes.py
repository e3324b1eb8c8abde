"""The attributes of PKCS#11 3.2, one row each, and the object classes as compositions of them."""

from dataclasses import dataclass
from enum import IntFlag, auto
from typing import Any, Final

from hsmith.spec.constants import Attr
from hsmith.spec.values import ValueKind


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """One attribute: its type and the kind of its value; further columns below as the rules need them."""

    attr: Attr
    kind: ValueKind


ATTRIBUTES: Final[dict[int, AttributeRow]] = {}
