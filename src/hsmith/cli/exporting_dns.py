"""DNSKEY and DS records (RFC 4034) of a token's keys."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Self

from hsmith.cli.parser import Usage, suggestion
from hsmith.home import Trouble

#: By mnemonic: the algorithm's number, and the kind of key that it takes.
ALGORITHMS = {
    "RSASHA1": (5, "RSA"),
    "NSEC3RSASHA1": (7, "RSA"),
    "RSASHA256": (8, "RSA"),
    "RSASHA512": (10, "RSA"),
    "ECDSAP256SHA256": (13, "secp256r1"),
    "ECDSAP384SHA384": (14, "secp384r1"),
    "ED25519": (15, "Ed25519"),
    "ED448": (16, "Ed448"),
}
#: Unless --algorithm says it.
_DEFAULTS = {"RSA": "RSASHA256"} | {kind: name for name, (_, kind) in ALGORITHMS.items() if kind != "RSA"}
DIGESTS = {"sha1": 1, "sha256": 2, "sha384": 4}
_PROTOCOL = 3
_MOST_LABEL, _MOST_NAME = 63, 255  # bytes, RFC 1035 section 2.3.4


@dataclass(frozen=True, slots=True)
class Record:
    """``owner``: the zone's name with its last dot. ``data``: the RDATA of the DNSKEY."""

    owner: str
    wire: bytes
    data: bytes

    @classmethod
    def of(cls, info: bytes, *, zone: str, flags: int, algorithm: str | None) -> Self:
        """``info``: a SubjectPublicKeyInfo. Raises Usage, Trouble."""
        from hsmith.crypto.files.public import dns_public

        owner = zone.rstrip(".") + "."
        if not 0 <= flags <= 0xFFFF:
            raise Usage(f"The flags of a DNSKEY are a number up to 65535, such as 257 or 256, not {flags}.")
        try:
            kind, key = dns_public(info)
        except ValueError as error:
            raise Trouble(f"The key cannot sign a zone: {error}.") from None
        number = _number(kind, algorithm)
        data = flags.to_bytes(2, "big") + bytes((_PROTOCOL, number)) + key
        return cls(owner, _wire(owner), data)

    @property
    def key_tag(self) -> int:
        """RFC 4034, appendix B."""
        padded = self.data + b"\0" * (len(self.data) % 2)
        total = sum(int.from_bytes(padded[at : at + 2], "big") for at in range(0, len(padded), 2))
        return (total + (total >> 16)) & 0xFFFF

    def dnskey(self, ttl: int | None) -> str:
        flags, algorithm = int.from_bytes(self.data[:2], "big"), self.data[3]
        key = base64.b64encode(self.data[4:]).decode()
        return f"{self._start(ttl)} DNSKEY {flags} {_PROTOCOL} {algorithm} {key}"

    def ds(self, digest: str, ttl: int | None) -> str:
        text = hashlib.new(digest, self.wire + self.data, usedforsecurity=False).hexdigest().upper()
        return f"{self._start(ttl)} DS {self.key_tag} {self.data[3]} {DIGESTS[digest]} {text}"

    def _start(self, ttl: int | None) -> str:
        return f"{self.owner} IN" if ttl is None else f"{self.owner} {ttl} IN"


def _number(kind: str, algorithm: str | None) -> int:
    if algorithm is None:
        algorithm = _DEFAULTS.get(kind, "")
    by_number = {str(number): name for name, (number, _) in ALGORITHMS.items()}
    name = by_number.get(algorithm, algorithm.upper())
    if not name:
        raise Trouble(f"The key cannot sign a zone: DNSSEC has no algorithm for the curve {kind}.")
    if name not in ALGORITHMS:
        raise Usage(f"There is no algorithm '{algorithm}'{suggestion(name, ALGORITHMS)}.")
    number, wanted = ALGORITHMS[name]
    if wanted != kind:
        raise Usage(f"The algorithm {name} takes keys of the kind {wanted}; this one is of the kind {kind}.")
    return number


def _wire(owner: str) -> bytes:
    """The name in its canonical form (RFC 4034, section 6.2)."""
    try:
        labels = [label.encode("ascii") for label in owner.lower().split(".")[:-1]]
    except UnicodeEncodeError:
        raise Usage(f"The zone '{owner}' is not written in ASCII: give its form with xn--.") from None
    if labels == [b""]:
        labels = []  # the root
    wire = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    if not all(0 < len(label) <= _MOST_LABEL for label in labels) or len(wire) > _MOST_NAME:
        raise Usage(f"'{owner}' is no name of a zone.")
    return wire
