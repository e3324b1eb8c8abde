"""The elliptic curves: one row each, and how CKA_EC_PARAMS names them (section 6.3.3)."""

from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, x448, x25519

from hsmith.crypto import der
from hsmith.spec.constants import Fault, KeyType
from hsmith.spec.faults import Refused


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve.

    ``bits``: of the field. ``length``: bytes of a coordinate, or of an Edwards or Montgomery key. ``names``: for the
    curveName choice. ``oids``: the first is the standard's. ``library``: the curve; for Edwards and Montgomery the
    private key's class, and ``public`` the public key's.
    """

    key_type: KeyType
    bits: int
    length: int
    names: tuple[str, ...]
    oids: tuple[str, ...]
    library: Any
    public: Any = None

    @property
    def params(self) -> bytes:
        """The curve as CKA_EC_PARAMS, oId choice."""
        return der.oid(self.oids[0])


def _weierstrass(curve: type[ec.EllipticCurve], oid: str, *names: str) -> Curve:
    library = curve()
    return Curve(KeyType.EC, library.key_size, (library.key_size + 7) // 8, names, (oid,), library)


CURVES: Final = (
    _weierstrass(ec.SECP192R1, "1.2.840.10045.3.1.1", "secp192r1", "prime192v1", "P-192"),
    _weierstrass(ec.SECP224R1, "1.3.132.0.33", "secp224r1", "P-224"),
    _weierstrass(ec.SECP256R1, "1.2.840.10045.3.1.7", "secp256r1", "prime256v1", "P-256"),
    _weierstrass(ec.SECP384R1, "1.3.132.0.34", "secp384r1", "P-384"),
    _weierstrass(ec.SECP521R1, "1.3.132.0.35", "secp521r1", "P-521"),
    _weierstrass(ec.SECP256K1, "1.3.132.0.10", "secp256k1"),
    _weierstrass(ec.BrainpoolP256R1, "1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    _weierstrass(ec.BrainpoolP384R1, "1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    _weierstrass(ec.BrainpoolP512R1, "1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
    # RFC 8410 names, RFC 8032 and RFC 7748 names; the last OID of each is GnuPG's, which OpenSC still sends.
    Curve(
        KeyType.EC_EDWARDS, 255, 32, ("edwards25519", "Ed25519"), ("1.3.101.112", "1.3.6.1.4.1.11591.15.1"),
        ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey,
    ),
    Curve(
        KeyType.EC_EDWARDS, 448, 57, ("edwards448", "Ed448"), ("1.3.101.113",),
        ed448.Ed448PrivateKey, ed448.Ed448PublicKey,
    ),
    Curve(
        KeyType.EC_MONTGOMERY, 255, 32, ("curve25519", "X25519"), ("1.3.101.110", "1.3.6.1.4.1.3029.1.5.1"),
        x25519.X25519PrivateKey, x25519.X25519PublicKey,
    ),
    Curve(
        KeyType.EC_MONTGOMERY, 448, 56, ("curve448", "X448"), ("1.3.101.111",),
        x448.X448PrivateKey, x448.X448PublicKey,
    ),
)  # fmt: skip

_BY_PARAMS: Final = {der.oid(oid): curve for curve in CURVES for oid in curve.oids} | {
    der.encode(der.PRINTABLE_STRING, name.encode()): curve for curve in CURVES for name in curve.names
}
#: What OpenSC 0.23 sends for EC:curve25519: a PrintableString whose length is one too many.
_MISSPELT: Final = {b"\x13\x0bcurve25519": der.encode(der.PRINTABLE_STRING, b"curve25519")}


def well_spelt(params: bytes) -> bytes:
    """CKA_EC_PARAMS as a new key shall have it, where a client is known to misspell it."""
    return _MISSPELT.get(params, params)


def curve_of(params: bytes, key_type: KeyType) -> Curve:
    """The curve that CKA_EC_PARAMS names, if keys of this type are over it.

    CURVE_NOT_SUPPORTED for another curve; DOMAIN_PARAMS_INVALID for explicit parameters and what is not DER.
    """
    curve = _BY_PARAMS.get(params)
    if curve is not None and curve.key_type == key_type:
        return curve
    found = der.read(params)
    if found is None or found[2] or found[0] not in (der.OID, der.PRINTABLE_STRING):
        raise Refused(Fault.DOMAIN_PARAMS_INVALID, "EC_PARAMS must be the DER encoding of a curve's OID or name")
    raise Refused(Fault.CURVE_NOT_SUPPORTED, f"EC_PARAMS names a curve that is not offered for {key_type.name} keys")
