"""An operator's other commands: tokens, PINs, data, mechanisms, random bytes, configuration, completion."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hsmith.cli import attributes, tree
from hsmith.cli.completion import SHELLS
from hsmith.cli.main import whole_parser
from hsmith.cli.output import table
from hsmith.spec.constants import Attr

from .conftest import Hsmith

MAIN = ("--token", "main")


def read(text: str) -> Any:
    return json.loads(text)


# --- Tokens and PINs


def test_a_token_gets_another_label_and_other_pins(cli: Hsmith, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("token", "init", "--label", "before").code == 0
    assert cli("token", "rename", "--token", "before", "after", "--so-pin", "wrong").code == 4
    renamed = read(cli("token", "rename", "--token", "before", "after", "--json").out)
    assert renamed["label"] == "after"
    assert "before" not in cli("token", "list").out
    for label in ("", "x" * 33):
        ran = cli("token", "rename", "--token", "after", label)
        assert (ran.code, "1 to 32 bytes" in ran.err) == (2, True)
    monkeypatch.setenv("HSMITH_NEW_PIN", "changed")
    after = ("--token", "after")
    assert cli("token", "set-pin", *after, "--pin", "wrong").code == 4
    assert cli("token", "set-pin", *after).code == 0
    assert cli("key", "list", *after).code == 4
    assert cli("key", "list", *after, "--pin", "changed").code == 0
    assert cli("token", "set-pin", *after, "--so", "--new-pin", "changed-so").code == 0
    assert cli("token", "delete", *after, "--yes").code == 4
    assert cli("token", "unlock", *after, "--so-pin", "changed-so").code == 0
    assert cli("key", "list", *after).code == 0
    assert cli("token", "delete", *after, "--yes", "--so-pin", "changed-so").code == 0


def test_a_user_changes_his_pin(cli: Hsmith) -> None:
    assert cli("user", "create", "carol", *MAIN, "--pin", "first").code == 0
    assert cli("key", "list", *MAIN, "--user", "carol", "--pin", "first").code == 0
    assert cli("user", "set-pin", "carol", *MAIN, "--pin", "wrong", "--new-pin", "second").code == 4
    assert cli("user", "set-pin", "carol", *MAIN, "--pin", "first", "--new-pin", "second").code == 0
    assert cli("key", "list", *MAIN, "--user", "carol", "--pin", "first").code == 4
    assert cli("token", "set-pin", "--user", "carol", *MAIN, "--pin", "second", "--new-pin", "third").code == 0
    assert cli("key", "list", *MAIN, "--user", "carol", "--pin", "third").code == 0
    assert cli("user", "delete", "carol", *MAIN, "--yes").code == 0


# --- Data objects


def test_data_from_its_making_to_its_end(cli: Hsmith, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"\0\xff data")
    made = cli("object", "create", "notes", *MAIN, "--application", "test", "--in", str(tmp_path / "data"), "--json")
    assert made.code == 0, made.err
    row = read(made.out)[0]
    assert (row["class"], row["label"], row["type"], row["private"]) == ("data", "notes", "test", True)
    assert row["uri"].endswith(";object=notes;type=data")
    assert read(cli("object", "read", row["uri"], *MAIN, "--json").out)["value"] == b"\0\xff data".hex()
    assert cli("object", "list", "notes", *MAIN, "--uris").out.strip() == row["uri"]
    assert cli("object", "list", "notes", *MAIN, "--no-login").out == "There is no such object.\n"
    assert cli("object", "copy", "notes", *MAIN, "--new-label", "more").code == 0
    assert cli("object", "set", "more", *MAIN, "--new-label", "most").code == 0
    assert cli("object", "show", "most", *MAIN).code == 0
    assert cli("object", "delete", "most", *MAIN).code == 1  # nobody to ask
    for label in ("most", "notes"):
        assert cli("object", "delete", label, *MAIN, "--yes").code == 0
    assert cli("object", "read", "notes", *MAIN).code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create",), "Say how to label"),
        (("create", "x", "--id", "01"), "have no ID"),
        (("create", "pkcs11:object=x;type=cert"), "Data objects are made here"),
        (("read",), "Say which object"),
        (("delete", "--yes"), "Say which object"),
        (("list", "--class", "dat"), "did you mean 'data'?"),
        (("set", "x"), "Say what to change"),
    ],
)
def test_wrong_use_of_objects(cli: Hsmith, arguments: tuple[str, ...], words: str) -> None:
    ran = cli("object", *arguments, *MAIN, *(("--in", "/dev/null") if arguments[0] == "create" else ()))
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


# --- Mechanisms, random bytes


def test_mechanisms(cli: Hsmith) -> None:
    rows = read(cli("mechanism", "list", *MAIN, "--json").out)
    assert len(rows) > 200
    named = {row["name"]: row for row in rows}
    assert named["aes-gcm"]["uses"] == ["encrypt", "decrypt", "wrap", "unwrap"]
    few = read(cli("mechanism", "list", *MAIN, "--use", "sign", "--key-type", "EC", "--grade", "legacy", "--json").out)
    assert [row["name"] for row in few] == ["ecdsa-sha1"]
    shown = read(cli("mechanism", "show", "CKM_RSA_PKCS_OAEP", "--json").out)
    assert shown["parameters"] == ["hash", "mgf", "label"]
    assert (shown["number"], shown["unit"]) == ("0x9", "bits")
    wrong = cli("mechanism", "show", "aes-gmc")
    assert (wrong.code, "did you mean 'aes-gmac'?" in wrong.err or "'aes-gcm'" in wrong.err) == (2, True)
    assert "No mechanism is for keys" in cli("mechanism", "list", *MAIN, "--key-type", "aess").err


def test_random_bytes(cli: Hsmith, tmp_path: Path) -> None:
    made = read(cli("random", "24", *MAIN, "--json").out)
    assert (made["bytes"], len(bytes.fromhex(made["hex"]))) == (24, 24)
    assert cli("random", "24", *MAIN, "--hex").out.strip() != made["hex"]
    assert cli("random", "2000000", *MAIN, "--out", str(tmp_path / "r")).code == 0
    assert (tmp_path / "r").stat().st_size == 2_000_000
    assert len(cli("random", "3", *MAIN, "--base64").out) == 5
    for count in ("0", "-1", "x", str(1 << 40)):
        assert cli("random", count, *MAIN).code == 2


# --- Configuration


def test_config_check_names_file_line_and_key(home: Path, hsmith: Hsmith, tmp_path: Path) -> None:
    assert hsmith("config", "check").out == f"{home}/config.toml is right: it sets 1 key.\n"
    (home / "config.toml").write_text(
        "# hsmith\n[pin]\nattempt = 3\nkdf_milliseconds = 1\n\n"
        '[keeper]\n"idle_seconds" = "long"\ngroup = "no-such-group"\n'
    )
    ran = hsmith("config", "check", "--json")
    assert ran.code == 1
    found = read(ran.out)
    assert [(one["key"], one["line"]) for one in found["problems"]] == [
        ("pin.attempt", 3),
        ("pin.kdf_milliseconds", 4),
        ("keeper.idle_seconds", 7),
        ("keeper.group", None),
    ]
    text = hsmith("config", "check").out
    assert f"{home}/config.toml, line 3, has an unknown key 'pin.attempt'. Did you mean 'pin.attempts'?" in text
    assert "line 4, 'pin.kdf_milliseconds' must be 10 or more, not 1." in text
    assert "names no group of this system: 'no-such-group'" in text
    shown = hsmith("config", "show")
    assert (shown.code, "hsmith config check" in shown.err) == (1, True)
    (tmp_path / "other").write_text("keeper.socket = 3\n")
    other = hsmith("config", "check", str(tmp_path / "other"))
    assert (other.code, "line 1, 'keeper.socket' must be a string" in other.out) == (1, True)
    assert "is not there" in hsmith("config", "check", str(tmp_path / "none")).err
    (home / "config.toml").write_text("[[[\n")
    assert "line 1" in hsmith("config", "check").out
    (home / "config.toml").unlink()
    assert "the defaults hold" in hsmith("config", "check").out


def test_config_show(home: Path, hsmith: Hsmith) -> None:
    rows = {row["key"]: row for row in read(hsmith("config", "show", "--json").out)}
    assert (rows["pin.kdf_milliseconds"]["value"], rows["pin.kdf_milliseconds"]["set"]) == (10, True)
    assert (rows["pin.attempts"]["value"], rows["pin.attempts"]["set"]) == (10, False)
    assert "Wrong PINs" in hsmith("config", "show", "pin.attempts").out
    wrong = hsmith("config", "show", "pin.attempt")
    assert (wrong.code, "did you mean 'pin.attempts'?" in wrong.err) == (2, True)


# --- Completion


def complete(shell: str, line: str, tmp_path: Path) -> list[str]:
    """What a shell offers behind a line, which ends with the beginning of a word."""
    script = tmp_path / f"complete.{shell}"
    script.write_text(SHELLS[shell](tree.read(whole_parser())))
    words = line.split(" ")
    asking = {
        "bash": f"source {script}; COMP_WORDS=({line} ''); COMP_CWORD={len(words) - 1}; _hsmith; "
        "printf '%s\\n' \"${COMPREPLY[@]}\"",
        "zsh": "compdef() {}; _files() { print -l *; }; compadd() { shift; print -l -- $@; }; "
        "_describe() { print -l -- ${found%%:*}; }; "
        f"source {script}; words=({line} ''); CURRENT={len(words)}; _hsmith",
        "fish": f"source {script}; complete -C '{line}'",
    }
    done = subprocess.run([shell, "-c", asking[shell]], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return [found.split("\t")[0] for found in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_commands_options_and_values(shell: str, tmp_path: Path, need: Callable[..., None]) -> None:
    need(shell)
    (tmp_path / "a-file").touch()
    assert {"token", "key", "cert", "completion"} <= set(complete(shell, "hsmith ", tmp_path))
    verbs = complete(shell, "hsmith key ", tmp_path)
    assert {"generate", "sign", "unwrap"} <= set(verbs)
    assert "init" not in verbs
    wanted = "--" if shell == "fish" else ""
    assert {"--label", "--token", "--in", "--hash"} <= set(complete(shell, f"hsmith key sign {wanted}", tmp_path))
    assert complete(shell, "hsmith token profile --set ", tmp_path) != []
    assert set(complete(shell, "hsmith token profile --set ", tmp_path)) == {"default", "strict", "compat"}
    assert "ml-dsa-65" in complete(shell, "hsmith key generate --type ", tmp_path)
    assert "a-file" in complete(shell, "hsmith key sign --in ", tmp_path)
    assert {"bash", "zsh", "fish"} <= set(complete(shell, "hsmith completion ", tmp_path))


def test_completion_prints_what_is_tested(hsmith: Hsmith) -> None:
    for shell in SHELLS:
        assert hsmith("completion", shell).out.rstrip() == SHELLS[shell](tree.read(whole_parser())).rstrip()
    assert "did you mean 'fish'?" in hsmith("completion", "fsh").err


# --- What commands have in common


def every_command() -> list[tree.Command]:
    return [command for command in tree.read(whole_parser()).all() if command.words and not command.commands]


def test_every_command_speaks_json_and_takes_no_pin_by_its_place() -> None:
    # Their output is not their own to shape: a path, a script, a log, Prometheus' text, a runner's, a protocol.
    without = {("module",), ("completion",), ("keeper", "run"), ("keeper", "metrics"), ("compat", "run")}
    without |= {("p11-kit",), ("p11-kit", "serve")}
    for command in every_command():
        names = {name for option in command.every_option() for name in option.names}
        assert "--json" in names or command.words in without, command.words
        assert not ("--json" in names and command.words in without), command.words
        assert not any("pin" in argument.value.lower() for argument in command.arguments), command.words
        if "--pin" in names:
            assert {"--pin-file", "--pin-env", "--pin-stdin", "--pin-prompt"} <= names


def test_the_module_file_of_p11_kit(cli: Hsmith, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "pkcs11/modules/other.module"
    shown = read(cli("p11-kit", "install", "--name", "other", "--print", "--json").out)
    assert (shown["path"], file.exists()) == (str(file), False)
    assert read(cli("p11-kit", "install", "--name", "other", "--json").out) == shown
    assert file.read_text() == shown["text"]
    for removed in (True, False):
        assert read(cli("p11-kit", "uninstall", "--name", "other", "--json").out) == {
            "path": str(file),
            "removed": removed,
        }
        assert not file.exists()
    file.mkdir()
    assert cli("p11-kit", "install", "--name", "other", "--json").code == 1


def test_nothing_of_cryptography_is_loaded_for_what_needs_none() -> None:
    for words in (["--help"], ["key", "--help"], ["key", "generate", "--help"], ["cert", "--help"], ["config", "show"]):
        code = (
            "import sys; from hsmith.cli.main import main\n"
            f"try: main({words!r})\nexcept SystemExit: pass\n"
            "sys.exit(any(name.split('.')[0] in ('cryptography', 'apsw', 'Crypto') for name in sys.modules))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        assert done.returncode == 0, words


def test_a_table_fits_its_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"a": "x" * 70, "b": "\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 30, "c": "short"}]
    columns = {"a": "A", "b": "B", "c": "C"}
    assert "x" * 70 in table(rows, columns, empty="")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    lines = table(rows, columns, empty="").splitlines()
    assert "\N{HORIZONTAL ELLIPSIS}" in lines[1]
    assert lines[1].endswith("short")
    assert all(len(line) + line.count("\N{CJK UNIFIED IDEOGRAPH-4E2D}") <= 60 for line in lines)


@pytest.mark.parametrize(
    ("text", "attr", "value"),
    [
        ("label=x=y", Attr.LABEL, b"x=y"),
        ("CKA_ID=00ff", Attr.ID, b"\0\xff"),
        ("sensitive=YES", Attr.SENSITIVE, True),
        ("end_date=2026-01-31", Attr.END_DATE, b"20260131"),
        ("end-date=", Attr.END_DATE, b""),
        ("value-len=0x20", Attr.VALUE_LEN, 32),
        ("certificate-category=authority", Attr.CERTIFICATE_CATEGORY, 2),
        ("allowed-mechanisms=aes-gcm,CKM_AES_CBC", Attr.ALLOWED_MECHANISMS, (0x1087, 0x1082)),
        (
            "unwrap-template=sensitive=yes,key-type=aes",
            Attr.UNWRAP_TEMPLATE,
            ((int(Attr.SENSITIVE), True), (int(Attr.KEY_TYPE), 31)),
        ),
    ],
)
def test_attributes_are_read_and_shown(text: str, attr: Attr, value: Any) -> None:
    assert attributes.parse(text) == (attr, value)
    assert attributes.shown(attr, value) is not None
