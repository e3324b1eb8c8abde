"""Wheels for Linux on x86_64 and aarch64, made on either (or anywhere else) with zig as the C compiler, and the sdist.

    python tools/wheels.py [FOLDER]     # default: dist

The module is linked for glibc 2.17, so the wheels carry the tag manylinux_2_17: they install on everything since 2014.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ("src", "module", "native", "packaging", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE")
GLIBC = "2.17"
MACHINES = ("x86_64", "aarch64")


def compiler(machine: str) -> str:
    """CC for a machine, as setup.py takes it."""
    return shlex.join([sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-linux-gnu.{GLIBC}"])


def tag(machine: str) -> str:
    return f"manylinux_{GLIBC.replace('.', '_')}_{machine}"


def copied(folder: Path) -> Path:
    """The sources alone: nothing that was built before gets into a wheel for another machine."""
    leave = shutil.ignore_patterns("*.so", "__pycache__", "*.egg-info", "build")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=leave)
        else:
            shutil.copy(source, folder / name)
    return folder


def make(command: list[str], out: Path, **environment: str) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        sources = copied(Path(temporary))
        words = [sys.executable, "setup.py", "--quiet", *command, "--dist-dir", str(out)]
        done = subprocess.run(
            words, cwd=sources, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)} failed:\n{done.stdout}{done.stderr}")


def wheel(machine: str, out: Path) -> None:
    make(["bdist_wheel", "--plat-name", tag(machine)], out, CC=compiler(machine), HSMITH_WERROR="1", CFLAGS="-g0 -s")


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for machine in MACHINES:
        wheel(machine, out)
    make(["sdist"], out)
    print("\n".join(sorted(str(path) for path in out.iterdir())))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist").resolve())
