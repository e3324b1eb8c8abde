"""hsmith cert: requests and self-signed certificates by a key of the token; certificates taken, listed and deleted."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hsmith.cli import files, selection, target
from hsmith.cli.key import deleted
from hsmith.cli.output import emit, facts, table
from hsmith.cli.parser import EXIT_OK, Parser, Usage, add_verb, suggestion
from hsmith.home import Trouble

if TYPE_CHECKING:
    from hsmith.cli.keyuse import Use
    from hsmith.crypto.x509 import Wish
    from hsmith.wire.session import Session

NONE_SUCH = "There is no such certificate. 'hsmith cert list' shows all."
COLUMNS = {"label": "LABEL", "id": "ID", "subject": "SUBJECT", "start": "FROM", "end": "UNTIL"}
MOST_DAYS = 36_500


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)
    verb = add_verb(verbs, "request", request, "make a certificate signing request (PKCS#10) by a key of the token")
    _add_wish(verb)
    verb.add_argument("--der", action="store_true", help="write DER, not PEM")
    files.add_output(verb, "the request", hexadecimal=False)
    target.add_login(verb)
    verb = add_verb(
        verbs, "self-sign", self_sign, "make a certificate that its own key signs, and store it beside the key"
    )
    _add_wish(verb)
    verb.add_argument("--days", type=int, default=365, metavar="N", help="how long it is valid (default: 365)")
    verb.add_argument(
        "--no-store", action="store_true", help="do not store it in the token; write it to --out or standard output"
    )
    verb.add_argument("--der", action="store_true", help="write DER, not PEM")
    verb.add_argument("--out", metavar="FILE", help="file to write it to as well")
    target.add_login(verb)
    verb = add_verb(
        verbs, "import", take, "store the certificates of a file, beside their keys where these are in the token"
    )
    verb.add_argument("file", metavar="FILE", help="certificates in PEM, or one in DER; - is standard input")
    verb.add_argument("--label", help="its label (default: the subject's common name)")
    verb.add_argument(
        "--id",
        type=selection.identity,
        metavar="HEX",
        help="its ID (default: that of its key, else the key's identifier)",
    )
    target.add_options(verb)
    verb.add_argument("--trusted", action="store_true", help="mark it trusted (CKA_TRUSTED), as --so")
    target.add_login(verb, so=True)
    for name, run, meaning in (
        ("list", list_all, "list certificates"),
        ("show", show, "say what certificates say"),
        ("delete", delete, "delete certificates for ever"),
    ):
        verb = add_verb(verbs, name, run, meaning)
        selection.add_options(verb, "certificate")
        if name == "show":
            verb.add_argument("--pem", action="store_true", help="write them as PEM")
        if name == "delete":
            verb.add_argument("--yes", action="store_true", help="do not ask")
        target.add_login(verb, without=name != "delete")


def _add_wish(verb: argparse.ArgumentParser) -> None:
    selection.add_options(verb)
    verb.add_argument(
        "--subject", required=True, metavar="NAME", help="whom it is about, as in CN=example.org,O=Example"
    )
    verb.add_argument(
        "--name", dest="names", action="append", default=[], metavar="KIND:NAME",
        help="an alternative name: DNS:example.org, IP:192.0.2.1, email:a@example.org or URI:...; may be given again",
    )  # fmt: skip
    verb.add_argument("--hash", metavar="NAME", help="the hash (default: sha256, or as strong as the curve)")
    verb.add_argument("--pss", action="store_true", help="sign with RSA-PSS")
    verb.add_argument("--ca", action="store_true", help="for a certification authority")
    verb.add_argument("--path-length", type=int, metavar="N", help="authorities that may follow below this one")
    verb.add_argument("--usage", metavar="USE,...", help="key usage: digital-signature, key-agreement, cert-sign, ...")
    verb.add_argument(
        "--purpose", metavar="USE,...", help="extended key usage: server-auth, client-auth, code-signing, ..."
    )


def _wish(options: argparse.Namespace, hashed: str | None) -> "Wish":
    from hsmith.crypto.x509 import PURPOSES, USAGES, Wish

    if options.path_length is not None and (not options.ca or options.path_length < 0):
        raise Usage("A --path-length is a number from 0, and only for a --ca.")
    days = vars(options).get("days", 1)
    if not 1 <= days <= MOST_DAYS:
        raise Usage(f"A certificate is valid for 1 to {MOST_DAYS} days.")
    return Wish(
        options.subject, tuple(options.names), hashed, options.pss, options.ca, options.path_length,
        _words(options.usage, USAGES, "key usage"), _words(options.purpose, PURPOSES, "extended key usage"), days,
    )  # fmt: skip


def _words(text: str | None, known: Any, what: str) -> tuple[str, ...]:
    words = tuple(text.split(",")) if text else ()
    for word in words:
        if word not in known:
            raise Usage(f"There is no {what} '{word}'{suggestion(word, known)}.")
    return words


def _made(session: "Session", options: argparse.Namespace, make: Callable[..., bytes]) -> "tuple[Use, bytes]":
    """The key, and what ``make`` makes of it: its name, its wish and its signature."""
    from hsmith.cli import mechanisms
    from hsmith.cli.keyuse import SIGNATURE, Use
    from hsmith.crypto.x509 import Wrong
    from hsmith.spec.constants import Attr, KeyType

    options.param, options.mechanism = [], None
    if options.pss:
        options.mechanism = f"{mechanisms.hash_named(options.hash or 'sha256')}-rsa-pkcs-pss"
        options.hash = None
    use = Use(session, options, mechanisms.SIGN, ("private",))
    if options.pss and use.facts[Attr.KEY_TYPE] != KeyType.RSA:
        raise Usage("RSA-PSS is for RSA keys: leave --pss out.")

    def sign(data: bytes) -> bytes:
        use.start("Sign")
        return bytes(session.call("C_Sign", data, SIGNATURE))

    info = session.read(use.key, [Attr.PUBLIC_KEY_INFO]).get(Attr.PUBLIC_KEY_INFO, b"")
    try:
        return use, make(info, _wish(options, mechanisms.hash_of(use.row)), sign)
    except Wrong as wrong:
        raise Usage(f"This cannot be made: {wrong}.") from wrong


def _write(options: argparse.Namespace, der: bytes, what: str) -> None:
    from hsmith.crypto.x509 import pem

    if options.der:
        files.write(argparse.Namespace(out=options.out), der, private=False)
    else:
        files.write_text(options, pem(der, what=what))


def request(options: argparse.Namespace) -> int:
    from hsmith.crypto import x509

    with target.session(options) as session:
        _, der = _made(session, options, x509.request)
    if options.json:
        emit(options, {"subject": options.subject, "pem": x509.pem(der, what="CERTIFICATE REQUEST")}, "")
    if not options.json or options.out is not None:
        _write(options, der, "CERTIFICATE REQUEST")
    return EXIT_OK


def self_sign(options: argparse.Namespace) -> int:
    from hsmith.crypto import x509
    from hsmith.spec.constants import Attr

    with target.session(options, rw=not options.no_store) as session:
        use, der = _made(session, options, x509.self_signed)
        if not options.no_store:
            names = session.read(use.key, (Attr.LABEL, Attr.ID))
            _store(session, der, names)
    if options.json:
        emit(options, {**x509.described(der), "pem": x509.pem(der, what="CERTIFICATE")}, "")
    elif not options.no_store:
        said = x509.described(der)
        emit(options, said, facts(said))
    if options.out is not None or (options.no_store and not options.json):
        _write(options, der, "CERTIFICATE")
    return EXIT_OK


def _store(session: "Session", der: bytes, names: dict[Any, Any]) -> int:
    from hsmith.cli.keymaking import pairs
    from hsmith.crypto import x509
    from hsmith.spec.constants import Attr

    where = {Attr.TOKEN: True, Attr.PRIVATE: False}
    handle: int = session.call("C_CreateObject", pairs({**x509.attributes(der), **where, **names}))
    return handle


def take(options: argparse.Namespace) -> int:
    from hsmith.crypto import x509

    try:
        found = x509.certificates(files.read(options.file))
    except x509.Wrong as wrong:
        raise Trouble(f"{options.file}: {wrong}.") from wrong
    if len(found) > 1 and (options.label is not None or options.id is not None):
        raise Usage(f"{options.file} has {len(found)} certificates: they cannot all have one label or ID.")
    if options.trusted and not options.so:
        raise Usage("Only the SO marks a certificate trusted: give --so as well.")
    with target.session(options, rw=True) as session:
        rows = [_taken(session, der, options) for der in found]
    emit(options, rows, table(rows, {**COLUMNS, "new": "NEW"}, empty=""))
    return EXIT_OK


def _taken(session: "Session", der: bytes, options: argparse.Namespace) -> dict[str, Any]:
    """A certificate, which is stored unless it is there already."""
    import os

    from hsmith.cli.listing import described
    from hsmith.crypto import x509
    from hsmith.spec.constants import Attr, ObjectClass

    there = session.find({Attr.CLASS: int(ObjectClass.CERTIFICATE), Attr.VALUE: der})
    if there:
        return {**described(session, there[0], options.found), "new": False}
    label = x509.common_name(der) if options.label is None else options.label
    names: dict[Any, Any] = {Attr.LABEL: os.fsencode(label), Attr.ID: options.id or _id(session, der)}
    if options.trusted:
        names[Attr.TRUSTED] = True
    return {**described(session, _store(session, der, names), options.found), "new": True}


def _id(session: "Session", der: bytes) -> bytes:
    """The ID of the certificate's key, if the token has it."""
    from hsmith.crypto import x509
    from hsmith.spec.constants import Attr, ObjectClass

    for cls in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
        for handle in session.find({Attr.CLASS: int(cls), Attr.PUBLIC_KEY_INFO: x509.public_info(der)}):
            if identity := session.read(handle, [Attr.ID]).get(Attr.ID):
                return bytes(identity)
    return x509.key_identifier(der)


