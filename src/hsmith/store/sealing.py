"""What a record's blob is: all attributes under one AEAD with the record's identity, and blind tags for searching.

Keys. A private object is sealed under a key from its token's master key, which exists only behind a PIN. A public
object is sealed under a key from the token's root, which comes from the store secret, as does the key of the token's
own state: readable without a PIN, but neither readable nor alterable with the database alone. Each kind of record, of
each token, has a key of its own for sealing and another for tags, so a blob put in another's place does not open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct
from typing import Final, Self

from hsmith.crypto import primitives
from hsmith.crypto.primitives import Aead, Mac
from hsmith.crypto.wiping import wipe
from hsmith.spec.values import Value
from hsmith.store import codec
from hsmith.store.records import ObjectRecord, TokenRecord, ValueRecord

KEY_SIZE: Final = 32
#: 128 bits: two different values share a tag once in 2^64 tags; a found object is compared anyway.
TAG_SIZE: Final = 16

#: The first byte of what is sealed.
FORMAT: Final = 1
#: A number as SQLite keeps it, so that whatever a damaged record claims to be can be named.
_long: Final = Struct("<q").pack
#: The length of one.
_NUMBER: Final = primitives.length(8)
#: Tags that a sealer keeps ready.
_TAGS_KEPT: Final = 1024


class Damaged(Exception):
    """A record was altered, or belongs elsewhere; str() names it and holds nothing of its content."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a token's public objects and keyslots are sealed with: ``root``, 32 bytes, which tells nothing of the secret
    that it comes from. A token that moves to another store keeps it, so its records and PINs stay as they are; the
    numbers of the token and its objects there are those of its first store plus ``offset``."""

    root: bytes = field(repr=False)
    offset: int = 0

    @classmethod
    def own(cls, secret: bytes, token: int) -> Self:
        """That of a token that was made in the store of ``secret``."""
        return cls(_derive(secret, b"token root", token))


def term(attr: int, value: Value) -> bytes:
    """What the index tag of an attribute's value is computed of, by any sealer."""
    encoded = codec.encode_value(value)
    return _NUMBER + _long(attr) + primitives.length(len(encoded)) + encoded  # both framed(), in one step


class Sealer:
    """Seals the private or the public objects of one token. Thread-safe."""

    __slots__ = ("_aead", "_index", "_tags", "context", "index_key", "offset", "private", "sealing_key", "token")

    def __init__(self, root: bytes, *, token: int, private: bool, offset: int = 0) -> None:
        """``root``: the token's master key for private objects, its origin's root for public ones; 32 bytes.
        ``offset``: that of the token's origin."""
        self.token = token
        self.private = private
        self.offset = offset
        kind = b"private object" if private else b"public object"
        #: What records are sealed and tags are computed with, for native code.
        self.sealing_key = _derive(root, kind, token - offset)
        self.index_key = _derive(root, kind + b" index", token - offset)
        self._aead = Aead(self.sealing_key)
        self._index = Mac(self.index_key)
        self._tags: dict[tuple[int, int, bool], bytes] = {}
        #: What every record is bound to; behind it come its number less ``offset``, and its version.
        self.context = bytes((FORMAT, private)) + _long(token - offset)

    def __repr__(self) -> str:
        return f"Sealer(token={self.token}, private={self.private})"

    def seal(self, id: int, version: int, attributes: Mapping[int, Value]) -> ObjectRecord:
        """The object's record in its ``version`` (1 when it is new). ValueError, TypeError: values no attribute has."""
        blob = _seal(self._aead, codec.encoded(attributes), self._place(id, version))
        return ObjectRecord(self.token, id, version, self.private, blob)

    def unseal(self, record: ObjectRecord) -> dict[int, Value]:
        """The attributes. Damaged: altered, or another object's, another version's, or not of this sealer."""
        name = f"object {record.id} of token {record.token}, version {record.version},"
        if record.token != self.token or record.private != self.private:
            raise Damaged(f"{name} is filed as what it is not")
        return _unseal(self._aead, record.blob, self._place(record.id, record.version), name=name)

    def _place(self, id: int, version: int) -> bytes:
        return self.context + _long(id - self.offset) + _long(version)

    def tag(self, attr: int, value: Value) -> bytes:
        """The blind index tag of an attribute's value: 16 bytes, equal for equal values of this sealer only."""
        if not isinstance(value, int):
            return self.tag_of(term(attr, value))
        known = attr, value, isinstance(value, bool)
        found = self._tags.get(known)  # of a class, say: few values, which many objects have
        if found is None:
            found = self.tag_of(term(attr, value))
            if len(self._tags) < _TAGS_KEPT:
                self._tags[known] = found
        return found

    def tag_of(self, term: bytes) -> bytes:
        """The tag of a term()."""
        return self._index.whole(term)[:TAG_SIZE]


