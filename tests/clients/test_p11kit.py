"""Real programs through p11-kit: its proxy with ``remote: |hsmith p11-kit``, and its client at the keeper's door."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import BIN, PIN, SO_PIN, Token, run
from hsmith.spec.constants import Attr, Fault, Mechanism, ObjectClass
from hsmith.wire.client import Client
from p11 import P11, P256, refused
from p11_structs import make, text_of

LIB = Path("/usr/lib/x86_64-linux-gnu")
PROXY, CLIENT = LIB / "p11-kit-proxy.so", LIB / "pkcs11" / "p11-kit-client.so"
MODULES = Path("/usr/share/p11-kit/modules")

pytestmark = [pytest.mark.client, pytest.mark.slow]


class Remote:
    """p11-kit where hsmith is its only module, and remote. Programs see a folder of the test's in place of its own."""

    def __init__(self, home: Path, line: str) -> None:
        self.folder = home / "modules"
        self.folder.mkdir()
        (self.folder / "hsmith.module").write_text(f"{line}\ncritical: yes\n")

    def run(self, *command: str | Path, env: dict[str, str] | None = None) -> str:
        mine = [] if os.geteuid() == 0 else ["--map-root-user"]
        mount = f'mount --bind {self.folder} {MODULES}; exec "$0" "$@"'
        return run("unshare", *mine, "--mount", "sh", "-ec", mount, *command, env=env)

    def tool(self, *words: str | Path) -> str:
        head = ("pkcs11-tool", "--module", PROXY, "--token-label", "test", "--login", "--pin", PIN)
        return self.run(*head, *words)


@pytest.fixture
def remote(token: Token, need: Callable[..., None]) -> Remote:
    need("p11-kit", "p11tool", "pkcs11-tool", "openssl", "unshare", PROXY)
    return Remote(token.home, f"remote: |{BIN / 'hsmith'} p11-kit")


def test_tools_through_the_proxy(remote: Remote, tmp_path: Path) -> None:
    assert "token: test" in remote.run("p11-kit", "list-modules")
    (tmp_path / "text").write_text("text")
    remote.tool("--keypairgen", "--key-type", "EC:prime256v1", "--id", "01", "--label", "ec", "--usage-sign")
    remote.tool(
        "--keypairgen", "--key-type", "rsa:2048", "--id", "02", "--label", "rsa", "--usage-decrypt", "--usage-wrap"
    )
    found = remote.tool("--list-objects")
    assert found.count("label:      ec") == 2 and found.count("label:      rsa") == 2
    signing = ("--sign", "--mechanism", "ECDSA", "--signature-format", "openssl", "--id", "01")
    run("openssl", "dgst", "-sha256", "-binary", "-out", tmp_path / "digest", tmp_path / "text")
    remote.tool(*signing, "-i", tmp_path / "digest", "-o", tmp_path / "signature")
    remote.tool("--read-object", "--type", "pubkey", "--id", "01", "-o", tmp_path / "key.der")
    verify = (
        "-verify",
        tmp_path / "key.der",
        "-keyform",
        "DER",
        "-signature",
        tmp_path / "signature",
        tmp_path / "text",
    )
    assert "Verified OK" in run("openssl", "dgst", "-sha256", *verify)
    remote.tool("--read-object", "--type", "pubkey", "--id", "02", "-o", tmp_path / "rsa.der")
    sealed = (
        "-pubin",
        "-keyform",
        "DER",
        "-inkey",
        tmp_path / "rsa.der",
        "-in",
        tmp_path / "text",
        "-out",
        tmp_path / "sealed",
    )
    run("openssl", "pkeyutl", "-encrypt", *sealed)
    decrypt = (
        "--decrypt",
        "--mechanism",
        "RSA-PKCS",
        "--id",
        "02",
        "-i",
        tmp_path / "sealed",
        "-o",
        tmp_path / "opened",
    )
    remote.tool(*decrypt)
    assert (tmp_path / "opened").read_text() == "text"
    # GnuTLS looks for its modules through p11-kit by itself.
    pin = {"GNUTLS_PIN": PIN}
    assert "object=ec;type=private" in remote.run(
        "p11tool", "--login", "--list-privkeys", "--only-urls", "pkcs11:token=test", env=pin
    )
    remote.run("p11tool", "--login", "--test-sign", "pkcs11:token=test;object=ec;type=private", env=pin)
    with pytest.raises(AssertionError, match="CKR_PIN_INCORRECT"):
        remote.run(
            "pkcs11-tool", "--module", PROXY, "--token-label", "test", "--login", "--pin", "9999", "--list-objects"
        )