def _found(session: "Session", options: argparse.Namespace) -> list[int]:
    from hsmith.spec.constants import ObjectClass

    return selection.find(session, selection.template(options), [ObjectClass.CERTIFICATE])


def list_all(options: argparse.Namespace) -> int:
    from hsmith.cli.listing import described

    with target.session(options) as session:
        rows = [described(session, handle, options.found) for handle in _found(session, options)]
    emit(options, rows, table(rows, COLUMNS, empty="There is no certificate."))
    return EXIT_OK


def show(options: argparse.Namespace) -> int:
    from hsmith.cli.listing import described
    from hsmith.crypto import x509
    from hsmith.spec.constants import Attr

    with target.session(options) as session:
        found = [
            (described(session, handle, options.found), session.read(handle, [Attr.VALUE]).get(Attr.VALUE, b""))
            for handle in _found(session, options)
        ]
    if not found:
        raise Trouble(NONE_SUCH)
    if options.pem and not options.json:
        files.write_text(argparse.Namespace(out=None), "".join(x509.pem(der, what="CERTIFICATE") for _, der in found))
        return EXIT_OK
    said = [{**_names(row), **_said(der)} for row, der in found]
    told = [{name: value for name, value in one.items() if name != "pem"} for one in said]
    emit(options, said, "\n\n".join(facts(one) for one in told))
    return EXIT_OK


def _names(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("label", "id", "type", "trusted", "uri") if name in row}


def _said(der: bytes) -> dict[str, Any]:
    """A certificate that was stored unread may be one that nobody can read: it is listed all the same."""
    from hsmith.crypto import x509

    try:
        return {**x509.described(der), "pem": x509.pem(der, what="CERTIFICATE")}
    except ValueError:
        return {"unreadable": der.hex()}


def delete(options: argparse.Namespace) -> int:
    if not selection.template(options):
        raise Usage("Say which certificate to delete: by its label, by --label or --id, or by a PKCS#11 URI.")
    return deleted(options, _found)
