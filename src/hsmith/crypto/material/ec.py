"""Elliptic curve keys: short Weierstrass, Edwards and Montgomery (section 6.3)."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from hsmith.crypto import der
from hsmith.crypto.curves import CURVES, Curve, curve_of
from hsmith.crypto.key import Attributes, Key, big, integer, invalid, need
from hsmith.crypto.material.base import Material, class_of, pkcs8, spki
from hsmith.spec.constants import Attr, KeyType, ObjectClass


def _curve(attributes: Attributes) -> Curve:
    return curve_of(need(attributes, Attr.EC_PARAMS), KeyType(attributes[Attr.KEY_TYPE]))


def weierstrass_point(curve: Curve, encoded: bytes) -> ec.EllipticCurvePublicKey:
    """A public key from an ANSI X9.62 point, raw or as a DER OCTET STRING; ValueError when it is not on the curve.

    The two cannot be confused: a raw point's first byte is 2, 3 or 4 and its length is fixed by the curve.
    """
    if len(encoded) in (1 + 2 * curve.length, 1 + curve.length):
        return ec.EllipticCurvePublicKey.from_encoded_point(curve.library, encoded)
    content = der.unwrap(der.OCTET_STRING, encoded)
    if content is None:
        raise ValueError("not a point")
    return ec.EllipticCurvePublicKey.from_encoded_point(curve.library, content)


def encode_point(public: Any) -> bytes:
    """CKA_EC_POINT: a DER OCTET STRING of the uncompressed point, or of the bytes of an Edwards or Montgomery key.

    For the latter, version 3.0 has the OCTET STRING and 3.1 the bytes alone; the clients in use (OpenSC, OpenDNSSEC)
    refuse the bytes alone, so the OCTET STRING it is. Both are accepted from a caller.
    """
    if isinstance(public, ec.EllipticCurvePublicKey):
        raw = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    else:
        raw = public.public_bytes_raw()
    return der.encode(der.OCTET_STRING, raw)


def raw_public(curve: Curve, encoded: bytes) -> Any:
    """An Edwards or Montgomery public key from its bytes, raw or as a DER OCTET STRING; ValueError for others."""
    content = encoded if len(encoded) == curve.length else der.unwrap(der.OCTET_STRING, encoded)
    if content is None or len(content) != curve.length:
        raise ValueError("not a public key of this curve")
    return curve.public.from_public_bytes(content)


class _CurveMaterial(Material):
    """What the three key types share: CKA_EC_PARAMS, CKA_EC_POINT, CKA_VALUE."""

    def _private(self, attributes: Attributes, curve: Curve) -> Any:
        raise NotImplementedError

    def _public(self, attributes: Attributes, curve: Curve) -> Any:
        raise NotImplementedError

    def _value(self, private: Any) -> bytes:
        raise NotImplementedError

    def _native(self, attributes: Attributes, curve: Curve) -> Any:
        try:
            if class_of(attributes) == ObjectClass.PRIVATE_KEY:
                return self._private(attributes, curve)
            return self._public(attributes, curve)
        except ValueError:
            raise invalid(f"the value is not a key of {curve.names[0]}") from None

    def load(self, attributes: Attributes) -> Key:
        curve = _curve(attributes)
        return Key(class_of(attributes), curve.key_type, curve.bits, self._native(attributes, curve), {"curve": curve})

    def complete(self, attributes: Attributes) -> dict[int, Any]:
        native = self._native(attributes, _curve(attributes))
        if class_of(attributes) == ObjectClass.PUBLIC_KEY:
            return {Attr.EC_POINT: encode_point(native), Attr.PUBLIC_KEY_INFO: spki(native)}
        return {Attr.VALUE: self._value(native), Attr.PUBLIC_KEY_INFO: spki(native.public_key())}

    def encode(self, attributes: Attributes) -> bytes:
        return pkcs8(self._native(attributes, _curve(attributes)))

    def decode(self, key_type: KeyType, encoded: bytes) -> dict[int, Any]:
        key: Any = load_der_private_key(encoded, None)
        for curve in CURVES:
            if curve.key_type == key_type and self._is_over(key, curve):
                return {Attr.EC_PARAMS: curve.params, Attr.VALUE: self._value(key)}
        raise ValueError("not a key of this type")

    def _is_over(self, key: Any, curve: Curve) -> bool:
        return isinstance(key, curve.library)

    def public(self, attributes: Attributes) -> dict[int, Any]:
        private = self._native(attributes, _curve(attributes))
        return {Attr.EC_PARAMS: attributes[Attr.EC_PARAMS], Attr.EC_POINT: encode_point(private.public_key())}


class WeierstrassMaterial(_CurveMaterial):
    """CKK_EC. CKA_VALUE is a Big integer."""

    def _private(self, attributes: Attributes, curve: Curve) -> Any:
        return ec.derive_private_key(integer(attributes, Attr.VALUE), curve.library)

    def _public(self, attributes: Attributes, curve: Curve) -> Any:
        return weierstrass_point(curve, need(attributes, Attr.EC_POINT))

    def _value(self, private: Any) -> bytes:
        return big(private.private_numbers().private_value)

    def _is_over(self, key: Any, curve: Curve) -> bool:
        return isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == curve.library.name


class RawCurveMaterial(_CurveMaterial):
    """CKK_EC_EDWARDS and CKK_EC_MONTGOMERY. CKA_VALUE is the bytes of RFC 8032 and RFC 7748."""

    def _private(self, attributes: Attributes, curve: Curve) -> Any:
        value = need(attributes, Attr.VALUE)
        content = value if len(value) == curve.length else der.unwrap(der.OCTET_STRING, value)
        if content is None:
            raise ValueError("not a private key of this curve")
        return curve.library.from_private_bytes(content)

    def _public(self, attributes: Attributes, curve: Curve) -> Any:
        return raw_public(curve, need(attributes, Attr.EC_POINT))

    def _value(self, private: Any) -> bytes:
        return bytes(private.private_bytes_raw())
