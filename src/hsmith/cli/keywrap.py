"""hsmith key wrap, unwrap and public: keys that leave a token, and come into it, as policy permits (docs/policy.md)."""

import argparse
from typing import TYPE_CHECKING, Any

from hsmith.cli import files, selection, target
from hsmith.cli.keymaking import TYPES, add_making, pairs, private_template
from hsmith.cli.keyuse import add_mechanism
from hsmith.cli.output import emit, table
from hsmith.cli.parser import EXIT_OK, Usage, add_verb
from hsmith.home import Trouble

if TYPE_CHECKING:
    from hsmith.cli.mechanisms import Job
    from hsmith.spec.mechanisms import MechanismRow
    from hsmith.wire.session import Session

ROOM = 1 << 20
WRAPS = """The usual mechanism is AES key wrapping with padding (RFC 5649), or with a
public key an AES key that is wrapped by it (RSA-OAEP with SHA-256, or ECDH).
An IV that is not given is made at random and goes before the wrapped key.
"""
PEM = "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n"


def build(verbs: Any) -> None:
    verb = add_verb(verbs, "wrap", wrap, "encrypt a key under another one, to leave the token", epilog=WRAPS)
    selection.add_options(verb)
    _add_other(verb, "the key to wrap with")
    files.add_output(verb, "the wrapped key")
    target.add_login(verb)
    verb = add_verb(verbs, "unwrap", unwrap, "bring a wrapped key into the token", epilog=f"{WRAPS}\n\n{TYPES}")
    verb.add_argument("--type", required=True, help="what is wrapped, such as aes, aes:256, rsa or ec:p256")
    add_making(verb)
    _add_other(verb, "the key to unwrap with")
    files.add_input(verb, "the wrapped key")
    target.add_login(verb)
    verb = add_verb(verbs, "public", public, "write the public half of a key pair as PEM, or store it in the token")
    selection.add_options(verb)
    verb.add_argument("--create", action="store_true", help="make a public key object of a private key that has none")
    verb.add_argument("--der", action="store_true", help="write DER (SubjectPublicKeyInfo), not PEM")
    files.add_output(verb, "the key", hexadecimal=False)
    target.add_login(verb)


def _add_other(verb: argparse.ArgumentParser, meaning: str) -> None:
    verb.add_argument(
        "--with", dest="other", required=True, metavar="KEY", help=f"{meaning}: its label, id=HEX, or a PKCS#11 URI"
    )
    add_mechanism(verb)


class _Wrapping:
    """The other key, and the mechanism with its parameters."""

    def __init__(self, session: "Session", options: argparse.Namespace, job: "Job", classes: tuple[str, ...]) -> None:
        from hsmith.cli import keytypes, mechanisms
        from hsmith.spec.constants import Attr

        wanted = [keytypes.CLASSES[name] for name in classes]
        named = selection.template(selection.reference(options, options.other))
        self.key = selection.single(session, selection.find(session, named, wanted), wanted, to=f"{job.words} with")
        key_type = session.read(self.key, [Attr.KEY_TYPE])[Attr.KEY_TYPE]
        self.row: MechanismRow = mechanisms.chosen(job, key_type, options.mechanism)
        self.values = mechanisms.pairs(options.param)
        self.iv = 0 if "iv" in self.values else mechanisms.shape_of(self.row).iv

    def argument(self, iv: bytes, length: int = 0) -> Any:
        from hsmith.cli import mechanisms

        values = {**self.values, "iv": iv.hex()} if iv else self.values
        return mechanisms.argument(self.row, values, length=length)


def wrap(options: argparse.Namespace) -> int:
    from hsmith.cli import keytypes, mechanisms

    with target.session(options) as session:
        key = selection.one(session, options, _wrappable(keytypes.CLASSES), to="be wrapped")
        wrapping = _Wrapping(session, options, mechanisms.WRAP, ("public", "secret"))
        iv = bytes(session.call("C_GenerateRandom", wrapping.iv)) if wrapping.iv else b""
        wrapped = iv + bytes(session.call("C_WrapKey", wrapping.argument(iv), wrapping.key, key, ROOM))
    facts = {"mechanism": mechanisms.spelt(wrapping.row.mechanism), "bytes": len(wrapped)}
    if options.json and options.out is None:
        emit(options, {**facts, "wrapped": wrapped.hex()}, "")
        return EXIT_OK
    files.write(options, wrapped)
    if options.json:
        emit(options, {**facts, "file": options.out}, "")
    return EXIT_OK


