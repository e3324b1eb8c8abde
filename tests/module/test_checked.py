"""The module under what sees every access: the sanitizers, valgrind; and in a program that others wrote."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_keeper import FakeKeeper
from module_build import ROOT, build

SANITIZE = "-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"


def _library(name: str) -> str:
    found = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return found.stdout.strip()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif("HSMITH_TEST_CFLAGS" in os.environ, reason="this is the run under the sanitizers")
def test_all_under_the_sanitizers(tmp_path: Path, need: Callable[..., None]) -> None:
    """The tests of this folder once more, with a module that is built for it."""
    need("gcc", _library("libasan.so"), _library("libubsan.so"))
    environment = {
        **os.environ,
        "HSMITH_TEST_CFLAGS": SANITIZE,
        "CC": "gcc",
        "LD_PRELOAD": f"{_library('libasan.so')} {_library('libubsan.so')}",
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:handle_segv=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    unchecked = {key: value for key, value in environment.items() if key != "LD_PRELOAD"}
    library = build(tmp_path, flags=(), environment=unchecked)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "--sequences",
            "5",
            "--module",
            library,
            ROOT / "tests/module",
        ],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=580,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-10000:]


@pytest.mark.skipif("HSMITH_TEST_CFLAGS" in os.environ, reason="valgrind and the sanitizers exclude each other")
def test_driver_under_valgrind(module: Path, keeper: FakeKeeper, tmp_path: Path, need: Callable[..., None]) -> None:
    need("valgrind", "cc")
    driver = tmp_path / "driver"
    source = Path(__file__).with_name("driver.c")
    subprocess.run(["cc", f"-I{ROOT}/module/generated", "-pthread", "-o", driver, source, "-ldl"], check=True)
    check = ["valgrind", "-q", "--leak-check=full", "--show-leak-kinds=definite,indirect", "--error-exitcode=9"]
    done = subprocess.run([*check, driver, module], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert keeper.names().count("C_EncryptMessage") == 120


def test_pkcs11_tool(module: Path, keeper: FakeKeeper, need: Callable[..., None]) -> None:
    need("pkcs11-tool")
    done = subprocess.run(
        ["pkcs11-tool", "--module", module, "-L", "-M", "--slot", "5"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Slot 0 (0x5): text 0" in done.stdout
    assert {"C_GetSlotList", "C_GetTokenInfo", "C_GetMechanismList"} <= set(keeper.names())
