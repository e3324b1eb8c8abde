"""hsmith key sign, verify, encrypt and decrypt: the token does it, of data of any length."""

import argparse
import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from hsmith.cli import files, selection, target
from hsmith.cli.output import complain, emit
from hsmith.cli.parser import EXIT_FAILED, EXIT_OK, Usage, add_verb
from hsmith.cli.progress import Bar

if TYPE_CHECKING:
    from hsmith.cli.mechanisms import Job
    from hsmith.spec.mechanisms import MechanismRow
    from hsmith.wire.session import Session

#: Room for any signature, for what a cipher adds to one part, and for all that one keeps back until its tag is checked.
SIGNATURE, ADDED, KEPT = 1 << 17, 1 << 12, 1 << 25
CIPHERS = """The usual mechanism is AES-GCM, ChaCha20-Poly1305 or RSA-OAEP with SHA-256,
as the key is. An IV that is not given is made at random and goes before the
encrypted data, where decrypt finds it.
"""
SIGNATURES = """A signature by EC or DSA keys is DER, as OpenSSL, Java and X.509 have it, or
with --format raw its two numbers alone, as PKCS#11 and JOSE have it.
"""


def build(verbs: Any) -> None:
    verb = _verb(verbs, "sign", sign, "sign data, or make a MAC", SIGNATURES)
    _add_signing(verb)
    files.add_input(verb, "the data")
    files.add_output(verb, "the signature")
    verb = _verb(verbs, "verify", verify, "check a signature or a MAC; exit code 1 if it is wrong", SIGNATURES)
    _add_signing(verb)
    verb.add_argument("--signature", required=True, metavar="FILE", help="file with the signature")
    files.add_input(verb, "the data")
    for name, run, other in (("encrypt", encrypt, "encrypted"), ("decrypt", decrypt, "decrypted")):
        verb = _verb(verbs, name, run, f"{name} data", CIPHERS)
        files.add_input(verb, "the data")
        files.add_output(verb, f"the {other} data")


def _verb(verbs: Any, name: str, run: Any, meaning: str, epilog: str) -> argparse.ArgumentParser:
    verb = add_verb(verbs, name, run, meaning, epilog=epilog)
    selection.add_options(verb)
    add_mechanism(verb)
    target.add_login(verb)
    return verb


def add_mechanism(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--mechanism", metavar="NAME", help="the mechanism, as 'hsmith mechanism list' names it")
    verb.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE",
        help="a parameter, which 'hsmith mechanism show' lists; may be given again",
    )  # fmt: skip


