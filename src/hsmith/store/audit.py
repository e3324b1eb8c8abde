"""The audit log as it is stored: a chain of records, of which none can be altered, left out or cut off unnoticed.

Each record's digest covers the one before it, so who has one digest vouches for all that came earlier. A MAC under the
store's key stops whoever can write the file from making the chain anew; the ledger has the last number and digest, so a
cut end is missed. Signed checkpoints say the same to those who have only an export and the store's public key.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import apsw

from hsmith.crypto import primitives
from hsmith.crypto.primitives import Mac
from hsmith.crypto.vouching import voucher
from hsmith.store.rows import insert

#: The digest before the first record.
START: Final = bytes(32)
_MAC_SIZE: Final = 16
CHECKPOINT: Final = "checkpoint"
#: The record that tells where a pruned log begins: it has the number and the digest of the last record that is gone.
PRUNED: Final = "pruned"

_BEGINS: Final = '{"event":"pruned"'
_PRUNINGS: Final = "SELECT text FROM audit WHERE text GLOB ? ORDER BY number"
LAST: Final = "SELECT number, chain FROM audit ORDER BY number DESC LIMIT 1"
_INSERT: Final = "INSERT INTO audit (number, text, chain, mac) VALUES "
#: The largest number that SQLite holds.
_LARGEST: Final = (1 << 63) - 1
#: Records that are added by one statement: all or none.
_AT_ONCE: Final = 16
_ALL: Final = "SELECT number, text, chain, mac FROM audit WHERE number > ? ORDER BY number LIMIT ?"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its number, its text (JSON) and the chain's digest after it."""

    number: int
    text: str
    chain: bytes


class Links(Mac):
    """The MAC of a store's audit log, and what it makes of records."""

    __slots__ = ("_voucher",)

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self._voucher = voucher(key)

    def rows(self, texts: Sequence[str], head: tuple[int, bytes]) -> list[tuple[int, str, bytes, bytes]]:
        """Number, text, digest and code of each record behind ``head``, the last one before."""
        number, chain = head
        made = None
        if self._voucher is not None and 0 <= number < _LARGEST:
            made = self._voucher.links(number, chain, [_bytes(text) for text in texts])
        if made is None:
            made = []
            for at, text in enumerate(texts, start=number + 1):
                chain = follow(chain, at, text)
                made.append((chain, self(chain)[:_MAC_SIZE]))
        return [(at, text, *link) for at, (text, link) in enumerate(zip(texts, made, strict=True), start=number + 1)]


class Signer:
    """The keys of a store's audit log. ``public``: the Ed25519 key (32 bytes) that its checkpoints are checked with."""

    def __init__(self, secret: bytes) -> None:
        self.mac = Links(primitives.derive(secret, b"hsmith 1 audit mac"))
        self._seed = primitives.derive(secret, b"hsmith 1 audit sign")
        self.public = primitives.signing_public(self._seed)

    def checkpoint(self, number: int, chain: bytes) -> str:
        """The signature, in hex, that vouches for all records up to ``number``."""
        return primitives.sign(self._seed, _vouched(number, chain)).hex()


def append(connection: apsw.Connection, texts: Sequence[str], mac: Links, head: tuple[int, bytes]) -> tuple[int, bytes]:
    """Add records in the open transaction, and give the last one. ``head``: the last one before, as known: behind a cut
    end the log goes on with a gap, and behind records that somebody else put there, so that what is wrong stays."""
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        try:
            head = _put(connection, some, mac, head)
        except apsw.ConstraintError:
            head = _put(connection, some, mac, last(connection))
    return head


def _put(connection: apsw.Connection, texts: Sequence[str], mac: Links, head: tuple[int, bytes]) -> tuple[int, bytes]:
    rows = mac.rows(texts, head)
    insert(connection, _INSERT, rows)
    return rows[-1][0], rows[-1][2]


