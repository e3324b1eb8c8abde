"""The configuration: defaults, values, and errors in words."""

from pathlib import Path

import pytest

from hsmith import config, home
from hsmith.config import KEYS, Config
from hsmith.home import Trouble

PATH = Path("/c/config.toml")


def parse(text: str) -> Config:
    return config.parse(text.encode(), PATH)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert config.load(home.find({"HSMITH_HOME": str(tmp_path)})) == Config()
    assert Config().keeper_idle_seconds == 300
    assert Config().pin_attempts == 10


def test_every_key_can_be_set() -> None:
    given = {
        "keeper.socket": '"/s"',
        "keeper.group": '"users"',
        "keeper.p11_kit": '"/p"',
        "keeper.confine": "false",
        "keeper.native": "false",
        "log.to": '"journald"',
        "log.format": '"json"',
        "metrics.listen": '"127.0.0.1:9464"',
        "token.profile": '"strict"',
        "keeper.autostart": "false",
        "log.level": '"debug"',
        "slots.mechanisms": '"CKM_SHA256"',
        "slots.removable": "true",
    }
    for name, known in KEYS.items():
        table, _, key = name.partition(".")
        text = given.get(name, "77")
        changed = parse(f"[{table}]\n{key} = {text}\n")
        assert getattr(changed, known.attribute) != known.default
        assert known.meaning.endswith(".")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[keeper]\nidle_second = 1", "unknown key 'keeper.idle_second'. Did you mean 'keeper.idle_seconds'?"),
        ("idle_seconds = 1", "unknown key 'idle_seconds'. Did you mean 'keeper.idle_seconds'?"),
        ("[keper]\nsocket = '/x'", "unknown key 'keper'"),
        ("zzzz = 1", "The keys are: keeper.socket"),
        ("[keeper]\nautostart = 1", "'keeper.autostart' must be true or false, not 1"),
        ("[pin]\nattempts = true", "'pin.attempts' must be a whole number, not True"),
        ("[pin]\nattempts = 0", "'pin.attempts' must be 1 or more, not 0"),
        ("[pin]\nattempts = -3", "must be 1 or more"),
        ("[pin]\nattempts = 99999999999", "must be 1 or more"),
        ("[keeper]\nidle_seconds = 1.5", "must be a whole number"),
        ("[log]\nlevel = 'loud'", "must be one of debug, info, warning, error, not 'loud'"),
        ("[log.level]\nx = 1", "must be a string"),
        ("keeper = 3", "unknown key 'keeper'"),
        ("[[keeper]]\nsocket = 'x'", "unknown key 'keeper'"),
        ("[keeper", "is not TOML"),
    ],
)
def test_what_is_wrong_is_said_in_words(text: str, words: str) -> None:
    with pytest.raises(Trouble, match="/c/config.toml") as trouble:
        parse(text)
    assert words in str(trouble.value)


def test_the_manual_has_all_keys() -> None:
    manual = Path(__file__).parents[1] / "docs" / "configuration.md"
    assert config.documentation() in manual.read_text()


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(Trouble, match="not TOML"):
        config.parse(b"\xff\xfe", PATH)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(Trouble, match="cannot be read"):
        config.load(home.find({"HSMITH_HOME": str(tmp_path)}))
