"""Builds src/hsmith/libhsmith.so, the PKCS#11 module, and libchannel.so, the keeper's innermost loop, with the
system's C compiler. All else is in pyproject.toml.

CC and CFLAGS are honoured. HSMITH_WERROR=1 makes warnings errors: for our own checks, as a newer compiler may warn of
more.
"""

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

SOURCES = sorted(map(str, [*Path("module").glob("*.c"), *Path("module/generated").glob("*.c")]))
HEADERS = sorted(map(str, [*Path("module").glob("*.h"), *Path("module/generated").glob("*.h")]))
CHANNEL = sorted(map(str, Path("native").glob("*.c")))
SHARED = sorted(map(str, [*Path("native").glob("*.h"), Path("module/shared.h"), Path("module/polling.h")]))


class BuildModule(build_ext):
    """Plain shared libraries: they need libc alone, neither Python's headers nor its library."""

    def get_ext_filename(self, fullname: str) -> str:
        return os.path.join(*fullname.split(".")) + ".so"

    def build_extension(self, ext: Extension) -> None:
        target = Path(self.get_ext_fullpath(ext.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        # A process that has the old one mapped keeps it: a new file takes its place.
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        compiler = shlex.split(os.environ.get("CC") or "cc")
        flags = ["-std=c11", "-O2", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", "-pthread"]
        flags += ["-Werror"] if os.environ.get("HSMITH_WERROR") else []
        flags += shlex.split(os.environ.get("CFLAGS", ""))
        link = ["-shared", *(["-Wl,-z,relro,-z,now"] if sys.platform == "linux" else [])]
        libraries = ["-ldl"] if sys.platform == "linux" else []
        command = [*compiler, *flags, *link, "-o", str(fresh), *ext.sources, *libraries]
        try:
            subprocess.run(command, check=True)
        except FileNotFoundError:
            raise SystemExit(
                f"hsmith needs a C compiler, and {compiler[0]} is not there. Install one, or set CC."
            ) from None
        except subprocess.CalledProcessError as error:
            raise SystemExit(f"{target.name} cannot be compiled ({shlex.join(command)}).") from error
        fresh.replace(target)


class PlatformWheel(bdist_wheel):
    """The module depends on the platform, not on a version of Python."""

    def get_tag(self) -> tuple[str, str, str]:
        platform = self.plat_name or sysconfig.get_platform()
        return "py3", "none", platform.replace("-", "_").replace(".", "_")


setup(
    ext_modules=[
        Extension("hsmith.libhsmith", SOURCES, depends=HEADERS),
        Extension("hsmith.libchannel", CHANNEL, depends=SHARED),
    ],
    cmdclass={"build_ext": BuildModule, "bdist_wheel": PlatformWheel},
)
