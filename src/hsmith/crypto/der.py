"""The few DER forms that attributes and key encodings need: written, and read with every length checked."""

from typing import Final

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
OID: Final = 0x06
PRINTABLE_STRING: Final = 0x13
SEQUENCE: Final = 0x30

NULL: Final = b"\x05\x00"


def encode(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def sequence(*items: bytes) -> bytes:
    return encode(SEQUENCE, b"".join(items))


def integer(number: int) -> bytes:
    return encode(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return encode(OID, b"".join(_arc(arc) for arc in (40 * first + second, *rest)))


def _arc(arc: int) -> bytes:
    groups = [arc & 0x7F]
    while arc := arc >> 7:
        groups.append(0x80 | arc & 0x7F)
    return bytes(reversed(groups))


def read(data: bytes) -> tuple[int, bytes, bytes] | None:
    """(tag, content, what follows) of the first element; None when it is not definite-length DER or is cut short."""
    if len(data) < 2:
        return None
    length, start = data[1], 2
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or len(data) < 2 + count:
            return None
        start, length = 2 + count, int.from_bytes(data[2 : 2 + count], "big")
        if length < 0x80 or data[2] == 0:
            return None  # DER has the shortest form only
    if len(data) < start + length:
        return None
    return data[0], data[start : start + length], data[start + length :]


def unwrap(tag: int, data: bytes) -> bytes | None:
    """The content, when ``data`` is exactly one element with this tag."""
    found = read(data)
    return found[1] if found is not None and found[0] == tag and not found[2] else None


def items(content: bytes) -> list[tuple[int, bytes]] | None:
    """The (tag, content) of each element of a constructed value's content; None when it does not parse."""
    found: list[tuple[int, bytes]] = []
    while content:
        element = read(content)
        if element is None:
            return None
        found.append(element[:2])
        content = element[2]
    return found
