"""softhsm2-dump-file: what an object file of SoftHSM 2 has. Its exit code is 1 after a dump, as SoftHSM's own."""

from collections.abc import Iterator
from enum import IntEnum

from hsmith.cli.output import complain, say
from hsmith.spec.constants import UNAVAILABLE, Attr, CertificateType, KeyType, Mechanism, ObjectClass

USAGE = "SoftHSM dump tool. From SoftHSM v2 object file.\nUsage: softhsm2-dump-file path"
KINDS = {
    1: "boolean attribute",
    2: "unsigned long attribute",
    3: "byte string attribute",
    4: "attribute map attribute",
    5: "mechanism set attribute",
}
_VENDOR, _OPENPGP = 1 << 31, 0x80504750
_OWN = {
    0x80005348: "CKA_VENDOR_SOFTHSM",
    0x80005349: "CKA_OS_TOKENLABEL",
    0x8000534A: "CKA_OS_TOKENSERIAL",
    0x8000534B: "CKA_OS_TOKENFLAGS",
    0x8000534C: "CKA_OS_SOPIN",
    0x8000534D: "CKA_OS_USERPIN",
}
#: Attributes whose numbers have names: the family, and its prefix.
_NAMED: dict[int, tuple[type[IntEnum], str]] = {
    Attr.CLASS: (ObjectClass, "CKO"),
    Attr.KEY_TYPE: (KeyType, "CKK"),
    Attr.CERTIFICATE_TYPE: (CertificateType, "CKC"),
    Attr.KEY_GEN_MECHANISM: (Mechanism, "CKM"),
}
#: Of names that the standard gave anew, those that SoftHSM prints.
_SPELT = {"CKA_ECDSA_PARAMS": "CKA_EC_PARAMS", "CKA_SUBPRIME_BITS": "CKA_SUB_PRIME_BITS"}


def run(words: list[str]) -> int:
    if len(words) != 1:
        say(USAGE)
        return 0
    try:
        with open(words[0], "rb") as file:
            data = file.read()
    except OSError:
        complain(f"can't open object file {words[0]}")
        return 0
    say(f'Dump of object file "{words[0]}"')
    for line in _dump(data):
        say(line)
    return 1


class _Ended(Exception):
    """The data ended inside a value: ``at`` is where it begins."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at


def _dump(data: bytes) -> Iterator[str]:
    if not data:
        yield "empty file"
        return
    try:
        yield f"{_hex(data[:8])} generation {_number(data, 0)}"
        yield from _attributes(data, 8, len(data), inner="")
    except _Ended as ended:
        rest = data[ended.at :]
        if rest:
            yield _hex(rest[:8]) + ("..." if len(rest) > 8 else "")


def _number(data: bytes, at: int) -> int:
    if at + 8 > len(data):
        raise _Ended(at)
    return int.from_bytes(data[at : at + 8], "big")


def _attributes(data: bytes, at: int, end: int, *, inner: str) -> Iterator[str]:
    """``inner``: a blank for what is in an attribute map."""
    while at < end:
        attribute = _number(data, at)
        yield f"{_hex(data[at : at + 8])} {inner}{_attribute(attribute)}"
        kind = _number(data, at + 8)
        yield f"{_hex(data[at + 8 : at + 16])} {inner}{KINDS.get(kind, 'unknown attribute format')}"
        at += 16
        if kind == 1:
            if at >= len(data):
                raise _Ended(at)
            words = {0: "FALSE", 0xFF: "TRUE"}.get(data[at], "(invalid) TRUE")
            yield f"{data[at]:02x}                      {inner}{words}"
            at += 1
        elif kind == 2:
            yield f"{_hex(data[at : at + 8])} {inner}{_value(attribute, _number(data, at))}"
            at += 8
        elif kind in (3, 4, 5):
            length = _number(data, at)
            yield f"{_hex(data[at : at + 8])} {inner}(length {length})"
            last = at + 8 + length * (8 if kind == 5 else 1)
            if last > len(data):
                raise _Ended(at + 8)
            yield from _long(data, at + 8, last, kind, inner)
            at = last
        else:
            raise _Ended(at)


def _long(data: bytes, at: int, end: int, kind: int, inner: str) -> Iterator[str]:
    if kind == 4:
        yield from _attributes(data, at, end, inner=" ")
    elif kind == 5:
        for place in range(at, end, 8):
            number = _number(data, place)
            yield f"{_hex(data[place : place + 8])} {inner}{_family(Mechanism, 'CKM', number)}"
    else:
        for place in range(at, end, 8):
            part = data[place : min(place + 8, end)]
            text = "".join(chr(byte) if 0x21 <= byte <= 0x7E else "." for byte in part)
            yield f"{_hex(part):23} {inner}<{text:8}>"


def _hex(data: bytes) -> str:
    return data.hex(" ")


def _attribute(number: int) -> str:
    if number in _OWN:
        return _OWN[number]
    name = _family(Attr, "CKA", number)
    return _SPELT.get(name, name)


def _value(attribute: int, number: int) -> str:
    if number & 0xFFFFFFFF == UNAVAILABLE & 0xFFFFFFFF:
        return "CK_UNAVAILABLE_INFORMATION"
    if attribute in _NAMED:
        return _family(*_NAMED[attribute], number)
    return f"CK_ULONG {number}(0x{number:x})"


def _family(family: type[IntEnum], prefix: str, number: int) -> str:
    if (prefix, number) == ("CKC", _OPENPGP):
        return "CKC_OPENPGP"
    if number in family._value2member_map_:
        return f"{prefix}_{family(number).name}"
    if number & _VENDOR:
        return f"{prefix}_VENDOR_DEFINED | 0x{number & ~_VENDOR:x}"
    return f"unknown 0x{number:x}"