def _wrappable(classes: Any) -> list[int]:
    return [classes["private"], classes["secret"]]


def unwrap(options: argparse.Namespace) -> int:
    from hsmith.cli import mechanisms
    from hsmith.cli.listing import COLUMNS, described

    template = _template(options)
    files.check_json(options)
    wrapped = files.read(options.input, most=ROOM)
    with target.session(options, rw=True) as session:
        wrapping = _Wrapping(session, options, mechanisms.UNWRAP, ("private", "secret"))
        if len(wrapped) <= wrapping.iv:
            raise Usage(f"The wrapped key is too short: its first {wrapping.iv} bytes are the IV.")
        argument = wrapping.argument(wrapped[: wrapping.iv], length=len(wrapped) - wrapping.iv - 16)
        handle = session.call("C_UnwrapKey", argument, wrapping.key, wrapped[wrapping.iv :], pairs(template))
        made = [described(session, handle, options.found)]
    emit(options, made, table(made, COLUMNS, empty=""))
    return EXIT_OK


def _template(options: argparse.Namespace) -> dict[Any, Any]:
    """The template of the key that comes out; a size is told for secret keys alone, and only where it is given."""
    from hsmith.cli.keytypes import named, parse
    from hsmith.spec.constants import Attr, ObjectClass

    kind, _, size = named(options.type)
    known = {Attr.CLASS: int(ObjectClass.SECRET_KEY if kind.secret else ObjectClass.PRIVATE_KEY)}
    sizes = parse(options.type)[1] if size else {}
    length = {attr: value for attr, value in sizes.items() if attr is Attr.VALUE_LEN}
    return {**known, Attr.KEY_TYPE: int(kind.key_type), **length, **private_template(kind, options)}


def public(options: argparse.Namespace) -> int:
    from hsmith.cli import keytypes
    from hsmith.cli.listing import COLUMNS, described
    from hsmith.spec.constants import Attr

    classes = (
        [keytypes.CLASSES["private"]] if options.create else [keytypes.CLASSES[name] for name in ("public", "private")]
    )
    with target.session(options, rw=options.create) as session:
        named = selection.template(options)
        if not named:
            raise Usage("Say which key: by its label, --id or a PKCS#11 URI.")
        handles = selection.find(session, named, classes)
        infos = {
            session.read(handle, [Attr.PUBLIC_KEY_INFO]).get(Attr.PUBLIC_KEY_INFO, b""): handle for handle in handles
        }
        if len(infos) != 1:
            selection.single(session, handles, classes, to="write the public half of")
        info, handle = next(iter(infos.items()))
        if not info:
            raise Trouble("This key has no CKA_PUBLIC_KEY_INFO to write.")
        if options.create:
            made = [described(session, _created(session, handle), options.found)]
            emit(options, made, table(made, COLUMNS, empty=""))
            return EXIT_OK
    if options.json:
        emit(options, {"public": info.hex(), "pem": pem(info)}, "")
    elif options.der:
        files.write(argparse.Namespace(out=options.out), info, private=False)
    else:
        files.write_text(options, pem(info))
    return EXIT_OK


def _created(session: "Session", private: int) -> int:
    """The public half of a private key, of which the token has the numbers, with its label and ID."""
    from hsmith.spec.constants import Attr, Mechanism, ObjectClass
    from hsmith.spec.values import MechanismArg

    known = session.read(private, (Attr.LABEL, Attr.ID, Attr.KEY_TYPE, Attr.SIGN, Attr.DECRYPT))
    template = {
        Attr.CLASS: int(ObjectClass.PUBLIC_KEY), Attr.KEY_TYPE: known[Attr.KEY_TYPE], Attr.TOKEN: True,
        Attr.LABEL: known.get(Attr.LABEL, b""), Attr.ID: known.get(Attr.ID, b""),
        Attr.VERIFY: known.get(Attr.SIGN, False), Attr.ENCRYPT: known.get(Attr.DECRYPT, False),
    }  # fmt: skip
    handle: int = session.call(
        "C_DeriveKey", MechanismArg(int(Mechanism.PUB_KEY_FROM_PRIV_KEY)), private, pairs(template)
    )
    return handle


def pem(info: bytes) -> str:
    from base64 import b64encode

    text = b64encode(info).decode()
    return PEM.format("\n".join(text[at : at + 64] for at in range(0, len(text), 64)))
