"""hsmith import key, hsmith import cert: what files have, as objects of a token; all of a file or nothing of it."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hsmith.cli import pins, target
from hsmith.cli.keytypes import USES, type_name
from hsmith.cli.output import emit, table
from hsmith.cli.parser import EXIT_OK, Usage, suggestion
from hsmith.home import Trouble, words
from hsmith.spec.constants import Attr, KeyType, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.wire.session import Session

VARIABLE = "HSMITH_FILE_PASSPHRASE"
#: More than any file of keys has.
LARGEST = 16 << 20
COLUMNS = {"class": "CLASS", "type": "TYPE", "label": "LABEL", "id": "ID"}
#: Raw keys, by the word of --type: a file of nothing but the value.
RAW = {"aes": KeyType.AES, "generic": KeyType.GENERIC_SECRET, "des3": KeyType.DES3}
CLASSES = {
    ObjectClass.PRIVATE_KEY: "private",
    ObjectClass.PUBLIC_KEY: "public",
    ObjectClass.SECRET_KEY: "secret",
    ObjectClass.CERTIFICATE: "certificate",
}
#: What keys are for unless --use says it.
FOR = {
    KeyType.RSA: ("sign", "decrypt"),
    KeyType.EC: ("sign", "derive"),
    KeyType.EC_EDWARDS: ("sign",),
    KeyType.DSA: ("sign",),
    KeyType.ML_DSA: ("sign",),
    KeyType.SLH_DSA: ("sign",),
    KeyType.EC_MONTGOMERY: ("derive",),
    KeyType.DH: ("derive",),
    KeyType.X9_42_DH: ("derive",),
    KeyType.AES: ("encrypt", "decrypt"),
    KeyType.DES3: ("encrypt", "decrypt"),
    KeyType.GENERIC_SECRET: ("sign", "verify"),
}


def build(verbs: Any) -> None:
    kinds = "PKCS #8, PEM, DER, PKCS #12, OpenSSH, JWK, BIND (K*.private), or a raw key with --type"
    verb = _verb(verbs, "key", run_key, "take the keys of a file, and certificates that are with them", kinds)
    verb.add_argument("--type", choices=RAW, help="the file is nothing but the value of a secret key of this type")
    verb.add_argument("--use", metavar="USE,...", help=f"what for (default: what suits the type): {', '.join(USES)}")
    verb.add_argument("--extractable", action="store_true", help="let another key wrap it, to leave the token")
    verb.add_argument("--no-public", action="store_true", help="do not make the public half of a private key")
    passphrase = verb.add_mutually_exclusive_group()
    passphrase.add_argument(
        "--passphrase-file", metavar="FILE", help=f"file with the file's passphrase (else {VARIABLE}, or a prompt)"
    )
    passphrase.add_argument("--passphrase-env", metavar="NAME", help="environment variable with it")
    _verb(verbs, "cert", run_cert, "take the certificates of a file", "X.509 in PEM or DER, one or many, or PKCS #12")


def _verb(verbs: Any, name: str, run: Any, meaning: str, kinds: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(
        name, help=meaning, description=f"{meaning[:1].upper()}{meaning[1:]}: {kinds}."
    )
    verb.set_defaults(run=run, passphrase_file=None, passphrase_env=None)
    verb.add_argument("file", metavar="FILE", help="the file; - for standard input")
    verb.add_argument("--label", help="the objects' label (default: what the file calls them, or its name)")
    verb.add_argument("--id", type=_id, metavar="HEX", help="their ID (default: made of the key)")
    target.add_options(verb)
    verb.add_argument("--json", action="store_true", help="print JSON")
    pins.add_options(verb, "pin")
    return verb


def _id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no hexadecimal number, such as 01 or a1b2") from None


def run_key(options: argparse.Namespace) -> int:
    from hsmith.crypto.files.items import Item, public_half

    data = _content(options.file)
    if options.type is not None:
        about = {Attr.CLASS: int(ObjectClass.SECRET_KEY), Attr.KEY_TYPE: int(RAW[options.type]), Attr.VALUE: data}
        found = [Item({int(attr): value for attr, value in about.items()})]
    else:
        found = _read(data, options)
    if all(item.cls == ObjectClass.CERTIFICATE for item in found):
        raise Trouble(f"{options.file} has no key. Its certificates are taken by: hsmith import cert {options.file}")
    _check_bind_public(options.file, found)
    publics = [item.attributes for item in found if item.cls == ObjectClass.PUBLIC_KEY]
    if not options.no_public:
        halves = [public_half(item) for item in found if item.cls == ObjectClass.PRIVATE_KEY]
        found += [half for half in halves if half is not None and half.attributes not in publics]
    return _store(found, options)


def run_cert(options: argparse.Namespace) -> int:
    found = [item for item in _read(_content(options.file), options) if item.cls == ObjectClass.CERTIFICATE]
    if not found:
        raise Trouble(f"{options.file} has no certificate. Its keys are taken by: hsmith import key {options.file}")
    return _store(found, options)


def _content(name: str) -> bytes:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(LARGEST + 1)
    except OSError as error:
        raise Trouble(f"{name} cannot be read: {words(error)}.") from error
    if not data or len(data) > LARGEST:
        raise Trouble(f"{name} is {'empty' if not data else 'larger than any file of keys'}.")
    return data


def _read(data: bytes, options: argparse.Namespace) -> list[Any]:
    from hsmith.crypto.files import reading
    from hsmith.crypto.files.items import Unreadable, WrongPassphrase

    try:
        found = reading.read(data, lambda: _passphrase(options))
    except WrongPassphrase as error:
        raise Trouble(f"{options.file} cannot be opened: {error}.") from None
    except Unreadable as error:
        raise Trouble(f"{options.file} cannot be imported: {error}.") from None
    if not found:
        raise Trouble(f"{options.file} has no key and no certificate.")
    return found


def _passphrase(options: argparse.Namespace) -> bytes:
    if options.passphrase_file is not None:
        return _content(options.passphrase_file).removesuffix(b"\n").removesuffix(b"\r")
    name = options.passphrase_env or VARIABLE
    if name in os.environ:
        return os.environb[os.fsencode(name)]
    if options.passphrase_env is not None:
        raise Usage(f"The environment has no variable {name}.")
    if not sys.stdin.isatty():
        raise Usage(f"{options.file} is encrypted: give --passphrase-file, {VARIABLE}, or a terminal.")
    from getpass import getpass

    return os.fsencode(getpass(f"Passphrase of {options.file}: "))


def _check_bind_public(name: str, found: list[Any]) -> None:
    """K*.private has a K*.key beside it: a pair that does not fit is a mistake of somebody's."""
    from hsmith.crypto.files.items import public_half
    from hsmith.crypto.files.public import dns_public, info_of

    path = Path(name).with_suffix(".key")
    if not name.endswith(".private") or not path.is_file():
        return
    half = public_half(found[0])
    text = path.read_text(errors="replace")
    lines = [line.partition(";")[0].split() for line in text.splitlines()]
    lines = [line for line in lines if "DNSKEY" in line]
    if half is None or not lines:
        return
    import base64

    key = "".join(lines[0][lines[0].index("DNSKEY") + 4 :])
    if key != base64.b64encode(dns_public(info_of(half))[1]).decode():
        raise Trouble(f"{path} has another key than {name}: it is not taken. Move the file away that is wrong.")


