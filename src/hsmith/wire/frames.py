"""What surrounds the calls, whose payloads hsmith.wire.codec makes: the heads of frames, and HELLO (docs/wire.md)."""

from struct import Struct
from typing import Final

from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.functions import FUNCTIONS
from hsmith.wire.values import MAX_FRAME, Received, Undecodable

__all__ = [
    "ADMIN",
    "BOTH",
    "HELLO",
    "MAGIC",
    "MAX_FRAME",
    "NEW_APPLICATION",
    "PAIR",
    "REPLY",
    "REQUEST",
    "VERSION",
    "decode_hello",
    "decode_hello_reply",
    "encode_hello",
    "encode_hello_reply",
    "table_hash",
]

VERSION: Final = 1
MAGIC: Final = b"HSMITH"
HELLO: Final = 0xFF00
ADMIN: Final = 0xFF01
BOTH: Final = 0xFF02
#: The application token of who has none yet.
NEW_APPLICATION: Final = bytes(16)

#: length, function, flags, before the arguments of a request; the length counts what follows it.
REQUEST: Final = Struct("<IHH")
#: The two functions of a BOTH, bytes of the first one's arguments, and which of them may differ from time to time.
PAIR: Final = Struct("<HHHHHH")
#: length, rv, before the results of a reply.
REPLY: Final = Struct("<II")

_hello_begin: Final = Struct("<6sH")
_hello: Final = Struct("<6sHQ16sI")
_hello_reply: Final = Struct("<HQ16sI")


def table_hash() -> int:
    """64 bits of a hash over what the two ends should agree on: functions, parameters and the kinds of attributes."""
    from hashlib import sha256

    from hsmith.spec.params import PARAMS  # Clients have the hash from hsmith.wire.tables, and start without these.

    lines = [f"{row.number} {row.name} {[(name, kind.name) for name, kind in row.arguments]}" for row in FUNCTIONS]
    lines += [f"{row.number} {row.struct} {[(f.name, f.kind.name) for f in row.fields]}" for row in PARAMS]
    lines += [f"{int(attr)} {row.kind.name}" for attr, row in sorted(ATTRIBUTES.items())]
    return int.from_bytes(sha256("\n".join(lines).encode()).digest()[:8], "little")


def encode_hello(tables: int, application: bytes, pid: int) -> bytes:
    """The payload of a HELLO request."""
    return _hello.pack(MAGIC, VERSION, tables, application, pid)


def decode_hello(payload: Received) -> tuple[int, bytes, int]:
    """(version, application token, process id). Of another version than ours only the begin is known: the rest is
    NEW_APPLICATION and 0. The hash of the tables is for the log of the other end. Raises Undecodable."""
    if len(payload) < _hello_begin.size or bytes(payload[: len(MAGIC)]) != MAGIC:
        raise Undecodable("the first frame is not a HELLO")
    version: int = _hello_begin.unpack_from(payload)[1]
    if version != VERSION:
        return version, NEW_APPLICATION, 0
    if len(payload) != _hello.size:
        raise Undecodable("a HELLO has the wrong length")
    _, _, _, application, pid = _hello.unpack(payload)
    return version, application, pid


def encode_hello_reply(tables: int, application: bytes, sentence: str = "") -> bytes:
    """The payload of the reply to HELLO; ``sentence`` says why it is refused."""
    text = sentence.encode()
    return _hello_reply.pack(VERSION, tables, application, len(text)) + text


def decode_hello_reply(payload: Received) -> tuple[bytes, str]:
    """(application token, sentence). Raises Undecodable."""
    if len(payload) < _hello_reply.size:
        raise Undecodable("the reply to HELLO is cut short")
    _, _, application, length = _hello_reply.unpack_from(payload)
    text = bytes(payload[_hello_reply.size :])
    if len(text) != length:
        raise Undecodable("the reply to HELLO has the wrong length")
    return application, text.decode("utf-8", "replace")
