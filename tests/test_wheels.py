"""The wheels of tools/wheels.py, for two machines, and the sdist: what is in them, and that they work."""

import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import BIN, PIN, SO_PIN, run, stop_keepers, unpack

ROOT = Path(__file__).parents[1]
MACHINES = {"x86_64": "Advanced Micro Devices X86-64", "aarch64": "AArch64"}
GLIBC = (2, 17)
ZIG = BIN / "python-zig"
#: What is on every Linux since then (PEP 600).
SYSTEM = {"libc.so.6", "libdl.so.2", "libpthread.so.0", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory, need: Callable[..., None]) -> Path:
    need(ZIG)
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, ROOT / "tools" / "wheels.py", out)
    return out


def wheel_for(machine: str, dist: Path) -> Path:
    (found,) = dist.glob(f"hsmith-*-py3-none-manylinux_2_17_{machine}.whl")
    return found


@pytest.mark.parametrize("machine", MACHINES)
def test_module_loads_on_an_old_system(machine: str, dist: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel_for(machine, dist)) as archive:
        names = archive.namelist()
        libraries = [archive.extract(name, tmp_path) for name in names if name.endswith(".so")]
        (described,) = (name for name in names if name.endswith(".dist-info/WHEEL"))
        assert f"Tag: py3-none-manylinux_2_17_{machine}\n" in archive.read(described).decode()
    assert sorted(Path(library).name for library in libraries) == ["libchannel.so", "libhsmith.so"]
    for library in libraries:
        assert f"Machine:                           {MACHINES[machine]}\n" in run("readelf", "--file-header", library)
        dynamic = run("readelf", "--dynamic", "--wide", library)
        assert set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)) <= SYSTEM
        assert "BIND_NOW" in dynamic
        versions = re.findall(r"Name: GLIBC_(\d+)\.(\d+)", run("readelf", "--version-info", "--wide", library))
        assert versions
        assert max((int(major), int(minor)) for major, minor in versions) <= GLIBC
    module = tmp_path / "hsmith" / "libhsmith.so"
    symbols = run("nm", "--dynamic", "--defined-only", "--format=posix", module).split("\n")
    assert len({line.split()[0] for line in symbols if line.startswith("C_")}) == 104


def test_what_would_be_published_is_well_formed(dist: Path, need: Callable[..., None]) -> None:
    need(BIN / "twine")
    said = run(sys.executable, "-m", "twine", "--no-color", "check", "--strict", *sorted(dist.iterdir()))
    assert said.count("PASSED") == 3


@pytest.mark.client
@pytest.mark.skipif("x86_64" not in sysconfig.get_platform(), reason="the wheel is for x86_64")
def test_first_use_from_the_wheel(
    dist: Path, home: Path, tmp_path: Path, need: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into a fresh environment; the dependencies, which are as published, are those of the tests' own."""
    need("pkcs11-tool", "openssl")
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    place = tmp_path / "env"
    venv.create(place, with_pip=False)
    (site,) = place.glob("lib/python*/site-packages")
    target = ("--target", str(site), "--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "install", *target, wheel_for("x86_64", dist))
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    python = place / "bin" / "python"
    for name, function in (("hsmith", "hsmith.cli.main"), ("hsmith-keeper", "hsmith.keeper.main")):
        script = place / "bin" / name
        script.write_text(f"#!{python}\nimport sys\nfrom {function} import main\nsys.exit(main())\n")
        script.chmod(0o755)

    module = Path(run(place / "bin" / "hsmith", "module").strip())
    assert module == site / "hsmith" / "libhsmith.so"
    pins = {"HSMITH_PIN": PIN, "HSMITH_SO_PIN": SO_PIN}
    run(place / "bin" / "hsmith", "token", "init", "--label", "fresh", env=pins)
    run(place / "bin" / "hsmith", "keeper", "stop")  # The next one is started by the module, as for any program
    tool = ("pkcs11-tool", "--module", module, "--token-label", "fresh", "--login", "--pin", PIN)
    environment = {"PATH": "/usr/bin:/bin"}  # It finds the keeper beside itself
    run(*tool, "--keypairgen", "--key-type", "EC:prime256v1", "--id", "01", "--usage-sign", env=environment)
    (tmp_path / "text").write_text("text")
    signing = ("--sign", "--mechanism", "ECDSA-SHA256", "--signature-format", "openssl", "--id", "01")
    run(*tool, *signing, "-i", tmp_path / "text", "-o", tmp_path / "signature", env=environment)
    run(*tool, "--read-object", "--type", "pubkey", "--id", "01", "-o", tmp_path / "key.der", env=environment)
    verify = (
        "-verify",
        tmp_path / "key.der",
        "-keyform",
        "DER",
        "-signature",
        tmp_path / "signature",
        tmp_path / "text",
    )
    assert "Verified OK" in run("openssl", "dgst", "-sha256", *verify)
    stop_keepers(home)


def test_sdist_builds_with_another_compiler(dist: Path, tmp_path: Path, need: Callable[..., None]) -> None:
    need("clang")
    (source,) = dist.glob("hsmith-*.tar.gz")
    unpack(source, tmp_path)
    (folder,) = tmp_path.iterdir()
    assert not list(folder.rglob("*.so"))
    environment = {"CC": "clang", "CFLAGS": "-Weverything -Wno-everything"}  # gcc knows neither
    run(sys.executable, "setup.py", "--quiet", "bdist_wheel", cwd=folder, env=environment)
    (made,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(made) as archive:
        module = Path(archive.extract("hsmith/libhsmith.so", tmp_path))
    assert "clang" in run("readelf", "--string-dump=.comment", module)


def test_without_a_compiler_the_sentence_is_plain(dist: Path, tmp_path: Path) -> None:
    (source,) = dist.glob("hsmith-*.tar.gz")
    unpack(source, tmp_path)
    (folder,) = tmp_path.iterdir()
    command = [sys.executable, "setup.py", "--quiet", "build_ext"]
    done = subprocess.run(command, cwd=folder, env={"CC": "no-such-compiler"}, capture_output=True, text=True)
    assert done.returncode == 1
    assert "hsmith needs a C compiler, and no-such-compiler is not there" in done.stderr
