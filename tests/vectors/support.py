"""What the runners of published vectors share: which cases, and keys made of raw values."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from hsmith.spec.constants import Attr, Kdf, KeyType, Mechanism, MechanismFlag, Mgf, ObjectClass
from hsmith.spec.mechanisms import MECHANISMS
from p11 import P11Error, Session, make

H = bytes.fromhex
ALL: Final = os.environ.get("HSMITH_VECTORS") == "all"
#: Without HSMITH_VECTORS=all, every n-th case.
SAMPLE: Final = 4

#: OIDs of curves as DER, by the name that Wycheproof gives them.
CURVES: Final = {
    "secp256r1": H("06082a8648ce3d030107"),
    "P-256": H("06082a8648ce3d030107"),
    "secp384r1": H("06052b81040022"),
    "P-384": H("06052b81040022"),
    "secp521r1": H("06052b81040023"),
    "P-521": H("06052b81040023"),
    "secp256k1": H("06052b8104000a"),
    "curve25519": H("06032b656e"),
    "curve448": H("06032b656f"),
    "edwards25519": H("06032b6570"),
    "edwards448": H("06032b6571"),
}
_HASHES: Final = {
    "SHA-1": ("SHA_1", "SHA1"),
    **{f"SHA-{n}": (f"SHA{n}", f"SHA{n}") for n in (224, 256, 384, 512)},
    **{f"SHA3-{n}": (f"SHA3_{n}", f"SHA3_{n}") for n in (224, 256, 384, 512)},
    "SHA-512/224": ("SHA512_224", "SHA512_224"),
    "SHA-512/256": ("SHA512_256", "SHA512_256"),
}


def folder() -> Path | None:
    """Where Wycheproof's files are: HSMITH_WYCHEPROOF, or beside the checkout."""
    given = os.environ.get("HSMITH_WYCHEPROOF")
    path = Path(given) if given else Path(__file__).resolve().parents[3] / "shared" / "vectors" / "wycheproof"
    return path if (path / "MANIFEST.tsv").exists() else None


def sampled(cases: Iterable[Any], every: int = SAMPLE) -> Iterator[Any]:
    return (case for at, case in enumerate(cases) if ALL or at % every == 0)


def digest(name: str) -> Mechanism:
    return Mechanism[_HASHES[name][0]]


def named(name: str, form: str) -> Mechanism:
    """A mechanism that has a hash in its name, as ``named("SHA-256", "ECDSA_{}")``."""
    return Mechanism[form.format(_HASHES[name][1])]


def mgf(name: str) -> Mgf:
    return Mgf[f"MGF1_{_HASHES[name][1]}"]


class Bench:
    """A session, and the keys that were already made in it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._made: dict[Any, int] = {}

    def key(self, cls: ObjectClass, key_type: KeyType, **attributes: Any) -> int:
        """The handle of a session object with these attributes, made once. Usages as ``uses="SIGN VERIFY"``."""
        uses = attributes.pop("uses", "")
        place = (cls, key_type, uses, *attributes.items())
        if place not in self._made:
            template: dict[int, Any] = {Attr.CLASS: int(cls), Attr.KEY_TYPE: int(key_type), Attr.TOKEN: False}
            template |= {Attr[name]: value for name, value in attributes.items()}
            template |= {use: Attr[use.name].name in uses.split() for use in _usages(cls)}
            if cls != ObjectClass.PUBLIC_KEY:
                template |= {Attr.PRIVATE: True, Attr.SENSITIVE: False, Attr.EXTRACTABLE: True}
            self._made[place] = self.session.create(template)
        return self._made[place]

    def secret(self, key_type: KeyType, value: bytes, uses: str) -> int:
        return self.key(ObjectClass.SECRET_KEY, key_type, VALUE=value, uses=uses)

    def value(self, handle: int) -> bytes:
        found: bytes = self.session.get(handle, Attr.VALUE)
        return found

    def read_out(self, handle: int) -> bytes:
        """The value of a key that was just made, which is then destroyed."""
        try:
            return self.value(handle)
        finally:
            self.session.destroy(handle)

    def rsa(self, encoded: bytes, uses: str) -> int:
        """An RSA private key from its PrivateKeyInfo."""
        native = load_der_private_key(encoded, None)
        assert isinstance(native, rsa.RSAPrivateKey)
        n = native.private_numbers()
        parts = {
            "MODULUS": n.public_numbers.n, "PUBLIC_EXPONENT": n.public_numbers.e, "PRIVATE_EXPONENT": n.d,
            "PRIME_1": n.p, "PRIME_2": n.q, "EXPONENT_1": n.dmp1, "EXPONENT_2": n.dmq1, "COEFFICIENT": n.iqmp,
        }  # fmt: skip
        return self.key(
            ObjectClass.PRIVATE_KEY, KeyType.RSA, uses=uses, **{name: big(value) for name, value in parts.items()}
        )

    def agree(self, private: int, public: bytes) -> bytes:
        params = make("ECDH1_DERIVE_PARAMS", kdf=int(Kdf.NULL), pPublicData=public)
        return self.read_out(self.session.derive(private, (Mechanism.ECDH1_DERIVE, params), READABLE))


#: A template for secrets whose value a test looks at.
READABLE: Final[dict[int, Any]] = {
    Attr.CLASS: int(ObjectClass.SECRET_KEY),
    Attr.KEY_TYPE: int(KeyType.GENERIC_SECRET),
    Attr.TOKEN: False,
    Attr.SENSITIVE: False,
    Attr.EXTRACTABLE: True,
}

_BY_CLASS: Final = {
    ObjectClass.SECRET_KEY: "ENCRYPT DECRYPT SIGN VERIFY WRAP UNWRAP DERIVE",
    ObjectClass.PRIVATE_KEY: "DECRYPT SIGN SIGN_RECOVER UNWRAP DERIVE DECAPSULATE",
    ObjectClass.PUBLIC_KEY: "ENCRYPT VERIFY VERIFY_RECOVER WRAP DERIVE ENCAPSULATE",
}


def _usages(cls: ObjectClass) -> list[Attr]:
    return [Attr[name] for name in _BY_CLASS[cls].split()]


def big(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8 or 1, "big")


def offered(mechanism: Mechanism, flag: MechanismFlag) -> bool:
    row = MECHANISMS.get(mechanism)
    return row is not None and bool(row.flags & flag)


__all__ = [
    "ALL",
    "CURVES",
    "READABLE",
    "Bench",
    "H",
    "P11Error",
    "big",
    "digest",
    "folder",
    "make",
    "mgf",
    "named",
    "offered",
    "sampled",
]
