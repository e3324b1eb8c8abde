"""The configuration: one field for each key, from which parsing, errors and documentation come.

The file is TOML (config.toml in HSMITH_HOME, else ~/.config/hsmith/config.toml); without it the defaults hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from hsmith.home import Home, Trouble, words

T = TypeVar("T")
TYPE_NAMES = {bool: "true or false", int: "a whole number", str: "a string"}


def key(name: str, default: T, meaning: str, *, least: int = 0, choices: tuple[str, ...] = ()) -> T:
    """A field of Config: its key in the file, its default (which gives the type) and its meaning in a line."""
    facts = {"name": name, "meaning": meaning, "least": least, "choices": choices}
    result: T = field(default=default, metadata=facts)
    return result


@dataclass(frozen=True, slots=True)
class Config:
    """The values of all keys."""

    keeper_socket: str = key(
        "keeper.socket", "", "Address at which the keeper listens; empty: keeper.sock in the runtime folder."
    )
    keeper_autostart: bool = key("keeper.autostart", True, "Whether a client that finds no keeper starts one.")
    keeper_idle_seconds: int = key(
        "keeper.idle_seconds", 300, "The keeper ends after this time without any client; 0: never."
    )
    keeper_grace_seconds: int = key(
        "keeper.grace_seconds", 300, "How long after the last logout a login with the right PIN is fast; 0: never."
    )
    keeper_connections: int = key("keeper.connections", 2048, "Most connections at a time.", least=1)
    keeper_client_memory: int = key(
        "keeper.client_memory",
        256,
        "MiB that one client process may make the keeper keep: long calls, session objects, data gathered in parts.",
        least=64,
    )
    keeper_group: str = key(
        "keeper.group", "", "Group whose members may connect too, to a keeper.socket in a folder that they may enter."
    )
    keeper_p11_kit: str = key(
        "keeper.p11_kit", "", "Second address, at which p11-kit-client.so is answered; empty: none."
    )
    keeper_confine: bool = key(
        "keeper.confine", True, "Whether the keeper gives up other files, the network and what else it never needs."
    )
    keeper_fast: bool = key(
        "keeper.fast",
        True,
        "Whether frames go by native code where it was built, clients share memory with the keeper, and native code "
        "answers what comes again and again, and searches, and makes data objects; false: plain Python.",
    )
    pin_kdf_milliseconds: int = key(
        "pin.kdf_milliseconds", 150, "Time that Argon2id takes to turn a new PIN into a key.", least=10
    )
    pin_attempts: int = key("pin.attempts", 10, "Wrong PINs in a row until the PIN is locked.", least=1)
    token_profile: str = key(
        "token.profile",
        "default",
        "What new tokens permit their keys, as in the chapter on policy.",
        choices=("default", "strict", "compat"),
    )
    slots_mechanisms: str = key(
        "slots.mechanisms",
        "ALL",
        "The mechanisms that are offered: ALL, or names (CKM_...) with commas; after a minus sign, all but these.",
    )
    slots_removable: bool = key("slots.removable", False, "Whether slots say CKF_REMOVABLE_DEVICE.")
    audit_records: int = key(
        "audit.records",
        0,
        "Records of the audit log that are kept; older ones are deleted from time to time: export them before. 0: all.",
    )
    log_level: str = key(
        "log.level", "info", "The least level that is logged.", choices=("debug", "info", "warning", "error")
    )
    log_to: str = key(
        "log.to",
        "file",
        "Where the keeper logs: keeper.log, the terminal of a keeper in the foreground, or systemd's journal.",
        choices=("file", "stderr", "journald"),
    )
    log_format: str = key("log.format", "text", "How lines of the log are written.", choices=("text", "json"))
    metrics_listen: str = key(
        "metrics.listen",
        "",
        "Where Prometheus finds the keeper's figures: a path of a socket, or 127.0.0.1:PORT; empty: nowhere.",
    )


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of one key of the file."""

    attribute: str
    name: str
    default: Any  # bool, int or str
    meaning: str
    least: int
    choices: tuple[str, ...]


