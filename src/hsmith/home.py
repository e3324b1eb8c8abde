"""Where everything is: the folders and files of one user's hsmith, and the care that is taken of them.

HSMITH_HOME names one folder for everything; without it the XDG folders of the user are used. Folders are
0700 and files 0600, whatever the umask.
"""

import contextlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600


class Trouble(Exception):
    """Something that a user can mend. str() is a sentence: what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one user's hsmith. ``config`` and ``log`` are files."""

    data: Path
    runtime: Path
    config: Path
    log: Path

    @property
    def store(self) -> Path:
        return self.data / "store"

    @property
    def keeper_lock(self) -> Path:
        """Held by the one keeper of this store as long as it lives; says in JSON who that is."""
        return self.data / "keeper.lock"

    @property
    def socket(self) -> Path:
        """The address at which clients look."""
        return self.runtime / "keeper.sock"

    @property
    def start_lock(self) -> Path:
        """Held by a client while it starts a keeper."""
        return self.runtime / "start.lock"

    def prepare(self) -> None:
        """Make the folders, private to this user. Raises Trouble."""
        for folder in dict.fromkeys((self.data, self.runtime, self.log.parent)):
            make_private(folder)


def find(environment: Mapping[str, str] | None = None) -> Home:
    """The home that the environment (os.environ) names. Raises Trouble."""
    env = os.environ if environment is None else environment
    if env.get("HSMITH_HOME"):
        top = Path(os.path.abspath(env["HSMITH_HOME"]))
        return Home(data=top, runtime=top, config=top / "config.toml", log=top / "keeper.log")
    data = _xdg(env, "XDG_DATA_HOME", ".local/share")
    # The specification of these folders: a relative path is invalid and to be ignored.
    runtime = env.get("XDG_RUNTIME_DIR", "")
    return Home(
        data=data,
        runtime=Path(runtime, "hsmith") if os.path.isabs(runtime) else data,
        config=_xdg(env, "XDG_CONFIG_HOME", ".config") / "config.toml",
        log=_xdg(env, "XDG_STATE_HOME", ".local/state") / "keeper.log",
    )


def _xdg(env: Mapping[str, str], variable: str, default: str) -> Path:
    if os.path.isabs(env.get(variable, "")):
        return Path(env[variable], "hsmith")
    user = env.get("HOME") or os.path.expanduser("~")
    if not os.path.isabs(user):
        raise Trouble("This user has no home folder. Set HSMITH_HOME to a folder that hsmith may use.")
    return Path(user, default, "hsmith")


def make_private(folder: Path) -> None:
    """Make a folder (and its parents) that only this user can enter. Raises Trouble."""
    blocker = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if blocker.exists() and not blocker.is_dir():
        raise Trouble(f"{blocker} is not a folder. Move it away, or set HSMITH_HOME to another folder.")
    try:
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            # Another process may make it at the same time: that is as good.
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=FOLDER_MODE)
        problem = privacy_problem(folder)
        if problem and _may_tighten(folder):
            folder.chmod(FOLDER_MODE)
            problem = privacy_problem(folder)
    except OSError as error:
        raise Trouble(f"The folder {folder} cannot be made or used: {words(error)}.") from error
    if problem:
        raise Trouble(problem)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise Trouble(f"The folder {folder} cannot be written. Make it writable, or set HSMITH_HOME to another folder.")


def _may_tighten(folder: Path) -> bool:
    """Ours, and either new or used by hsmith before: a folder that serves other ends keeps its mode."""
    if folder.stat().st_uid != os.geteuid():
        return False
    names = {entry.name for entry in os.scandir(folder)}
    # The module makes its lock before it knows, and a configuration may be put there before the first start.
    return names <= {"start.lock", "config.toml"} or not names.isdisjoint(("store", "keeper.lock", "keeper.sock"))


def privacy_problem(folder: Path) -> str | None:
    """What is wrong with a folder's owner or mode, as a sentence, or None."""
    found = folder.stat()
    if found.st_uid != os.geteuid():
        return (
            f"The folder {folder} belongs to user {found.st_uid}, not to user {os.geteuid()} who runs this. "
            f"Change its owner with chown, or set HSMITH_HOME to a folder of your own."
        )
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        return f"The folder {folder} is open to other users (mode {mode:04o}). Close it with: chmod 700 {folder}"
    return None


def open_private(path: Path, flags: int = os.O_RDWR) -> int:
    """A descriptor of a file that is made 0600 where it does not exist; symbolic links are not followed."""
    return os.open(path, flags | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)


def words(error: OSError) -> str:
    """An operating system's error in words, without its number."""
    return (error.strerror or str(error)).lower()
