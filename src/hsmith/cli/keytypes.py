"""The kinds of key that ``hsmith key generate`` makes, one row each: "rsa:2048", "ec:p256", "aes:256", ..."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hsmith.cli.parser import Usage, suggestion
from hsmith.spec.constants import Attr, KeyType, Mechanism

#: Curves by name: CKA_EC_PARAMS, the DER of the OID (section 6.3.3; RFC 8410 for the last four).
CURVES: Final = {
    "p224": "06052b81040021",
    "p256": "06082a8648ce3d030107",
    "p384": "06052b81040022",
    "p521": "06052b81040023",
    "secp256k1": "06052b8104000a",
    "brainpoolp256r1": "06092b2403030208010107",
    "brainpoolp384r1": "06092b240303020801010b",
    "brainpoolp512r1": "06092b240303020801010d",
}
F4: Final = b"\x01\x00\x01"

SIGNING, AGREEING, CIPHERING = ("sign",), ("derive",), ("encrypt", "decrypt")
#: What --use names, as the attributes of the private or secret half and of the public half.
USES: Final = {
    "sign": (Attr.SIGN, Attr.VERIFY),
    "decrypt": (Attr.DECRYPT, Attr.ENCRYPT),
    "encrypt": (Attr.ENCRYPT, Attr.ENCRYPT),
    "verify": (Attr.VERIFY, Attr.VERIFY),
    "derive": (Attr.DERIVE, None),
    "wrap": (Attr.WRAP, Attr.WRAP),
    "unwrap": (Attr.UNWRAP, Attr.WRAP),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """``size``: what follows the colon: "bits", "curve", or "" for nothing. ``least``, ``most``: bits."""

    mechanism: Mechanism
    key_type: KeyType
    pair: bool
    size: str
    uses: tuple[str, ...]
    example: str
    least: int = 0
    most: int = 0
    params: str = ""


_EDWARDS = (Mechanism.EC_EDWARDS_KEY_PAIR_GEN, KeyType.EC_EDWARDS)
_MONTGOMERY = (Mechanism.EC_MONTGOMERY_KEY_PAIR_GEN, KeyType.EC_MONTGOMERY)
KINDS: Final = {
    "rsa": Kind(
        Mechanism.RSA_PKCS_KEY_PAIR_GEN, KeyType.RSA, True, "bits", ("sign", "decrypt"), "rsa:2048", 1024, 8192
    ),
    "ec": Kind(Mechanism.EC_KEY_PAIR_GEN, KeyType.EC, True, "curve", ("sign", "derive"), "ec:p256"),
    "ed25519": Kind(*_EDWARDS, True, "", SIGNING, "ed25519", params="06032b6570"),
    "ed448": Kind(*_EDWARDS, True, "", SIGNING, "ed448", params="06032b6571"),
    "x25519": Kind(*_MONTGOMERY, True, "", AGREEING, "x25519", params="06032b656e"),
    "x448": Kind(*_MONTGOMERY, True, "", AGREEING, "x448", params="06032b656f"),
    "aes": Kind(Mechanism.AES_KEY_GEN, KeyType.AES, False, "bits", CIPHERING, "aes:256", 128, 256),
    "generic": Kind(
        Mechanism.GENERIC_SECRET_KEY_GEN,
        KeyType.GENERIC_SECRET,
        False,
        "bits",
        ("sign", "verify"),
        "generic:256",
        8,
        8192,
    ),
}


def parse(text: str) -> tuple[Kind, dict[Attr, Any]]:
    """The kind and the attributes that give its size, of the public half of a pair. Raises Usage."""
    name, _, size = text.lower().partition(":")
    kind = KINDS.get(name)
    if kind is None:
        raise Usage(f"There is no key type '{name}'{suggestion(name, [k.example for k in KINDS.values()])}.")
    if bool(size) != bool(kind.size):
        raise Usage(f"The key type '{name}' is written like {kind.example}.")
    if kind.size == "curve":
        return kind, {Attr.EC_PARAMS: bytes.fromhex(_curve(size))}
    if kind.size == "bits":
        return kind, _sized(kind, name, size)
    return kind, {Attr.EC_PARAMS: bytes.fromhex(kind.params)}


def _curve(name: str) -> str:
    plain = name.replace("-", "").replace("secp256r1", "p256").replace("secp384r1", "p384").replace("secp521r1", "p521")
    if plain not in CURVES:
        raise Usage(f"There is no curve '{name}'{suggestion(plain, CURVES)}.")
    return CURVES[plain]


def _sized(kind: Kind, name: str, size: str) -> dict[Attr, Any]:
    bits = int(size) if size.isascii() and size.isdigit() and len(size) < 6 else 0
    if not kind.least <= bits <= kind.most or bits % 8:
        raise Usage(f"The size of '{name}' is in bits, {kind.least} to {kind.most}: {kind.example}.")
    if kind.pair:
        return {Attr.MODULUS_BITS: bits, Attr.PUBLIC_EXPONENT: F4}
    return {Attr.VALUE_LEN: bits // 8}


#: The attributes from which type_name() knows a key.
TELLING: Final = (Attr.KEY_TYPE, Attr.MODULUS, Attr.VALUE_LEN, Attr.EC_PARAMS)
_BY_PARAMS: Final = {oid: f"ec:{name}" for name, oid in CURVES.items()} | {
    kind.params: kind.example for kind in KINDS.values() if kind.params
}
_BY_TYPE: Final = {kind.key_type: name for name, kind in KINDS.items() if not kind.params}


def type_name(values: Mapping[Attr, Any]) -> str:
    """A key's type as generate takes it, where it does; else as the standard calls it."""
    params = values.get(Attr.EC_PARAMS)
    if params is not None and params.hex() in _BY_PARAMS:
        return _BY_PARAMS[params.hex()]
    number = values[Attr.KEY_TYPE]
    name = _BY_TYPE.get(number) or _standard_name(number)
    if Attr.MODULUS in values:
        return f"{name}:{int.from_bytes(values[Attr.MODULUS], 'big').bit_length()}"
    return f"{name}:{values[Attr.VALUE_LEN] * 8}" if Attr.VALUE_LEN in values else name


def _standard_name(number: int) -> str:
    return KeyType(number).name.lower() if number in KeyType._value2member_map_ else f"{number:#x}"