def _add_signing(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--hash", metavar="NAME", help="the hash (default: sha256, or as strong as the curve)")
    verb.add_argument("--format", choices=("der", "raw"), help="form of a signature by EC or DSA keys (default: der)")


class Use:
    """One use of a key: the key's facts and the mechanism with its parameters."""

    def __init__(self, session: "Session", options: argparse.Namespace, job: "Job", classes: tuple[str, ...]) -> None:
        from hsmith.cli import keytypes, mechanisms
        from hsmith.spec.constants import Attr

        self.session, self.options, self.job = session, options, job
        wanted = [keytypes.CLASSES[name] for name in classes]
        self.key = selection.one(session, options, wanted, to=job.words)
        self.facts = session.read(self.key, (*keytypes.TELLING, Attr.SUBPRIME, Attr.ALWAYS_AUTHENTICATE))
        hashed = vars(options).get("hash")
        key_type = self.facts[Attr.KEY_TYPE]
        self.row: MechanismRow = mechanisms.chosen(
            job, key_type, options.mechanism, hashed=hashed, bits=self.curve_bits
        )
        self.values = mechanisms.pairs(options.param)

    @property
    def curve_bits(self) -> int:
        """Bits of the curve, 0 for keys over none."""
        from hsmith.cli.keytypes import type_name

        found = re.match(r"ec:\D+(\d+)", type_name(self.facts))
        return int(found[1]) if found else 0

    @property
    def half(self) -> int:
        """Bytes of one of the two numbers of a raw signature; 0: signatures of this mechanism have one form."""
        from hsmith.spec.constants import Attr

        if self.row.mechanism.name.startswith("ECDSA"):
            return (self.curve_bits + 7) // 8
        if self.row.mechanism.name.startswith("DSA"):
            return len(self.facts[Attr.SUBPRIME].lstrip(b"\0"))
        return 0

    def start(self, function: str, *, length: int = 0) -> None:
        """C_SignInit and its like; a key that wants the PIN for each use gets it."""
        from hsmith.cli import mechanisms, pins
        from hsmith.spec.constants import Attr, UserType

        argument = mechanisms.argument(self.row, self.values, length=length)
        self.session.call(f"C_{function}Init", argument, self.key)
        if self.facts.get(Attr.ALWAYS_AUTHENTICATE):
            self.session.login(pins.again(self.options, "pin"), UserType.CONTEXT_SPECIFIC)


class Data:
    """The data of one use: read as a whole where it is short, else in parts, with a bar."""

    def __init__(self, file: BinaryIO, size: int | None, title: str, *, whole: bool) -> None:
        """``whole``: the mechanism takes no parts."""
        self._file, self._size, self._title = file, size, title
        most = KEPT if whole else files.CHUNK
        self.first = file.read(most + 1)
        self.whole = len(self.first) <= most
        if whole and not self.whole:
            raise Usage(
                f"This mechanism takes data in one piece, of at most {most >> 20} MiB. Sign a hash of it instead."
            )

    def parts(self) -> Iterator[bytes]:
        done, part = 0, self.first
        with Bar(self._title) as bar:
            while part:
                yield part
                done += len(part)
                bar.show(done, self._size or done)
                part = self._file.read(files.CHUNK)


@contextlib.contextmanager
def _data(options: argparse.Namespace, use: Use, title: str) -> Iterator[Data]:
    files.check_json(options)
    with files.reading(options.input) as (file, size):
        yield Data(file, size, title, whole=not use.row.multi_part)


def sign(options: argparse.Namespace) -> int:
    from hsmith.cli import mechanisms

    with target.session(options) as session:
        use = Use(session, options, mechanisms.SIGN, ("private", "secret"))
        with _data(options, use, "Signing") as data:
            signature = signed(use, data)
    if use.half and options.format != "raw":
        from hsmith.crypto import der

        halves = (signature[: use.half], signature[use.half :])
        signature = der.sequence(*(der.integer(int.from_bytes(half, "big")) for half in halves))
    return _told(options, signature, use.row, "signature")


def signed(use: Use, data: Data) -> bytes:
    use.start("Sign")
    if data.whole:
        return bytes(use.session.call("C_Sign", data.first, SIGNATURE))
    for part in data.parts():
        use.session.call("C_SignUpdate", part)
    return bytes(use.session.call("C_SignFinal", SIGNATURE))


def _told(options: argparse.Namespace, made: bytes, row: "MechanismRow", what: str) -> int:
    from hsmith.cli.mechanisms import spelt

    facts = {"mechanism": spelt(row.mechanism), "bytes": len(made)}
    if options.json and options.out in (None, files.STANDARD):
        emit(options, {**facts, what: made.hex()}, "")
        return EXIT_OK
    files.write(options, made)
    if options.json:
        emit(options, {**facts, "file": options.out}, "")
    return EXIT_OK


def verify(options: argparse.Namespace) -> int:
    from hsmith.cli import mechanisms
    from hsmith.spec.constants import Fault
    from hsmith.spec.faults import Refused

    signature = files.read(options.signature, most=SIGNATURE)
    with target.session(options) as session:
        use = Use(session, options, mechanisms.VERIFY, ("public", "secret"))
        try:
            signature = _raw(signature, use.half, options.format)
            with _data(options, use, "Verifying") as data:
                _verified(use, data, signature)
            right = True
        except Refused as refused:
            if refused.fault not in (Fault.SIGNATURE_INVALID, Fault.SIGNATURE_LEN_RANGE):
                raise
            right = False
    if options.json or right:
        emit(options, {"right": right, "mechanism": mechanisms.spelt(use.row.mechanism)}, "The signature is right.")
    else:
        complain("hsmith: The signature is wrong.")
    return EXIT_OK if right else EXIT_FAILED


def _raw(signature: bytes, half: int, form: str | None) -> bytes:
    """A signature as PKCS#11 has it. Without a --format both forms are known by their looks."""
    if not half or form == "raw" or (form is None and len(signature) == 2 * half and signature[:1] != b"\x30"):
        return signature
    from hsmith.crypto import der
    from hsmith.spec.constants import Fault
    from hsmith.spec.faults import Refused

    content = der.unwrap(der.SEQUENCE, signature)
    numbers = der.items(content) if content is not None else None
    right = numbers is not None and len(numbers) == 2 and all(tag == der.INTEGER for tag, _ in numbers)
    plain = [number.lstrip(b"\0") for _, number in numbers or ()]
    if right and all(len(number) <= half for number in plain):
        return b"".join(number.rjust(half, b"\0") for number in plain)
    if form is None and len(signature) == 2 * half:
        return signature
    raise Refused(Fault.SIGNATURE_INVALID)


def _verified(use: Use, data: Data, signature: bytes) -> None:
    use.start("Verify")
    if data.whole:
        use.session.call("C_Verify", data.first, signature)
        return
    for part in data.parts():
        use.session.call("C_VerifyUpdate", part)
    use.session.call("C_VerifyFinal", signature)


def encrypt(options: argparse.Namespace) -> int:
    from hsmith.cli import mechanisms

    return _cipher(options, mechanisms.ENCRYPT, ("public", "secret"))


def decrypt(options: argparse.Namespace) -> int:
    from hsmith.cli import mechanisms

    return _cipher(options, mechanisms.DECRYPT, ("private", "secret"))


def _cipher(options: argparse.Namespace, job: "Job", classes: tuple[str, ...]) -> int:
    to_file = options.out not in (None, files.STANDARD) and not options.hex
    with target.session(options) as session:
        use = Use(session, options, job, classes)
        title = f"{job.words.capitalize()}ing"
        with _data(options, use, title) as data:
            if data.whole or not to_file:
                made = b"".join(_ciphered(use, data))
                return _told(options, made, use.row, "data")
            size = 0
            with files.writing(options.out) as out:
                for part in _ciphered(use, data):
                    size += out.write(part)
    from hsmith.cli.mechanisms import spelt

    if options.json:
        emit(options, {"mechanism": spelt(use.row.mechanism), "bytes": size, "file": options.out}, "")
    return EXIT_OK


def _ciphered(use: Use, data: Data) -> Iterator[bytes]:
    """The parts of the result. Where no IV is given it goes, or is found, before the encrypted data."""
    from hsmith.cli import mechanisms

    iv = 0 if "iv" in use.values else mechanisms.shape_of(use.row).iv
    encrypting = use.job is mechanisms.ENCRYPT
    function = "Encrypt" if encrypting else "Decrypt"
    if iv and encrypting:
        made = bytes(use.session.call("C_GenerateRandom", iv))
        use.values["iv"] = made.hex()
        yield made
    elif iv:
        if len(data.first) < iv:
            raise Usage(
                f"The data is too short: its first {iv} bytes are the IV. Where it is elsewhere give --param iv=HEX."
            )
        use.values["iv"], data.first = data.first[:iv].hex(), data.first[iv:]
    use.start(function, length=_plain_length(use, data))
    if data.whole:
        yield bytes(use.session.call(f"C_{function}", data.first, len(data.first) + KEPT))
        return
    for part in data.parts():
        yield bytes(use.session.call(f"C_{function}Update", part, len(part) + ADDED))
    yield bytes(use.session.call(f"C_{function}Final", KEPT))


def _plain_length(use: Use, data: Data) -> int:
    """CCM must know it beforehand."""
    from hsmith.cli import mechanisms

    if "CCM" not in use.row.mechanism.name:
        return 0
    if not data.whole:
        raise Usage("CCM takes data in one piece: use GCM for long data.")
    tag = 0 if use.job is mechanisms.ENCRYPT else int(use.values.get("tag", "128")) // 8
    return max(0, len(data.first) - tag)
