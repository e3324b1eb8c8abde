"""Real stores of SoftHSM for tests: made by Debian's softhsm2, with every type of object that it has."""

import hashlib
import os
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from hsmith.spec.constants import Attr, CertificateType, KeyType, Mechanism, ObjectClass
from p11 import P11, P256, P384, P521, Session

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN, SO_PIN = "8642", "97531-so"

#: RFC 2409, section 6.2: a safe prime of 1024 bits.
PRIME = bytes.fromhex(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF"
)
ED25519, ED448, X25519 = bytes.fromhex("06032b6570"), bytes.fromhex("06032b6571"), bytes.fromhex("06032b656e")


@contextmanager
def softhsm(folder: Path) -> Iterator[P11]:
    """SoftHSM over the tokens in ``folder``, which is made if need be."""
    (folder / "tokens").mkdir(parents=True, exist_ok=True)
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(conf)
    p11 = P11(MODULE)
    p11.initialize()
    try:
        yield p11
    finally:
        p11.finalize()
        if before is None:
            del os.environ["SOFTHSM2_CONF"]
        else:
            os.environ["SOFTHSM2_CONF"] = before


def certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string("CN=test")
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + timedelta(1))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


class Filler:
    """Makes objects one after the other; each has a label of its own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.count = 0
        self.kinds = [getattr(self, name) for name in dir(self) if name.startswith("make_")]
        dsa = session.generate(Mechanism.DSA_PARAMETER_GEN, {**self.unnumbered(), Attr.PRIME_BITS: 1024})
        values = session.get(dsa, [Attr.PRIME, Attr.SUBPRIME, Attr.BASE])
        self.dsa = dict(zip((Attr.PRIME, Attr.SUBPRIME, Attr.BASE), values, strict=True))

    def fill(self, objects: int) -> None:
        while self.count < objects:
            for make in self.kinds:
                make()

    def names(self, objects: int = 1) -> dict[Any, Any]:
        self.count += objects
        number = self.count
        return {Attr.TOKEN: True, Attr.LABEL: f"object {number}", Attr.ID: number.to_bytes(3, "big")}

    def unnumbered(self) -> dict[Any, Any]:
        """For objects without CKA_ID."""
        return {attr: value for attr, value in self.names().items() if attr != Attr.ID}

    def pair(self, mechanism: Mechanism, public: dict[Any, Any], private: dict[Any, Any] | None = None) -> None:
        names = self.names(2)
        self.session.generate_pair(mechanism, {**names, **public}, {**names, Attr.PRIVATE: True, **(private or {})})

    def secret(self, key_type: KeyType, value: bytes, **more: Any) -> None:
        given = {Attr[name]: one for name, one in more.items()}
        about = {Attr.CLASS: int(ObjectClass.SECRET_KEY), Attr.KEY_TYPE: int(key_type), Attr.VALUE: value}
        self.session.create({**self.names(), **about, **given})

    # -- key pairs

    def make_rsa(self) -> None:
        public = {Attr.MODULUS_BITS: 1024, Attr.PUBLIC_EXPONENT: b"\1\0\1", Attr.SUBJECT: b"0\0"}
        sealed = {Attr.SENSITIVE: True, Attr.EXTRACTABLE: False, Attr.SUBJECT: b"0\0", Attr.END_DATE: b"20301231"}
        self.pair(Mechanism.RSA_PKCS_KEY_PAIR_GEN, public, sealed)

    def make_rsa_limited(self) -> None:
        allowed = (int(Mechanism.RSA_PKCS), int(Mechanism.SHA256_RSA_PKCS))
        public = {Attr.MODULUS_BITS: 1024, Attr.PUBLIC_EXPONENT: b"\1\0\1", Attr.ALLOWED_MECHANISMS: allowed}
        public[Attr.WRAP_TEMPLATE] = {Attr.KEY_TYPE: int(KeyType.AES), Attr.LABEL: b"wrapped", Attr.ENCRYPT: True}
        private = {Attr.ALLOWED_MECHANISMS: allowed, Attr.SENSITIVE: False, Attr.EXTRACTABLE: True}
        private[Attr.UNWRAP_TEMPLATE] = {Attr.LABEL: b"unwrapped", Attr.EXTRACTABLE: False}
        self.pair(Mechanism.RSA_PKCS_KEY_PAIR_GEN, public, private)

    def make_ec(self) -> None:
        curve = (P256, P384, P521)[self.count // 2 % 3]
        self.pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: curve}, {Attr.SENSITIVE: True, Attr.DERIVE: True})

    def make_ec_modifiable(self) -> None:
        self.pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256, Attr.MODIFIABLE: False}, {Attr.COPYABLE: False})

    def make_ed25519(self) -> None:
        self.pair(Mechanism.EC_EDWARDS_KEY_PAIR_GEN, {Attr.EC_PARAMS: ED25519}, {Attr.SENSITIVE: True})

    def make_ed448(self) -> None:
        self.pair(Mechanism.EC_EDWARDS_KEY_PAIR_GEN, {Attr.EC_PARAMS: ED448})

    def make_x25519(self) -> None:
        self.pair(Mechanism.EC_EDWARDS_KEY_PAIR_GEN, {Attr.EC_PARAMS: X25519}, {Attr.DERIVE: True})

    def make_dsa(self) -> None:
        self.pair(Mechanism.DSA_KEY_PAIR_GEN, self.dsa, {Attr.SENSITIVE: True})

    def make_dh(self) -> None:
        self.pair(Mechanism.DH_PKCS_KEY_PAIR_GEN, {Attr.PRIME: PRIME, Attr.BASE: b"\2"}, {Attr.DERIVE: True})

    # -- secret keys

    def make_aes(self) -> None:
        length = (16, 24, 32)[self.count % 3]
        self.session.generate(Mechanism.AES_KEY_GEN, {**self.names(), Attr.VALUE_LEN: length, Attr.SENSITIVE: True})

    def make_aes_public(self) -> None:
        value = os.urandom(32)
        self.secret(KeyType.AES, value, PRIVATE=False, SENSITIVE=False, EXTRACTABLE=True, WRAP_WITH_TRUSTED=True)

    def make_des(self) -> None:
        for mechanism in (Mechanism.DES_KEY_GEN, Mechanism.DES2_KEY_GEN, Mechanism.DES3_KEY_GEN):
            self.session.generate(mechanism, {**self.names(), Attr.EXTRACTABLE: True})

    def make_generic(self) -> None:
        dates = {Attr.START_DATE: b"20200101", Attr.END_DATE: b"20291231"}
        self.session.generate(Mechanism.GENERIC_SECRET_KEY_GEN, {**self.names(), Attr.VALUE_LEN: 48, **dates})

    def make_hmac(self) -> None:
        for key_type in (KeyType.MD5_HMAC, KeyType.SHA_1_HMAC, KeyType.SHA224_HMAC, KeyType.SHA256_HMAC):
            self.secret(key_type, os.urandom(64), SENSITIVE=True)
        for key_type in (KeyType.SHA384_HMAC, KeyType.SHA512_HMAC):
            self.secret(key_type, os.urandom(64), SENSITIVE=False, EXTRACTABLE=True)

    # -- others

    def make_data(self) -> None:
        about = {Attr.CLASS: int(ObjectClass.DATA), Attr.APPLICATION: b"test", Attr.OBJECT_ID: b"\x06\x01\x2a"}
        for private, value in ((True, os.urandom(5000)), (False, b"in clear"), (True, b"")):
            self.session.create({**self.unnumbered(), **about, Attr.PRIVATE: private, Attr.VALUE: value})

    def make_certificate(self) -> None:
        der = certificate()
        about = {Attr.CLASS: int(ObjectClass.CERTIFICATE), Attr.CERTIFICATE_TYPE: int(CertificateType.X_509)}
        subject = x509.load_der_x509_certificate(der).subject.public_bytes()
        named = {Attr.SUBJECT: subject, Attr.ISSUER: subject, Attr.SERIAL_NUMBER: b"\2\1\7", Attr.VALUE: der}
        self.session.create({**self.names(), **about, **named, Attr.PRIVATE: self.count % 2 == 0})


def big(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def version_1(path: Path, key: rsa.RSAPrivateKey, *, wide: bool = True) -> None:
    """As SoftHSM 1.3 stores a generated pair, and a session object that a program left behind."""
    numbers = key.private_numbers()
    public_numbers = numbers.public_numbers
    both: dict[int, Any] = {
        Attr.KEY_TYPE: 0,
        Attr.KEY_GEN_MECHANISM: 0,
        Attr.LOCAL: True,
        Attr.LABEL: b"zone key",
        Attr.ID: b"\xab",
    }
    both |= {Attr.TOKEN: True, Attr.MODIFIABLE: True, Attr.START_DATE: b"", Attr.END_DATE: b"20301231"}
    both |= {
        Attr.MODULUS: big(public_numbers.n),
        Attr.PUBLIC_EXPONENT: big(public_numbers.e),
        Attr.VENDOR_DEFINED: b"12345678",
    }
    public: dict[int, Any] = {
        Attr.CLASS: int(ObjectClass.PUBLIC_KEY),
        Attr.PRIVATE: False,
        Attr.VERIFY: True,
        Attr.MODULUS_BITS: 1024,
    }
    private: dict[int, Any] = {
        Attr.CLASS: int(ObjectClass.PRIVATE_KEY),
        Attr.PRIVATE: True,
        Attr.SIGN: True,
        Attr.SENSITIVE: True,
    }
    private |= {Attr.EXTRACTABLE: False, Attr.NEVER_EXTRACTABLE: True, Attr.ALWAYS_SENSITIVE: True}
    private |= {Attr.PRIVATE_EXPONENT: big(numbers.d), Attr.PRIME_1: big(numbers.p), Attr.PRIME_2: big(numbers.q)}
    left: dict[int, Any] = {Attr.CLASS: int(ObjectClass.PUBLIC_KEY), Attr.TOKEN: False}
    with sqlite3.connect(path) as db:
        db.execute("pragma user_version = 100")
        db.execute("create table Token (variableID INTEGER PRIMARY KEY, value TEXT DEFAULT NULL)")
        db.execute("create table Objects (objectID INTEGER PRIMARY KEY)")
        db.execute("create table Attributes (attributeID INTEGER PRIMARY KEY, objectID, type, value BLOB, length)")
        pins = [hashlib.sha256(pin.encode() * 3).hexdigest().upper() for pin in (SO_PIN, PIN)]
        db.executemany("insert into Token values (?, ?)", enumerate(["old token".ljust(32), *pins]))
        for attributes in (both | public, both | private, left):
            number = db.execute("insert into Objects default values").lastrowid
            for attr, value in attributes.items():
                data: Any = value
                if isinstance(value, bool):
                    data = bytes([value])
                elif isinstance(value, int):
                    data = struct.pack("Q" if wide else "I", value)
                row = (number, int(attr), data, len(data))
                db.execute("insert into Attributes (objectID, type, value, length) values (?, ?, ?, ?)", row)
    db.close()
