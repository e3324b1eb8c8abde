"""Finding SoftHSM's tokens: by its configuration, a folder of them, one token's folder, or a database of version 1."""

from pathlib import Path

from hsmith.home import words
from hsmith.softhsm import configuration, databases, files
from hsmith.softhsm.stored import StoredToken, Unreadable
from hsmith.store import foreign


def find(path: Path) -> list[StoredToken]:
    """The tokens at ``path``, by label. Unreadable: there is none, or one of them is damaged."""
    try:
        tokens = _in_folder(path) if path.is_dir() else _in_file(path)
    except OSError as error:
        raise Unreadable(f"{error.filename or path} cannot be read: {words(error)}") from error
    if not tokens:
        raise Unreadable(f"{path} has no token of SoftHSM: name its configuration, or its folder of tokens")
    return sorted(tokens, key=lambda token: (token.label, token.serial))


def _in_folder(folder: Path) -> list[StoredToken]:
    own = _token(folder)
    if own is not None:
        return [own]
    found = [_token(entry) for entry in folder.iterdir() if entry.is_dir()]
    below = [token for token in found if token is not None]
    # A folder above it, such as /var/lib/softhsm.
    return below or (_in_folder(folder / "tokens") if (folder / "tokens").is_dir() else [])


def _token(folder: Path) -> StoredToken | None:
    if (folder / files.TOKEN_FILE).is_file():
        return files.read_token(folder)
    if (folder / databases.DATABASE).is_file():
        return databases.read_token(folder)
    return None


def _in_file(path: Path) -> list[StoredToken]:
    if foreign.is_database(path):
        if path.name == databases.DATABASE:
            return [databases.read_token(path.parent)]
        return [databases.read_version_1(path)]
    settings = configuration.read(path)
    folder = settings.values.get("directories.tokendir")
    if folder is not None:
        return _in_folder(Path(folder))
    version_1 = [Path(path) for path in settings.version_1_databases()]
    if not version_1:
        raise Unreadable(f"{path} is no configuration of SoftHSM with directories.tokendir, and no database")
    return [databases.read_version_1(database) for database in version_1]
