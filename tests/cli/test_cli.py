"""The command hsmith: its nouns over a real keeper, its PINs, its errors, its exit codes."""

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import hsmith as package
from hsmith.cli import pins
from hsmith.cli.keytypes import CURVES, KINDS, parse
from hsmith.cli.main import NOUNS, main
from hsmith.cli.output import table
from hsmith.cli.parser import Parser, Usage

from .conftest import PIN, SO_PIN, Hsmith

WITHOUT_VERBS = ("module", "doctor", "random", "completion", "top")
#: Made smaller here: the others take minutes.
QUICK = {"dsa:2048": "dsa:1024", "x942-dh:2048": "x942-dh:1024"}
COMMAND = [sys.executable, "-P", "-m", "hsmith.cli"]


def read(text: str) -> Any:
    return json.loads(text)


# --- Tokens


def test_a_token_from_its_making_to_its_end(cli: Hsmith) -> None:
    made = cli("token", "init", "--label", "life", "--json")
    assert made.code == 0
    token = read(made.out)
    assert (token["label"], token["user_pin_set"], token["objects"]) == ("life", True, 0)
    assert token["slot"] in [one["slot"] for one in read(cli("token", "list", "--json").out)]
    assert f"{token['slot']} " in cli("token", "list").out
    assert read(cli("token", "show", "--label", "life", "--json").out)["serial"] == token["serial"]
    assert token["serial"] in cli("token", "show", "--slot", str(token["slot"])).out
    wrong = cli("token", "delete", "--label", "life", "--yes", "--so-pin", "wrong-so-pin")
    assert (wrong.code, "PIN" in wrong.err) == (4, True)
    assert cli("token", "delete", "--label", "life", "--yes").code == 0
    assert "life" not in cli("token", "list").out
    gone = cli("token", "show", "--label", "life")
    assert gone.code == 1
    assert "There is no token 'life'" in gone.err


def test_a_label_is_taken_once_and_a_slot_is_initialised_again_by_its_number(cli: Hsmith) -> None:
    slot = read(cli("token", "init", "--label", "twice", "--json").out)["slot"]
    again = cli("token", "init", "--label", "twice")
    assert again.code == 2
    assert "--slot" in again.err
    assert cli("token", "init", "--label", "other", "--slot", str(slot)).code == 1  # Nobody to ask
    assert cli("token", "init", "--label", "other", "--slot", str(slot), "--yes").code == 0
    assert read(cli("token", "show", "--slot", str(slot), "--json").out)["label"] == "other"
    assert cli("token", "init", "--label", "far", "--slot", "999").code == 2
    assert cli("token", "delete", "--slot", str(slot), "--yes").code == 0


@pytest.mark.parametrize("label", ["", "x" * 33, "\N{LATIN SMALL LETTER U WITH DIAERESIS}" * 17])
def test_a_label_of_a_wrong_length(cli: Hsmith, label: str) -> None:
    ran = cli("token", "init", "--label", label)
    assert ran.code == 2
    assert "32 bytes" in ran.err


def test_a_pin_of_a_wrong_length_is_refused_and_leaves_no_token(cli: Hsmith) -> None:
    ran = cli("token", "init", "--label", "short", "--so-pin", "123")
    assert ran.code == 4
    assert "4 to 255" in ran.err
    assert "short" not in cli("token", "list").out


def test_many_at_once_make_a_token_each(cli: Hsmith) -> None:
    processes = [
        subprocess.Popen([*COMMAND, "token", "init", "--label", f"race-{n}", "--json"], stdout=subprocess.PIPE)
        for n in range(5)
    ]
    slots = {read(process.communicate(timeout=60)[0].decode())["slot"] for process in processes}
    assert len(slots) == 5
    for slot in slots:
        assert cli("token", "delete", "--slot", str(slot), "--yes").code == 0


# --- Keys

TYPES = [QUICK.get(kind.example, kind.example) for kind in KINDS.values()]
TYPES += ["ec:P-384", "aes:128", *(f"ec:{curve}" for curve in CURVES if curve != "p256")]


