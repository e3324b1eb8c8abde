"""hsmith backup: create, verify and restore backups of the store, or of one token."""

import argparse
import contextlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hsmith import home as homes
from hsmith.cli import target, uri
from hsmith.cli.output import emit, table
from hsmith.cli.parser import EXIT_OK, Usage
from hsmith.cli.progress import Bar
from hsmith.home import Home, Trouble, words

COLUMNS = {"slot": "SLOT", "label": "LABEL", "serial": "SERIAL", "objects": "OBJECTS"}
VARIABLE = "HSMITH_BACKUP_PASSPHRASE"
ROOM = ".backup-"
DAY = 86_400  # seconds


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    verb = _verb(verbs, "create", create, "back up the store, or one token, while it is in use")
    _add_token(verb, "back up this token alone, to move it to another machine")
    how = verb.add_mutually_exclusive_group()
    how.add_argument(
        "--passphrase-file", metavar="FILE", help=f"file with the passphrase (else {VARIABLE}, or a prompt)"
    )
    how.add_argument("--shares", metavar="M/N", help="lock it by N shares, of which any M open it")
    verb.add_argument("--share-dir", metavar="DIR", help="folder for the shares, a file each: give them to N people")
    verb = _verb(verbs, "verify", verify, "read a backup wholly, and say what is in it")
    _add_key(verb)
    verb = _verb(verbs, "restore", restore, "put a backup in the place of the store, or a token beside the others")
    _add_key(verb)
    _add_token(verb, "restore this token alone, into the store that there is")
    verb.add_argument(
        "--replace", action="store_true", help="even if there are tokens, or this token; the old store is kept"
    )


