"""Configurations in the form of SoftHSM: lines of ``name = value``, and what each means to hsmith.

SoftHSM 1 has lines of ``slot: path`` instead.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hsmith.home import words
from hsmith.softhsm.stored import Unreadable
from hsmith.spec.constants import Mechanism

VARIABLE: Final = "SOFTHSM2_CONF"
SYSTEM: Final = Path("/etc/softhsm/softhsm2.conf")
_BOOLEANS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """``values``: the known names. ``unknown``: the names that SoftHSM does not have, and lines without any name."""

    path: Path
    values: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def version_1_databases(self) -> list[str]:
        pairs = [line.partition(":") for line in self.unknown]
        return [path.strip() for slot, colon, path in pairs if colon and slot.strip().isdigit() and path.strip()]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one line comes to. ``key``: the line for hsmith's config.toml, if there is one."""

    name: str
    value: str
    text: str
    key: str = ""
    known: bool = True


def locate(environment: Mapping[str, str] | None = None) -> Path | None:
    """The configuration that SoftHSM would read: that of SOFTHSM2_CONF, the user's, or the system's."""
    env = os.environ if environment is None else environment
    if env.get(VARIABLE):
        return Path(env[VARIABLE])
    own = Path(env.get("HOME", "/"), ".config/softhsm2/softhsm2.conf")
    return next((path for path in (own, SYSTEM) if path.is_file()), None)


def read(path: Path) -> Settings:
    """Unreadable."""
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {words(error)}") from error
    settings = Settings(path)
    for line in text.splitlines():
        plain = line.partition("#")[0].strip()
        name, equals, value = (part.strip() for part in plain.partition("="))
        if equals and name in MEANINGS:
            settings.values[name] = value
        elif plain:
            settings.unknown.append(name if equals else plain)
    return settings


def meanings(settings: Settings) -> list[Meaning]:
    """What each line means here, in the order of the table below; then those that SoftHSM itself would ignore."""
    found = [MEANINGS[name](name, settings.values[name]) for name in MEANINGS if name in settings.values]
    ignored = "SoftHSM has no such setting, and ignores it"
    return found + [Meaning(name, "", ignored, known=False) for name in settings.unknown]


def _tokendir(name: str, value: str) -> Meaning:
    return Meaning(name, value, f"hsmith keeps tokens in its home; take these over with: hsmith import softhsm {value}")


def _backend(name: str, value: str) -> Meaning:
    if value not in ("file", "db"):
        return Meaning(name, value, "SoftHSM has the back-ends file and db")
    return Meaning(name, value, "hsmith has one store, a database, and imports from both back-ends of SoftHSM")


def _umask(name: str, value: str) -> Meaning:
    try:
        mask = int(value, 8)
    except ValueError:
        return Meaning(name, value, "is no octal number")
    if mask & 0o077 == 0o077:
        return Meaning(name, value, "hsmith's files are always private to their user, so nothing is to be set")
    text = "hsmith's files are always private to their user: a group uses the keeper, not the files"
    return Meaning(name, value, text, 'keeper.group = "GROUP"')


_LEVELS: Final = {"ERROR": "error", "WARNING": "warning", "INFO": "info", "DEBUG": "debug"}


def _level(name: str, value: str) -> Meaning:
    if value not in _LEVELS:
        return Meaning(name, value, f"SoftHSM has the levels {', '.join(_LEVELS)}")
    return Meaning(name, value, "the same level of hsmith's log", f'log.level = "{_LEVELS[value]}"')


def _log_file(name: str, value: str) -> Meaning:
    return Meaning(name, value, "hsmith writes keeper.log in its home, and nothing to other files")


def _removable(name: str, value: str) -> Meaning:
    if value not in _BOOLEANS:
        return Meaning(name, value, "is true or false")
    return Meaning(
        name, value, "the same: whether C_GetSlotInfo says CKF_REMOVABLE_DEVICE", f"slots.removable = {value}"
    )


def _mechanisms(name: str, value: str) -> Meaning:
    names = value.removeprefix("-").replace(" ", "").split(",")
    known = {"ALL", *(f"CKM_{mechanism}" for mechanism in Mechanism.__members__)}
    unknown = [one for one in names if one not in known]
    kept = ",".join(one for one in names if one not in unknown)
    if not kept:
        return Meaning(name, value, "none of these is a mechanism: SoftHSM ignores such names")
    text = "the same: the mechanisms that C_GetMechanismList has"
    if unknown:
        text += f"; without {', '.join(unknown)}, which SoftHSM ignores as no mechanism's name"
    minus = "-" if value.startswith("-") else ""
    return Meaning(name, value, text, f'slots.mechanisms = "{minus}{kept}"')


def _fork(name: str, value: str) -> Meaning:
    if value not in _BOOLEANS:
        return Meaning(name, value, "is true or false")
    if _BOOLEANS[value]:
        return Meaning(name, value, "as it always is in hsmith: a child process calls C_Initialize, and begins anew")
    return Meaning(name, value, "in hsmith a child process always begins anew: after fork() it calls C_Initialize")


MEANINGS: Final = {
    "directories.tokendir": _tokendir,
    "objectstore.backend": _backend,
    "objectstore.umask": _umask,
    "log.level": _level,
    "log.file": _log_file,
    "slots.removable": _removable,
    "slots.mechanisms": _mechanisms,
    "library.reset_on_fork": _fork,
}