@pytest.mark.parametrize("text", TYPES)
def test_a_key_of_every_type(cli: Hsmith, text: str) -> None:
    label = f"key {text}"
    made = cli("key", "generate", "--type", text, "--label", label, "--token", "main", "--json")
    assert made.code == 0, made.err
    keys = read(made.out)
    classes = ["public", "private"] if parse(text)[0].pair else ["secret"]
    assert [key["class"] for key in keys] == classes
    assert {key["label"] for key in keys} == {label}
    assert len({key["id"] for key in keys}) == 1
    assert keys[0]["type"] == text.lower().replace("p-", "p")
    listed = read(cli("key", "list", "--token", "main", "--label", label, "--json").out)
    assert sorted(key["class"] for key in listed) == sorted(classes)
    for key in read(cli("key", "show", "--token", "main", "--id", keys[0]["id"], "--json").out):
        if key["class"] != "public":
            assert key["sensitive"]
            assert key["never_extractable"]
            assert key["local"]
            assert "value" not in key
    assert cli("key", "delete", "--token", "main", "--label", label, "--yes").code == 0
    assert read(cli("key", "list", "--token", "main", "--label", label, "--json").out) == []


def test_uses_and_extractable(cli: Hsmith) -> None:
    options = ("--use", "decrypt,unwrap", "--extractable", "--id", "0aFF", "--token", "main")
    assert cli("key", "generate", "--type", "rsa:2048", *options).code == 0
    both = read(cli("key", "show", "--id", "0aff", "--token", "main", "--json").out)
    public, private = sorted(both, key=lambda key: str(key["class"]), reverse=True)
    assert (public["encrypt"], public["wrap"], public["verify"]) == (True, True, False)
    assert (private["decrypt"], private["unwrap"], private["sign"], private["extractable"]) == (True, True, False, True)
    assert cli("key", "delete", "--id", "0aff", "--class", "public", "--yes", "--token", "main").code == 0
    assert [k["class"] for k in read(cli("key", "list", "--id", "0aff", "--token", "main", "--json").out)] == [
        "private"
    ]
    assert cli("key", "delete", "--id", "0aff", "--yes", "--token", "main").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("generate", "--type", "rsa"), "written like rsa:2048"),
        (("generate", "--type", "rsa:1000"), "1024 to 8192"),
        (("generate", "--type", "rsa:2047"), "1024 to 8192"),
        (("generate", "--type", "rsa:" + "9" * 99), "1024 to 8192"),
        (("generate", "--type", "ec:p257"), "did you mean 'p256'?"),
        (("generate", "--type", "ed25519:256"), "written like ed25519"),
        (("generate", "--type", "ed25591"), "did you mean 'ed25519'?"),
        (("generate", "--type", "aes:256", "--use", "encrpt"), "did you mean 'encrypt'?"),
        (("generate", "--type", "aes:256", "--id", "xyz"), "hexadecimal"),
        (("delete",), "--label or --id"),
        (("list", "--class", "privat"), "did you mean 'private'?"),
        (("list", "--lable", "x"), "did you mean '--label'?"),
        (("lst",), "did you mean 'list'?"),
    ],
)
def test_wrong_use_is_told_in_words(cli: Hsmith, arguments: tuple[str, ...], words: str) -> None:
    ran = cli("key", *arguments)
    assert ran.code == 2
    assert words in ran.err
    assert "Traceback" not in ran.err


def test_what_is_not_there(cli: Hsmith) -> None:
    for verb in (("show",), ("delete", "--yes")):
        ran = cli("key", *verb, "--label", "nothing", "--token", "main")
        assert ran.code == 1
        assert "There is no such key" in ran.err
    assert cli("key", "list", "--token", "main", "--label", "nothing").out == "There is no such key.\n"
    assert cli("key", "list", "--token", "nothing").code == 1


