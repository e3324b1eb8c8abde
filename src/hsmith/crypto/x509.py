"""Certificates and requests (RFC 5280, RFC 2986): read, and assembled around a signature that somebody else makes.

The private key stays where it is: the library gets a stand-in for it, which passes what is to be signed on.
"""

import ipaddress
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hsmith.spec.constants import Attr, CertificateCategory, CertificateType, ObjectClass

#: Signs bytes with the key, by its mechanism; of EC and DSA keys the two numbers alone (section 6.3.1).
Sign = Callable[[bytes], bytes]

USAGES: Final = {
    "digital-signature": "digital_signature",
    "non-repudiation": "content_commitment",
    "key-encipherment": "key_encipherment",
    "data-encipherment": "data_encipherment",
    "key-agreement": "key_agreement",
    "cert-sign": "key_cert_sign",
    "crl-sign": "crl_sign",
}
PURPOSES: Final = {
    "server-auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client-auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code-signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email-protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "time-stamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp-signing": ExtendedKeyUsageOID.OCSP_SIGNING,
}
_NAMES: Final[dict[str, Callable[[str], x509.GeneralName]]] = {
    "DNS": x509.DNSName,
    "IP": lambda text: x509.IPAddress(ipaddress.ip_network(text) if "/" in text else ipaddress.ip_address(text)),
    "email": x509.RFC822Name,
    "URI": x509.UniformResourceIdentifier,
}
_HASHES: Final[dict[str, Callable[[], hashes.HashAlgorithm]]] = {
    "sha224": hashes.SHA224, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512,
    "sha3-224": hashes.SHA3_224, "sha3-256": hashes.SHA3_256, "sha3-384": hashes.SHA3_384, "sha3-512": hashes.SHA3_512,
}  # fmt: skip
_MORE_NAMES: Final = {
    "emailAddress": NameOID.EMAIL_ADDRESS,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "GN": NameOID.GIVEN_NAME,
}
#: Minutes by which a certificate is valid before it is made: clocks differ.
_EARLIER: Final = 5


class Wrong(ValueError):
    """What is asked for makes no certificate; str() says why, as a part of a sentence."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a certificate or a request is to say. ``names``: "DNS:example.org"; ``hashed``: as the mechanism signs, None
    for a key that hashes by itself; ``pss``: RSA-PSS. ``path_length``: of a CA. Other words are those of the tables."""

    subject: str
    names: tuple[str, ...] = ()
    hashed: str | None = None
    pss: bool = False
    ca: bool = False
    path_length: int | None = None
    usages: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    days: int = 365


def request(public_info: bytes, wish: Wish, sign: Sign) -> bytes:
    """A signing request, DER. ``public_info``: the key's SubjectPublicKeyInfo. Raises Wrong."""
    public = _public(public_info)
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(wish.subject))
    for extension, critical in _extensions(wish):
        builder = builder.add_extension(extension, critical)
    made = _signed(builder, public, wish, sign)
    return bytes(made.public_bytes(serialization.Encoding.DER))


def self_signed(public_info: bytes, wish: Wish, sign: Sign) -> bytes:
    """A certificate that its own key signs, DER. Raises Wrong."""
    public = _public(public_info)
    name, now = _name(wish.subject), datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=_EARLIER))
        .not_valid_after(_end(now, wish.days))
        .public_key(public)
        .add_extension(identifier, critical=False)
    )
    if not wish.ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    for extension, critical in _extensions(wish):
        builder = builder.add_extension(extension, critical)
    made = _signed(builder, public, wish, sign)
    made.verify_directly_issued_by(made)
    return bytes(made.public_bytes(serialization.Encoding.DER))


def _end(now: datetime, days: int) -> datetime:
    try:
        return now + timedelta(days=days)
    except OverflowError:
        raise Wrong(f"{days} days from now there is no date") from None


def _public(public_info: bytes) -> Any:
    try:
        return serialization.load_der_public_key(public_info)
    except Exception as error:
        raise Wrong("keys of this type are in no certificate that is made here") from error


