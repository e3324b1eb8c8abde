"""Write docs/mechanisms.md: every mechanism of the standard's header, offered or not and why.

python tools/mechanisms.py            write the page
python tools/mechanisms.py --check    exit with 1 when it is stale
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from hsmith.crypto.registry import ENGINES  # noqa: E402
from hsmith.spec.constants import KeyType, Mechanism, MechanismFlag  # noqa: E402
from hsmith.spec.mechanisms import MECHANISMS, SECRET_TYPES, MechanismRow  # noqa: E402
from vectors.coverage import COVERED, PUBLISHED  # noqa: E402

PAGE: Final = ROOT / "docs" / "mechanisms.md"

#: Why a mechanism is not offered: the first pattern that its whole name matches.
REASONS: Final[dict[str, str]] = {
    r"RC5_.*|CDMF_.*|CAST3?_.*|SKIPJACK_.*|BATON_.*|JUNIPER_.*|KEA_.*|FORTEZZA_.*|FASTHASH": (
        "of the past: the text of 3.2 has left it out"
    ),
    r"RIPEMD128.*|PBE_MD5_CAST3?_CBC|TLS10_.*|KEY_WRAP_.*": (
        "of the past: the text of 3.2 has left it out, or names it in passing"
    ),
    r"PBE_(MD5|SHA1)_CAST5_CBC": "of the past; no published answer says which bytes are the key and which the IV",
    r"RSA_9796|RSA_X9_31.*|SHA1_RSA_X9_31": "none of the libraries has this padding",
    r"RSA_PKCS_TPM_1_1": "for TPM 1.1; its OAEP form is offered",
    r"CAMELLIA_CTR": "the libraries have Camellia without this mode",
    r"ARIA_.*": "none of the libraries has the cipher; PyPI's one package with it has had no release since 2024",
    r"GOST.*": "none of the libraries has the algorithm; PyPI's one package with it has had no release since 2021",
    r"SALSA20_POLY1305": "no library has this combination with associated data",
    r"SHA512_T_.*": "the text gives t no place in the parameter; SHA512_224 and SHA512_256 are offered by name",
    r"CMS_SIG": "would need a parser of CMS in the keeper",
    r"KIP_.*": "for CT-KIP, the initialisation of one-time password tokens",
    r"X9_42_MQV_DERIVE|ECMQV_DERIVE": "none of the libraries has it",
    r"DSA_(PROBABILISTIC|SHAWE_TAYLOR)_PARAMETER_GEN|DSA_FIPS_G_GEN": (
        "the libraries neither take nor give the seed and the counter"
    ),
    r"X3DH_.*|X2RATCHET_.*": (
        "the parameters have pointers without lengths; the libraries of the protocols keep keys and state themselves"
    ),
    r"SECURID.*|ACTI.*": "the algorithm is not public, and no library has it",
    r"HSS_KEY_PAIR_GEN|HSS": (
        "the one library (pyhsslms, last released in 2023) does not hold the type of a one-time signature against "
        "that of the key (RFC 8554, algorithm 6a)"
    ),
    r"XMSS.*": "no library: liboqs's package for Python brings none, and downloads what it builds",
    r"HASH_SLH_DSA": "the library hashes by itself: the forms with a hash in their names are offered",
    r"NULL": "wrapping by it would hand out keys as they are",
    r"VENDOR_DEFINED": "marks where numbers of vendors begin",
}

OPERATIONS: Final = {
    MechanismFlag.DIGEST: "digest",
    MechanismFlag.ENCRYPT: "encrypt",
    MechanismFlag.SIGN: "sign",
    MechanismFlag.SIGN_RECOVER: "sign-recover",
    MechanismFlag.GENERATE: "generate",
    MechanismFlag.GENERATE_KEY_PAIR: "generate-pair",
    MechanismFlag.WRAP: "wrap",
    MechanismFlag.DERIVE: "derive",
    MechanismFlag.ENCAPSULATE: "encapsulate",
    MechanismFlag.MESSAGE_ENCRYPT: "messages",
}
_BITS: Final = frozenset({
    KeyType.RSA, KeyType.DSA, KeyType.DH, KeyType.X9_42_DH, KeyType.EC, KeyType.EC_EDWARDS, KeyType.EC_MONTGOMERY
})  # fmt: skip
_POST_QUANTUM: Final = frozenset({KeyType.ML_KEM, KeyType.ML_DSA, KeyType.SLH_DSA})

HEAD: Final = """# Mechanisms

