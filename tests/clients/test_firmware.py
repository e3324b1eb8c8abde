"""Programs that sign what a machine starts and installs: by OpenSSL's engine, each checked by its own verifier."""

from collections.abc import Callable

import pytest
from cryptography import x509

from clients.openssl_engine import Desk
from harness import run, windows_program

pytestmark = pytest.mark.client


def test_a_program_for_secure_boot(desk: Desk, need: Callable[..., None]) -> None:
    need("sbsign", "sbverify")
    program = windows_program()
    key = ("--engine", "pkcs11", "--key", desk.token.uri("rsa"), "--cert", "rsa.pem")
    desk.engine("sbsign", *key, "--output", "signed.efi", str(program))
    assert "issuer:  /CN=rsa" in run("sbverify", "--list", "signed.efi", cwd=desk.folder)
    run("sbverify", "--cert", "rsa.pem", "signed.efi", cwd=desk.folder)
    with pytest.raises(AssertionError, match="sbverify"):
        run("sbverify", "--cert", "ec.pem", "signed.efi", cwd=desk.folder)


TREE = """/dts-v1/;
/ {
    description = "one kernel";
    #address-cells = <1>;
    images {
        kernel {
            data = /incbin/("kernel");
            type = "kernel"; arch = "arm64"; os = "linux"; compression = "none"; load = <0x80000>; entry = <0x80000>;
            hash-1 { algo = "sha256"; };
        };
    };
    configurations {
        default = "one";
        one {
            kernel = "kernel";
            signature-1 { algo = "sha256,rsa2048"; key-name-hint = "rsa"; sign-images = "kernel"; };
        };
    };
};
"""


def test_an_image_for_u_boot(desk: Desk, need: Callable[..., None]) -> None:
    """What U-Boot verifies by the public key that goes into its own device tree."""
    need("mkimage", "dtc", "fdtget")
    (desk.folder / "kernel").write_text("kernel\n")
    (desk.folder / "image.its").write_text(TREE)
    (desk.folder / "u-boot.dts").write_text("/dts-v1/; / {};")
    run("dtc", "-O", "dtb", "-o", "u-boot.dtb", "u-boot.dts", cwd=desk.folder)
    token = f"token={desk.token.label};pin-value={desk.token.pin}"
    desk.engine("mkimage", "-f", "image.its", "-N", "pkcs11", "-k", token, "-K", "u-boot.dtb", "-r", "image.fit")
    signature = run("fdtget", "-t", "bx", "image.fit", "/configurations/one/signature-1", "value", cwd=desk.folder)
    assert len(signature.split()) == 256
    modulus = run("fdtget", "-t", "bx", "u-boot.dtb", "/signature/key-rsa", "rsa,modulus", cwd=desk.folder)
    number = int("".join(byte.zfill(2) for byte in modulus.split()), 16)
    assert f"Modulus={number:X}" in run("openssl", "x509", "-in", "rsa.pem", "-noout", "-modulus", cwd=desk.folder)


def test_a_file_for_ima(desk: Desk, need: Callable[..., None]) -> None:
    need("evmctl")
    file = desk.folder / "program"
    file.write_text("#!/bin/sh\n")
    public = x509.load_der_x509_certificate((desk.folder / "rsa.der").read_bytes()).public_key()
    key_id = x509.SubjectKeyIdentifier.from_public_key(public).digest[-4:].hex()
    key = ("--engine", "pkcs11", "--key", desk.token.uri("rsa"), "--keyid", f"0x{key_id}")
    desk.engine("evmctl", "ima_sign", "--sigfile", *key, str(file))
    verify = ("evmctl", "ima_verify", "--sigfile", "--key", "rsa.der", str(file))
    run(*verify, cwd=desk.folder)
    file.write_text("#!/bin/sh\nrm -r /\n")
    with pytest.raises(AssertionError, match="verification failed"):
        run(*verify, cwd=desk.folder)


def test_an_update_for_rauc(desk: Desk, need: Callable[..., None]) -> None:
    need("rauc", "mksquashfs")
    bundle = desk.folder / "bundle"
    bundle.mkdir()
    (bundle / "rootfs.img").write_text("all of it\n")
    (bundle / "manifest.raucm").write_text(
        "[update]\ncompatible=board\nversion=1\n[bundle]\nformat=plain\n[image.rootfs]\nfilename=rootfs.img\n"
    )
    env = {"RAUC_PKCS11_MODULE": str(desk.token.module), "RAUC_PKCS11_PIN": desk.token.pin}
    key = f"pkcs11:token={desk.token.label};object=rsa"
    run("rauc", "bundle", "--cert=rsa.pem", f"--key={key}", "bundle", "one.raucb", cwd=desk.folder, env=env)
    assert "Compatible: \t'board'" in run("rauc", "info", "--keyring=rsa.pem", "one.raucb", cwd=desk.folder)
    with pytest.raises(AssertionError, match="signature verification failed"):
        run("rauc", "info", "--keyring=ec.pem", "one.raucb", cwd=desk.folder)


def test_strongswan_signs_a_certificate(desk: Desk, need: Callable[..., None]) -> None:
    """The pkcs11 plugin, which charon uses too."""
    need("pki", "/usr/lib/ipsec/plugins/libstrongswan-pkcs11.so")
    modules = f"modules {{ hsmith {{ path = {desk.token.module}\n }} }}"
    plugins = (
        f"plugins {{ pkcs11 {{ {modules}\nuse_hasher = yes\nuse_rng = yes\nuse_pubkey = yes\nuse_ecc = yes\n }} }}"
    )
    load = "load = pkcs11 pem pkcs1 x509 nonce random sha1 sha2"
    (desk.folder / "strongswan.conf").write_text(f"pki {{\n{load}\n}}\nlibstrongswan {{ {plugins} }}\n")
    env = {"STRONGSWAN_CONF": str(desk.folder / "strongswan.conf")}
    own = ("pki", "--self", "--type", "priv", "--keyid", "01", "--dn", "CN=gate", "--ca", "--outform", "pem")
    (desk.folder / "gate.pem").write_text(run(*own, env=env, stdin=f"{desk.token.pin}\n"))
    assert "gate.pem: OK" in run("openssl", "verify", "-CAfile", "gate.pem", "gate.pem", cwd=desk.folder)
