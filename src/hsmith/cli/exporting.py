"""hsmith export: what policy lets out of a token: public keys, certificates, DNS records, and keys that are wrapped."""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hsmith.cli import exporting_wrapped, pins, target
from hsmith.cli.exporting_dns import ALGORITHMS, DIGESTS, Record
from hsmith.cli.output import emit, say
from hsmith.cli.parser import EXIT_OK, Parser, Usage
from hsmith.home import Trouble, words
from hsmith.spec.constants import Attr, CertificateType, ObjectClass
from hsmith.wire.session import Session

PUBLIC_FORMATS = ("pem", "der", "openssh", "jwk")


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="WHAT", required=True, parser_class=Parser)
    verb = _verb(verbs, "public", run_public, "write a public key; of a private key its public half")
    verb.add_argument("--format", choices=PUBLIC_FORMATS, default="pem", help="default: pem")
    verb = _verb(verbs, "cert", run_cert, "write certificates")
    verb.add_argument("--format", choices=("pem", "der"), default="pem", help="default: pem")
    for name, run in (("dnskey", run_dnskey), ("ds", run_ds)):
        verb = _verb(verbs, name, run, f"write the {name.upper()} record of a key of a zone")
        verb.add_argument("--zone", required=True, metavar="NAME", help="the zone, such as example.org")
        verb.add_argument("--flags", type=int, default=257, help="257: KSK, CSK (default); 256: ZSK; 128 more: revoked")
        verb.add_argument("--algorithm", metavar="NAME", help=f"default: by the key; of {', '.join(ALGORITHMS)}")
        verb.add_argument("--ttl", type=int, metavar="SECONDS", help="default: none is written")
        if name == "ds":
            verb.add_argument("--digest", choices=DIGESTS, default="sha256", help="default: sha256")
    verb = _verb(verbs, "wrapped", run_wrapped, "write a key, encrypted by another key of the token")
    verb.add_argument("--with", dest="wrapping", required=True, metavar="LABEL", help="the label of the wrapping key")
    ways = "; ".join(f"{name}: {way.meaning}" for name, way in exporting_wrapped.WAYS.items())
    verb.add_argument("--how", choices=exporting_wrapped.WAYS, default="aes-kwp", help=f"default: aes-kwp. {ways}")


