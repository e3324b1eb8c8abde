"""Programs that use the token by OpenSSL's PKCS#11 engine or a library of their own: mail, TLS clients, VPN, PGP."""

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable

import pytest

from clients.openssl_engine import ENGINE, KEYS, Desk
from harness import free_port, run, windows_program

pytestmark = pytest.mark.client


@pytest.mark.parametrize("label", KEYS)
def test_cms_signature(desk: Desk, label: str) -> None:
    """S/MIME, as mail programs make it."""
    (desk.folder / "mail").write_text("some words\n")
    key = ("-engine", "pkcs11", "-keyform", "engine", "-inkey", desk.token.uri(label))
    desk.engine("openssl", "cms", "-sign", "-in", "mail", "-signer", f"{label}.pem", *key, "-out", "signed")
    told = run(
        "openssl", "cms", "-verify", "-in", "signed", "-CAfile", f"{label}.pem", "-purpose", "any", cwd=desk.folder
    )
    assert told.split() == ["some", "words"]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_tls_client_with_a_certificate(desk: Desk, need: Callable[..., None], version: str) -> None:
    need("curl")
    port, token = free_port(), desk.token
    server = ("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-Verify", "1", "-CAfile", "rsa.pem")
    own = ("-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "key", "-out", "own")
    run("openssl", "req", "-x509", *own, cwd=desk.folder)
    with subprocess.Popen(
        [*server, "-cert", "own", "-key", "key", "-verify_return_error"],
        cwd=desk.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            while b"ACCEPT" not in process.stdout.readline():
                time.sleep(0.01)
            mine = ("--engine", "pkcs11", "--key-type", "ENG", "--key", token.uri("rsa"), "--cert", "rsa.pem")
            page = desk.engine(
                "curl", "-sS", "--cacert", "own", "--tls-max", version, *mine, f"https://localhost:{port}/"
            )
        finally:
            process.kill()
    assert f"TLSv{version}" in page


def test_openvpn_finds_the_certificates(desk: Desk, need: Callable[..., None]) -> None:
    need("openvpn")
    said = run("openvpn", "--show-pkcs11-ids", desk.token.module)
    assert said.count("Serialized id:") == 2
    assert "CN=rsa" in said
    assert "CN=ec" in said


def test_a_windows_program_is_signed(desk: Desk, need: Callable[..., None]) -> None:
    need("osslsigncode")
    program = windows_program()
    module = ("-pkcs11engine", ENGINE, "-pkcs11module", desk.token.module, "-pass", desk.token.pin)
    key = ("-key", desk.token.uri("rsa"), "-certs", "rsa.pem", "-h", "sha256")
    run("osslsigncode", "sign", *module, *key, "-in", program, "-out", "signed.exe", cwd=desk.folder)
    assert b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" in (desk.folder / "signed.exe").read_bytes()  # PKCS #7


def test_gnupg_sees_the_rsa_key(desk: Desk, need: Callable[..., None]) -> None:
    need("gnupg-pkcs11-scd")
    (desk.folder / "gnupg-pkcs11-scd.conf").write_text(f"providers one\nprovider-one-library {desk.token.module}\n")
    server = ("gnupg-pkcs11-scd", "--server", "--homedir", desk.folder)
    said = run(*server, env={"GNUPGHOME": str(desk.folder)}, stdin="SERIALNO\nLEARN --force\nBYE\n")
    assert "S KEYPAIRINFO" in said
    assert f"/{desk.token.label}/01\n" in said


def test_stunnel_serves_with_a_key_of_the_token(desk: Desk, need: Callable[..., None]) -> None:
    need("stunnel4")
    port = free_port()
    key = f"engineId = pkcs11\nkey = {desk.token.uri('rsa')}\ncert = {desk.folder}/rsa.pem\n"
    # What is inside is a program that stunnel starts for each connection.
    service = f"[one]\naccept = 127.0.0.1:{port}\nexec = /bin/echo\nexecArgs = echo inside\n{key}"
    (desk.folder / "stunnel.conf").write_text(f"foreground = yes\npid =\nengine = pkcs11\n{service}")
    environment = {**os.environ, "OPENSSL_CONF": str(desk.folder / "openssl.cnf")}
    context = ssl.create_default_context(cafile=desk.folder / "rsa.pem")
    context.check_hostname = False
    with subprocess.Popen(["stunnel4", desk.folder / "stunnel.conf"], env=environment, stderr=subprocess.DEVNULL) as it:
        try:
            for _ in range(3):  # each with a thread of its own there
                with connected(port) as plain, context.wrap_socket(plain) as secured:
                    assert secured.recv(100) == b"inside\n"
        finally:
            it.terminate()


@pytest.mark.parametrize("label", KEYS)
def test_workers_of_nginx_serve_with_a_key_of_the_token(desk: Desk, need: Callable[..., None], label: str) -> None:
    """The master reads the key; the workers, forked, begin anew with the module, and find it again."""
    need("nginx")
    port = free_port()
    key = f'ssl_certificate {desk.folder}/{label}.pem; ssl_certificate_key "engine:pkcs11:{desk.token.uri(label)}";'
    server = f"server {{ listen 127.0.0.1:{port} ssl; {key} return 200 inside; }}"
    own = "user root;" if os.geteuid() == 0 else ""  # else they would be nobody, who may not see the keeper
    (desk.folder / "nginx.conf").write_text(
        f"{own} daemon off; worker_processes 2; pid nginx.pid; error_log error.log; env HSMITH_HOME; env OPENSSL_CONF;"
        f"ssl_engine pkcs11; events {{}} http {{ access_log off; {server} }}"
    )
    environment = {**os.environ, "OPENSSL_CONF": str(desk.folder / "openssl.cnf")}
    context = ssl.create_default_context(cafile=desk.folder / f"{label}.pem")
    context.check_hostname = False
    command = ["nginx", "-p", str(desk.folder), "-c", "nginx.conf", "-e", "error.log"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as it:
        try:
            for _ in range(6):
                with connected(port) as plain, context.wrap_socket(plain) as secured:
                    secured.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    assert b"".join(iter(lambda: secured.recv(4096), b"")).endswith(b"inside")
        finally:
            it.terminate()


def connected(port: int) -> socket.socket:
    """A connection to a server that may be starting still."""
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=30)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise AssertionError(f"nobody listens at port {port}")
