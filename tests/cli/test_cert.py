"""hsmith cert: OpenSSL judges what keys of the token sign; pkcs11-tool sees what is stored."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hsmith.cli import module

from .conftest import Hsmith

MAIN = ("--token", "main")


def read(text: str) -> Any:
    return json.loads(text)


def run(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(autouse=True)
def programs(need: Callable[..., None]) -> None:
    need("openssl", "pkcs11-tool")


@pytest.fixture
def key(cli: Hsmith) -> Any:
    """Make a key pair; it goes, with the certificates of its name, with the test."""
    made = []

    def make(kind: str, label: str) -> str:
        assert cli("key", "generate", "--type", kind, "--label", label, *MAIN).code == 0
        made.append(label)
        return label

    yield make
    for label in made:
        cli("object", "delete", label, *MAIN, "--yes")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("rsa:2048", ()), ("rsa:2048", ("--pss", "--hash", "sha384")), ("ec:p256", ()), ("ec:p521", ()),
        ("ec:secp256k1", ("--hash", "sha512")), ("ed25519", ()), ("ed448", ()), ("dsa:1024", ()),
    ],
)  # fmt: skip
def test_openssl_verifies_requests_and_certificates(
    cli: Hsmith, key: Any, tmp_path: Path, kind: str, options: tuple[str, ...]
) -> None:
    key(kind, "signer")
    request, certificate = tmp_path / "request", tmp_path / "certificate"
    wish = (
        "signer",
        *MAIN,
        *options,
        "--subject",
        "CN=www.example.org,O=Example\\, Inc.,C=DE",
        "--name",
        "DNS:www.example.org",
    )
    ran = cli("cert", "request", *wish, "--name", "IP:192.0.2.1", "--out", str(request))
    assert ran.code == 0, ran.err
    assert "verify OK" in run("openssl", "req", "-in", request, "-verify", "-noout")
    text = run("openssl", "req", "-in", request, "-noout", "-text")
    assert "DNS:www.example.org, IP Address:192.0.2.1" in text
    ran = cli(
        "cert", "self-sign", *wish, "--purpose", "server-auth,client-auth", "--days", "30", "--out", str(certificate)
    )
    assert ran.code == 0, ran.err
    assert ": OK" in run("openssl", "verify", "-check_ss_sig", "-CAfile", certificate, certificate)
    text = run("openssl", "x509", "-in", certificate, "-noout", "-text")
    assert 'O = "Example, Inc."' in text
    assert "TLS Web Server Authentication" in text
    stored = read(cli("cert", "show", "signer", *MAIN, "--json").out)
    assert [one["pem"] for one in stored] == [certificate.read_text()]
    keys = read(cli("key", "list", "signer", *MAIN, "--json").out)
    assert stored[0]["id"] == keys[0]["id"]


def test_a_certificate_by_ml_dsa(cli: Hsmith, key: Any) -> None:
    key("ml-dsa-65", "quantum")
    made = cli("cert", "self-sign", "quantum", *MAIN, "--subject", "CN=quantum", "--json")
    assert (made.code, read(made.out)["subject"]) == (0, "CN=quantum")


def test_an_authority_and_what_openssl_issues(cli: Hsmith, key: Any, tmp_path: Path) -> None:
    """A certificate of an authority that OpenSSL makes for a request comes back, and finds its key."""
    key("ec:p256", "server")
    run(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=CA",
        "-keyout",
        tmp_path / "k",
        "-out",
        tmp_path / "ca",
    )
    assert (
        cli(
            "cert", "request", "server", *MAIN, "--subject", "/O=Example/CN=server", "--out", str(tmp_path / "csr")
        ).code
        == 0
    )
    run(
        "openssl",
        "x509",
        "-req",
        "-in",
        tmp_path / "csr",
        "-CA",
        tmp_path / "ca",
        "-CAkey",
        tmp_path / "k",
        "-out",
        tmp_path / "crt",
        "-days",
        "9",
    )
    chain = tmp_path / "chain"
    chain.write_bytes((tmp_path / "crt").read_bytes() + (tmp_path / "ca").read_bytes())
    rows = read(cli("cert", "import", str(chain), *MAIN, "--json").out)
    assert [(row["label"], row["subject"], row["new"]) for row in rows] == [
        ("server", "CN=server,O=Example", True),
        ("CA", "CN=CA", True),
    ]
    server = read(cli("key", "list", "server", *MAIN, "--json").out)[0]
    assert rows[0]["id"] == server["id"]
    again = read(cli("cert", "import", str(chain), *MAIN, "--json").out)
    assert [row["new"] for row in again] == [False, False]
    assert cli("cert", "show", "CA", *MAIN, "--pem").out == (tmp_path / "ca").read_text()
    der = tmp_path / "der"
    run("openssl", "x509", "-in", tmp_path / "ca", "-outform", "DER", "-out", der)
    assert cli("cert", "delete", "CA", *MAIN, "--yes").code == 0
    assert cli("cert", "import", str(der), *MAIN, "--label", "root", "--id", "0102").code == 0
    assert cli("object", "read", "root", *MAIN, "--out", str(tmp_path / "read")).code == 0
    assert (tmp_path / "read").read_bytes() == der.read_bytes()
    trusted = cli("cert", "import", str(tmp_path / "ca"), *MAIN, "--trusted")
    assert (trusted.code, "--so" in trusted.err) == (2, True)
    assert cli("cert", "delete", "root", *MAIN, "--yes").code == 0
    assert cli("cert", "import", str(tmp_path / "ca"), *MAIN, "--trusted", "--so").code == 0
    assert read(cli("cert", "show", "CA", *MAIN, "--json").out)[0]["trusted"]
    assert cli("cert", "delete", "CA", *MAIN, "--yes").code == 0


def test_an_authoritys_certificate(cli: Hsmith, key: Any, tmp_path: Path) -> None:
    key("rsa:2048", "authority")
    out = tmp_path / "ca.pem"
    made = ("cert", "self-sign", "authority", *MAIN, "--subject", "CN=Root", "--ca", "--path-length", "1", "--no-store")
    assert cli(*made, "--out", str(out)).code == 0
    text = run("openssl", "x509", "-in", out, "-noout", "-text")
    assert "CA:TRUE, pathlen:1" in text
    assert "Certificate Sign, CRL Sign" in text
    assert read(cli("cert", "list", "authority", *MAIN, "--json").out) == []
    assert cli(*made).out.startswith("-----BEGIN CERTIFICATE-----")


def test_pkcs11_tool_sees_and_uses_them(cli: Hsmith, key: Any, tmp_path: Path) -> None:
    key("ec:p256", "seen")
    assert cli("cert", "self-sign", "seen", *MAIN, "--subject", "CN=seen").code == 0
    tool = ("pkcs11-tool", "--module", module.path(), "--token-label", "main", "--login", "--pin", "1234")
    listed = run(*tool, "--list-objects")
    for what in ("Certificate Object", "Private Key Object", "Public Key Object"):
        assert what in listed
    assert listed.count("label:      seen") == 3
    (tmp_path / "data").write_bytes(b"data")
    identity = read(cli("key", "list", "seen", *MAIN, "--json").out)[0]["id"]
    signing = ("--sign", "--mechanism", "ECDSA-SHA256", "--id", identity)
    run(*tool, *signing, "--input-file", tmp_path / "data", "--output-file", tmp_path / "signature")
    verify = (
        "key",
        "verify",
        "seen",
        *MAIN,
        "--in",
        str(tmp_path / "data"),
        "--signature",
        str(tmp_path / "signature"),
    )
    assert cli(*verify).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("request", "k", "--subject", "nonsense"), "is no name such as CN=example.org"),
        (("request", "k", "--subject", ""), "the subject is empty"),
        (("request", "k", "--subject", "CN=x", "--name", "example.org"), "does not begin with one of DNS:, IP:"),
        (("request", "k", "--subject", "CN=x", "--name", "IP:1.2.3"), "is no IP name"),
        (("request", "k", "--subject", "CN=x", "--usage", "cert-sig"), "did you mean 'cert-sign'?"),
        (("request", "k", "--subject", "CN=x", "--purpose", "server"), "did you mean 'server-auth'?"),
        (("request", "k", "--subject", "CN=x", "--hash", "sha1"), "not signed with sha1"),
        (("request", "k", "--subject", "CN=x", "--pss"), "RSA-PSS is for RSA keys"),
        (("request", "k", "--subject", "CN=x", "--path-length", "1"), "only for a --ca"),
        (("request", "--subject", "CN=x"), "Say which key is to sign"),
        (("self-sign", "k", "--subject", "CN=x", "--days", "0"), "1 to 36500 days"),
        (("import", "/dev/null"), "no certificate that can be read"),
        (("import", "/nowhere"), "cannot be read"),
        (("show", "nothing"), "There is no such certificate"),
        (("delete", "--yes"), "Say which certificate"),
    ],
)
def test_wrong_use(cli: Hsmith, key: Any, arguments: tuple[str, ...], words: str) -> None:
    if "k" in arguments:
        key("ec:p256", "k")
    ran = cli("cert", *arguments, *MAIN)
    assert ran.code in (1, 2)
    assert words in ran.err
    assert ran.out == ""
    assert read(cli("cert", "list", "k", *MAIN, "--json").out) == []