def _verb(verbs: Any, name: str, run: Any, meaning: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(
        name, help=meaning, description=meaning[:1].upper() + meaning[1:] + "."
    )
    verb.set_defaults(run=run)
    verb.add_argument("--label", help="the object's label")
    verb.add_argument("--id", type=_id, metavar="HEX", help="its ID (CKA_ID)")
    verb.add_argument("--out", metavar="FILE", help="a new file (default: standard output)")
    verb.add_argument("--json", action="store_true", help="print JSON, what is no text in Base64")
    target.add_options(verb)
    pins.add_options(verb, "pin")
    return verb


def _id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no hexadecimal number, such as 01 or a1b2") from None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is exported: an object of one of these classes, the first of which there is any."""

    classes: tuple[ObjectClass, ...]
    what: str


PUBLIC = Asked((ObjectClass.PUBLIC_KEY, ObjectClass.PRIVATE_KEY), "key pair")
CERTIFICATE = Asked((ObjectClass.CERTIFICATE,), "certificate")
WRAPPABLE = Asked((ObjectClass.SECRET_KEY, ObjectClass.PRIVATE_KEY), "private or secret key")
WRAPPING = Asked((ObjectClass.SECRET_KEY, ObjectClass.PUBLIC_KEY), "wrapping key")


def _found(session: Session, asked: Asked, names: dict[int, Any]) -> list[int]:
    for cls in asked.classes:
        handles = session.find({Attr.CLASS: int(cls), **names})
        if handles:
            return handles
    raise Trouble(f"There is no such {asked.what}. 'hsmith key list' shows all keys.")


def _names(options: argparse.Namespace) -> dict[int, Any]:
    if options.label is None and options.id is None:
        raise Usage("Say what to export: --label or --id.")
    names: dict[int, Any] = {} if options.label is None else {Attr.LABEL: os.fsencode(options.label)}
    return names if options.id is None else {**names, Attr.ID: options.id}


def _one(session: Session, asked: Asked, names: dict[int, Any]) -> int:
    handles = _found(session, asked, names)
    if len(handles) > 1:
        raise Usage(f"There are {len(handles)} such objects: name one with --label and --id together.")
    return handles[0]


def _write(options: argparse.Namespace, data: bytes, **about: Any) -> int:
    """To the file, or to standard output; text is text in JSON, too."""
    import base64

    if options.out is not None:
        _to_file(Path(options.out), data)
        emit(options, {"file": options.out, **about}, f"{options.out} is written.")
        return EXIT_OK
    if options.json:
        text = {"text": data.decode()} if data.isascii() else {"base64": base64.b64encode(data).decode()}
        emit(options, {**about, **text}, "")
    elif data.isascii():
        say(data.decode().rstrip("\n"))
    elif sys.stdout.isatty():
        raise Usage("This is not text: give --out FILE.")
    else:
        sys.stdout.buffer.write(data)
    return EXIT_OK


def _to_file(path: Path, data: bytes) -> None:
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise Trouble(f"{path} exists already. Move it away, or take another name.") from None
    except OSError as error:
        raise Trouble(f"{path} cannot be written: {words(error)}.") from error


# -- public keys and certificates


def _info(options: argparse.Namespace) -> bytes:
    """The SubjectPublicKeyInfo of the key that is named."""
    names = _names(options)
    with target.session(options) as session:
        handle = _one(session, PUBLIC, names)
        info: bytes = session.read(handle, (Attr.PUBLIC_KEY_INFO,)).get(Attr.PUBLIC_KEY_INFO, b"")
    if not info:
        raise Trouble("The key has no public half that can be written.")
    return info


def run_public(options: argparse.Namespace) -> int:
    import json

    from hsmith.crypto.files import public

    info = _info(options)
    written: dict[str, Callable[[], bytes]] = {
        "pem": lambda: public.public_pem(info),
        "der": lambda: info,
        "openssh": lambda: public.public_openssh(info) + f" {options.label or options.id.hex()}\n".encode(),
        "jwk": lambda: json.dumps(public.public_jwk(info)).encode() + b"\n",
    }
    try:
        data = written[options.format]()
    except ValueError as error:
        raise Trouble(f"This key has no {options.format} form: {error}. Take --format pem.") from None
    return _write(options, data, format=options.format)


def run_cert(options: argparse.Namespace) -> int:
    from hsmith.crypto.files.public import certificate_pem

    names = {**_names(options), Attr.CERTIFICATE_TYPE: int(CertificateType.X_509)}
    with target.session(options) as session:
        handles = _found(session, CERTIFICATE, names)
        values = [session.read(handle, (Attr.VALUE,))[Attr.VALUE] for handle in handles]
    if options.format == "der" and len(values) > 1:
        raise Usage(f"There are {len(values)} such certificates: name one, or take --format pem.")
    try:
        data = values[0] if options.format == "der" else b"".join(map(certificate_pem, values))
    except ValueError:
        raise Trouble("The object is no readable X.509 certificate. Its bytes are written by --format der.") from None
    return _write(options, data, format=options.format)


def run_dnskey(options: argparse.Namespace) -> int:
    record = Record.of(_info(options), zone=options.zone, flags=options.flags, algorithm=options.algorithm)
    return _write(options, f"{record.dnskey(options.ttl)}\n".encode(), key_tag=record.key_tag)


def run_ds(options: argparse.Namespace) -> int:
    record = Record.of(_info(options), zone=options.zone, flags=options.flags, algorithm=options.algorithm)
    return _write(options, f"{record.ds(options.digest, options.ttl)}\n".encode(), key_tag=record.key_tag)


# -- wrapped keys


def run_wrapped(options: argparse.Namespace) -> int:
    names = _names(options)
    with target.session(options) as session:
        key = _one(session, WRAPPABLE, names)
        wrapping = _one(session, WRAPPING, {Attr.LABEL: os.fsencode(options.wrapping)})
        data = exporting_wrapped.wrap(session, options.how, wrapping=wrapping, key=key)
    return _write(options, data, how=options.how)