class TokenSealer:
    """Seals a token's own state (its label, flags, counters) under the store secret. Thread-safe."""

    __slots__ = ("_aead", "token")

    def __init__(self, secret: bytes, *, token: int) -> None:
        self.token = token
        self._aead = Aead(_derive(secret, b"token state", token))

    def __repr__(self) -> str:
        return f"TokenSealer(token={self.token})"

    def seal(self, slot: int, version: int, state: Mapping[int, Value]) -> TokenRecord:
        """The token's record in its ``version`` (1 when it is new)."""
        blob = _seal(self._aead, codec.encoded(state), self._context(slot, version))
        return TokenRecord(self.token, slot, version, blob)

    def unseal(self, record: TokenRecord) -> dict[int, Value]:
        """The state. Damaged: altered, or another token's, slot's or version's."""
        name = f"token {record.id} in slot {record.slot}, version {record.version},"
        if record.id != self.token:
            raise Damaged(f"{name} is filed as what it is not")
        return _unseal(self._aead, record.blob, self._context(record.slot, record.version), name=name)

    def _context(self, slot: int, version: int) -> bytes:
        return bytes((FORMAT,)) + _long(self.token) + _long(slot) + _long(version)


class ValueNamer:
    """Names values so that the names go with a token to another store: under the root of its origin. Thread-safe."""

    __slots__ = ("_index",)

    def __init__(self, root: bytes) -> None:
        self._index = Mac(_derive(root, b"value index", 0))

    def name(self, kind: bytes, identity: bytes) -> bytes:
        """TAG_SIZE bytes, which are the token's own: they tell nothing of the values of another."""
        return self._index(kind, identity)[:TAG_SIZE]


class ValueSealer:
    """Names and seals what is remembered of the values of keys (hsmith.core.policy). Thread-safe."""

    __slots__ = ("_aead", "_index")

    def __init__(self, secret: bytes) -> None:
        self._aead = Aead(_derive(secret, b"value", 0))
        self._index = Mac(_derive(secret, b"value index", 0))

    def name(self, kind: bytes, identity: bytes) -> bytes:
        """What a value is found by: 16 bytes that nobody without the store secret can compute from it."""
        return self._index(kind, identity)[:TAG_SIZE]

    def seal(self, name: bytes, version: int, marks: Mapping[int, Value]) -> ValueRecord:
        blob = _seal(self._aead, codec.encoded(marks), bytes((FORMAT,)) + name + _long(version))
        return ValueRecord(name, version, blob)

    def unseal(self, record: ValueRecord) -> dict[int, Value]:
        """What is remembered. Damaged: altered, or another value's or version's."""
        context = bytes((FORMAT,)) + record.name + _long(record.version)
        return _unseal(self._aead, record.blob, context, name="what is remembered of a key")


def _seal(aead: Aead, data: bytearray, context: bytes) -> bytes:
    """``data`` is overwritten: the caller made it for this."""
    try:
        return bytes((FORMAT,)) + aead.seal(data, context)  # type: ignore[arg-type]  # any buffer will do
    finally:
        wipe(data)


def _unseal(aead: Aead, blob: bytes, context: bytes, *, name: str) -> dict[int, Value]:
    if blob[:1] != bytes((FORMAT,)):
        raise Damaged(f"{name} is in an unknown format")
    try:
        data = aead.unseal(blob[1:], context)
        try:
            return codec.decode(data)
        finally:
            wipe(data)
    except primitives.Tampered:
        raise Damaged(f"{name} is damaged or was altered") from None
    except ValueError as error:
        raise Damaged(f"{name} is sealed, but no record: {error}") from None


def _derive(root: bytes, purpose: bytes, token: int) -> bytes:
    if len(root) != KEY_SIZE:
        raise ValueError(f"a sealing key is derived from {KEY_SIZE} bytes")
    return primitives.derive(root, b"hsmith 1 " + purpose + b"\0" + _long(token))