def _store(found: list[Any], options: argparse.Namespace) -> int:
    templates = [_template(item, options) for item in found]
    with target.session(options, rw=True) as session:
        handles = list(_created(session, templates))
        rows = [_described(session, handle) for handle in handles]
    emit(options, rows, table(rows, COLUMNS, empty=""))
    return EXIT_OK


def _created(session: Session, templates: list[dict[int, Any]]) -> Iterator[int]:
    """All of them, or none."""
    made: list[int] = []
    try:
        made.extend(session.call("C_CreateObject", tuple(template.items())) for template in templates)
    except Refused as refused:
        for handle in made:
            session.call("C_DestroyObject", handle)
        kind = CLASSES[ObjectClass(templates[len(made)][Attr.CLASS])]
        reason = refused.reason or "the token does not take such an object, or its profile does not (docs/policy.md)"
        raise Refused(refused.fault, f"nothing is imported: the {kind} was refused: {reason}") from None
    yield from made


def _template(item: Any, options: argparse.Namespace) -> dict[int, Any]:
    from hsmith.crypto.files.items import key_id

    stem = "" if options.file == "-" else Path(options.file).stem
    label = options.label if options.label is not None else (item.name or stem)
    id = options.id if options.id is not None else key_id(item)
    names = {Attr.TOKEN: True, Attr.LABEL: os.fsencode(label), Attr.ID: id or os.urandom(8)}
    template = {**item.attributes, **names, **_flags(item, options)}
    template.pop(Attr.PUBLIC_KEY_INFO, None)
    return {int(attr): value for attr, value in template.items()}


def _flags(item: Any, options: argparse.Namespace) -> dict[Attr, Any]:
    if item.cls == ObjectClass.CERTIFICATE:
        return {Attr.PRIVATE: False}
    uses = _uses(options.use) if options.use else FOR.get(item.attributes[Attr.KEY_TYPE], ())
    if item.cls == ObjectClass.PUBLIC_KEY:
        wanted = {USES[use][1] for use in uses}
        return {Attr.PRIVATE: False} | {a: a in wanted for a in (Attr.VERIFY, Attr.ENCRYPT, Attr.WRAP)}
    known = [Attr.SIGN, Attr.DECRYPT, Attr.UNWRAP, Attr.DERIVE]
    if item.cls == ObjectClass.SECRET_KEY:
        known += [Attr.VERIFY, Attr.ENCRYPT, Attr.WRAP]
    wanted = {USES[use][0] for use in uses}
    secrecy = {Attr.PRIVATE: True, Attr.SENSITIVE: True, Attr.EXTRACTABLE: options.extractable}
    return {**secrecy, **{attr: attr in wanted for attr in known}}


def _uses(text: str) -> tuple[str, ...]:
    uses = tuple(text.split(","))
    for word in uses:
        if word not in USES:
            raise Usage(f"There is no use '{word}'{suggestion(word, USES)}.")
    return uses


def _described(session: Session, handle: int) -> dict[str, Any]:
    asked = (Attr.CLASS, Attr.LABEL, Attr.ID, Attr.KEY_TYPE, Attr.MODULUS, Attr.VALUE_LEN, Attr.EC_PARAMS)
    values = session.read(handle, asked)
    return {
        "class": CLASSES[ObjectClass(values[Attr.CLASS])],
        "type": type_name(values) if Attr.KEY_TYPE in values else "x509",
        "label": values[Attr.LABEL].decode("utf-8", "replace"),
        "id": values[Attr.ID].hex(),
    }
