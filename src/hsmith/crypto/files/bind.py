"""BIND's private keys: K*.private."""

import base64
import binascii
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from hsmith.crypto.files.items import Item, Unreadable, private_item

_BIND_CURVES: Final[dict[int, ec.EllipticCurve]] = {13: ec.SECP256R1(), 14: ec.SECP384R1()}
_BIND_RAW: Final[dict[int, Any]] = {15: ed25519.Ed25519PrivateKey, 16: ed448.Ed448PrivateKey}
_BIND_RSA: Final = frozenset({1, 5, 7, 8, 10})
_BIND_DSA: Final = frozenset({3, 6})
_DSA_FIELDS: Final = ("prime(p)", "subprime(q)", "base(g)", "public_value(y)", "private_value(x)")


def read(data: bytes) -> Item:
    """Unreadable."""
    fields: dict[str, str] = {}
    for line in data.decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    try:
        algorithm = int(fields.get("algorithm", "").split(" ")[0])
        return private_item(_bind_key(algorithm, fields))
    except KeyError as error:
        raise Unreadable(f"the BIND key has no field {error}") from None
    except (ValueError, binascii.Error):
        raise Unreadable("the BIND key's numbers are no key") from None


def _bind_key(algorithm: int, fields: dict[str, str]) -> Any:
    if algorithm in _BIND_RSA:
        public = rsa.RSAPublicNumbers(_number(fields, "publicexponent"), _number(fields, "modulus"))
        p, q, d = (_number(fields, name) for name in ("prime1", "prime2", "privateexponent"))
        dmp1, dmq1, iqmp = (_number(fields, name) for name in ("exponent1", "exponent2", "coefficient"))
        return rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, public).private_key()
    if algorithm in _BIND_DSA:
        p, q, g, y, x = (_number(fields, name) for name in _DSA_FIELDS)
        return dsa.DSAPrivateNumbers(x, dsa.DSAPublicNumbers(y, dsa.DSAParameterNumbers(p, q, g))).private_key()
    if algorithm in _BIND_CURVES:
        return ec.derive_private_key(_number(fields, "privatekey"), _BIND_CURVES[algorithm])
    if algorithm in _BIND_RAW:
        return _BIND_RAW[algorithm].from_private_bytes(_octets(fields, "privatekey"))
    raise Unreadable(f"the BIND key has algorithm {algorithm}, which is not offered")


def _octets(fields: dict[str, str], name: str) -> bytes:
    return base64.b64decode(fields[name], validate=True)


def _number(fields: dict[str, str], name: str) -> int:
    return int.from_bytes(_octets(fields, name), "big")