def test_deleting_asks(cli: Hsmith, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("key", "generate", "--type", "aes:128", "--label", "kept", "--token", "main").code == 0
    arguments = ("key", "delete", "--label", "kept", "--token", "main")
    assert cli(*arguments).code == 1

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for answer, code in (("n\n", 1), ("\n", 1), ("", 1), ("y\n", 0)):
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        assert cli(*arguments).code == code


def test_a_wrong_pin_has_its_own_exit_code(cli: Hsmith) -> None:
    ran = cli("key", "list", "--token", "main", "--pin", "4321")
    assert ran.code == 4
    assert ran.err == "hsmith: The PIN is wrong. (CKR_PIN_INCORRECT)\n"
    assert cli("key", "list", "--token", "main").code == 0


# --- PINs


def take(*arguments: str) -> bytes:
    parser = Parser()
    pins.add_options(parser, "so_pin", "pin")
    return pins.take(parser.parse_args(arguments), "pin")


def test_where_a_pin_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HSMITH_PIN", "environment")
    monkeypatch.setenv("MINE", "mine \udcff")
    (tmp_path / "pin").write_bytes(b" with\0any\xff bytes \r\n")
    assert take() == b"environment"
    assert take("--pin", "option") == b"option"
    assert take("--pin-env", "MINE") == b"mine \xff"
    assert take("--pin-file", str(tmp_path / "pin")) == b" with\0any\xff bytes "
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"first\nsecond\n")))
    assert take("--pin-stdin") == b"first"
    assert take("--pin-stdin") == b"second"
    with pytest.raises(Usage, match="ended before"):
        take("--pin-stdin")


def test_a_pin_that_is_not_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HSMITH_PIN", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(Usage, match="user PIN is needed"):
        take()
    with pytest.raises(Usage, match="no variable NONE"):
        take("--pin-env", "NONE")
    with pytest.raises(Usage, match="cannot be read: no such file"):
        take("--pin-file", str(tmp_path / "none"))


