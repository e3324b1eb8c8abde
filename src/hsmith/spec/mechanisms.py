"""The mechanisms that hsmith offers, one row each.

From a row come C_GetMechanismList and C_GetMechanismInfo, every check before an operation, the codec of the
parameter (in the module and in the keeper), the page of the manual and the choice of test vectors.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from hsmith.spec.constants import KeyType, Mechanism, MechanismFlag, ObjectClass


class Grade(Enum):
    """How far a mechanism may be trusted today; the strict profile offers MODERN alone."""

    MODERN = auto()
    LEGACY = auto()
    BROKEN = auto()


@dataclass(frozen=True, slots=True)
class MechanismRow:
    """One mechanism.

    ``key_types``: types of the key that it uses or makes (empty: none, a digest). ``minimum``/``maximum``: key size in the unit that
    the standard gives for this mechanism (bits for RSA, EC, DSA, DH; bytes for secret keys; 0 where it has no meaning).
    ``params``: the parameter classes it takes: None (no parameter), bytes, int (a CK_ULONG), or classes of hsmith.spec.params.
    ``multi_part``: whether C_*Update works (table "Mechanisms vs. functions": single-part only when False).
    ``wraps``: the classes of keys that it wraps and unwraps, where it does.
    """

    mechanism: Mechanism
    flags: MechanismFlag
    key_types: tuple[KeyType, ...] = ()
    minimum: int = 0
    maximum: int = 0
    params: tuple[Any, ...] = (None,)
    multi_part: bool = True
    grade: Grade = Grade.MODERN
    wraps: tuple[ObjectClass, ...] = (ObjectClass.SECRET_KEY, ObjectClass.PRIVATE_KEY)


MECHANISMS: Final[dict[int, MechanismRow]] = {}
