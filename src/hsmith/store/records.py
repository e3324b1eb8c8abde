"""What is durable: records, the changes that are made to them, and the Store that keeps them.

A store knows nothing of what is in a blob: sealing and index tags are made above it (hsmith.store.sealing). All
changes given to one call of change() are made together or not at all, and are on disk when it returns.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from hsmith.spec.structure import structure
from hsmith.store.entries import Row

if TYPE_CHECKING:
    from hsmith.store.audit import Links, Record, Signer

#: (place of the tag that was looked for, id, and the columns of the object's row, or none of them).
Hit = tuple[Any, ...]
#: In place of an object's row.
NOT_READ: Final[Row] = ()


@structure
class TokenRecord:
    """A token. ``id`` is never used again; ``slot`` is its slot ID for ever; ``blob`` is its sealed state."""

    id: int
    slot: int
    version: int
    blob: bytes


@structure
class KeyslotRecord:
    """A way to the token's master key. ``name``: "so", "user", or "user:NAME". ``blob``: the wrapped key with its KDF's
    parameters. ``failures``: wrong PINs since the last right one."""

    token: int
    name: str
    blob: bytes
    failures: int


@structure
class ObjectRecord:
    """A token object. ``version`` counts its changes and is bound into ``blob``. ``private``: sealed under the
    master key."""

    token: int
    id: int
    version: int
    private: bool
    blob: bytes


@structure
class ValueRecord:
    """What is remembered of a key's value, whatever objects have it: it outlives them and belongs to no token.

    ``name``: what the value is found by, which tells nothing of it. ``version`` counts its changes."""

    name: bytes
    version: int
    blob: bytes


@structure
class PutValue:
    """Insert, or replace an earlier version; where a later one is stored already, nothing is done."""

    record: ValueRecord


@structure
class PutToken:
    """Insert (version 1) or replace (the stored version must be one less)."""

    record: TokenRecord


@structure
class DeleteToken:
    """Delete the token with its keyslots, objects and index."""

    token: int


@structure
class ClearObjects:
    """Delete all objects and keyslots of a token (C_InitToken), not the token."""

    token: int


@structure
class PutKeyslot:
    record: KeyslotRecord


@structure
class DeleteKeyslot:
    token: int
    name: str


@structure
class SetFailures:
    """Set a keyslot's counter of wrong PINs."""

    token: int
    name: str
    failures: int


@structure
class PutObject:
    """Insert (version 1) or replace (the stored version must be one less) with its index tags, all of them."""

    record: ObjectRecord
    tags: tuple[bytes, ...]


@structure
class AddObject:
    """Insert what was made in another store, in whatever version it is."""

    record: ObjectRecord
    tags: tuple[bytes, ...]


class NewObject(NamedTuple):
    """Insert an object that was just made: its row. ``tags``: hsmith.store.backlog.packed()."""

    id: int
    token: int
    version: int
    private: bool
    tags: bytes
    blob: bytes


@structure
class DeleteObject:
    """Delete an object with its index; it must exist."""

    token: int
    id: int


class Append(NamedTuple):
    """Add records to the audit log (hsmith.store.audit). ``head``: gives the number and digest of the last one."""

    texts: tuple[str, ...]
    mac: "Links"
    head: Callable[[], tuple[int, bytes]]


@structure
class Prune:
    """Keep the last ``keep`` records of the audit log, and one that tells where it begins now."""

    keep: int
    mac: "Links" = field(repr=False)
    head: Callable[[], tuple[int, bytes]]


Change = (
    PutToken
    | DeleteToken
    | ClearObjects
    | PutKeyslot
    | DeleteKeyslot
    | SetFailures
    | PutObject
    | AddObject
    | NewObject
    | DeleteObject
    | PutValue
    | Append
    | Prune
)


class Conflict(Exception):
    """A change's version did not follow the stored one, or its record is gone: nothing of the call was made."""


class StoreFull(Exception):
    """The disk, or a limit, is full: nothing of the call was made; reading goes on."""