KEYS = {f.metadata["name"]: Key(attribute=f.name, default=f.default, **f.metadata) for f in fields(Config)}


def documentation() -> str:
    """A table of all keys in Markdown, for the manual (docs/configuration.md)."""
    rows = [f"| `{known.name}` | `{toml(known.default)}` | {known.meaning} |" for known in KEYS.values()]
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *rows]) + "\n"


def toml(value: Any) -> str:
    """A value as the file has it."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value).lower()


def load(home: Home) -> Config:
    """The configuration of ``home``. Raises Trouble for a file that cannot be read or is wrong."""
    try:
        text = home.config.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return Config()
    except OSError as error:
        raise Trouble(f"The configuration {home.config} cannot be read: {words(error)}.") from error
    return parse(text, home.config)


def parse(text: bytes, path: Path) -> Config:
    """The configuration in ``text``; ``path`` is named in errors. Raises Trouble for the first thing that is wrong."""
    values, problems = read(text, path)
    if problems:
        raise Trouble(problems[0].text)
    return Config(**{KEYS[name].attribute: value for name, value in values.items()})


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file: the key, its line (from 1) where they are known, and a sentence with all of it."""

    key: str | None
    line: int | None
    text: str


def read(text: bytes, path: Path) -> tuple[dict[str, Any], list[Problem]]:
    """The values that are given, by key, and all that is wrong. Nothing is raised."""
    import tomllib  # Costs as much as the rest of a client's start, and most homes have no such file.

    try:
        document = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return {}, [Problem(None, None, f"The configuration {path} is not TOML: {error}.")]
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in _flat(document):
        line = _line_of(name, text.decode())
        where = f"{path}, line {line}" if line else str(path)
        try:
            if name not in KEYS:
                comma = "," if line else ""
                raise Trouble(f"The configuration {where}{comma} has an unknown key '{name}'.{_suggestion(name)}")
            values[name] = _checked(KEYS[name], value, where)
        except Trouble as trouble:
            problems.append(Problem(name, line, str(trouble)))
    return values, problems


def _line_of(name: str, text: str) -> int | None:
    """The line that gives a key, as far as looking at the beginnings of lines tells."""
    import re

    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[+([^\[\]]+)\]", line):
            table = _bare(header[1]) + "."
            if table == name + ".":
                return number
        elif given := re.match(r"\s*([^=#\[]+?)\s*=", line):
            found = table + _bare(given[1])
            if found == name or name.startswith(found + "."):
                return number
    return None


def _bare(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def _flat(document: dict[str, object]) -> Iterator[tuple[str, object]]:
    """The keys as "table.key": no key is deeper than that."""
    for name, value in document.items():
        if isinstance(value, dict) and any(known.startswith(name + ".") for known in KEYS):
            yield from ((f"{name}.{inner}", v) for inner, v in value.items())
        else:
            yield name, value


def _suggestion(name: str) -> str:
    from difflib import get_close_matches

    begun = [k for k in KEYS if k.startswith(name)]
    near = begun or get_close_matches(name, KEYS, n=1, cutoff=0.5) or [k for k in KEYS if k.endswith("." + name)]
    return f" Did you mean '{near[0]}'?" if near else f" The keys are: {', '.join(KEYS)}."


def _checked(known: Key, value: object, where: str) -> bool | int | str:
    """The value, if its type (bool is not int here) and range are right. Raises Trouble."""
    wanted: type = type(known.default)
    if type(value) is not wanted:
        raise Trouble(f"In {where}, '{known.name}' must be {TYPE_NAMES[wanted]}, not {value!r}.")
    if isinstance(value, int) and not known.least <= value <= 2**31 - 1:
        raise Trouble(f"In {where}, '{known.name}' must be {known.least} or more, not {value}.")
    if known.choices and value not in known.choices:
        raise Trouble(f"In {where}, '{known.name}' must be one of {', '.join(known.choices)}, not '{value}'.")
    assert isinstance(value, bool | int | str)  # Its type is that of the default.
    return value