def _extensions(wish: Wish) -> list[tuple[Any, bool]]:
    found: list[tuple[Any, bool]] = []
    if wish.ca:
        found.append((x509.BasicConstraints(ca=True, path_length=wish.path_length), True))
    usages = wish.usages or (("cert-sign", "crl-sign") if wish.ca else ())
    if usages:
        chosen = {USAGES[usage] for usage in usages}
        flags = {flag: flag in chosen for flag in (*USAGES.values(), "encipher_only", "decipher_only")}
        found.append((x509.KeyUsage(**flags), True))
    if wish.purposes:
        found.append((x509.ExtendedKeyUsage([PURPOSES[purpose] for purpose in wish.purposes]), False))
    if wish.names:
        found.append((x509.SubjectAlternativeName([_general_name(text) for text in wish.names]), False))
    return found


def _general_name(text: str) -> x509.GeneralName:
    kind, colon, value = text.partition(":")
    known = {name.lower(): make for name, make in _NAMES.items()}
    if not colon or kind.lower() not in known:
        raise Wrong(f"the name '{text}' does not begin with one of {', '.join(f'{name}:' for name in _NAMES)}")
    try:
        return known[kind.lower()](value)
    except ValueError as error:
        raise Wrong(f"'{value}' is no {kind} name: {str(error).rstrip('.').lower()}") from error


def _name(text: str) -> x509.Name:
    """A name in the form of RFC 4514, "CN=example.org,O=Example", or in OpenSSL's, "/O=Example/CN=example.org"."""
    rfc = ",".join(reversed(text[1:].replace(",", "\\,").split("/"))) if text.startswith("/") else text
    try:
        name = x509.Name.from_rfc4514_string(rfc, _MORE_NAMES)
    except (ValueError, KeyError) as error:
        raise Wrong(f"the subject '{text}' is no name such as CN=example.org,O=Example: {error}") from error
    if not list(name):
        raise Wrong("the subject is empty: give a name such as CN=example.org")
    return name


# --- The stand-in


def _signed(builder: Any, public: Any, wish: Wish, sign: Sign) -> Any:
    hashed = None
    if wish.hashed is not None:
        if wish.hashed not in _HASHES:
            raise Wrong(f"certificates are not signed with {wish.hashed} any more")
        hashed = _HASHES[wish.hashed]()
    more = {}
    if wish.pss and hashed is not None:
        more["rsa_padding"] = padding.PSS(mgf=padding.MGF1(hashed), salt_length=padding.PSS.DIGEST_LENGTH)
    try:
        return builder.sign(_stand_in(public, sign), hashed, **more)
    except (TypeError, ValueError) as error:
        raise Wrong(str(error).rstrip(".")) from error


def _numbers(sign: Sign) -> Sign:
    """The signature as X.509 has it: its two numbers in DER."""

    def signed(data: bytes) -> bytes:
        made = sign(data)
        half = len(made) // 2
        return encode_dss_signature(int.from_bytes(made[:half], "big"), int.from_bytes(made[half:], "big"))

    return signed


#: By the class of the public key that of the private one, and what the signature is.
_STAND_INS: Final[tuple[tuple[Any, Any, Callable[[Sign], Sign]], ...]] = (
    (rsa.RSAPublicKey, rsa.RSAPrivateKey, lambda sign: sign),
    (ec.EllipticCurvePublicKey, ec.EllipticCurvePrivateKey, _numbers),
    (dsa.DSAPublicKey, dsa.DSAPrivateKey, _numbers),
    (ed25519.Ed25519PublicKey, ed25519.Ed25519PrivateKey, lambda sign: sign),
    (ed448.Ed448PublicKey, ed448.Ed448PrivateKey, lambda sign: sign),
    (mldsa.MLDSA44PublicKey, mldsa.MLDSA44PrivateKey, lambda sign: sign),
    (mldsa.MLDSA65PublicKey, mldsa.MLDSA65PrivateKey, lambda sign: sign),
    (mldsa.MLDSA87PublicKey, mldsa.MLDSA87PrivateKey, lambda sign: sign),
)


