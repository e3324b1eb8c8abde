"""Building the PKCS#11 module, and variants of it, for tests."""

import importlib.util
import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]


def generator() -> ModuleType:
    """tools/gen.py."""
    spec = importlib.util.spec_from_file_location("gen", ROOT / "tools/gen.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(
    folder: Path,
    *,
    replaced: Mapping[str, Path] | None = None,
    flags: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Path:
    """Compile the module into ``folder`` with CC and HSMITH_TEST_CFLAGS; ``replaced``: other sources, by name."""
    env = os.environ if environment is None else environment
    sources = [*(ROOT / "module").glob("*.c"), *(ROOT / "module/generated").glob("*.c")]
    sources = [(replaced or {}).get(path.name, path) for path in sources]
    library = folder / "libhsmith.so"
    command = [*shlex.split(env.get("CC", "cc")), "-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    command += ["-fvisibility=hidden", "-pthread", f"-I{ROOT}/module", *shlex.split(env.get("HSMITH_TEST_CFLAGS", ""))]
    # Preloaded sanitizers are for the tests, not for the compiler.
    clean = {key: value for key, value in env.items() if key != "LD_PRELOAD"}
    subprocess.run([*command, *flags, "-o", library, *sources, "-ldl"], check=True, env=clean)
    return library
