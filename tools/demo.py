"""What hsmith does, in a minute: a token, three keys, a signed document, and openssl's word on each signature.

Everything happens in a temporary folder, and through the PKCS#11 module, as in any program. Run it by `make demo`.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # The PKCS#11 client of the tests; a program would bring its own.

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: E402

import hsmith  # noqa: E402
from hsmith.spec.constants import Attr, Mechanism  # noqa: E402
from p11 import ED25519, P11, P256, P11Error, Session  # noqa: E402

DOCUMENT = ROOT / "README.md"
BIN = Path(sys.executable).parent
BOLD, GREEN, YELLOW, PLAIN = ("\033[1m", "\033[32m", "\033[33m", "\033[0m") if sys.stdout.isatty() else ("",) * 4


class Recipe(NamedTuple):
    """A kind of key: how it is made, how it signs, and how openssl is asked about its signature."""

    label: str
    generate: Mechanism
    public: dict[Attr, Any]
    sign: Mechanism
    verify: tuple[str, ...]


DIGEST = ("openssl", "dgst", "-sha256", "-verify", "{key}", "-signature", "{signature}", "{document}")
RAW = (
    "openssl",
    "pkeyutl",
    "-verify",
    "-rawin",
    "-pubin",
    "-inkey",
    "{key}",
    "-sigfile",
    "{signature}",
    "-in",
    "{document}",
)
RSA_PUBLIC = {Attr.MODULUS_BITS: 2048, Attr.PUBLIC_EXPONENT: b"\1\0\1"}
RECIPES = [
    Recipe("rsa-2048", Mechanism.RSA_PKCS_KEY_PAIR_GEN, RSA_PUBLIC, Mechanism.SHA256_RSA_PKCS, DIGEST),
    Recipe("p-256", Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256}, Mechanism.ECDSA_SHA256, DIGEST),
    Recipe("ed25519", Mechanism.EC_EDWARDS_KEY_PAIR_GEN, {Attr.EC_PARAMS: ED25519}, Mechanism.EDDSA, RAW),
]


def octets(point: bytes) -> bytes:
    """A CKA_EC_POINT without its DER OCTET STRING (all points here are shorter than 128 bytes)."""
    return point[2:]


def public_pem(session: Session, public: int, recipe: Recipe) -> bytes:
    """The public key as openssl reads it, from the attributes that the token gives away."""
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
    if recipe.generate is Mechanism.RSA_PKCS_KEY_PAIR_GEN:
        modulus, exponent = session.get(public, [Attr.MODULUS, Attr.PUBLIC_EXPONENT])
        key = rsa.RSAPublicNumbers(int.from_bytes(exponent), int.from_bytes(modulus)).public_key()
    elif recipe.generate is Mechanism.EC_KEY_PAIR_GEN:
        point = octets(session.get(public, Attr.EC_POINT))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    else:
        key = ed25519.Ed25519PublicKey.from_public_bytes(octets(session.get(public, Attr.EC_POINT)))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def as_openssl_reads(signature: bytes, recipe: Recipe) -> bytes:
    """PKCS#11 gives an ECDSA signature as r and s side by side; openssl reads it in DER."""
    if recipe.generate is not Mechanism.EC_KEY_PAIR_GEN:
        return signature
    half = len(signature) // 2
    return utils.encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def sign_and_verify(session: Session, recipe: Recipe, folder: Path) -> None:
    """Make the key, sign the document, and ask openssl."""
    common = {Attr.TOKEN: True, Attr.LABEL: recipe.label}
    private = {**common, Attr.PRIVATE: True, Attr.SENSITIVE: True, Attr.EXTRACTABLE: False, Attr.SIGN: True}
    began = time.perf_counter()
    public_key, private_key = session.generate_pair(recipe.generate, {**common, **recipe.public}, private)
    made = time.perf_counter()
    signature = session.sign(private_key, recipe.sign, DOCUMENT.read_bytes())
    signed = time.perf_counter()
    files = {"key": folder / f"{recipe.label}.pem", "signature": folder / f"{recipe.label}.sig", "document": DOCUMENT}
    files["key"].write_bytes(public_pem(session, public_key, recipe))
    files["signature"].write_bytes(as_openssl_reads(signature, recipe))
    command = [part.format(**files) for part in recipe.verify]
    said = subprocess.run(command, capture_output=True, text=True)
    if said.returncode != 0:
        raise SystemExit(f"openssl refused the signature by {recipe.label}: {said.stdout}{said.stderr}")
    times = f"made in {(made - began) * 1e3:6.1f} ms, signed in {(signed - made) * 1e3:5.1f} ms"
    verdict = f"openssl: {GREEN}{said.stdout.strip()}{PLAIN}"
    print(f"  {BOLD}{recipe.label:9}{PLAIN} {times} ({len(signature)} bytes); {verdict}")


def show(module: Path, home: Path) -> None:
    """The demonstration itself."""
    p11 = P11(module)
    p11.initialize()
    try:
        slot = p11.init_token("demo", so_pin="12345678", pin="1234")
        print(f"A token named {BOLD}demo{PLAIN} in slot {slot}. Its keys live in another process, the keeper.")
        print(f"\nThree keys, and {DOCUMENT.name} ({DOCUMENT.stat().st_size} bytes) signed with each:")
        with p11.open(slot) as session:
            session.login("1234")
            for recipe in RECIPES:
                sign_and_verify(session, recipe, home)
            found = session.find({Attr.LABEL: RECIPES[1].label, Attr.SIGN: True})
            try:
                session.get(found[0], Attr.VALUE)
            except P11Error as error:
                print(f"\nAsking for the private key itself: {YELLOW}{error}{PLAIN}")
            else:
                raise SystemExit("the module gave a private key away")
    finally:
        p11.finalize()


def main() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    module = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(hsmith.__file__).with_name("libhsmith.so")
    if not module.exists():
        raise SystemExit(f"{module} is missing. Run: make demo")
    if shutil.which("openssl") is None:
        raise SystemExit("The demo asks openssl about its signatures. Install it (Debian: apt-get install openssl).")
    home = Path(tempfile.mkdtemp(prefix="hsmith-demo-"))
    os.environ["HSMITH_HOME"] = str(home)
    print(f"{BOLD}hsmith {hsmith.__version__}{PLAIN}, module {module}\n")
    try:
        show(module, home)
    except P11Error as error:
        raise SystemExit(f"The module refused: {error}. `{BIN / 'hsmith'} doctor` says what may be wrong.") from None
    finally:
        with contextlib.suppress(FileNotFoundError):  # Another module than hsmith's, on the command line
            subprocess.run([BIN / "hsmith", "keeper", "stop"], capture_output=True)
        shutil.rmtree(home, ignore_errors=True)
    command = os.path.relpath(BIN / "hsmith")
    print("\nThe demo's token is gone again. What to type next, for one of your own:\n")
    print(f"  {command} token init --label mine")
    print(f"  {command} key generate --token mine --type ec:p256 --label first")
    print(f'  pkcs11-tool --module "$({command} module)" --token-label mine --login --list-objects')
    print("\nREADME.md shows a first signature with pkcs11-tool, OpenSSL, Python, Java and OpenSSH.")


if __name__ == "__main__":
    main()