Made by tools/mechanisms.py from the tables that the keeper runs by. Not to be edited.

Every mechanism in the header of PKCS#11 3.2: {offered} are offered, {missing} are not. *encrypt*, *sign*, *wrap* and
*encapsulate* have their reverse as well; what signs data also signs messages. Sizes are those of C_GetMechanismInfo, in
the unit that the standard has for the mechanism. A *legacy* mechanism is there for what exists, a *broken* one for what
is old. *Vectors* names the published answers that the tests hold it against ([vectors.md](vectors.md)); all others are
tested by what must hold between operations.

## Offered

| mechanism | operations | key types | sizes | library | grade | vectors |
|---|---|---|---|---|---|---|
"""
MIDDLE: Final = """
*any secret*: every type of secret key. The libraries: [dependencies.md](dependencies.md).

## Not offered

| mechanism | why |
|---|---|
"""


def _operations(row: MechanismRow) -> str:
    return ", ".join(word for flag, word in OPERATIONS.items() if row.flags & flag)


def _types(row: MechanismRow) -> str:
    if set(row.key_types) == set(SECRET_TYPES):
        return "any secret"
    return ", ".join(each.name for each in row.key_types)


def _sizes(row: MechanismRow) -> str:
    if not row.maximum:
        return ""
    if row.key_types[0] in _POST_QUANTUM:
        unit = "bytes of public key"
    elif row.key_types[0] in _BITS or row.unit > 1 or row.mechanism == Mechanism.GENERIC_SECRET_KEY_GEN:
        unit = "bits"
    else:
        unit = "bytes"
    return f"{row.minimum} {unit}" if row.minimum == row.maximum else f"{row.minimum} to {row.maximum} {unit}"


def _vectors(name: str) -> str:
    tests = [test for test, used in COVERED.items() if name in used]
    found = []
    if any(test.startswith("test_vectors[") for test in tests):
        found.append("Wycheproof")
    if any(not test.startswith("test_vectors[") for test in tests):
        found.append("CAVP and others")
    if name in PUBLISHED:
        found.append(PUBLISHED[name])
    return ", ".join(found)


def _reason(name: str) -> str:
    for pattern, reason in REASONS.items():
        if re.fullmatch(pattern, name):
            return reason
    raise SystemExit(f"CKM_{name} is neither offered nor has it a reason in REASONS")


def page() -> str:
    return "".join(_lines())


def _lines() -> Iterator[str]:
    missing = [each for each in Mechanism if each not in MECHANISMS]
    yield HEAD.format(offered=len(MECHANISMS), missing=len(missing))
    for row in sorted(MECHANISMS.values(), key=lambda row: row.mechanism):
        name = row.mechanism.name
        library, grade = ENGINES[row.mechanism].library, row.grade.name.lower()
        cells = (name, _operations(row), _types(row), _sizes(row), library, grade, _vectors(name))
        yield f"| {' | '.join(cells)} |\n"
    yield MIDDLE
    for each in sorted(missing):
        yield f"| {each.name} | {_reason(each.name)} |\n"


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    text = page()
    if PAGE.exists() and PAGE.read_text() == text:
        return 0
    if arguments:
        print(f"{PAGE.relative_to(ROOT)} is stale: run python tools/mechanisms.py")
        return 1
    PAGE.write_text(text)
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
