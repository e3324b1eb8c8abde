"""The kinds of key that ``hsmith key generate`` makes, one row each: "rsa:2048", "ec:p256", "aes:256", "ml-dsa-65"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hsmith.cli.parser import Usage, suggestion
from hsmith.spec.constants import (
    Attr,
    KeyType,
    Mechanism,
    MlDsaParameterSet,
    MlKemParameterSet,
    ObjectClass,
    SlhDsaParameterSet,
)

#: Curves by name: CKA_EC_PARAMS, the DER of the OID (section 6.3.3; RFC 8410 for Edwards and Montgomery curves).
CURVES: Final = {
    "p192": "06082a8648ce3d030101",
    "p224": "06052b81040021",
    "p256": "06082a8648ce3d030107",
    "p384": "06052b81040022",
    "p521": "06052b81040023",
    "secp256k1": "06052b8104000a",
    "brainpoolp256r1": "06092b2403030208010107",
    "brainpoolp384r1": "06092b240303020801010b",
    "brainpoolp512r1": "06092b240303020801010d",
}
_OTHER_NAMES: Final = {
    "secp192r1": "p192", "prime192v1": "p192", "secp224r1": "p224", "secp256r1": "p256", "prime256v1": "p256",
    "secp384r1": "p384", "secp521r1": "p521",
}  # fmt: skip
F4: Final = b"\x01\x00\x01"

SIGNING, AGREEING, CIPHERING, MACS = ("sign",), ("derive",), ("encrypt", "decrypt"), ("sign", "verify")
#: What --use names, as the attributes of the private or secret half and of the public half.
USES: Final = {
    "sign": (Attr.SIGN, Attr.VERIFY),
    "decrypt": (Attr.DECRYPT, Attr.ENCRYPT),
    "encrypt": (Attr.ENCRYPT, Attr.ENCRYPT),
    "verify": (Attr.VERIFY, Attr.VERIFY),
    "derive": (Attr.DERIVE, None),
    "wrap": (Attr.WRAP, Attr.WRAP),
    "unwrap": (Attr.UNWRAP, Attr.WRAP),
    "decapsulate": (Attr.DECAPSULATE, Attr.ENCAPSULATE),
    "encapsulate": (Attr.ENCAPSULATE, Attr.ENCAPSULATE),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """``size``: what follows the colon: "bits", "curve", or "" for nothing. ``least``, ``most``: bits. ``usual``: bits
    where none are given; 0: they must be. ``fixed``: attributes that every key of this kind has. ``domain``: how the
    domain parameters are made: by this mechanism, or None for a group of RFC 7919."""

    mechanism: Mechanism
    key_type: KeyType
    pair: bool
    size: str
    uses: tuple[str, ...]
    example: str
    least: int = 0
    most: int = 0
    usual: int = 0
    fixed: tuple[tuple[Attr, Any], ...] = ()
    domain: Mechanism | None = None

    @property
    def secret(self) -> bool:
        return not self.pair


def _curve_row(family: str, key_type: KeyType, name: str, uses: tuple[str, ...], params: str) -> Kind:
    mechanism = Mechanism[f"EC_{family}_KEY_PAIR_GEN"]
    return Kind(mechanism, key_type, True, "", uses, name, fixed=((Attr.EC_PARAMS, bytes.fromhex(params)),))


def _set_rows() -> dict[str, Kind]:
    """The parameter sets of ML-DSA, ML-KEM and SLH-DSA: "ml-dsa-65", "slh-dsa-sha2-128s"."""
    rows = {}
    for key_type, sets, uses in (
        (KeyType.ML_DSA, MlDsaParameterSet, SIGNING),
        (KeyType.ML_KEM, MlKemParameterSet, ("decapsulate",)),
        (KeyType.SLH_DSA, SlhDsaParameterSet, SIGNING),
    ):
        for one in sets:
            name = one.name.lower().replace("_", "-")
            mechanism = Mechanism[f"{key_type.name}_KEY_PAIR_GEN"]
            fixed = ((Attr.PARAMETER_SET, int(one)),)
            rows[name] = Kind(mechanism, key_type, True, "", uses, name, fixed=fixed)
    return rows


def _hmac_rows() -> dict[str, Kind]:
    """Keys of one HMAC alone: "hmac-sha256", with as many bits as the hash unless told otherwise."""
    rows = {}
    for hashed in (
        "sha1", "sha224", "sha256", "sha384", "sha512", "sha512-224", "sha512-256", "sha3-224", "sha3-256", "sha3-384",
        "sha3-512", "blake2b-160", "blake2b-256", "blake2b-384", "blake2b-512",
    ):  # fmt: skip
        spelt = "SHA_1" if hashed == "sha1" else hashed.upper().replace("-", "_")
        bits = 160 if hashed == "sha1" else int(hashed.rpartition("-")[2].removeprefix("sha"))
        name = f"hmac-{hashed}"
        mechanism, key_type = Mechanism[f"{spelt}_KEY_GEN"], KeyType[f"{spelt}_HMAC"]
        rows[name] = Kind(mechanism, key_type, False, "bits", MACS, f"{name}:{bits}", 8, 8192, bits)
    return rows


#: Of one length too, which the templates of the standard want told.
_FIXED_LENGTHS: Final = ("chacha20", "salsa20", "poly1305")


def _secret(name: str, uses: tuple[str, ...], *, bits: tuple[int, int, int] | None = None) -> Kind:
    """``bits``: least, most and usual; None: keys of this kind have one length."""
    spelt = name.upper().replace("-", "_")
    spelt = "GENERIC_SECRET" if name == "generic" else spelt
    row = (Mechanism[f"{spelt}_KEY_GEN"], KeyType[spelt], False)
    if bits is None:
        return Kind(*row, "", uses, name, fixed=((Attr.VALUE_LEN, 32),) if name in _FIXED_LENGTHS else ())
    return Kind(*row, "bits", uses, f"{name}:{bits[2] or bits[1]}", *bits)


def _group(mechanism: str, key_type: KeyType, example: str, domain: Mechanism | None, most: int) -> Kind:
    uses = SIGNING if key_type is KeyType.DSA else AGREEING
    return Kind(
        Mechanism[f"{mechanism}_KEY_PAIR_GEN"], key_type, True, "bits", uses, example, 1024, most, domain=domain
    )


_X942: Final = "x942-dh"
KINDS: Final = {
    "rsa": Kind(
        Mechanism.RSA_PKCS_KEY_PAIR_GEN, KeyType.RSA, True, "bits", ("sign", "decrypt"), "rsa:2048", 1024, 8192
    ),
    "ec": Kind(Mechanism.EC_KEY_PAIR_GEN, KeyType.EC, True, "curve", ("sign", "derive"), "ec:p256"),
    "ed25519": _curve_row("EDWARDS", KeyType.EC_EDWARDS, "ed25519", SIGNING, "06032b6570"),
    "ed448": _curve_row("EDWARDS", KeyType.EC_EDWARDS, "ed448", SIGNING, "06032b6571"),
    "x25519": _curve_row("MONTGOMERY", KeyType.EC_MONTGOMERY, "x25519", AGREEING, "06032b656e"),
    "x448": _curve_row("MONTGOMERY", KeyType.EC_MONTGOMERY, "x448", AGREEING, "06032b656f"),
    **_set_rows(),
    "aes": _secret("aes", CIPHERING, bits=(128, 256, 0)),
    "aes-xts": _secret("aes-xts", CIPHERING, bits=(256, 512, 0)),
    "generic": _secret("generic", MACS, bits=(8, 8192, 256)),
    "hkdf": _secret("hkdf", AGREEING, bits=(8, 8192, 256)),
    **_hmac_rows(),
    "chacha20": _secret("chacha20", CIPHERING),
    "poly1305": _secret("poly1305", MACS),
    "salsa20": _secret("salsa20", CIPHERING),
    "camellia": _secret("camellia", CIPHERING, bits=(128, 256, 0)),
    "seed": _secret("seed", CIPHERING),
    "blowfish": _secret("blowfish", CIPHERING, bits=(32, 448, 128)),
    "des2": _secret("des2", CIPHERING),
    "des3": _secret("des3", CIPHERING),
    "dsa": _group("DSA", KeyType.DSA, "dsa:2048", Mechanism.DSA_PARAMETER_GEN, 3072),
    "dh": _group("DH_PKCS", KeyType.DH, "dh:2048", None, 8192),
    _X942: _group("X9_42_DH", KeyType.X9_42_DH, f"{_X942}:2048", Mechanism.X9_42_DH_PARAMETER_GEN, 3072),
}
#: The bits of a group: those of RFC 7919 for "dh", those of FIPS 186-4 for the others.
_GROUPS: Final = {"dh": (2048, 3072, 4096, 6144, 8192), "dsa": (1024, 2048, 3072), _X942: (1024, 2048, 3072)}
_LENGTHS: Final = {"aes": (128, 192, 256), "camellia": (128, 192, 256), "aes-xts": (256, 512), **_GROUPS}


def parse(text: str) -> tuple[Kind, dict[Attr, Any]]:
    """The kind and the attributes that give its size, of the public half of a pair. Raises Usage."""
    kind, name, size = named(text)
    if not kind.size and size:
        raise Usage(f"The key type '{name}' is written like {kind.example}.")
    if kind.size and not (size or kind.usual):
        raise Usage(f"The key type '{name}' is written like {kind.example}.")
    if kind.size == "curve":
        return kind, {Attr.EC_PARAMS: bytes.fromhex(_curve(size))}
    if kind.size == "bits":
        return kind, _sized(kind, name, size or str(kind.usual))
    return kind, dict(kind.fixed)


def named(text: str) -> tuple[Kind, str, str]:
    """The kind, its name, and what follows the colon. Raises Usage."""
    name, _, size = text.lower().replace("_", "-").partition(":")
    kind = KINDS.get(name)
    if kind is None:
        names = [k.example for k in KINDS.values()] + list(KINDS)
        near = suggestion(name, names) or "; 'hsmith key generate --help' lists all"
        raise Usage(f"There is no key type '{name}'{near}.")
    return kind, name, size


def _curve(name: str) -> str:
    plain = name.replace("-", "")
    plain = _OTHER_NAMES.get(plain, plain)
    if plain not in CURVES:
        raise Usage(f"There is no curve '{name}'{suggestion(plain, CURVES)}.")
    return CURVES[plain]


def _sized(kind: Kind, name: str, size: str) -> dict[Attr, Any]:
    bits = int(size) if size.isascii() and size.isdigit() and len(size) < 6 else 0
    lengths = _LENGTHS.get(name)
    if lengths and bits not in lengths:
        *most, last = map(str, lengths)
        raise Usage(f"The size of '{name}' is in bits, {', '.join(most)} or {last}: {kind.example}.")
    if not kind.least <= bits <= kind.most or bits % 8:
        raise Usage(f"The size of '{name}' is in bits, {kind.least} to {kind.most}: {kind.example}.")
    if name == "rsa":
        return {Attr.MODULUS_BITS: bits, Attr.PUBLIC_EXPONENT: F4}
    if name in _GROUPS:
        return {Attr.PRIME_BITS: bits}
    return {Attr.VALUE_LEN: bits // 8}


#: The attributes from which type_name() knows a key.
TELLING: Final = (Attr.KEY_TYPE, Attr.MODULUS, Attr.VALUE_LEN, Attr.EC_PARAMS, Attr.PARAMETER_SET, Attr.PRIME)
_BY_PARAMS: Final = {bytes.fromhex(oid): f"ec:{name}" for name, oid in CURVES.items()} | {
    value: name for name, kind in KINDS.items() for attr, value in kind.fixed if attr is Attr.EC_PARAMS
}
_BY_SET: Final = {
    (kind.key_type, value): name
    for name, kind in KINDS.items()
    for attr, value in kind.fixed
    if attr is Attr.PARAMETER_SET
}
_BY_TYPE: Final = {kind.key_type: name for name, kind in KINDS.items() if kind.secret or not kind.fixed}


def type_name(values: Mapping[Attr, Any]) -> str:
    """A key's type as generate takes it, where it does; else as the standard calls it."""
    params = values.get(Attr.EC_PARAMS)
    if params is not None and params in _BY_PARAMS:
        return str(_BY_PARAMS[params])
    number = values[Attr.KEY_TYPE]
    if (number, values.get(Attr.PARAMETER_SET)) in _BY_SET:
        return _BY_SET[number, values[Attr.PARAMETER_SET]]
    name = _BY_TYPE.get(number) or standard_name(number)
    if name in KINDS and not KINDS[name].size:
        return name
    return f"{name}:{bits}" if (bits := bits_of(values)) else name


def bits_of(values: Mapping[Attr, Any]) -> Any:
    """The size of a key by its modulus, its prime or its length; None where the type alone says it."""
    for attr in (Attr.MODULUS, Attr.PRIME):
        if attr in values:
            return int.from_bytes(values[attr], "big").bit_length()
    return values[Attr.VALUE_LEN] * 8 if Attr.VALUE_LEN in values else None


def standard_name(number: int) -> str:
    return KeyType(number).name.lower() if number in KeyType._value2member_map_ else f"{number:#x}"


CLASSES: Final = {
    "public": ObjectClass.PUBLIC_KEY,
    "private": ObjectClass.PRIVATE_KEY,
    "secret": ObjectClass.SECRET_KEY,
}
CLASS_NAMES: Final = {int(value): name for name, value in CLASSES.items()}
