"""The three profiles of a token, one row each."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Profile(Enum):
    """How a token treats the roles of keys. The values are those of the configuration and the command line."""

    DEFAULT = "default"
    STRICT = "strict"
    COMPAT = "compat"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a profile demands.

    ``enforced``: roles that exclude each other are refused at use. ``fixed``: they are refused in one template as well,
    and a role that a key does not have when it is made it never gets. ``authenticated``: no other wrapping. ``modern``:
    no mechanism of a lower grade. ``brought``: deriving is a role of keys that were brought in clear and never called
    sensitive, too. ``floor``: bits of strength that a key has at least; ``wrapping_floor``: one that wraps.
    """

    enforced: bool
    fixed: bool = False
    authenticated: bool = False
    brought: bool = False
    modern: bool = False
    floor: int = 0
    wrapping_floor: int = 0


RULES: Final = {
    Profile.DEFAULT: Rules(enforced=True, wrapping_floor=80),
    Profile.STRICT: Rules(
        enforced=True, fixed=True, authenticated=True, brought=True, modern=True, floor=112, wrapping_floor=112
    ),
    Profile.COMPAT: Rules(enforced=False),
}

#: As tokens store them, by number: they are only ever added.
PROFILES: Final = (Profile.DEFAULT, Profile.STRICT, Profile.COMPAT)
