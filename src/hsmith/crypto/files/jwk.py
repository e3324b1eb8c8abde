"""JSON Web Keys (RFC 7517, RFC 7518, RFC 8037), and sets of them."""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x448, x25519

from hsmith.crypto.files.items import Item, Unreadable, private_item, public_item, secret_item
from hsmith.spec.constants import KeyType

CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "secp256k1": ec.SECP256K1(),
}
RAW: Final[dict[str, tuple[Any, Any]]] = {
    "Ed25519": (ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey),
    "Ed448": (ed448.Ed448PrivateKey, ed448.Ed448PublicKey),
    "X25519": (x25519.X25519PrivateKey, x25519.X25519PublicKey),
    "X448": (x448.X448PrivateKey, x448.X448PublicKey),
}


def read(text: bytes) -> Iterator[Item]:
    """The keys of a JWK or of a JWK set. Unreadable."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise Unreadable(f"it begins as JSON, and is none: {error}") from None
    found = document.get("keys", [document]) if isinstance(document, dict) else document
    if not isinstance(found, list) or not found or not all(isinstance(key, dict) for key in found):
        raise Unreadable("it is JSON, but no JWK and no JWK set")
    for number, key in enumerate(found, start=1):
        try:
            yield _jwk(key)
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            missing = f"member {error} is missing" if isinstance(error, KeyError) else "its numbers are no key"
            raise Unreadable(f"JWK {number} of {len(found)} cannot be used: {missing}") from None


def _jwk(key: dict[str, Any]) -> Item:
    kind, name = key["kty"], str(key.get("kid", ""))
    if kind == "oct":
        alg = str(key.get("alg", ""))
        return secret_item(KeyType.AES if alg.startswith("A") else KeyType.GENERIC_SECRET, _url(key["k"]), name)
    if kind not in _JWKS:
        raise Unreadable(f"a JWK has kty '{kind}': RSA, EC, OKP and oct are known")
    native = _JWKS[kind](key)
    return private_item(native, name) if "d" in key else public_item(native, name)


def _jwk_rsa(key: dict[str, Any]) -> Any:
    public = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"]))
    if "d" not in key:
        return public.public_key()
    d = _number(key["d"])
    if "p" in key:
        p, q = _number(key["p"]), _number(key["q"])
    else:
        p, q = rsa.rsa_recover_prime_factors(public.n, public.e, d)
    dmp1, dmq1, iqmp = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, public).private_key()


def _jwk_ec(key: dict[str, Any]) -> Any:
    curve = CURVES.get(key["crv"])
    if curve is None:
        raise Unreadable(f"a JWK has crv '{key['crv']}': {', '.join(CURVES)} are known")
    public = ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), curve)
    if "d" not in key:
        return public.public_key()
    return ec.EllipticCurvePrivateNumbers(_number(key["d"]), public).private_key()


def _jwk_okp(key: dict[str, Any]) -> Any:
    if key["crv"] not in RAW:
        raise Unreadable(f"a JWK has crv '{key['crv']}': {', '.join(RAW)} are known")
    private, public = RAW[key["crv"]]
    if "d" not in key:
        return public.from_public_bytes(_url(key["x"]))
    native = private.from_private_bytes(_url(key["d"]))
    if native.public_key().public_bytes_raw() != _url(key["x"]):
        raise ValueError("x is not the public key of d")
    return native


_JWKS: Final = {"RSA": _jwk_rsa, "EC": _jwk_ec, "OKP": _jwk_okp}


def _url(text: Any) -> bytes:
    if not isinstance(text, str):
        raise TypeError("no text")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _number(text: Any) -> int:
    return int.from_bytes(_url(text), "big")
