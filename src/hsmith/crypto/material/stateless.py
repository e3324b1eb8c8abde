"""SLH-DSA keys (section "SLH-DSA"; FIPS 205)."""

from dataclasses import dataclass
from typing import Any, Final

from pqcrypto import pqcrypto

from hsmith.crypto import der
from hsmith.crypto.key import Attributes, Key, invalid, need
from hsmith.crypto.material.base import Material, class_of
from hsmith.crypto.material.lattice import parameter_set
from hsmith.spec.constants import Attr, KeyType, ObjectClass, SlhDsaParameterSet


@dataclass(frozen=True, slots=True)
class SlhSet:
    """One parameter set: its number, its OID (RFC 9909) and the library's class."""

    number: SlhDsaParameterSet
    oid: str
    library: Any


def _row(arc: int, name: str, library: Any) -> SlhSet:
    return SlhSet(SlhDsaParameterSet[f"SLH_DSA_{name}"], f"2.16.840.1.101.3.4.3.{arc}", library)


SLH_SETS: Final[dict[int, SlhSet]] = {
    row.number: row
    for row in (
        _row(20, "SHA2_128S", pqcrypto.SlhDsaSha2_128s),
        _row(21, "SHA2_128F", pqcrypto.SlhDsaSha2_128f),
        _row(22, "SHA2_192S", pqcrypto.SlhDsaSha2_192s),
        _row(23, "SHA2_192F", pqcrypto.SlhDsaSha2_192f),
        _row(24, "SHA2_256S", pqcrypto.SlhDsaSha2_256s),
        _row(25, "SHA2_256F", pqcrypto.SlhDsaSha2_256f),
        _row(26, "SHAKE_128S", pqcrypto.SlhDsaShake_128s),
        _row(27, "SHAKE_128F", pqcrypto.SlhDsaShake_128f),
        _row(28, "SHAKE_192S", pqcrypto.SlhDsaShake_192s),
        _row(29, "SHAKE_192F", pqcrypto.SlhDsaShake_192f),
        _row(30, "SHAKE_256S", pqcrypto.SlhDsaShake_256s),
        _row(31, "SHAKE_256F", pqcrypto.SlhDsaShake_256f),
    )
}


def public_info(row: SlhSet, public: bytes) -> bytes:
    """DER SubjectPublicKeyInfo (RFC 9909)."""
    return der.sequence(der.sequence(der.oid(row.oid)), der.encode(der.BIT_STRING, b"\0" + public))


class SlhMaterial(Material):
    """CKK_SLH_DSA. The private key is SK.seed, SK.prf, and the public key."""

    def _checked(self, attributes: Attributes) -> tuple[SlhSet, bytes]:
        row, value = parameter_set(attributes, SLH_SETS), bytes(need(attributes, Attr.VALUE))
        private = class_of(attributes) == ObjectClass.PRIVATE_KEY
        due = row.library.SK_SIZE if private else row.library.PK_SIZE
        if len(value) != due:
            raise invalid(f"a value of {len(value)} bytes: this parameter set has {due}")
        return row, value

    def load(self, attributes: Attributes) -> Key:
        row, value = self._checked(attributes)
        return Key(class_of(attributes), KeyType.SLH_DSA, row.library.PK_SIZE, value, {"set": row})

    def complete(self, attributes: Attributes) -> dict[int, Any]:
        row, value = self._checked(attributes)
        if class_of(attributes) == ObjectClass.PRIVATE_KEY:
            _prove(row, value)
        public = value[-row.library.PK_SIZE :]
        return {Attr.VALUE: value, Attr.PUBLIC_KEY_INFO: public_info(row, public)}

    def encode(self, attributes: Attributes) -> bytes:
        """PrivateKeyInfo (RFC 9909): the bytes of the key."""
        row, value = self._checked(attributes)
        algorithm = der.sequence(der.oid(row.oid))
        return der.sequence(der.integer(0), algorithm, der.encode(der.OCTET_STRING, value))

    def decode(self, key_type: KeyType, encoded: bytes) -> dict[int, Any]:
        parts = der.items(der.unwrap(der.SEQUENCE, encoded) or b"") or []
        if [tag for tag, _ in parts[:3]] != [der.INTEGER, der.SEQUENCE, der.OCTET_STRING]:
            raise ValueError("not a PrivateKeyInfo")
        for row in SLH_SETS.values():
            if parts[1][1] == der.oid(row.oid) and len(parts[2][1]) == row.library.SK_SIZE:
                return {Attr.PARAMETER_SET: int(row.number), Attr.VALUE: parts[2][1]}
        raise ValueError("not an SLH-DSA key")

    def public(self, attributes: Attributes) -> dict[int, Any]:
        row, value = self._checked(attributes)
        return {Attr.PARAMETER_SET: int(row.number), Attr.VALUE: value[-row.library.PK_SIZE :]}


def _prove(row: SlhSet, private: bytes) -> None:
    """One signature (up to seconds of work): the only way to learn that a key from outside belongs together."""
    try:
        row.library.verify(private[-row.library.PK_SIZE :], b"", row.library.sign(private, b""))
    except (ValueError, pqcrypto.InvalidSignatureError):
        raise invalid("the private key does not belong to the public key within it") from None
