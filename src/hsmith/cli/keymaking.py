"""hsmith key generate, and the templates by which keys are made and unwrapped."""

import argparse
import os
from typing import TYPE_CHECKING, Any

from hsmith.cli import selection, target
from hsmith.cli.output import emit, table
from hsmith.cli.parser import EXIT_OK, Usage, add_verb, suggestion

if TYPE_CHECKING:
    from hsmith.cli.keytypes import Kind
    from hsmith.wire.session import Session

TYPES = """types of keys (sizes are in bits):
  rsa:2048  dsa:2048  dh:2048  x942-dh:2048
  ec:CURVE  p192, p224, p256, p384, p521, secp256k1, brainpoolp256r1, brainpoolp384r1, brainpoolp512r1
  ed25519  ed448  x25519  x448
  ml-dsa-44, -65, -87   ml-kem-512, -768, -1024
  slh-dsa-HASH-SET  sha2 or shake; 128s, 128f, 192s, 192f, 256s, 256f
  aes:256  aes-xts:512  chacha20  camellia:256  seed  blowfish:128  des2  des3  salsa20
  generic:256  hkdf:256  poly1305
  hmac-HASH:256  sha1, sha224, sha256, sha384, sha512, sha512-224, sha512-256, sha3-224, sha3-256, sha3-384,
                 sha3-512, blake2b-160, blake2b-256, blake2b-384, blake2b-512
"""


def build(verbs: Any) -> None:
    verb = add_verb(verbs, "generate", generate, "make a key, or a key pair, in a token", epilog=TYPES)
    verb.add_argument("--type", required=True, help="what to make, such as rsa:2048, ec:p256 or aes:256; see below")
    add_making(verb)
    verb.add_argument(
        "--public-attr",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the same, of the public half of a pair",
    )
    target.add_login(verb)


def add_making(verb: argparse.ArgumentParser) -> None:
    """The options of a new key: its names, what it may do, and its other attributes."""
    uses = "sign, verify, encrypt, decrypt, wrap, unwrap, derive, encapsulate, decapsulate"
    selection.add_options(verb)
    verb.add_argument("--use", metavar="USE,...", help=f"what for (default: what suits the type): {uses}")
    verb.add_argument("--extractable", action="store_true", help="let another key wrap it, to leave the token")
    verb.add_argument(
        "--attr", action="append", default=[], metavar="NAME=VALUE",
        help="an attribute of the private or secret key, as in start-date=2026-01-31; may be given again",
    )  # fmt: skip


def generate(options: argparse.Namespace) -> int:
    from hsmith.cli.keytypes import parse
    from hsmith.cli.listing import COLUMNS, described

    kind, sizes = parse(options.type)
    own, public = private_template(kind, options), {}
    if kind.pair:
        public = _public_template(kind, options)
    elif options.public_attr:
        raise Usage(f"A key of type '{options.type}' has no public half: give --attr.")
    with target.session(options, rw=True) as session:
        if kind.pair:
            handles: tuple[int, ...] = _pair(session, kind, {**sizes, **public}, own)
        else:
            handles = (session.call("C_GenerateKey", _plain(kind.mechanism), pairs({**own, **sizes})),)
        made = [described(session, handle, options.found) for handle in handles]
    emit(options, made, table(made, COLUMNS, empty=""))
    return EXIT_OK


def _plain(mechanism: int) -> Any:
    from hsmith.spec.values import MechanismArg

    return MechanismArg(int(mechanism))


def pairs(template: dict[Any, Any]) -> tuple[tuple[int, Any], ...]:
    return tuple((int(attr), value) for attr, value in template.items())


def _pair(session: "Session", kind: "Kind", public: dict[Any, Any], private: dict[Any, Any]) -> tuple[int, int]:
    from hsmith.spec.constants import Attr

    bits = public.pop(Attr.PRIME_BITS, None)
    if bits is not None:
        public |= _domain(session, kind, bits)
    made: tuple[int, int] = session.call("C_GenerateKeyPair", _plain(kind.mechanism), pairs(public), pairs(private))
    return made


def _domain(session: "Session", kind: "Kind", bits: int) -> dict[Any, Any]:
    """Domain parameters: a group of RFC 7919, or new ones, which the token makes and forgets again."""
    from hsmith.cli import groups
    from hsmith.cli.progress import working
    from hsmith.spec.constants import Attr, KeyType

    if kind.domain is None:
        return {Attr.PRIME: groups.prime(bits), Attr.BASE: groups.GENERATOR}
    template = {Attr.PRIME_BITS: bits, Attr.TOKEN: False}
    if kind.key_type is KeyType.X9_42_DH:
        template[Attr.SUBPRIME_BITS] = 160 if bits < 2048 else 256  # FIPS 186-4, section 4.2
    with working("Making domain parameters"):
        handle = session.call("C_GenerateKey", _plain(kind.domain), pairs(template))
    return session.read(handle, (Attr.PRIME, Attr.SUBPRIME, Attr.BASE))


def _uses(kind: "Kind", text: str | None) -> tuple[str, ...]:
    from hsmith.cli.keytypes import USES

    words = tuple(text.split(",")) if text else kind.uses
    for word in words:
        if word not in USES:
            raise Usage(f"There is no use '{word}'{suggestion(word, USES)}.")
    return words


def _names(options: argparse.Namespace) -> dict[Any, Any]:
    """Label and ID; a key without any ID gets a random one, by which the halves of a pair find one another."""
    from hsmith.spec.constants import Attr

    named = selection.template(options)
    if Attr.CLASS in named:
        raise Usage("The URI of a new key has no type: --type says what to make.")
    if not named.get(Attr.ID):
        # One for both halves, whichever is asked for first.
        options.id = os.urandom(8)
    return {Attr.TOKEN: True, Attr.LABEL: named.get(Attr.LABEL, b""), Attr.ID: named.get(Attr.ID) or options.id}


def private_template(kind: "Kind", options: argparse.Namespace) -> dict[Any, Any]:
    """The template of a private or secret key: what --use and --attr do not name is not left to a default."""
    from hsmith.cli.attributes import template
    from hsmith.cli.keytypes import USES
    from hsmith.spec.constants import Attr

    wanted = {USES[use][0] for use in _uses(kind, options.use)}
    known = [Attr.SIGN, Attr.DECRYPT, Attr.UNWRAP, Attr.DERIVE]
    if kind.secret:
        known += [Attr.VERIFY, Attr.ENCRYPT, Attr.WRAP]
    elif Attr.DECAPSULATE in wanted:
        known += [Attr.DECAPSULATE]
    secrecy = {Attr.PRIVATE: True, Attr.SENSITIVE: True, Attr.EXTRACTABLE: options.extractable}
    return {**_names(options), **secrecy, **{attr: attr in wanted for attr in known}, **template(options.attr)}


def _public_template(kind: "Kind", options: argparse.Namespace) -> dict[Any, Any]:
    from hsmith.cli.attributes import template
    from hsmith.cli.keytypes import USES
    from hsmith.spec.constants import Attr

    wanted = {USES[use][1] for use in _uses(kind, options.use)}
    known = [Attr.VERIFY, Attr.ENCRYPT, Attr.WRAP] + ([Attr.ENCAPSULATE] if Attr.ENCAPSULATE in wanted else [])
    return {**_names(options), **{attr: attr in wanted for attr in known}, **template(options.public_attr)}