def _verb(verbs: Any, name: str, run: Any, meaning: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(
        name, help=meaning, description=meaning[:1].upper() + meaning[1:] + "."
    )
    verb.set_defaults(run=run)
    verb.add_argument("file", metavar="FILE", help="the backup")
    verb.add_argument("--json", action="store_true", help="print JSON")
    return verb


def _add_token(verb: argparse.ArgumentParser, meaning: str) -> None:
    one = verb.add_mutually_exclusive_group()
    one.add_argument("--token", metavar="TOKEN", help=f"{meaning}: its label or PKCS#11 URI")
    one.add_argument("--slot", type=int, metavar="N", help="the same, by its slot")


def _add_key(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--passphrase-file", metavar="FILE", help=f"file with the passphrase (else {VARIABLE}, or a prompt)"
    )
    verb.add_argument(
        "--share", metavar="FILE", action="append", default=[], help="file with a share; give as many as it takes"
    )


def create(options: argparse.Namespace) -> int:
    from hsmith.core import backup_keys
    from hsmith.wire.client import Client

    path = Path(os.path.abspath(options.file))
    if os.path.lexists(path):
        raise Trouble(f"{path} exists already. Move it away, or take another name.")
    one = options.token is not None or options.slot is not None
    header = backup_keys.new_header("token" if one else "store")
    key, shares = _locked(header, options)
    with Client() as client, _unfinished(path) as partial, _room(_data(client)) as room:
        slot = target.choose(client, options)["slot"] if one else None
        with Bar("Backing up") as bar:
            _work(client, bar, "backup.create", path=str(room / "archive"), header=header, key=key.hex(), slot=slot)
        _copy(room / "archive", partial)
        tokens = _checked(partial, key)
        written = [_write_share(options, path, number, share, header) for number, share in enumerate(shares, start=1)]
        os.link(partial, path)
    result = {"file": str(path), "tokens": tokens, "shares": [str(share) for share in written]}
    kept = "".join(f"\n{share}" for share in written)
    emit(options, result, f"{path} is made and verified.\n{_listed(tokens)}" + (f"\nShares:{kept}" if kept else ""))
    return EXIT_OK


def verify(options: argparse.Namespace) -> int:
    path = Path(os.path.abspath(options.file))
    header, key = _opened(path, options)
    tokens = _checked(path, key)
    made = datetime.fromtimestamp(header["made"], UTC).isoformat(timespec="seconds") if "made" in header else "-"
    result = {"file": str(path), "kind": header.get("kind"), "made": made, "tokens": tokens}
    emit(options, result, f"{path} is whole, made {made}.\n{_listed(tokens)}")
    return EXIT_OK


def restore(options: argparse.Namespace) -> int:
    path = Path(os.path.abspath(options.file))
    header, key = _opened(path, options)
    if header.get("kind") == "token" or options.token is not None or options.slot is not None:
        return _restore_token(options, path, key)
    return _restore_store(options, path, key)


def _restore_token(options: argparse.Namespace, path: Path, key: bytes) -> int:
    from hsmith.wire.client import Client

    token = _one_of(_checked(path, key), options)
    with Client() as client, _room(_data(client)) as room, Bar("Restoring") as bar:
        _copy(path, room / "archive")
        arguments = {"path": str(room / "archive"), "key": key.hex(), "serial": token["serial"], "beside": str(room)}
        found = _work(client, bar, "backup.restore_token", replace=options.replace, **arguments)
    emit(
        options, {**token, **found}, f"Token '{token['label']}' is in slot {found['slot']}, with the PINs that it had."
    )
    return EXIT_OK


def _one_of(tokens: list[dict[str, Any]], options: argparse.Namespace) -> dict[str, Any]:
    found = [token for token in tokens if options.token in (None, token["label"]) or uri.is_uri(options.token)]
    found = [token for token in found if all(one.matches_token(token) for one in target.uris(options))]
    if options.slot is not None:
        found = [token for token in found if token["slot"] == options.slot]
    if len(found) != 1:
        there = ", ".join(f"{token['label']} (slot {token['slot']})" for token in tokens) or "none"
        raise Usage(f"The backup has {len(found)} such tokens: name one with --token or --slot. There is: {there}.")
    return found[0]


def _restore_store(options: argparse.Namespace, path: Path, key: bytes) -> int:
    from hsmith.core import backup

    home = homes.find()
    home.prepare()
    with _no_keeper(home), _words(path):
        if not options.replace and backup.has_tokens(home.store):
            raise Trouble(
                f"{home.store} has tokens. To put the backup in its place, give --replace: the old one is kept."
            )
        with (
            Bar("Restoring") as bar,
            backup.unpacked(path, key, beside=home.data, progress=bar.show) as (folder, secret),
        ):
            tokens = backup.check(folder, secret, bar.show)
            before = backup.put_in_place(folder, secret, home.store)
    kept = f"\nWhat was there before is in {before}." if before else ""
    emit(options, {"tokens": tokens, "before": str(before) if before else None}, f"Restored.\n{_listed(tokens)}{kept}")
    return EXIT_OK


@contextlib.contextmanager
def _no_keeper(home: Home) -> Iterator[None]:
    """Hold what a keeper holds, so that none begins meanwhile."""
    from hsmith.keeper.lock import KeeperLock

    lock = KeeperLock.take(home)
    if lock is None:
        raise Trouble(f"A keeper runs on {home.data}. End it first with: hsmith keeper stop")
    try:
        yield
    finally:
        lock.release()


def _checked(path: Path, key: bytes) -> list[dict[str, Any]]:
    """The tokens of a backup, all of which was read and checked."""
    from hsmith.core import backup

    home = homes.find()
    home.prepare()
    with (
        _words(path),
        Bar("Checking") as bar,
        backup.unpacked(path, key, beside=home.data, progress=bar.show) as (folder, secret),
    ):
        return backup.check(folder, secret, bar.show)


def _opened(path: Path, options: argparse.Namespace) -> tuple[dict[str, Any], bytes]:
    """The header and the key of a backup."""
    from hsmith.core import backup_keys
    from hsmith.store import archive

    with _words(path):
        header = archive.read_header(path)
        if backup_keys.kind(header) == "passphrase":
            return header, backup_keys.by_passphrase(header, _passphrase(options, new=False))
        if not options.share:
            raise Usage(
                f"{path} is locked by shares: give {header['lock'].get('needed')} of them, each with --share FILE."
            )
        return header, backup_keys.by_shares(header, [_share(name) for name in options.share])


@contextlib.contextmanager
def _words(path: Path) -> Iterator[None]:
    from hsmith.store.archive import Unreadable

    try:
        yield
    except Unreadable as error:
        raise Trouble(f"{path} cannot be used: {error}.") from None
    except OSError as error:
        raise Trouble(f"{error.filename or path}: {words(error)}.") from error


def _locked(header: dict[str, Any], options: argparse.Namespace) -> tuple[bytes, list[str]]:
    """The new backup's key, and its shares if it is locked by shares."""
    from hsmith.core import backup_keys

    if (options.shares is None) != (options.share_dir is None):
        raise Usage("Shares need both: --shares M/N and --share-dir DIR.")
    try:
        if options.shares is None:
            return backup_keys.lock_by_passphrase(header, _passphrase(options, new=True)), []
        needed, made = _two_numbers(options.shares)
        return backup_keys.lock_by_shares(header, needed=needed, made=made)
    except ValueError as error:
        raise Usage(f"--shares: {error}." if options.shares else str(error)) from None


def _two_numbers(text: str) -> tuple[int, int]:
    """Of "M/N". ValueError, in words."""
    needed, _, made = text.partition("/")
    if not (needed.isdecimal() and made.isdecimal()):
        raise ValueError(f"'{text}' is not M/N, as 3/5 is: any three of five shares open it")
    return int(needed), int(made)


def _passphrase(options: argparse.Namespace, *, new: bool) -> bytes:
    from getpass import getpass

    if options.passphrase_file:
        try:
            return Path(options.passphrase_file).read_bytes().removesuffix(b"\n").removesuffix(b"\r")
        except OSError as error:
            raise Usage(f"The file {options.passphrase_file} cannot be read: {words(error)}.") from error
    if VARIABLE in os.environ:
        return os.environb[os.fsencode(VARIABLE)]
    if not os.isatty(0):
        raise Usage(f"The passphrase is needed: use --passphrase-file, {VARIABLE} or a terminal.")
    given = getpass("Passphrase: ")
    if new and getpass("Passphrase again: ") != given:
        raise Usage("The two passphrases differ.")
    return os.fsencode(given)


def _share(name: str) -> str:
    """The line of a file that is the share."""
    from hsmith.core.backup_keys import SHARE

    try:
        lines = Path(name).read_text(errors="replace").splitlines()
    except OSError as error:
        raise Usage(f"The share {name} cannot be read: {words(error)}.") from error
    return next((line for line in lines if line.startswith(SHARE)), "")


def _write_share(options: argparse.Namespace, path: Path, number: int, share: str, header: dict[str, Any]) -> Path:
    folder = Path(options.share_dir)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = folder / f"{path.name}.share-{number}"
    lock = header["lock"]
    text = f"Share {number} of {lock['made']} of the backup {path.name}; it takes {lock['needed']}.\n{share}\n"
    with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return name


def _data(client: Any) -> Path:
    """Where the keeper may write, and nowhere else."""
    return Path(client.admin("keeper.status")["home"])


@contextlib.contextmanager
def _room(folder: Path) -> Iterator[Path]:
    """A folder that is gone after the block; those that a killed command left are removed after a day."""
    for left in folder.glob(f"{ROOM}*"):
        if time.time() - left.stat().st_mtime > DAY:
            shutil.rmtree(left, ignore_errors=True)
    room = Path(tempfile.mkdtemp(prefix=ROOM, dir=folder))
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _copy(source: Path, to: Path) -> None:
    """A new file, private and durable."""
    with (
        _words(to),
        open(source, "rb") as data,
        open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file,
    ):
        shutil.copyfileobj(data, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Another name in the same folder, which is gone after the block: nobody takes for a backup what is not checked."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def _listed(tokens: list[dict[str, Any]]) -> str:
    return table(tokens, COLUMNS, empty="It has no tokens.")


def _work(client: Any, bar: Bar, command: str, **arguments: Any) -> dict[str, Any]:
    """Let the keeper do something long, and show how far it is."""
    from hsmith.wire.client import Client

    work = secrets.token_hex(8)
    if not bar.shown:
        done: dict[str, Any] = client.admin(command, work=work, **arguments)
        return done
    with Client(client.path, token=client.token) as asking:
        watch: Callable[[], dict[str, Any]] = lambda: asking.admin("backup.progress", work=work)  # noqa: E731
        with bar.watching(watch):
            finished: dict[str, Any] = client.admin(command, work=work, **arguments)
            return finished
