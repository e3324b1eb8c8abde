"""softhsm2-keyconv: BIND's private keys as PKCS #8. Beside RSA and DSA it takes ECDSA and EdDSA."""

import os

from hsmith.cli.compat_tools import Failed, parsed
from hsmith.cli.output import say

USAGE = """Converting from BIND .private-key format to PKCS#8 key file format.
Usage: softhsm2-keyconv [OPTIONS]
Options:
  -h, --help          Show this.
  --in <path>         The path to the input file.
  --out <path>        The path to the output file.
  --pin <PIN>         The passphrase by which the PKCS#8 file is encrypted. Optional.
  -v, --version       Show the version of SoftHSM whose options these are."""
LARGEST = 1 << 20


def run(words: list[str]) -> int:
    if not words:
        say(USAGE)
        return 0
    # --topkcs8 was an option of SoftHSM 1's tool, and is what this one always does.
    given = parsed("softhsm2-keyconv", words, takes="in out pin", flags="topkcs8", usage=USAGE)
    if given is None:
        return 0
    for name, what in (("in", "input"), ("out", "output")):
        if given[name] is None:
            raise Failed(f"ERROR: A path to the {what} file must be supplied. Use --{name} <path>")
    _write(given["out"], _converted(given["in"], given["pin"]))
    say(f"The key has been written to {given['out']}")
    return 0


def _converted(path: str, pin: str | None) -> bytes:
    from hsmith.crypto.files import bind
    from hsmith.crypto.files.items import Unreadable
    from hsmith.crypto.files.private import private_pem

    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST)
    except OSError:
        raise Failed(f"ERROR: Could not open input file {path:.100} for reading.") from None
    if not data.lstrip().startswith(b"Private-key-format:"):
        raise Failed("ERROR: The input file is no private key of BIND: it begins with Private-key-format.")
    try:
        return private_pem(bind.read(data), None if pin is None else os.fsencode(pin))
    except Unreadable as error:
        raise Failed(f"ERROR: {error}.") from None


def _write(path: str, data: bytes) -> None:
    """Private from its first byte on; a file that is there is overwritten, as SoftHSM's tool does."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise Failed(f"ERROR: Could not open the output file: {path} (errno {error.errno})") from None