def prune(connection: apsw.Connection, keep: int, mac: Links, head: tuple[int, bytes]) -> tuple[int, bytes]:
    """Delete all but the last ``keep`` records in the open transaction, and give the last one. What stays can be
    verified as before."""
    upto = last(connection)[0] - keep
    found = connection.execute("SELECT chain FROM audit WHERE number = ?", (upto,)).fetchone()
    if found is None:
        return head
    text = json.dumps({"event": PRUNED, "upto": upto, "chain": found[0].hex()}, separators=(",", ":"))
    head = append(connection, [text], mac, head)
    connection.execute("DELETE FROM audit WHERE number <= ?", (upto,))
    return head


def _begin(texts: Iterable[str]) -> tuple[int, bytes]:
    """The number and the digest before the first record that is there, as the last of ``texts`` that tells it says."""
    begin = 0, START
    for text in texts:
        if text.startswith(_BEGINS):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                fields = json.loads(text)
                begin = int(fields["upto"]), bytes.fromhex(fields["chain"])
    return begin


def last(connection: apsw.Connection) -> tuple[int, bytes]:
    found: tuple[int, bytes] | None = connection.execute(LAST).fetchone()
    return found or (0, START)


def follow(chain: bytes, number: int, text: str) -> bytes:
    """The chain's digest after one more record."""
    return hashlib.sha256(chain + number.to_bytes(8, "big") + _bytes(text)).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def read(connection: apsw.Connection, *, after: int, limit: int) -> list[Record]:
    return [Record(number, text, chain) for number, text, chain, _ in connection.execute(_ALL, (after, limit))]


def verify(connection: apsw.Connection, signer: Signer, head: tuple[int, bytes]) -> str | None:
    """The first thing that is wrong, in a sentence; None: the log is whole. ``head``: the last record, as known."""
    number, chain = _begin(text for (text,) in connection.execute(_PRUNINGS, (_BEGINS + "*",)))
    for found, text, stored, mac in connection.execute(_ALL, (0, -1)):
        number += 1
        if found != number:
            return f"record {number} is missing"
        chain = follow(chain, number, str(text))
        if stored != chain or not primitives.equal(bytes(mac), signer.mac(chain)[:_MAC_SIZE]):
            return f"record {number} was altered"
    if number < head[0]:
        return f"record {number + 1} is missing: the log ends too early"
    return None if (number, chain) == head else "the last record was altered"


def verify_export(lines: Iterable[str], public: bytes) -> tuple[int, str | None]:
    """Check an export with nothing but the store's public key: how many records are vouched for by a checkpoint, and
    the first thing that is wrong."""
    parsed = [_parsed(line) for line in lines]
    before, chain = _begin(record["text"] for record in parsed if record is not None)
    vouched = 0
    digests: dict[int, bytes] = {}
    for number, record in enumerate(parsed, start=before + 1):
        if record is None or record["number"] != number:
            return vouched, f"record {number} is missing"
        chain = follow(chain, number, record["text"])
        if chain.hex() != record["chain"]:
            return vouched, f"record {number} was altered"
        digests[number] = chain
        for upto, signature in _checkpoints(record["text"]):
            if upto not in digests or not primitives.verify(public, signature, _vouched(upto, digests[upto])):
                return vouched, f"the checkpoint in record {number} is false: records up to {upto} were altered"
            vouched = upto
    return vouched, None


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
        whole = isinstance(record["text"], str) and isinstance(record["chain"], str) and type(record["number"]) is int
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return record if whole else None


def _checkpoints(text: str) -> Iterator[tuple[int, bytes]]:
    try:
        fields = json.loads(text)
        if fields["event"] == CHECKPOINT:
            yield int(fields["upto"]), bytes.fromhex(fields["signature"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return


def _vouched(number: int, chain: bytes) -> bytes:
    return b"hsmith audit 1" + number.to_bytes(8, "big") + chain