def test_the_line_for_ssh(token: Token, need: Callable[..., None], tmp_path: Path) -> None:
    """The file that ``install --ssh`` writes, with a command in ssh's place that runs what the other host would run."""
    need("p11-kit", "unshare", PROXY)
    shown = run(BIN / "hsmith", "p11-kit", "install", "--print", "--ssh", "me@host")
    line = shown.splitlines()[-1]
    assert line == "remote: |ssh me@host hsmith p11-kit"
    (tmp_path / "ssh").write_text(f'#!/bin/sh\n[ "$1" = me@host ] || exit 9\nshift\nPATH={BIN}:$PATH exec "$@"\n')
    (tmp_path / "ssh").chmod(0o755)
    there = Remote(token.home, line)
    assert "token: test" in there.run("p11-kit", "list-modules", env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})


@pytest.fixture
def client(home: Path, need: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Iterator[P11]:
    """p11-kit's own client module in this process, talking to the keeper."""
    need(CLIENT)
    with (home / "config.toml").open("a") as config:
        config.write('[keeper]\np11_kit = "door"\n')
    monkeypatch.setenv("P11_KIT_SERVER_ADDRESS", f"unix:path={home / 'door'}")
    with Client():  # starts the keeper
        pass
    p11 = P11(CLIENT)
    p11.initialize()
    yield p11
    p11.rv("C_Finalize", None)


def test_functions_through_the_client_module(client: P11) -> None:
    slot = client.init_token("door", so_pin=SO_PIN, pin=PIN)
    assert text_of(client.token_info(slot).label) == "door"
    with client.open(slot) as session:
        session.login(PIN)
        public, private = session.generate_pair(
            Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256, Attr.TOKEN: True}, {Attr.SIGN: True, Attr.LABEL: "k"}
        )
        signature = session.sign(private, Mechanism.ECDSA, bytes(32))
        session.verify(public, Mechanism.ECDSA, bytes(32), signature)
        with refused(Fault.SIGNATURE_INVALID):
            session.verify(public, Mechanism.ECDSA, bytes(32), bytes(64))
        usable = {Attr.ENCRYPT: True, Attr.DECRYPT: True, Attr.WRAP: True, Attr.UNWRAP: True, Attr.VALUE_LEN: 32}
        key = session.generate(Mechanism.AES_KEY_GEN, usable)
        sealed = session.encrypt(key, Mechanism.AES_ECB, [b"0123456789abcdef", b"0123456789abcdef"])
        assert session.decrypt(key, Mechanism.AES_ECB, sealed) == b"0123456789abcdef" * 2
        rsa = session.generate_pair(
            Mechanism.RSA_PKCS_KEY_PAIR_GEN,
            {Attr.MODULUS_BITS: 2048, Attr.WRAP: True, Attr.VERIFY: True},
            {Attr.UNWRAP: True, Attr.SIGN: True},
        )
        pss = make("RSA_PKCS_PSS_PARAMS", hashAlg=Mechanism.SHA256, mgf=2, sLen=32)
        session.verify(
            rsa[0],
            (Mechanism.RSA_PKCS_PSS, pss),
            bytes(32),
            session.sign(rsa[1], (Mechanism.RSA_PKCS_PSS, pss), bytes(32)),
        )
        loose = session.generate(Mechanism.AES_KEY_GEN, {**usable, Attr.EXTRACTABLE: True, Attr.SENSITIVE: False})
        wrapped = session.wrap(rsa[0], Mechanism.RSA_PKCS, loose)
        kind = {Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: 0x1F, Attr.SENSITIVE: False, Attr.EXTRACTABLE: True}
        again = session.unwrap(rsa[1], Mechanism.RSA_PKCS, wrapped, {**kind, Attr.ENCRYPT: True})
        assert session.get(again, Attr.VALUE) == session.get(loose, Attr.VALUE)
        assert session.find({Attr.LABEL: "k"}) == [private]
        session.set(private, {Attr.LABEL: "renamed", Attr.ID: b"\1"})
        assert session.get(private, Attr.LABEL) == b"renamed"
        with refused(Fault.ATTRIBUTE_SENSITIVE):
            session.get(private, Attr.VALUE)
        assert session.digest(Mechanism.SHA256, [b"a", b"b"]) == session.digest(Mechanism.SHA256, b"ab")
        assert len(session.random(33)) == 33
        session.destroy(private)
        assert session.find({Attr.ID: b"\1"}) == []


def test_install_writes_what_p11_kit_reads(home: Path, module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    said = run(BIN / "hsmith", "p11-kit", "install")
    written = home / ".config" / "pkcs11" / "modules" / "hsmith.module"
    assert str(written) in said
    assert written.read_text().splitlines()[-1] == f"module: {module}"
    run(BIN / "hsmith", "p11-kit", "uninstall")
    assert not written.exists()
    wrong = subprocess.run(
        [BIN / "hsmith", "p11-kit", "install", "--ssh", "-oProxyCommand=x"], capture_output=True, text=True
    )
    assert wrong.returncode == 2 and "Traceback" not in wrong.stderr
