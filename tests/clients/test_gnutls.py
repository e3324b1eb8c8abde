"""GnuTLS: p11tool makes and tests keys, certtool makes certificates with them, gnutls-serv serves TLS with them."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import Token, free_port, run

pytestmark = pytest.mark.client

#: GnuTLS's name of a key type, and the options that go with it.
KEYS = {
    "rsa": ("--generate-privkey=rsa", "--bits", "2048"),
    "ecdsa": ("--generate-privkey=ecdsa", "--curve", "secp256r1"),
    "ed25519": ("--generate-privkey=ed25519",),  # GnuTLS 3.7 asks for it with CKM_EDDSA
}


class Gnutls:
    """p11tool and certtool over one token."""

    def __init__(self, token: Token, folder: Path) -> None:
        self.token = token
        self.folder = folder
        self.environment = {"GNUTLS_PIN": token.pin}

    def p11tool(self, *arguments: str) -> str:
        """p11tool, logged in; the token's address is the last argument unless one is given."""
        target = () if arguments[-1].startswith("pkcs11:") else (f"pkcs11:token={self.token.label}",)
        head = ("p11tool", "--provider", self.token.module, "--login", "--batch")
        return run(*head, *arguments, *target, cwd=self.folder, env=self.environment)

    def key(self, kind: str) -> str:
        """Make a key; its address. Its public key goes to <kind>.pub."""
        self.p11tool(*KEYS[kind], "--label", kind, "--outfile", f"{kind}.pub")
        return f"pkcs11:token={self.token.label};object={kind};type=private"

    def certificate(self, kind: str, key: str) -> Path:
        """A self-signed certificate of a key."""
        uses = "ca\ncert_signing_key\nsigning_key\ntls_www_server\n"
        (self.folder / "template").write_text(f"cn = localhost\nexpiration_days = 10\n{uses}")
        head = ("certtool", "--provider", self.token.module, "--generate-self-signed")
        files = ("--load-pubkey", f"{kind}.pub", "--template", "template", "--outfile", f"{kind}.pem")
        run(*head, "--load-privkey", key, *files, cwd=self.folder, env=self.environment)
        return self.folder / f"{kind}.pem"


@pytest.fixture
def gnutls(token: Token, tmp_path: Path, need: Callable[..., None]) -> Gnutls:
    need("p11tool", "certtool", "gnutls-serv", "openssl")
    return Gnutls(token, tmp_path)


@pytest.mark.parametrize("kind", KEYS)
def test_key_and_certificate(gnutls: Gnutls, kind: str) -> None:
    key = gnutls.key(kind)
    assert f"object={kind};type=private" in gnutls.p11tool("--list-privkeys")
    gnutls.p11tool("--test-sign", "--hash=sha512", key)  # The only hash that GnuTLS takes with Ed25519
    certificate = gnutls.certificate(kind, key)
    assert "OK" in run("openssl", "verify", "-CAfile", certificate, certificate)

    gnutls.p11tool("--write", "--load-certificate", str(certificate), "--label", "mine")
    assert "object=mine;type=cert" in gnutls.p11tool("--list-all-certs")
    exported = gnutls.p11tool("--export", f"pkcs11:token={gnutls.token.label};object=mine;type=cert")
    assert exported.strip() in certificate.read_text()
    gnutls.p11tool("--delete", f"pkcs11:token={gnutls.token.label};object=mine;type=cert")
    assert "object=mine" not in gnutls.p11tool("--list-all")


def test_rsa_pss(gnutls: Gnutls) -> None:
    gnutls.p11tool("--test-sign", "--sign-params=RSA-PSS", gnutls.key("rsa"))


@pytest.mark.parametrize("kind", KEYS)
def test_tls_server(gnutls: Gnutls, kind: str) -> None:
    key = gnutls.key(kind)
    certificate = gnutls.certificate(kind, key)
    port = free_port()
    command = ("gnutls-serv", "--provider", gnutls.token.module, "--port", str(port), "--http", "--noticket")
    files = ("--x509keyfile", f"{key}?pin-value={gnutls.token.pin}", "--x509certfile", certificate)
    log = gnutls.folder / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen([*command, *files], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        shake = ("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", certificate, "-verify_return_error")
        for _ in range(50):
            if "listening on" in log.read_text() or server.poll() is not None:
                break
            time.sleep(0.1)
        assert "Verify return code: 0" in run(*shake, stdin="Q\n"), log.read_text()
    finally:
        server.terminate()
        server.wait(timeout=10)
