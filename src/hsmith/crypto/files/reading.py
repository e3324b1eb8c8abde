"""Files of keys and certificates: PEM, DER, PKCS #8, PKCS #12, OpenSSH; others have modules of their own."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
    load_ssh_public_identity,
    pkcs12,
)

from hsmith.crypto import der
from hsmith.crypto.files import bind, jwk
from hsmith.crypto.files.items import (
    Item,
    Passphrase,
    Unreadable,
    WrongPassphrase,
    certificate_item,
    private_item,
    public_item,
)

_PEM: Final = b"-----BEGIN "
_BIND: Final = b"Private-key-format:"


def read(data: bytes, passphrase: Passphrase) -> list[Item]:
    """All keys and certificates in a file. Unreadable."""
    start = data.lstrip()
    try:
        if _PEM in data:
            return list(_pem(data, passphrase))
        if start.startswith(_BIND):
            return [bind.read(data)]
        if start.startswith((b"{", b"[")):
            return list(jwk.read(start))
        if start.startswith((b"ssh-", b"ecdsa-sha2-")):
            return [public_item(load_ssh_public_identity(start))]
        return list(_der(data, passphrase))
    except UnsupportedAlgorithm as error:
        raise Unreadable(f"it has a key or an encryption that is not supported: {error}") from None


def _pem(data: bytes, passphrase: Passphrase) -> Iterator[Item]:
    for kind, block in _blocks(data):
        if kind.endswith("CERTIFICATE"):
            yield certificate_item(_parsed(x509.load_pem_x509_certificate, block, "certificate"))
        elif kind == "OPENSSH PRIVATE KEY":
            yield private_item(_unlocked(load_ssh_private_key, block, passphrase))
        elif kind.endswith("PRIVATE KEY"):
            yield private_item(_unlocked(load_pem_private_key, block, passphrase))
        elif kind.endswith("PUBLIC KEY"):
            yield public_item(_parsed(load_pem_public_key, block, "public key"))
        elif not kind.endswith("PARAMETERS"):  # of an EC key, which names its curve itself
            raise Unreadable(f"it has a PEM block '{kind}', which is no key and no certificate")


def _blocks(data: bytes) -> Iterator[tuple[str, bytes]]:
    rest = data
    while _PEM in rest:
        rest = rest[rest.index(_PEM) :]
        kind = rest[len(_PEM) :].partition(b"-----")[0]
        end = b"-----END " + kind + b"-----"
        if end not in rest:
            raise Unreadable("its last PEM block does not end")
        at = rest.index(end) + len(end)
        yield kind.decode("latin-1"), rest[:at] + b"\n"
        rest = rest[at:]


def _parsed(load: Callable[[bytes], Any], block: bytes, what: str) -> Any:
    try:
        return load(block)
    except ValueError:
        raise Unreadable(f"its {what} is damaged, or of a kind that is not known") from None


def _unlocked(load: Callable[..., Any], data: bytes, passphrase: Passphrase) -> Any:
    """TypeError is the library's way of saying that a passphrase is needed."""
    try:
        return load(data, None)
    except TypeError:
        pass
    except ValueError:
        if b"ENCRYPTED" not in data and b"OPENSSH" not in data:
            raise Unreadable("its private key is damaged, or of a kind that is not known") from None
    try:
        return load(data, passphrase())
    except (ValueError, TypeError):
        raise WrongPassphrase("its passphrase is another one, or it is damaged") from None


def _der(data: bytes, passphrase: Passphrase) -> Iterator[Item]:
    try:
        yield private_item(_der_private(data, passphrase))
        return
    except ValueError:
        pass
    try:
        yield public_item(load_der_public_key(data))
        return
    except ValueError:
        pass
    try:
        yield certificate_item(x509.load_der_x509_certificate(data))
    except ValueError:
        yield from _pkcs12(data, passphrase)


def _der_private(data: bytes, passphrase: Passphrase) -> Any:
    """ValueError: it is no private key."""
    try:
        return load_der_private_key(data, None)
    except TypeError:
        return _unlocked(load_der_private_key, data, passphrase)


def _pkcs12(data: bytes, passphrase: Passphrase) -> Iterator[Item]:
    found = der.unwrap(der.SEQUENCE, data)
    if found is None or not found.startswith(der.integer(3)):
        raise Unreadable("it is no PEM, DER, PKCS #12, OpenSSH, JWK or BIND key file; a raw key needs --type")
    bundle = None
    try:
        bundle = pkcs12.load_pkcs12(data, None)
    except (ValueError, TypeError):
        try:
            bundle = pkcs12.load_pkcs12(data, passphrase())
        except (ValueError, TypeError):
            raise WrongPassphrase("its passphrase is another one, or it is damaged") from None
    name = bundle.cert.friendly_name.decode("utf-8", "replace") if bundle.cert and bundle.cert.friendly_name else ""
    if bundle.key is not None:
        yield private_item(bundle.key, name)
    certificates = ([bundle.cert] if bundle.cert else []) + list(bundle.additional_certs)
    for certificate in certificates:
        label = (certificate.friendly_name or b"").decode("utf-8", "replace")
        yield certificate_item(certificate.certificate, label)
