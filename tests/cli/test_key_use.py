"""hsmith key: filters, changes, copies, uses and wrapping, over a real keeper; OpenSSL judges what it can."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hsmith.cli import groups
from hsmith.cli.keytypes import KINDS

from .conftest import Hsmith

MAIN = ("--token", "main")


def read(text: str) -> Any:
    return json.loads(text)


@pytest.fixture(autouse=True)
def programs(need: Callable[..., None]) -> None:
    need("openssl")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").write_bytes(b"what is to be signed, encrypted and kept\n" * 3)
    return tmp_path / "data"


@pytest.fixture
def make(cli: Hsmith) -> Any:
    """Make a key; all that were made go with the test."""
    labels = []

    def made(kind: str, label: str, *more: str) -> str:
        ran = cli("key", "generate", "--type", kind, "--label", label, *MAIN, *more)
        assert ran.code == 0, ran.err
        labels.append(label)
        return label

    yield made
    for label in labels:
        cli("key", "delete", label, *MAIN, "--yes")


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


# --- Signatures


@pytest.mark.parametrize(
    ("kind", "options", "check"),
    [
        ("rsa:2048", (), ("-sha256",)),
        ("rsa:2048", ("--hash", "SHA-512"), ("-sha512",)),
        ("rsa:2048", ("--mechanism", "sha384-rsa-pkcs-pss"), ("-sha384", "-sigopt", "rsa_padding_mode:pss")),
        ("ec:p256", (), ("-sha256",)),
        ("ec:p384", (), ("-sha384",)),
        ("ec:p521", (), ("-sha512",)),
        ("ec:brainpoolp256r1", ("--hash", "sha3-256"), ("-sha3-256",)),
        ("dsa:1024", (), ("-sha256",)),
    ],
)  # fmt: skip
def test_openssl_verifies_what_the_token_signs(
    cli: Hsmith, make: Any, data: Path, kind: str, options: tuple[str, ...], check: tuple[str, ...]
) -> None:
    make(kind, "signer")
    signature, public = data.with_name("signature"), data.with_name("public.pem")
    signed = cli("key", "sign", "signer", *MAIN, *options, "--in", str(data), "--out", str(signature))
    assert (signed.code, signed.out) == (0, ""), signed.err
    assert cli("key", "public", "signer", *MAIN, "--out", str(public)).code == 0
    assert "Verified OK" in openssl("dgst", *check, "-verify", public, "-signature", signature, data)
    assert cli("key", "verify", "signer", *MAIN, *options, "--in", str(data), "--signature", str(signature)).code == 0


@pytest.mark.parametrize(
    "kind", ["ed25519", "ed448", "ml-dsa-44", "hmac-sha3-256", "generic", "aes:128", "poly1305", "des3"]
)
def test_other_keys_sign_and_verify(cli: Hsmith, make: Any, data: Path, kind: str) -> None:
    make(kind, "signer", *(() if KINDS[kind.partition(":")[0]].pair else ("--use", "sign,verify")))
    made = read(cli("key", "sign", "signer", *MAIN, "--in", str(data), "--json").out)
    assert set(made) == {"mechanism", "bytes", "signature"}
    signature = data.with_name("signature")
    signature.write_bytes(bytes.fromhex(made["signature"]))
    right = cli("key", "verify", "signer", *MAIN, "--in", str(data), "--signature", str(signature), "--json")
    assert (right.code, read(right.out)["right"]) == (0, True)
    data.write_bytes(b"something else")
    wrong = cli("key", "verify", "signer", *MAIN, "--in", str(data), "--signature", str(signature))
    assert (wrong.code, wrong.err) == (1, "hsmith: The signature is wrong.\n")


def test_both_forms_of_an_ec_signature(cli: Hsmith, make: Any, data: Path) -> None:
    make("ec:p521", "forms")
    for form, size in (("raw", {132}), ("der", set(range(130, 140)))):
        signature = data.with_name(form)
        assert (
            cli("key", "sign", "forms", *MAIN, "--format", form, "--in", str(data), "--out", str(signature)).code == 0
        )
        assert signature.stat().st_size in size
        for told in ((), ("--format", form)):
            assert (
                cli("key", "verify", "forms", *MAIN, *told, "--in", str(data), "--signature", str(signature)).code == 0
            )
    (data.with_name("raw")).write_bytes(b"\x30\x03\x02\x01\x01")
    broken = ("key", "verify", "forms", *MAIN, "--in", str(data), "--signature", str(data.with_name("raw")))
    assert cli(*broken).code == 1


def test_long_data_goes_in_parts(cli: Hsmith, make: Any, data: Path) -> None:
    data.write_bytes(bytes(range(256)) * (3 << 12))
    make("rsa:2048", "long")
    signature, public = data.with_name("signature"), data.with_name("public.pem")
    assert cli("key", "sign", "long", *MAIN, "--in", str(data), "--out", str(signature)).code == 0
    assert cli("key", "verify", "long", *MAIN, "--in", str(data), "--signature", str(signature)).code == 0
    assert cli("key", "public", "long", *MAIN, "--out", str(public)).code == 0
    assert "Verified OK" in openssl("dgst", "-sha256", "-verify", public, "-signature", signature, data)
    make("aes:256", "long-cipher")
    for more in ((), ("--mechanism", "aes-cbc-pad"), ("--mechanism", "aes-ctr")):
        assert cli("key", "encrypt", "long-cipher", *MAIN, *more, "--in", str(data), "--out", str(signature)).code == 0
        assert (
            cli("key", "decrypt", "long-cipher", *MAIN, *more, "--in", str(signature), "--out", str(public)).code == 0
        )
        assert public.read_bytes() == data.read_bytes()
    assert list(data.parent.glob(".*")) == []


def test_a_key_that_wants_the_pin_for_each_use(cli: Hsmith, make: Any, data: Path) -> None:
    make("ec:p256", "careful", "--attr", "always-authenticate=yes")
    assert cli("key", "sign", "careful", *MAIN, "--in", str(data), "--hex").code == 0


# --- Ciphers


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("aes:256", ()),
        ("aes:128", ("--mechanism", "aes-ccm", "--param", "tag=64", "--param", "aad=0102")),
        ("aes:192", ("--mechanism", "CKM_AES_CBC_PAD", "--param", f"iv={'00' * 16}")),
        ("aes:256", ("--mechanism", "aes_gcm", "--param", "aad=ff")),
        ("chacha20", ()),
        ("camellia:128", ()),
        ("des3", ()),
        ("rsa:2048", ("--param", "hash=sha384", "--param", "mgf=sha1")),
        ("rsa:2048", ("--mechanism", "rsa-pkcs")),
    ],
)
def test_what_is_encrypted_is_decrypted(
    cli: Hsmith, make: Any, data: Path, kind: str, options: tuple[str, ...]
) -> None:
    if kind == "rsa:2048":
        data.write_bytes(b"short")
    make(kind, "cipher")
    encrypted, plain = data.with_name("encrypted"), data.with_name("plain")
    for more in ((), options):
        arguments = ("cipher", *MAIN, *more)
        assert cli("key", "encrypt", *arguments, "--in", str(data), "--out", str(encrypted)).code == 0
        assert encrypted.read_bytes() != data.read_bytes()
        assert cli("key", "decrypt", *arguments, "--in", str(encrypted), "--out", str(plain)).code == 0
        assert plain.read_bytes() == data.read_bytes()
        assert plain.stat().st_mode & 0o077 == 0


def test_what_was_altered_is_not_decrypted(cli: Hsmith, make: Any, data: Path) -> None:
    make("aes:256", "cipher")
    made = read(cli("key", "encrypt", "cipher", *MAIN, "--in", str(data), "--json").out)
    altered = bytearray.fromhex(made["data"])
    altered[-1] ^= 1
    data.write_bytes(altered)
    out = data.with_name("none")
    ran = cli("key", "decrypt", "cipher", *MAIN, "--in", str(data), "--out", str(out))
    assert (ran.code, out.exists()) == (1, False)
    assert "altered" in ran.err
    data.write_bytes(b"short")
    assert "its first 12 bytes are the IV" in cli("key", "decrypt", "cipher", *MAIN, "--in", str(data)).err


# --- Wrapping


@pytest.mark.parametrize("kind", ["aes:128", "rsa:2048", "ec:p256", "ed25519", "ml-dsa-44", "hmac-sha256"])
def test_a_key_leaves_and_comes_back(cli: Hsmith, make: Any, data: Path, kind: str) -> None:
    make("aes:256", "carrier", "--use", "wrap,unwrap")
    pair = KINDS[kind.partition(":")[0]].pair
    make(kind, "traveller", "--extractable", *(() if pair else ("--use", "sign,verify")))
    signature, blob = data.with_name("signature"), data.with_name("blob")
    assert cli("key", "sign", "traveller", *MAIN, "--in", str(data), "--out", str(signature)).code == 0
    assert cli("key", "wrap", "traveller", "--with", "carrier", *MAIN, "--out", str(blob)).code == 0
    public = ("--class", "private") if pair else ()
    assert cli("key", "delete", "traveller", *MAIN, "--yes", *public).code == 0
    back = (
        "key",
        "unwrap",
        "--type",
        kind,
        "--with",
        "carrier",
        "--label",
        "traveller",
        "--use",
        "sign" if pair else "sign,verify",
    )
    assert cli(*back, *MAIN, "--in", str(blob)).code == 0
    if pair:
        assert cli("key", "delete", "traveller", *MAIN, "--yes", "--class", "public").code == 0
        assert cli("key", "public", "traveller", *MAIN, "--create").code == 0
    assert cli("key", "verify", "traveller", *MAIN, "--in", str(data), "--signature", str(signature)).code == 0


def test_wrapping_with_a_public_key(cli: Hsmith, make: Any, data: Path) -> None:
    make("aes:256", "traveller", "--extractable")
    for kind in ("rsa:2048", "ec:p256"):
        make(kind, "carrier", "--use", "unwrap")
        blob = data.with_name("blob")
        assert cli("key", "wrap", "traveller", "--with", "carrier", *MAIN, "--out", str(blob)).code == 0
        ran = cli("key", "unwrap", "--type", "aes", "--with", "carrier", "--label", "back", *MAIN, "--in", str(blob))
        assert ran.code == 0, ran.err
        assert cli("key", "delete", "carrier", *MAIN, "--yes").code == 0
        assert cli("key", "delete", "back", *MAIN, "--yes").code == 0


def test_refusals_of_wrapping_are_in_words(cli: Hsmith, make: Any, data: Path) -> None:
    make("aes:256", "refused-carrier", "--use", "wrap,unwrap")
    make("aes:256", "refused-key")
    ran = cli("key", "wrap", "refused-key", "--with", "refused-carrier", *MAIN, "--hex")
    assert (ran.code, "CKR_KEY_UNEXTRACTABLE" in ran.err) == (1, True)
    assert "no such public or secret key to wrap with" in cli("key", "wrap", "refused-key", "--with", "none", *MAIN).err
    ran = cli("key", "unwrap", "--type", "aes", "--with", "refused-carrier", "--label", "x", *MAIN, "--in", str(data))
    assert (ran.code, "Traceback" in ran.err) == (1, False)
    shown = read(cli("key", "show", "refused-carrier", *MAIN, "--json").out)[0]
    assert shown["roles"] == []


# --- Lists, changes, copies


def test_filters_sorting_and_columns(cli: Hsmith, make: Any) -> None:
    make("aes:256", "f2")
    make("aes:128", "f1")
    make("ec:p256", "f3")

    def labels(*arguments: str) -> list[str]:
        rows = read(cli("key", "list", *MAIN, *arguments, "--json").out)
        return [row["label"] for row in rows if re.fullmatch(r"f\d", row["label"])]

    assert labels("--type", "aes") == ["f2", "f1"]
    assert labels("--type", "AES:128") == ["f1"]
    assert labels("--type", "ec") == ["f3", "f3"]
    assert labels("--use", "sign") == ["f3"]
    assert labels("--sort", "label") == ["f1", "f2", "f3", "f3"]
    assert labels("--type", "aes", "--sort", "bits") == ["f1", "f2"]
    assert labels("--no-login") == ["f3"]
    assert labels("--attr", "value-len=16", "--attr", "sensitive=yes") == ["f1"]
    assert labels("--attr", "extractable=yes") == []
    assert labels("--class", "secret", "--label", "f1") == ["f1"]
    table = cli("key", "list", *MAIN, "--label", "f1", "--columns", "label,bits,uses,extractable").out.splitlines()
    assert table[0].split() == ["LABEL", "BITS", "USES", "EXTRACTABLE"]
    assert table[1] == "f1     128   encrypt, decrypt  no"


def test_attributes_are_changed_and_copied(cli: Hsmith, make: Any) -> None:
    make("aes:256", "change", "--attr", "start-date=2026-01-31")
    shown = read(cli("key", "show", "change", *MAIN, "--json").out)[0]
    assert (shown["start_date"], shown["sensitive"], shown["key_gen_mechanism"]) == ("2026-01-31", True, "aes-key-gen")
    ran = cli(
        "key", "set", "change", *MAIN, "--new-id", "beef", "--attr", "derive=yes", "--attr", "CKA_END_DATE=20301231"
    )
    assert ran.code == 0, ran.err
    shown = read(cli("key", "show", "--id", "beef", *MAIN, "--json").out)[0]
    assert (shown["derive"], shown["end_date"]) == (True, "2030-12-31")
    assert cli("key", "copy", "change", *MAIN, "--new-label", "change2", "--attr", "copyable=no").code == 0
    again = cli("key", "copy", "change2", *MAIN, "--new-label", "change3")
    assert (again.code, "CKA_COPYABLE" in again.err) == (1, True)
    assert cli("key", "delete", "change2", *MAIN, "--yes").code == 0
    wrong = cli("key", "set", "change", *MAIN, "--attr", "extractable=yes")
    assert wrong.code == 1
    assert "CKA_EXTRACTABLE cannot be changed so" in wrong.err


def test_what_a_key_did_is_told(cli: Hsmith, make: Any, data: Path) -> None:
    make("aes:256", "role")
    assert read(cli("key", "show", "role", *MAIN, "--json").out)[0]["roles"] == []
    assert cli("key", "encrypt", "role", *MAIN, "--in", str(data), "--hex").code == 0
    assert read(cli("key", "show", "role", *MAIN, "--json").out)[0]["roles"] == ["encrypted data"]


def test_the_so_marks_a_key_trusted(cli: Hsmith, make: Any) -> None:
    make("rsa:2048", "trusted", "--use", "unwrap")
    public = ("key", "set", "trusted", "--class", "public", *MAIN, "--attr", "trusted=yes")
    assert cli(*public).code == 1
    ran = cli(*public, "--so")
    assert ran.code == 0, ran.err
    assert read(cli("key", "list", "trusted", "--class", "public", *MAIN, "--json").out)[0]["trusted"]


def test_a_group_of_rfc_7919() -> None:
    for bits in (2048, 3072, 4096, 6144, 8192):
        der = subprocess.run(
            ["openssl", "genpkey", "-algorithm", "DH", "-pkeyopt", f"group:ffdhe{bits}", "-outform", "DER"],
            capture_output=True, check=True,
        ).stdout  # fmt: skip
        assert groups.prime(bits) in der


# --- What is wrong is said in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sign", "--in", "/dev/null"), "Say which key is to sign"),
        (("sign", "a", "--mechanism", "sha257-rsa-pkcs"), "did you mean 'sha"),
        (("sign", "a", "--mechanism", "aes-gcm"), "does not sign"),
        (("sign", "a", "--hash", "sha257"), "did you mean 'sha"),
        (("sign", "a", "--hash", "sha256", "--mechanism", "ecdsa"), "--mechanism or --hash"),
        (("sign", "a", "--param", "x"), "write NAME=VALUE"),
        (("encrypt", "b", "--param", "ivv=00"), "did you mean 'iv'?"),
        (("encrypt", "b", "--param", "iv=zz"), "hexadecimal"),
        (("encrypt", "b", "--param", "tag=x"), "whole number"),
        (("sign", "a", "--in", "/nowhere"), "cannot be read: no such file"),
        (("sign", "both"), "2 keys are named so"),
        (("list", "--columns", "lable"), "did you mean 'label'?"),
        (("list", "--type", "aess"), "did you mean 'aes'?"),
        (("list", "--use", "sgn"), "did you mean 'sign'?"),
        (("set", "a"), "Say what to change"),
        (("set", "--attr", "sign=no"), "Say which key"),
        (("set", "a", "--attr", "sgn=no"), "did you mean 'sign'?"),
        (("set", "a", "--attr", "sign=perhaps"), "is yes or no"),
        (("set", "a", "--attr", "sign"), "write NAME=VALUE"),
        (("set", "a", "--attr", "sign=no", "--attr", "sign=yes"), "given twice"),
        (("set", "a", "--attr", "end-date=soon"), "is a date"),
        (("set", "a", "--attr", "ec-params=xy"), "hexadecimal"),
        (("generate", "--type", "aes:256", "--public-attr", "verify=no"), "no public half"),
        (("generate", "--type", "dh:1024"), "2048, 3072, 4096, 6144 or 8192"),
        (("generate", "--type", "ml-dsa-66"), "did you mean 'ml-dsa-65'?"),
        (("generate", "--type", "zzzz"), "--help' lists all"),
        (("generate", "pkcs11:type=private", "--type", "aes:256"), "has no type"),
        (("unwrap", "--type", "aes"), "required"),
        (("public",), "Say which key"),
    ],
)
def test_wrong_use(cli: Hsmith, make: Any, arguments: tuple[str, ...], words: str) -> None:
    if "a" in arguments:
        make("ec:p256", "a")
    if "b" in arguments:
        make("aes:128", "b")
    if "both" in arguments:
        for _ in range(2):
            make("hmac-sha256", "both")
    given = ("--in", "/dev/null") if arguments[0] in ("sign", "encrypt") and "--in" not in arguments else ()
    ran = cli("key", *arguments, *given, *MAIN)
    assert ran.code == (1 if "/nowhere" in arguments else 2), ran.err
    assert words in ran.err
    assert ran.out == ""


def test_standard_input_cannot_be_both(cli: Hsmith, make: Any) -> None:
    make("ec:p256", "a")
    ran = cli("key", "sign", "a", *MAIN, "--pin-stdin", "--pin", "1234")
    assert (ran.code, "Standard input gives the PIN" in ran.err) == (2, True)
