"""Public keys and certificates as others want them: PEM, OpenSSH, JWK, DNSKEY."""

import base64
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from hsmith.crypto import keys
from hsmith.crypto.files.items import Item
from hsmith.crypto.files.jwk import CURVES, RAW
from hsmith.crypto.key import big
from hsmith.spec.constants import Attr


def public_pem(info: bytes) -> bytes:
    """``info``: a SubjectPublicKeyInfo."""
    text = base64.b64encode(info).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]).encode()


def public_openssh(info: bytes) -> bytes:
    """ValueError: OpenSSH has no such key."""
    try:
        return bytes(_loaded(info).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))
    except (TypeError, UnsupportedAlgorithm):
        raise ValueError("OpenSSH has no keys of this type") from None


def public_jwk(info: bytes) -> dict[str, str]:
    """RFC 7518, RFC 8037. ValueError: there is no JWK of this type."""
    key = _loaded(info)
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _written(big(numbers.n)), "e": _written(big(numbers.e))}
    if isinstance(key, ec.EllipticCurvePublicKey):
        point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
        for name, curve in CURVES.items():
            if curve.name == key.curve.name:
                half = len(point) // 2
                return {"kty": "EC", "crv": name, "x": _written(point[:half]), "y": _written(point[half:])}
    for name, (_, public) in RAW.items():
        if isinstance(key, public):
            return {"kty": "OKP", "crv": name, "x": _written(key.public_bytes_raw())}
    raise ValueError("there is no JWK for keys of this type")


def dns_public(info: bytes) -> tuple[str, bytes]:
    """(kind, key) for a DNSKEY: RFC 3110, RFC 6605, RFC 8080. ValueError: DNSSEC has no such key."""
    key = _loaded(info)
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        exponent = big(numbers.e)
        length = bytes((len(exponent),)) if len(exponent) < 256 else b"\0" + len(exponent).to_bytes(2, "big")
        return "RSA", length + exponent + big(numbers.n)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.name, key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
    if isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
        return "Ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else "Ed448", key.public_bytes_raw()
    raise ValueError("DNSSEC has no keys of this type")


def certificate_pem(value: bytes) -> bytes:
    """ValueError: no certificate."""
    return x509.load_der_x509_certificate(value).public_bytes(Encoding.PEM)


def info_of(item: Item) -> bytes:
    """The SubjectPublicKeyInfo of a key."""
    info: bytes = keys.complete(item.attributes)[Attr.PUBLIC_KEY_INFO]
    return info


def _loaded(info: bytes) -> Any:
    try:
        return load_der_public_key(info)
    except UnsupportedAlgorithm:
        raise ValueError("keys of this type have no other form") from None


def _written(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
