"""hsmith import key and cert, hsmith export: with the files of OpenSSL, OpenSSH, ldns and of JOSE."""

import base64
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa, x448, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
    load_ssh_public_key,
    pkcs12,
)

from harness import run
from hsmith.spec.constants import Attr, Mechanism, ObjectClass
from hsmith.spec.values import MechanismArg
from hsmith.wire.client import Client
from hsmith.wire.session import Session

from .conftest import PIN, Hsmith

MAIN = ("--token", "main")
SECRET = b"correct horse"


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def spki(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def imported(cli: Hsmith, *arguments: str | Path) -> list[dict[str, Any]]:
    ran = cli("import", *map(str, arguments), *MAIN, "--json")
    assert ran.code == 0, ran.err
    rows: list[dict[str, Any]] = json.loads(ran.out)
    return rows


def exported(cli: Hsmith, label: str) -> bytes:
    """The public half, as SubjectPublicKeyInfo."""
    ran = cli("export", "public", "--label", label, *MAIN)
    assert ran.code == 0, ran.err
    return bytes(load_pem_public_key(ran.out.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def signed(label: str, mechanism: Mechanism, data: bytes) -> bytes:
    with Client() as client:
        slot = next(token["slot"] for token in client.admin("tokens")["tokens"] if token["label"] == "main")
        with Session(client, slot) as session:
            session.login(PIN.encode())
            [key] = session.find({Attr.CLASS: int(ObjectClass.PRIVATE_KEY), Attr.LABEL: label.encode()})
            session.call("C_SignInit", MechanismArg(int(mechanism)), key)
            signature: bytes = session.call("C_Sign", data, 1000)
            return signature


KEYS: list[Callable[[], Any]] = [
    lambda: ec.generate_private_key(ec.SECP256R1()),
    lambda: ec.generate_private_key(ec.SECP521R1()),
    lambda: ec.generate_private_key(ec.SECP256K1()),
    ed25519.Ed25519PrivateKey.generate,
    ed448.Ed448PrivateKey.generate,
    x25519.X25519PrivateKey.generate,
    x448.X448PrivateKey.generate,
    lambda: dsa.generate_private_key(1024),
]


@pytest.mark.parametrize("number", range(len(KEYS)))
@pytest.mark.parametrize("form", ["pem", "der", "encrypted"])
def test_pkcs8_of_every_type(cli: Hsmith, tmp_path: Path, number: int, form: str) -> None:
    key, label = KEYS[number](), f"{form} {number}"
    path, more = tmp_path / "key", ("--passphrase-file", str(tmp_path / "passphrase"))
    (tmp_path / "passphrase").write_bytes(SECRET + b"\n")
    how = BestAvailableEncryption(SECRET) if form == "encrypted" else NoEncryption()
    encoding = Encoding.DER if form == "der" else Encoding.PEM
    path.write_bytes(key.private_bytes(encoding, PrivateFormat.PKCS8, how))
    rows = imported(cli, "key", path, "--label", label, *(more if form == "encrypted" else ()))
    assert [row["class"] for row in rows] == ["private", "public"]
    assert exported(cli, label) == spki(key)


def test_an_rsa_key_signs_as_before(cli: Hsmith, tmp_path: Path, rsa_key: rsa.RSAPrivateKey) -> None:
    path = tmp_path / "web.pem"
    path.write_bytes(rsa_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    rows = imported(cli, "key", path, "--id", "a1")
    assert [(row["label"], row["id"]) for row in rows] == [("web", "a1")] * 2
    assert signed("web", Mechanism.SHA256_RSA_PKCS, b"x") == rsa_key.sign(b"x", padding.PKCS1v15(), hashes.SHA256())
    shown = json.loads(cli("key", "show", "--label", "web", "--class", "private", *MAIN, "--json").out)[0]
    assert (shown["sensitive"], shown["extractable"], shown["local"]) == (True, False, False)


def test_pkcs12_and_certificates(cli: Hsmith, tmp_path: Path, rsa_key: rsa.RSAPrivateKey) -> None:
    name = x509.Name.from_rfc4514_string("CN=example.org")
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, rsa_key.public_key(), 77, now, now + timedelta(1))
    certificate = builder.sign(rsa_key, hashes.SHA256())
    bundle = pkcs12.serialize_key_and_certificates(b"site", rsa_key, certificate, None, BestAvailableEncryption(SECRET))
    (tmp_path / "site.p12").write_bytes(bundle)
    (tmp_path / "passphrase").write_bytes(SECRET)
    given = ("--passphrase-file", str(tmp_path / "passphrase"))
    rows = imported(cli, "key", tmp_path / "site.p12", *given)
    assert sorted(row["class"] for row in rows) == ["certificate", "private", "public"]
    assert len({row["id"] for row in rows}) == 1  # by which programs find one from another
    pem = cli("export", "cert", "--label", "site", *MAIN).out
    assert x509.load_pem_x509_certificate(pem.encode()) == certificate
    (tmp_path / "chain.pem").write_bytes(certificate.public_bytes(Encoding.PEM) * 2)
    assert [row["class"] for row in imported(cli, "cert", tmp_path / "chain.pem")] == ["certificate"] * 2
    (tmp_path / "passphrase").write_bytes(b"wrong")
    wrong = cli("import", "key", str(tmp_path / "site.p12"), *MAIN, *given)
    assert (wrong.code, "passphrase" in wrong.err) == (1, True)


def test_openssh_both_ways(cli: Hsmith, tmp_path: Path, need: Callable[..., None]) -> None:
    need("ssh-keygen")
    for kind, passphrase in (("ed25519", ""), ("ecdsa", "hello there"), ("rsa", "")):
        path = tmp_path / kind
        run("ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", path)
        (tmp_path / "passphrase").write_text(passphrase)
        imported(cli, "key", path, "--label", f"ssh {kind}", "--passphrase-file", tmp_path / "passphrase")
        line = cli("export", "public", "--label", f"ssh {kind}", "--format", "openssh", *MAIN).out
        assert line.split()[:2] == path.with_suffix(".pub").read_text().split()[:2]
        assert load_ssh_public_key(line.encode())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def big(number: int) -> str:
    return b64(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def half(number: int) -> str:
    return b64(number.to_bytes(32, "big"))


def test_jwk_both_ways(cli: Hsmith, tmp_path: Path, rsa_key: rsa.RSAPrivateKey) -> None:
    """RSA with and without its primes, EC, OKP and oct, alone and in a set."""
    numbers = rsa_key.private_numbers()
    public = {"kty": "RSA", "n": big(numbers.public_numbers.n), "e": "AQAB"}
    elliptic = ec.generate_private_key(ec.SECP256R1())
    point = elliptic.public_key().public_numbers()
    curve = {"kty": "EC", "crv": "P-256", "x": half(point.x), "y": half(point.y)}
    edwards = ed25519.Ed25519PrivateKey.generate()
    okp = {"kty": "OKP", "crv": "Ed25519", "x": b64(edwards.public_key().public_bytes_raw())}
    keys = [
        {**public, "kid": "jwk rsa", "d": big(numbers.d)},
        {**curve, "kid": "jwk ec", "d": half(elliptic.private_numbers().private_value)},
        {**okp, "kid": "jwk okp", "d": b64(edwards.private_bytes_raw())},
        {"kty": "oct", "kid": "jwk aes", "alg": "A256GCM", "k": b64(os.urandom(32))},
        {"kty": "oct", "kid": "jwk mac", "k": b64(os.urandom(40))},
    ]
    (tmp_path / "set.json").write_text(json.dumps({"keys": keys}))
    rows = imported(cli, "key", tmp_path / "set.json")
    assert [row["type"] for row in rows if row["class"] == "secret"] == ["aes:256", "generic:320"]
    for label, wanted in (("jwk rsa", public), ("jwk ec", curve), ("jwk okp", okp)):
        ran = cli("export", "public", "--label", label, "--format", "jwk", *MAIN)
        assert json.loads(ran.out) == wanted, label
    (tmp_path / "one.json").write_text(json.dumps(okp))
    assert imported(cli, "key", tmp_path / "one.json", "--label", "only public")[0]["class"] == "public"
    for bad, words in (({"kty": "EC"}, "crv"), ({"kty": "moon"}, "moon"), ([], "no JWK")):
        (tmp_path / "bad.json").write_text(json.dumps(bad))
        ran = cli("import", "key", str(tmp_path / "bad.json"), *MAIN)
        assert (ran.code, words in ran.err) == (1, True), ran.err


def test_bind_keys_dnskey_and_ds(cli: Hsmith, tmp_path: Path, need: Callable[..., None]) -> None:
    need("ldns-keygen", "ldns-key2ds")
    for algorithm in ("RSASHA256", "ECDSAP256SHA256", "ED25519"):
        name = run("ldns-keygen", "-k", "-a", algorithm, "-b", "2048", "example.org", cwd=tmp_path).strip()
        imported(cli, "key", tmp_path / f"{name}.private", "--label", algorithm)
        made = (tmp_path / f"{name}.key").read_text().partition(";")[0].split()
        ran = cli("export", "dnskey", "--label", algorithm, "--zone", "example.org", *MAIN)
        assert ran.out.split() == [made[0], "IN", "DNSKEY", *made[made.index("DNSKEY") + 1 :]]
        ran = cli("export", "ds", "--label", algorithm, "--zone", "Example.ORG.", "--ttl", "3600", *MAIN)
        theirs = run("ldns-key2ds", "-n", "-2", tmp_path / f"{name}.key", cwd=tmp_path).split()
        assert [part.lower() for part in ran.out.split()[-4:]] == [part.lower() for part in theirs[-4:]]
    wrong = cli("export", "dnskey", "--label", "ED25519", "--zone", "example.org", "--algorithm", "8", *MAIN)
    assert (wrong.code, "kind" in wrong.err) == (2, True)
    # The public half beside it is of another key: somebody mixed up files.
    (tmp_path / f"{name}.key").write_text("example.org. IN DNSKEY 257 3 15 AAAA\n")
    mixed = cli("import", "key", str(tmp_path / f"{name}.private"), *MAIN)
    assert (mixed.code, "another key" in mixed.err) == (1, True)


def test_raw_keys(cli: Hsmith, tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(os.urandom(32))
    assert imported(cli, "key", tmp_path / "raw", "--type", "aes", "--use", "wrap,unwrap")[0]["type"] == "aes:256"
    untold = cli("import", "key", str(tmp_path / "raw"), *MAIN)
    assert (untold.code, "--type" in untold.err) == (1, True)
    (tmp_path / "raw").write_bytes(os.urandom(31))
    short = cli("import", "key", str(tmp_path / "raw"), "--type", "aes", *MAIN)
    assert (short.code, "CKR_ATTRIBUTE_VALUE_INVALID" in short.err) == (1, True)


def test_nothing_of_a_file_is_imported_if_not_all_can_be(cli: Hsmith, tmp_path: Path) -> None:
    keys = [{"kty": "oct", "alg": "A256GCM", "kid": "half", "k": b64(os.urandom(length))} for length in (32, 31)]
    (tmp_path / "set.json").write_text(json.dumps({"keys": keys}))
    assert cli("import", "key", str(tmp_path / "set.json"), *MAIN).code == 1
    assert json.loads(cli("key", "list", "--label", "half", *MAIN, "--json").out) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"nothing of the kind", "no PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "damaged"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n", "does not end"),
        (b"-----BEGIN MOON-----\nAAAA\n-----END MOON-----\n", "MOON"),
        (b"Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\n", "privatekey"),
        (b"Private-key-format: v1.3\nAlgorithm: 12 (ECC-GOST)\nPrivateKey: AAAA\n", "algorithm 12"),
        (b"{", "JSON"),
        (b"0\x82\xff\xff", "no PEM"),
    ],
)
def test_files_that_are_none(cli: Hsmith, tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "file").write_bytes(content)
    for what in ("key", "cert"):
        ran = cli("import", what, str(tmp_path / "file"), *MAIN)
        assert (ran.code, words in ran.err, "Traceback" in ran.err) == (1, True, False), ran.err


def test_wrapped_keys_and_why_not(cli: Hsmith, tmp_path: Path) -> None:
    def make(label: str, *more: str, kind: str = "aes:256") -> None:
        assert cli("key", "generate", "--type", kind, "--label", label, *more, *MAIN).code == 0

    def wrapped(label: str, by: str, *more: str) -> Any:
        return cli("export", "wrapped", "--label", label, "--with", by, "--json", *more, *MAIN)

    make("kwp", "--use", "wrap,unwrap")
    make("gcm", "--use", "wrap,unwrap")
    make("goes", "--extractable", kind="rsa:2048")
    make("stays", kind="ec:p256")
    assert len(base64.b64decode(json.loads(wrapped("goes", "kwp").out)["base64"])) > 1000
    assert (
        cli("export", "wrapped", "--label", "goes", "--with", "kwp", "--out", str(tmp_path / "blob"), *MAIN).code == 0
    )
    assert (tmp_path / "blob").stat().st_mode & 0o777 == 0o600
    for label, by, words in (
        ("stays", "kwp", "CKA_EXTRACTABLE is false"),
        ("goes", "stays", "no such wrapping key|CKA_WRAP is false"),
        ("goes", "nobody", "no such wrapping key"),
    ):
        ran = wrapped(label, by)
        assert ran.code == 1 and any(part in ran.err for part in words.split("|")), ran.err
    again = wrapped("goes", "kwp", "--how", "aes-gcm")
    assert (again.code, "one key has one such role" in again.err) == (1, True)
    # Under keys that are known outside: what was wrapped is what was imported. The policy refuses it for secrets.
    key, value = os.urandom(32), os.urandom(16)
    (tmp_path / "key").write_bytes(key)
    (tmp_path / "value").write_bytes(value)
    imported(cli, "key", tmp_path / "key", "--type", "aes", "--use", "wrap", "--label", "known")
    imported(cli, "key", tmp_path / "value", "--type", "aes", "--extractable", "--label", "secret")
    refused = wrapped("secret", "known")
    assert (refused.code, "came from outside" in refused.err) == (1, True)


def test_what_is_wrapped_can_be_opened(hsmith: Hsmith, home: Path, tmp_path: Path) -> None:
    """With a token that trusts everybody (compat), under keys that are known here."""
    compat = ("--token", "compat", "--pin", PIN)
    made = hsmith("token", "init", "--label", "compat", "--profile", "compat", "--pin", PIN, "--so-pin", "12345678")
    assert made.code == 0, made.err
    key, value, rsa_key = os.urandom(32), os.urandom(16), rsa.generate_private_key(65537, 2048)
    for name, data in (("value", value), ("kwp", key), ("kw", key), ("gcm", key)):
        (tmp_path / name).write_bytes(data)
        use = () if name == "value" else ("--use", "wrap")
        given = ("--type", "aes", "--extractable", *use)
        assert hsmith("import", "key", str(tmp_path / name), *given, *compat).code == 0
    public = rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "rsa").write_bytes(public)
    assert hsmith("import", "key", str(tmp_path / "rsa"), "--use", "unwrap", *compat).code == 0
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    ways: list[tuple[str, str, Callable[[bytes], bytes]]] = [
        ("aes-kwp", "kwp", lambda blob: keywrap.aes_key_unwrap_with_padding(key, blob)),
        ("aes-kw", "kw", lambda blob: keywrap.aes_key_unwrap(key, blob)),
        ("aes-gcm", "gcm", lambda blob: AESGCM(key).decrypt(blob[:12], blob[12:], None)),
        ("rsa-oaep", "rsa", lambda blob: rsa_key.decrypt(blob, oaep)),
        (
            "rsa-aes",
            "rsa",
            lambda blob: keywrap.aes_key_unwrap_with_padding(rsa_key.decrypt(blob[:256], oaep), blob[256:]),
        ),
    ]
    for how, by, opened in ways:
        ran = hsmith("export", "wrapped", "--label", "value", "--with", by, "--how", how, "--json", *compat)
        assert ran.code == 0, ran.err
        assert opened(base64.b64decode(json.loads(ran.out)["base64"])) == value, how


def test_exports_that_are_refused(cli: Hsmith, tmp_path: Path) -> None:
    assert cli("export", "public", *MAIN).code == 2
    assert cli("export", "public", "--label", "nobody", *MAIN).code == 1
    assert cli("key", "generate", "--type", "ec:secp256k1", "--label", "koblitz", *MAIN).code == 0
    for what in (("public", "--format", "openssh"), ("dnskey", "--zone", "example.org")):
        ran = cli("export", *what, "--label", "koblitz", *MAIN)
        assert (ran.code, "Traceback" in ran.err) == (1, False), ran.err
    (tmp_path / "there").write_bytes(b"")
    there = cli("export", "public", "--label", "koblitz", "--out", str(tmp_path / "there"), *MAIN)
    assert (there.code, "exists already" in there.err) == (1, True)
    assert (tmp_path / "there").read_bytes() == b""
    der = tmp_path / "der"
    assert cli("export", "public", "--label", "koblitz", "--format", "der", "--out", str(der), *MAIN).code == 0
    assert load_der_public_key(der.read_bytes())