def test_a_prompt_asks_twice_for_a_new_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["1234", "1234", "1234", "1243"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    parser = Parser()
    pins.add_options(parser, "pin")
    options = parser.parse_args(["--pin-prompt"])
    assert pins.take(options, "pin", new=True) == b"1234"
    with pytest.raises(Usage, match="differ"):
        pins.take(options, "pin", new=True)


def test_pins_by_standard_input_of_a_real_process(cli: Hsmith) -> None:
    command = [*COMMAND, "token", "init", "--label", "piped", "--pin-stdin"]
    done = subprocess.run(command, input=f"{SO_PIN}\n{PIN}\n", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert cli("key", "list", "--token", "piped").code == 0
    assert cli("token", "delete", "--label", "piped", "--yes").code == 0


def test_no_pin_is_in_the_log(cli: Hsmith, shared_home: Path) -> None:
    cli("key", "list", "--token", "main", "--pin", "unmistakable-4711")
    assert "unmistakable" not in (shared_home / "keeper.log").read_text()


# --- The keeper, the module, the doctor


def test_keeper_status(cli: Hsmith, shared_home: Path) -> None:
    found = read(cli("keeper", "status", "--json").out)
    assert found["socket"] == str(shared_home / "keeper.sock")
    assert found["home"] == str(shared_home)
    assert found["version"] == package.__version__
    assert "main" in found["tokens"]
    assert Path(f"/proc/{found['pid']}").exists()
    assert str(found["pid"]) in cli("keeper", "status").out


def test_without_a_keeper(home: Path, hsmith: Hsmith) -> None:
    ran = hsmith("keeper", "status", "--json")
    assert ran.code == 3
    assert read(ran.out)["running"] is False
    assert hsmith("keeper", "status").out.startswith("No keeper runs.")
    assert hsmith("keeper", "stop") == (0, "No keeper runs.\n", "")
    started = read(hsmith("keeper", "start", "--json").out)
    assert read(hsmith("keeper", "status", "--json").out)["pid"] == started["pid"]
    assert read(hsmith("keeper", "stop", "--json").out) == {"stopped": started["pid"]}
    assert hsmith("keeper", "status").code == 3


def test_a_socket_without_keeper_has_its_exit_code(hsmith: Hsmith, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HSMITH_SOCKET", str(home / "none"))
    ran = hsmith("token", "list")
    assert ran.code == 3
    assert "No keeper can be reached" in ran.err


def test_keeper_run_in_the_foreground(home: Path) -> None:
    process = subprocess.Popen([*COMMAND, "keeper", "run"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.terminate()
    assert process.wait(15) == 0
    process.stdout.close()


def test_module(hsmith: Hsmith, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(package, "__file__", str(tmp_path / "__init__.py"))
    ran = hsmith("module")
    assert (ran.code, ran.out) == (1, "")
    assert "is not there" in ran.err
    (tmp_path / "libhsmith.so").touch()
    assert hsmith("module") == (0, f"{tmp_path}/libhsmith.so\n", "")


def test_doctor(cli: Hsmith, shared_home: Path) -> None:
    def states() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one in read(cli("doctor", "--json").out):
            found.setdefault(one["check"], []).append(one["state"])
        return found

    healthy = states()
    for check in ("configuration", "folders", "disk", "database library"):
        assert set(healthy[check]) == {"ok"}
    assert "problem" not in healthy["keeper"]
    (shared_home / "store" / "open").touch(mode=0o644)
    (shared_home / "store" / "open").chmod(0o644)
    before = (shared_home / "config.toml").read_text()
    (shared_home / "config.toml").write_text("[pin]\nattempt = 3\n")
    try:
        ill = states()
        ran = cli("doctor")
    finally:
        (shared_home / "config.toml").write_text(before)
        (shared_home / "store" / "open").unlink()
    assert ill["configuration"] == ["problem"]
    assert "problem" in ill["folders"]
    assert ran.code == 1
    assert "Did you mean 'pin.attempts'?" in ran.out
    assert "chmod 600" in ran.out


def test_doctor_of_a_keeper_that_cannot_start(home: Path, hsmith: Hsmith) -> None:
    (home / "store").write_text("no folder")
    ran = hsmith("doctor")
    assert ran.code == 1
    assert "PROBLEM  keeper: " in ran.out


# --- The command itself


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in ((["--version"], package.__version__), (["--help"], "exit codes:")):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
        assert words in capsys.readouterr().out


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if noun not in WITHOUT_VERBS])
def test_help_of_every_noun_and_verb(noun: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([noun, "--help"])
    text = capsys.readouterr().out
    verbs = [line.split()[0] for line in text.splitlines() if line.startswith("    ") and line[4] != " "]
    assert len(verbs) >= 2
    for verb in verbs:
        with pytest.raises(SystemExit) as ended:
            main([noun, verb, "--help"])
        assert ended.value.code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "required"),
        (("tokn", "list"), "did you mean 'token'?"),
        (("--verion",), "hsmith"),
        (("token",), "required"),
        (("token", "list", "extra"), "unknown argument 'extra'"),
        (("token", "list", "--jso"), "did you mean '--json'?"),
    ],
)
def test_wrong_words(hsmith: Hsmith, arguments: tuple[str, ...], words: str) -> None:
    ran = hsmith(*arguments)
    assert ran.code == 2
    assert words in ran.err
    assert ran.out == ""


def test_no_traceback_reaches_a_user(cli: Hsmith, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise ValueError("inside")

    monkeypatch.setattr("hsmith.wire.client.Client.admin", fail)
    ran = cli("token", "list")
    assert ran.code == 1
    assert ran.err == "hsmith: failed unexpectedly (ValueError). HSMITH_DEBUG=1 shows where.\n"
    monkeypatch.setenv("HSMITH_DEBUG", "1")
    with pytest.raises(ValueError, match="inside"):
        cli("token", "list")


def test_a_reader_that_has_enough(cli: Hsmith) -> None:
    process = subprocess.Popen([*COMMAND, "keeper", "status"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait(10)


def test_a_table_drives_no_terminal() -> None:
    text = table([{"a": "x\x1b[31m\u202e", "b": None}], {"a": "A", "b": "B"}, empty="none")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert table([], {"a": "A"}, empty="none") == "none"


def test_start_up_is_quick(tmp_path: Path) -> None:
    """The best of some runs: what else the machine does is not ours."""
    best = 9.0
    for _ in range(5):
        began = time.monotonic()
        subprocess.run(
            [*COMMAND, "module"], capture_output=True, env={**os.environ, "HOME": str(tmp_path)}, check=False
        )
        best = min(best, time.monotonic() - began)
    assert best < 0.5