class StoreBroken(Exception):
    """The storage failed; str() says in words what happened and what to do. Nothing was acknowledged."""


class Store(Protocol):
    """Thread-safe. Reads see every acknowledged change."""

    @property
    def directory(self) -> int:
        """The address of what native code searches in (native/directory.h); 0: there is none."""

    def fill_directory(self, pause: Callable[[], object]) -> None:
        """Let it know what was there when the store was opened; ``pause`` is called now and then. Damaged, StoreBroken:
        it cannot."""

    def change(self, changes: Sequence[Change]) -> None:
        """Make all changes, durably, or none. Raises Conflict, StoreFull or StoreBroken."""

    def change_each(self, calls: Sequence[Sequence[Change]]) -> list[Exception | None]:
        """The changes of several calls, each all or none: for each its Conflict, StoreFull or StoreBroken, or None.
        Raises StoreBroken where the store is closed."""

    def reserve(self) -> int:
        """A number for a new token or object that was never given before (not even before a crash)."""

    def reserve_many(self, count: int) -> range:
        """As many such numbers, one after the other."""

    def figures(self) -> dict[str, Any]:
        """What was written since it was opened: ``commits``, ``changes`` (the calls that they were for), ``log_pages``
        that wait to be copied into the database, ``broken``: why nothing can be written, or "", and ``directory``: the
        objects among which searches look without the database, or -1 where they do not, or not yet."""

    def tokens(self) -> list[TokenRecord]:
        """All tokens, by slot."""

    def check_token(self, id: int) -> None:
        """Damaged: the token's record is not the one that was stored last."""

    def keyslots(self, token: int) -> list[KeyslotRecord]: ...

    def object(self, token: int, id: int) -> ObjectRecord | None:
        """Damaged (hsmith.store.sealing): the record is not the one that was stored last, or was taken away."""

    def has_tags(self, token: int, id: int, tags: Sequence[bytes], row: Row = NOT_READ) -> bool:
        """Whether the object was stored with all these tags, whatever the index says. Damaged: as above. ``row``: what
        find_few() brought of it."""

    def objects(self, token: int, ids: Iterable[int]) -> list[ObjectRecord]:
        """Those of ``ids`` that exist, by id."""

    def page(self, token: int, *, after: int, limit: int) -> list[tuple[ObjectRecord, tuple[bytes, ...]]]:
        """The next ``limit`` objects with an id greater than ``after``, by id, each with its tags."""

    def find(self, token: int, tags: Sequence[bytes], *, after: int = 0, limit: int = -1) -> list[int]:
        """Ids, ascending and greater than ``after``, of the objects that have every one of ``tags`` (none: all).
        The first tag is the most selective: the cost is that of the objects which have it."""

    def find_each(self, token: int, searches: Sequence[Sequence[bytes]]) -> list[list[int]]:
        """What find() gives for each of ``searches``, in about the time of one."""

    def find_few(self, token: int, tags: Sequence[bytes], most: int, *, rows: bool = False) -> list[Hit] | None:
        """What has one of one or two ``tags``, in the order of the tags and of the ids; None when that is more than
        ``most`` in all. ``rows``: each with its row, for has_tags(), where it can be had at once."""

    def count(self, token: int) -> int: ...

    def value(self, name: bytes) -> ValueRecord | None:
        """Damaged: as above."""

    def value_names(self, *, after: bytes, limit: int) -> list[bytes]:
        """The next ``limit`` names of values greater than ``after``, in order."""

    def audit(self, *, after: int, limit: int) -> "list[Record]":
        """The next ``limit`` records of the audit log with a number greater than ``after``."""

    def verify_audit(self, signer: "Signer") -> str | None:
        """The first thing that is wrong with the audit log, in a sentence, or None."""

    def audited(self) -> tuple[int, bytes]:
        """The number and the digest of the last record of the audit log."""

    def inspect(self) -> list[str]:
        """All that is wrong with what is stored, a sentence each; it takes a look at all of it."""

    def close(self) -> None: ...
