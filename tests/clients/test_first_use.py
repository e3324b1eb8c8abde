"""What happens around the first use: nothing is set up, many programs start at once, and the keeper comes and goes."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import PIN, SO_PIN, Token, keepers_of, run

pytestmark = pytest.mark.client


@pytest.fixture(autouse=True)
def _programs(need: Callable[..., None]) -> None:
    need("pkcs11-tool")


def together(commands: list[list[str]]) -> None:
    """Run programs at the same time; all must succeed."""
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for command in commands]
    outputs = [program.communicate(timeout=60)[0].decode(errors="replace") for program in running]
    assert [program.returncode for program in running] == [0] * len(running), "\n".join(outputs)


def test_an_empty_home_just_works(module: Path, home: Path) -> None:
    (home / "config.toml").unlink()
    listed = run("pkcs11-tool", "--module", module, "--list-slots")
    assert "uninitialized" in listed
    assert len(keepers_of(home)) == 1


def test_many_programs_start_one_keeper(module: Path, home: Path) -> None:
    command = ["pkcs11-tool", "--module", str(module), "--list-slots"]
    together([command] * 24)
    assert len(keepers_of(home)) == 1


def test_a_token_as_an_operator_makes_it(module: Path, home: Path) -> None:
    """C_InitToken on the uninitialised slot; a new one appears; slot numbers stay across a restart of the keeper."""
    tool = ("pkcs11-tool", "--module", module)
    for label in ("one", "two"):
        before = slots(module)
        empty = next(number for number, state in before.items() if state == "")
        run(*tool, "--slot", empty, "--init-token", "--label", label, "--so-pin", SO_PIN)
        login = ("--slot", empty, "--login", "--login-type", "so", "--so-pin", SO_PIN)
        run(*tool, *login, "--init-pin", "--new-pin", PIN)
        after = slots(module)
        assert after[empty] == label
        assert sorted(after.values()) == sorted([*before.values(), label])
    numbers = slots(module)
    run("hsmith", "keeper", "stop")
    assert keepers_of(home) == []
    assert slots(module) == numbers


def slots(module: Path) -> dict[str, str]:
    """Slot number to token label, "" for a token that is not initialised."""
    found: dict[str, str] = {}
    number = ""
    for line in run("pkcs11-tool", "--module", module, "--list-slots").splitlines():
        if line.startswith("Slot "):
            number = line.split("(")[1].split(")")[0]
            found[number] = ""
        elif "token label" in line:
            found[number] = line.split(":", 1)[1].strip()
    return found


def test_keys_outlive_a_killed_keeper(token: Token) -> None:
    token.tool("--keypairgen", "--key-type", "EC:prime256v1", "--id", "01", "--label", "kept", "--usage-sign")
    (pid,) = keepers_of(token.home)
    os.kill(pid, signal.SIGKILL)
    assert "kept" in token.tool("--list-objects")
    assert keepers_of(token.home) not in ([], [pid])


def test_programs_share_a_token(token: Token) -> None:
    """Eight programs make keys at once; each finds all of them afterwards."""
    head = ["pkcs11-tool", "--module", str(token.module), "--token-label", token.label, "--login", "--pin", token.pin]
    make = [*head, "--keypairgen", "--key-type", "EC:prime256v1"]
    together([[*make, "--id", f"{i:02x}", "--label", f"key{i}"] for i in range(8)])
    listed = token.tool("--list-objects", "--type", "privkey")
    assert [f"key{i}" in listed for i in range(8)] == [True] * 8
