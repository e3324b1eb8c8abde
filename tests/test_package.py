"""The package as a user gets it: a wheel that carries the module, and what it must not carry."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hsmith
from harness import run

ROOT = Path(__file__).parents[1]
SOURCES = ("src", "module", "native", "tools", "pyproject.toml", "setup.py", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    leave = shutil.ignore_patterns("*.so", "__pycache__", "*.egg-info", "build")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=leave)
        else:
            shutil.copy(source, folder / name)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps")
    run(*pip, "--no-build-isolation", "--wheel-dir", "out", ".", cwd=folder)
    (made,) = (folder / "out").glob("*.whl")
    return made


@pytest.mark.slow
def test_wheel_carries_the_module(wheel: Path, tmp_path: Path) -> None:
    assert not wheel.name.endswith("-any.whl"), "a wheel with C in it is for one platform"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path)
    assert "hsmith/libhsmith.so" in names
    assert "hsmith/py.typed" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    strays = [name for name in names if not name.startswith(("hsmith/", f"hsmith-{hsmith.__version__}.dist-info/"))]
    assert strays == []

    command = "from hsmith.cli.main import main; main(['module'])"
    said = run(sys.executable, "-c", command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert said == f"{tmp_path / 'hsmith' / 'libhsmith.so'}\n"


def test_module_needs_libc_alone_and_shows_only_the_standard(module: Path) -> None:
    linked = run("readelf", "--dynamic", "--wide", module)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", linked)
    assert needed == ["libc.so.6"]
    assert not re.search(r"\((INIT_ARRAY|FINI_ARRAY)\)", linked) or _no_code_at_load(module)
    symbols = run("nm", "--dynamic", "--defined-only", "--format=posix", module).splitlines()
    names = {line.split()[0] for line in symbols}
    assert {"C_GetFunctionList", "C_GetInterface", "C_GetInterfaceList"} <= names
    assert len(names) == 104
    assert all(name.startswith("C_") for name in names)


def _no_code_at_load(module: Path) -> bool:
    """The compiler's own start files put one entry in each array; more would be ours."""
    sections = run("readelf", "--sections", "--wide", module)
    sizes = re.findall(r"\.(?:init|fini)_array\s+\w+\s+\w+\s+\w+\s+(\w+)", sections)
    return all(int(size, 16) <= 8 for size in sizes)


def test_module_command_prints_the_path_alone(module: Path) -> None:
    done = subprocess.run([Path(sys.executable).with_name("hsmith"), "module"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{module}\n", "")
