"""hsmith mechanism: which mechanisms a token offers, and what each takes."""

import argparse
from typing import TYPE_CHECKING, Any

from hsmith.cli import target
from hsmith.cli.output import emit, facts, table
from hsmith.cli.parser import EXIT_OK, Parser, Usage, add_verb, suggestion

if TYPE_CHECKING:
    from hsmith.spec.mechanisms import MechanismRow

COLUMNS = {"name": "NAME", "uses": "USES", "key_types": "KEYS", "sizes": "SIZES", "grade": "GRADE"}
USES = (
    "digest", "sign", "verify", "sign-recover", "verify-recover", "encrypt", "decrypt", "generate", "generate-key-pair",
    "wrap", "unwrap", "derive", "encapsulate", "decapsulate",
)  # fmt: skip


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)
    verb = add_verb(verbs, "list", list_all, "list the mechanisms that a token offers")
    verb.add_argument("--use", choices=USES, help="only those that do this")
    verb.add_argument("--key-type", metavar="TYPE", help="only those for this type of key, such as rsa, ec or aes")
    verb.add_argument("--grade", choices=("modern", "legacy", "broken"), help="only those of this grade")
    target.add_options(verb)
    verb = add_verb(
        verbs, "show", show, "say all about a mechanism: what it does, for which keys, with which parameters"
    )
    verb.add_argument("name", metavar="MECHANISM", help="its name, as in aes-gcm or CKM_AES_GCM")


def _row(row: "MechanismRow") -> dict[str, Any]:
    from hsmith.cli.mechanisms import spelt
    from hsmith.spec.constants import MechanismFlag

    flags = [use for use in USES if row.flags & MechanismFlag[use.upper().replace("-", "_")]]
    types = [key_type.name.lower().replace("_", "-") for key_type in row.key_types]
    sizes = f"{row.minimum}-{row.maximum}" if row.maximum else ""
    return {
        "name": spelt(row.mechanism),
        "uses": flags,
        "key_types": types,
        "sizes": sizes,
        "grade": row.grade.name.lower(),
    }


def list_all(options: argparse.Namespace) -> int:
    from hsmith.spec.mechanisms import MECHANISMS
    from hsmith.wire.client import Client

    with Client() as client:
        slot = target.choose(client, options)["slot"]
        offered = client.call("C_GetMechanismList", slot)
    rows = [_row(MECHANISMS[number]) for number in offered if number in MECHANISMS]
    rows = [row for row in rows if _wanted(row, options)]
    if options.key_type and not rows:
        _check_type(options.key_type)
    short = [{**row, "key_types": _few(row["key_types"])} for row in rows]
    emit(options, rows, table(short, COLUMNS, empty="There is no such mechanism."))
    return EXIT_OK


def _few(types: list[str]) -> list[str]:
    """A derivation takes any secret: a table need not name all of them."""
    return types if len(types) <= 3 else [*types[:2], f"{len(types) - 2} more"]


def _plain(text: str) -> str:
    return text.lower().replace("_", "-").removeprefix("ckk-")


def _wanted(row: dict[str, Any], options: argparse.Namespace) -> bool:
    typed = options.key_type is None or _plain(options.key_type) in row["key_types"]
    return typed and options.use in (None, *row["uses"]) and options.grade in (None, row["grade"])


def _check_type(word: str) -> None:
    from hsmith.spec.mechanisms import MECHANISMS

    known = {key_type.name.lower().replace("_", "-") for row in MECHANISMS.values() for key_type in row.key_types}
    if _plain(word) not in known:
        raise Usage(f"No mechanism is for keys of type '{word}'{suggestion(_plain(word), sorted(known))}.")


def show(options: argparse.Namespace) -> int:
    from hsmith.cli import mechanisms
    from hsmith.spec.mechanisms import MECHANISMS

    row = MECHANISMS[mechanisms.named(options.name)]
    found = {**_row(row), "number": f"{int(row.mechanism):#x}", "in_parts": row.multi_part, "unit": _unit(row)}
    try:
        found["parameters"] = list(mechanisms.shape_of(row).names)
    except Usage:
        found["parameters"] = ["not on a command line"]
    emit(options, found, facts(found))
    return EXIT_OK


def _unit(row: "MechanismRow") -> str:
    """Of the sizes: bits where they are those of a modulus, a curve or a prime, else bytes, as the standard has it."""
    from hsmith.spec.constants import KeyType

    bits = (
        KeyType.RSA,
        KeyType.EC,
        KeyType.EC_EDWARDS,
        KeyType.EC_MONTGOMERY,
        KeyType.DSA,
        KeyType.DH,
        KeyType.X9_42_DH,
    )
    if not row.maximum:
        return ""
    return "bits" if row.unit == 8 or set(row.key_types) & set(bits) else "bytes"