def _stand_in(public: Any, sign: Sign) -> Any:
    """A private key of the library's interface that can do nothing but sign, elsewhere."""
    found = next(((interface, form) for of, interface, form in _STAND_INS if isinstance(public, of)), None)
    if found is None:
        raise Wrong("keys of this type sign no certificates here")
    interface, form = found
    make = form(sign)

    def absent(self: Any, *arguments: Any, **options: Any) -> Any:
        raise NotImplementedError

    members: dict[str, Any] = dict.fromkeys(interface.__abstractmethods__, absent)
    members["public_key"] = lambda self: public
    members["sign"] = lambda self, data, *rest, **more: make(bytes(data))
    return type("StandIn", (interface,), members)()


# --- Reading


def certificates(data: bytes) -> list[bytes]:
    """The certificates of a file, each as DER: of PEM text all that it has, else the one that it is. Raises Wrong."""
    try:
        found = (
            x509.load_pem_x509_certificates(data) if b"-----BEGIN" in data else [x509.load_der_x509_certificate(data)]
        )
    except Exception as error:
        raise Wrong("it has no certificate that can be read, in PEM or DER") from error
    return [each.public_bytes(serialization.Encoding.DER) for each in found]


def attributes(der: bytes) -> dict[Attr, Any]:
    """The attributes of a certificate object, all but its label, its ID and where it is."""
    found = x509.load_der_x509_certificate(der)
    serial = found.serial_number.to_bytes(found.serial_number.bit_length() // 8 + 1, "big")
    authority = bool((_basic(found) or x509.BasicConstraints(ca=False, path_length=None)).ca)
    category = CertificateCategory.AUTHORITY if authority else CertificateCategory.OTHER_ENTITY
    return {
        Attr.CLASS: int(ObjectClass.CERTIFICATE),
        Attr.CERTIFICATE_TYPE: int(CertificateType.X_509),
        Attr.CERTIFICATE_CATEGORY: int(category),
        Attr.SUBJECT: found.subject.public_bytes(),
        Attr.ISSUER: found.issuer.public_bytes(),
        Attr.SERIAL_NUMBER: bytes((2, len(serial))) + serial,
        Attr.START_DATE: found.not_valid_before_utc.strftime("%Y%m%d").encode(),
        Attr.END_DATE: found.not_valid_after_utc.strftime("%Y%m%d").encode(),
        Attr.VALUE: der,
    }


def common_name(der: bytes) -> str:
    """The subject's common name, or all of the subject."""
    subject = x509.load_der_x509_certificate(der).subject
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else subject.rfc4514_string()


def public_info(der: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate."""
    found = x509.load_der_x509_certificate(der).public_key()
    return found.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_identifier(der: bytes) -> bytes:
    """The identifier of the subject's key (RFC 5280, section 4.2.1.2, method 1)."""
    return x509.SubjectKeyIdentifier.from_public_key(x509.load_der_x509_certificate(der).public_key()).digest


def described(der: bytes) -> dict[str, Any]:
    """What a certificate says, in words."""
    found = x509.load_der_x509_certificate(der)
    basic = _basic(found)
    hashed = found.signature_hash_algorithm
    return {
        "subject": found.subject.rfc4514_string(),
        "issuer": found.issuer.rfc4514_string(),
        "serial": f"{found.serial_number:x}",
        "not_before": found.not_valid_before_utc.isoformat(),
        "not_after": found.not_valid_after_utc.isoformat(),
        "names": _alternative_names(found),
        "ca": bool(basic and basic.ca),
        "signature": f"{found.signature_algorithm_oid._name}" + (f" ({hashed.name})" if hashed else ""),
        "sha256": found.fingerprint(hashes.SHA256()).hex(),
    }


def _basic(found: x509.Certificate) -> x509.BasicConstraints | None:
    try:
        return found.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, ValueError):
        return None


def _alternative_names(found: x509.Certificate) -> list[str]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [str(name.value) for name in names]


def name_text(der: bytes) -> str:
    """A DER Name in the form of RFC 4514, or in hexadecimal if it is none."""
    try:
        return x509.Name.from_bytes(der).rfc4514_string()
    except ValueError:
        return der.hex()


def pem(der: bytes, *, what: str) -> str:
    """``what``: "CERTIFICATE" or "CERTIFICATE REQUEST" (RFC 7468)."""
    text = b64encode(der).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {what}-----\n{lines}\n-----END {what}-----\n"
