"""Fresh tokens of hsmith and of SoftHSM in temporary folders, and programs that are run with them."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hsmith.core.hsm import Hsm
from hsmith.core.token import USER
from hsmith.store import keyslots
from hsmith.store.keyslots import Cost

ROOT = Path(__file__).resolve().parents[1]
COMMAND = Path(sys.executable).with_name("hsmith")
LABEL = "bench"
PIN, SO_PIN = "1234", "12345678"
#: Argon2id takes what the configuration gives it. This is the least that it permits: 64 MiB, once.
CONFIG = "[pin]\nkdf_milliseconds = 10\n"
SOFTHSM = ("softhsm/libsofthsm2.so", "pkcs11/libsofthsm2.so", "libsofthsm2.so")
LONGEST = 1800
#: Until a keeper knows all objects; where it has no native code, it never does.
KNOWN_SECONDS = 60


class Trouble(Exception):
    """The bench cannot go on; the message is for the user."""


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run a program that must succeed; its standard output. Raises Trouble with what it said."""
    words = [str(word) for word in command]
    environment = {**os.environ, **(env or {})}
    try:
        done = subprocess.run(
            words, env=environment, cwd=cwd, capture_output=True, text=True, errors="replace", timeout=LONGEST
        )
    except FileNotFoundError:
        raise Trouble(f"{words[0]} is not installed.") from None
    except subprocess.TimeoutExpired:
        raise Trouble(f"{shlex.join(words)} took more than {LONGEST} s.") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise Trouble(f"{shlex.join(words)} ended with {done.returncode}: {said}")
    return done.stdout


def compiled(folder: Path) -> Path:
    """bench/calls.c as a program in ``folder``."""
    program = folder / "calls"
    compiler = shlex.split(os.environ.get("CC") or "cc")
    flags = ("-std=c11", "-O2", "-Wall", "-Wextra", "-pthread", "-I", ROOT / "module" / "generated")
    run(*compiler, *flags, "-o", program, ROOT / "bench" / "calls.c", "-ldl")
    return program


def softhsm_module() -> Path:
    """SoftHSM's module, where distributions put it."""
    folders = (Path("/usr/lib"), *Path("/usr/lib").glob("*-linux-gnu*"), Path("/usr/lib64"), Path("/usr/local/lib"))
    for folder in folders:
        for name in SOFTHSM:
            if (folder / name).exists():
                return folder / name
    raise Trouble("SoftHSM, which hsmith is compared with, is not installed (Debian: apt-get install softhsm2).")


class Place:
    """A token of one kind in a folder of its own, and the environment with which programs find it."""

    kind: str
    module: Path

    def __init__(self, folder: Path, calls: Path) -> None:
        self.folder = folder
        self._calls = calls
        folder.mkdir()
        self.env = {"BENCH_PIN": PIN}

    def calls(self, *arguments: object) -> dict[str, Any]:
        """What bench/calls.c prints of one run."""
        words = [str(argument) for argument in arguments]
        answer: dict[str, Any] = json.loads(run(self._calls, self.module, LABEL, *words, env=self.env))
        return answer

    def restart(self) -> None:
        """Let the next client be the first since the start of whatever serves the token."""

    def close(self) -> None:
        """Stop what serves the token, and delete it."""
        shutil.rmtree(self.folder, ignore_errors=True)


class SoftHsm(Place):
    kind = "softhsm"

    def __init__(self, folder: Path, calls: Path) -> None:
        super().__init__(folder, calls)
        self.module = softhsm_module()
        config = folder / "softhsm2.conf"
        (folder / "tokens").mkdir()
        config.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.env["SOFTHSM2_CONF"] = str(config)
        pins = ("--pin", PIN, "--so-pin", SO_PIN)
        run("softhsm2-util", "--init-token", "--free", "--label", LABEL, *pins, env=self.env)


class Hsmith(Place):
    kind = "hsmith"

    def __init__(self, folder: Path, calls: Path) -> None:
        super().__init__(folder, calls)
        (folder / "config.toml").write_text(CONFIG)
        self.env |= {"HSMITH_HOME": str(folder), "HSMITH_PIN": PIN, "HSMITH_SO_PIN": SO_PIN}
        self.module = Path(run(COMMAND, "module").strip())
        try:
            run(COMMAND, "token", "init", "--label", LABEL, env=self.env)
        except BaseException:
            self.close()
            raise

    def stop(self) -> None:
        """End the keeper, if one runs."""
        subprocess.run([COMMAND, "keeper", "stop"], env={**os.environ, **self.env}, capture_output=True, timeout=60)

    def set_kdf(self, cost: Cost) -> None:
        """Let a login cost so much Argon2id: the PIN is set again, the same, while no keeper runs."""
        self.stop()
        with patch.object(keyslots, "calibrate", lambda _: cost):
            hsm = Hsm.opened(self.folder / "store")
            try:
                for token in hsm.tokens():
                    token.set_pin(USER, PIN.encode(), PIN.encode())
            finally:
                hsm.close()

    def memory(self) -> int:
        """Bytes of memory that the keeper holds for itself, once it knows all objects."""
        due = time.monotonic() + KNOWN_SECONDS
        while time.monotonic() < due and self.stats()["store"]["directory"] < 0:
            time.sleep(0.2)
        status = json.loads(run(COMMAND, "keeper", "status", "--json", env=self.env))
        lines = Path(f"/proc/{status['pid']}/status").read_text().splitlines()
        return sum(int(text.split()[1]) for text in lines if text.startswith("RssAnon:")) * 1024

    def stats(self) -> dict[str, Any]:
        figures: dict[str, Any] = json.loads(run(COMMAND, "keeper", "stats", "--json", env=self.env))
        return figures

    def restart(self) -> None:
        self.stop()
        run(COMMAND, "keeper", "start", env=self.env)

    def close(self) -> None:
        self.stop()
        super().close()


KINDS: tuple[type[Place], ...] = (Hsmith, SoftHsm)


class Places:
    """Tokens made when they are first needed. The paths are short: a socket's may have 107 bytes."""

    def __init__(self, folder: Path, objects: dict[str, int]) -> None:
        self._folder = folder
        self._objects = objects  # of the places that are filled
        self._calls = compiled(folder)
        self._kept: dict[tuple[str, str], Place] = {}
        self._made = 0

    def _make(self, kind: type[Place]) -> Place:
        self._made += 1
        return kind(self._folder / f"{kind.kind[0]}{self._made}", self._calls)

    def keep(self, name: str, kind: type[Place]) -> Place:
        """The token of that name: with the keys, or filled with as many objects as are said of the name."""
        place = self._kept.get((name, kind.kind))
        if place is None:
            place = self._kept[name, kind.kind] = self._make(kind)
            if name in self._objects:
                place.calls("fill", self._objects[name])
            else:
                place.calls("keys")
        return place

    @contextmanager
    def new(self, kind: type[Place]) -> Iterator[Place]:
        """An empty token, deleted afterwards."""
        place = self._make(kind)
        try:
            yield place
        finally:
            place.close()

    def objects(self, name: str) -> int:
        """How many objects the token of that name was filled with; at least 1."""
        return self._objects.get(name, 1)

    def close(self) -> None:
        """Stop and delete everything."""
        for place in self._kept.values():
            place.close()
