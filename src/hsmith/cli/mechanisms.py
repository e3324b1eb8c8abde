"""Mechanisms on the command line: their names, the one that suits a key, and their parameters from NAME=VALUE."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hsmith.cli.parser import Usage, suggestion
from hsmith.spec import params as p
from hsmith.spec.constants import Kdf, KeyType, Mechanism, MechanismFlag, Mgf
from hsmith.spec.mechanisms import MECHANISMS, MechanismRow
from hsmith.spec.values import MechanismArg

_SALT_OR_LABEL_GIVEN: Final = 1  # CKZ_DATA_SPECIFIED
#: Hashes by their names here: the mechanism and its bytes.
HASHES: Final = {
    name.lower().replace("_", "-"): (Mechanism["SHA_1" if name == "SHA1" else name], size)
    for name, size in (
        ("SHA1", 20), ("SHA224", 28), ("SHA256", 32), ("SHA384", 48), ("SHA512", 64),
        ("SHA3_224", 28), ("SHA3_256", 32), ("SHA3_384", 48), ("SHA3_512", 64),
    )
}  # fmt: skip


def spelt(mechanism: int) -> str:
    """ "sha256-rsa-pkcs" for CKM_SHA256_RSA_PKCS."""
    known = mechanism in Mechanism._value2member_map_
    return Mechanism(mechanism).name.lower().replace("_", "-") if known else f"{mechanism:#x}"


_BY_NAME: Final = {spelt(number): row for number, row in MECHANISMS.items()}


NAMES: Final = tuple(sorted(_BY_NAME))


def named(word: str) -> Mechanism:
    """The mechanism; CKM_ in front and underscores are as good. Raises Usage."""
    plain = word.lower().replace("_", "-").removeprefix("ckm-")
    if plain not in _BY_NAME:
        near = suggestion(plain, _BY_NAME) or "; 'hsmith mechanism list' shows all"
        raise Usage(f"There is no mechanism '{word}'{near}.")
    return _BY_NAME[plain].mechanism


@dataclass(frozen=True, slots=True)
class Job:
    """What a mechanism is wanted for: the flag that it must have, in words, and by type of key the usual one."""

    flag: MechanismFlag
    words: str
    usual: Mapping[KeyType, str]


_HMACS: Final = {
    KeyType[f"{name}_HMAC"]: f"{name}_HMAC"
    for name in (
        "SHA_1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA512_224", "SHA512_256", "SHA3_224", "SHA3_256", "SHA3_384",
        "SHA3_512", "BLAKE2B_160", "BLAKE2B_256", "BLAKE2B_384", "BLAKE2B_512", "MD5",
    )
}  # fmt: skip
_SIGNING: Final = {
    KeyType.RSA: "{hash}_RSA_PKCS", KeyType.EC: "ECDSA_{hash}", KeyType.DSA: "DSA_{hash}", KeyType.EC_EDWARDS: "EDDSA",
    KeyType.ML_DSA: "ML_DSA", KeyType.SLH_DSA: "SLH_DSA", KeyType.GENERIC_SECRET: "{digest}_HMAC",
    KeyType.AES: "AES_CMAC", KeyType.DES3: "DES3_CMAC", KeyType.DES2: "DES3_CMAC", KeyType.POLY1305: "POLY1305",
    KeyType.CAMELLIA: "CAMELLIA_MAC", KeyType.SEED: "SEED_MAC", **_HMACS,
}  # fmt: skip
_CIPHERS: Final = {
    KeyType.RSA: "RSA_PKCS_OAEP", KeyType.AES: "AES_GCM", KeyType.AES_XTS: "AES_XTS",
    KeyType.CHACHA20: "CHACHA20_POLY1305", KeyType.SALSA20: "SALSA20", KeyType.CAMELLIA: "CAMELLIA_CBC_PAD",
    KeyType.SEED: "SEED_CBC_PAD", KeyType.BLOWFISH: "BLOWFISH_CBC_PAD", KeyType.DES2: "DES3_CBC_PAD",
    KeyType.DES3: "DES3_CBC_PAD",
}  # fmt: skip
_WRAPS: Final = {
    KeyType.AES: "AES_KEY_WRAP_KWP", KeyType.RSA: "RSA_AES_KEY_WRAP", KeyType.EC: "ECDH_AES_KEY_WRAP",
    KeyType.EC_MONTGOMERY: "ECDH_X_AES_KEY_WRAP", KeyType.DES3: "DES3_CBC_PAD", KeyType.CAMELLIA: "CAMELLIA_CBC_PAD",
}  # fmt: skip
_F: Final = MechanismFlag
SIGN: Final = Job(_F.SIGN, "sign", _SIGNING)
VERIFY: Final = Job(_F.VERIFY, "verify", _SIGNING)
ENCRYPT: Final = Job(_F.ENCRYPT, "encrypt", _CIPHERS)
DECRYPT: Final = Job(_F.DECRYPT, "decrypt", _CIPHERS)
WRAP: Final = Job(_F.WRAP, "wrap", _WRAPS)
UNWRAP: Final = Job(_F.UNWRAP, "unwrap", _WRAPS)


def chosen(job: Job, key_type: int, word: str | None, *, hashed: str | None = None, bits: int = 0) -> MechanismRow:
    """The row of the mechanism that ``word`` names, or the usual one for the type of key. Raises Usage.

    ``hashed``: the hash that is wanted; ``bits``: of the key, where the usual hash depends on it."""
    if word is not None and hashed is not None:
        raise Usage("A mechanism says which hash it takes: give --mechanism or --hash.")
    if word is not None:
        row = MECHANISMS[named(word)]
        if not row.flags & job.flag:
            raise Usage(
                f"The mechanism {spelt(row.mechanism)} does not {job.words}: 'hsmith mechanism list' says which do."
            )
        return row
    pattern = job.usual.get(KeyType(key_type))
    if pattern is None:
        raise Usage(f"Keys of this type do not {job.words} by themselves: name a mechanism with --mechanism.")
    if hashed is not None and "{" not in pattern:
        raise Usage("Signatures of this type of key take no --hash: their mechanism has its own.")
    name = hash_named(hashed) if hashed is not None else _usual_hash(bits)
    spelling = name.upper().replace("-", "_")
    filled = pattern.format(hash=spelling, digest="SHA_1" if spelling == "SHA1" else spelling)
    return MECHANISMS[Mechanism[filled]]


def hash_named(word: str) -> str:
    """The name of a hash as HASHES has it; "SHA-256" is as good. Raises Usage."""
    plain = word.lower().replace("_", "-")
    for name in (plain, plain.replace("sha-", "sha"), plain.replace("-", "")):
        if name in HASHES:
            return name
    raise Usage(f"There is no hash '{word}'{suggestion(plain, HASHES)}.")


def hash_of(row: MechanismRow) -> str | None:
    """The hash that a signature mechanism has in its name."""
    parts = spelt(row.mechanism)
    found = [name for name in HASHES if name in parts]
    return max(found, key=len) if found else None


def _usual_hash(bits: int) -> str:
    """As strong as the curve (FIPS 186-5, section 6.4): more than 256 bits want more than SHA-256."""
    return "sha256" if bits <= 256 else "sha384" if bits <= 384 else "sha512"


# --- Parameters: by their class, the names that --param takes, and what is made of them


class Given:
    """What --param gave, read by name; ``length``: bytes of the data, where a parameter says it."""

    def __init__(self, values: Mapping[str, str], row: MechanismRow, length: int) -> None:
        self.values, self.row, self.length = values, row, length

    def data(self, name: str, default: bytes = b"") -> bytes:
        if name not in self.values:
            return default
        try:
            return bytes.fromhex(self.values[name])
        except ValueError:
            raise Usage(f"The parameter '{name}' is written in hexadecimal, as in 00a1b2.") from None

    def number(self, name: str, default: int) -> int:
        text = self.values.get(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Usage(f"The parameter '{name}' is a whole number, not '{text}'.")
        return int(text)

    def hash(self, name: str = "hash", default: str = "") -> tuple[Mechanism, int]:
        """The hash, its bytes; without a default that of the mechanism's own name, else SHA-256."""
        own = spelt(self.row.mechanism)
        of_mechanism = next((each for each in sorted(HASHES, key=len, reverse=True) if own.startswith(each)), "sha256")
        return HASHES[hash_named(self.values.get(name, default or of_mechanism))]

    def mgf(self) -> int:
        word = self.values.get("mgf") or self.values.get("hash")
        hashed = self.hash("mgf", hash_named(word) if word else "")[0].name.replace("SHA_1", "SHA1")
        return int(Mgf[f"MGF1_{hashed}"])


def _oaep(given: Given) -> p.RsaPkcsOaepParams:
    return p.RsaPkcsOaepParams(int(given.hash()[0]), given.mgf(), _SALT_OR_LABEL_GIVEN, given.data("label"))


def _pss(given: Given) -> p.RsaPkcsPssParams:
    hashed, size = given.hash()
    return p.RsaPkcsPssParams(int(hashed), given.mgf(), given.number("salt", size))


def _eddsa(given: Given) -> p.EddsaParams | None:
    prehashed = given.values.get("prehash", "no") in ("yes", "true", "1")
    return p.EddsaParams(prehashed, given.data("context")) if prehashed or "context" in given.values else None


def _context(given: Given) -> p.SignAdditionalContext | None:
    return p.SignAdditionalContext(0, given.data("context")) if "context" in given.values else None


def _hashed_context(given: Given) -> p.HashSignAdditionalContext:
    return p.HashSignAdditionalContext(0, given.data("context"), int(given.hash()[0]))


def _gcm(given: Given) -> p.GcmParams:
    iv = given.data("iv")
    return p.GcmParams(iv, len(iv) * 8, given.data("aad"), given.number("tag", 128))


def _ccm(given: Given) -> p.CcmParams:
    return p.CcmParams(given.length, given.data("iv"), given.data("aad"), given.number("tag", 128) // 8)


def _ctr(given: Given) -> p.AesCtrParams:
    return p.AesCtrParams(given.number("counter-bits", 128), given.data("iv"))


def _chacha(given: Given) -> p.Chacha20Params:
    nonce = given.data("iv")
    return p.Chacha20Params(given.data("counter", bytes(4)), 32, nonce, len(nonce) * 8)


def _salsa(given: Given) -> p.Salsa20Params:
    nonce = given.data("iv")
    return p.Salsa20Params(given.data("counter", bytes(8)), nonce, len(nonce) * 8)


def _poly(given: Given) -> p.Salsa20Chacha20Poly1305Params:
    return p.Salsa20Chacha20Poly1305Params(given.data("iv"), given.data("aad"))


def _rsa_aes(given: Given) -> p.RsaAesKeyWrapParams:
    return p.RsaAesKeyWrapParams(given.number("aes", 256), _oaep(given))


def _ecdh_aes(given: Given) -> p.EcdhAesKeyWrapParams:
    hashed = given.hash()[0].name.replace("SHA_1", "SHA1")
    return p.EcdhAesKeyWrapParams(given.number("aes", 256), int(Kdf[f"{hashed}_KDF"]), given.data("shared"))


@dataclass(frozen=True, slots=True)
class Shape:
    """``names``: what --param takes. ``iv``: bytes of the IV that is made, and goes before what is encrypted."""

    names: tuple[str, ...]
    make: Callable[[Given], Any]
    iv: int = 0


_SHAPES: Final[dict[Any, Shape]] = {
    p.RsaPkcsOaepParams: Shape(("hash", "mgf", "label"), _oaep),
    p.RsaPkcsPssParams: Shape(("hash", "mgf", "salt"), _pss),
    p.EddsaParams: Shape(("context", "prehash"), _eddsa),
    p.SignAdditionalContext: Shape(("context",), _context),
    p.HashSignAdditionalContext: Shape(("hash", "context"), _hashed_context),
    p.GcmParams: Shape(("iv", "aad", "tag"), _gcm, 12),
    p.CcmParams: Shape(("iv", "aad", "tag"), _ccm, 12),
    p.AesCtrParams: Shape(("iv", "counter-bits"), _ctr, 16),
    p.Chacha20Params: Shape(("iv", "counter"), _chacha, 12),
    p.Salsa20Params: Shape(("iv", "counter"), _salsa, 8),
    p.Salsa20Chacha20Poly1305Params: Shape(("iv", "aad"), _poly, 12),
    p.RsaAesKeyWrapParams: Shape(("hash", "mgf", "label", "aes"), _rsa_aes),
    p.EcdhAesKeyWrapParams: Shape(("hash", "shared", "aes"), _ecdh_aes),
    int: Shape(("length",), lambda given: given.number("length", 16)),
}
#: Ciphers whose parameter is an IV alone: the bytes of their blocks.
_BLOCKS: Final = {KeyType.DES2: 8, KeyType.DES3: 8, KeyType.BLOWFISH: 8}


def shape_of(row: MechanismRow) -> Shape:
    """What parameters a mechanism takes here. Raises Usage for one that a command line cannot give."""
    if row.params == (None,):
        return Shape((), lambda given: None)
    if row.params[0] is bytes:
        return Shape(("iv",), lambda given: given.data("iv"), _BLOCKS.get(row.key_types[0], 16))
    if bytes in row.params:  # key wrapping: its IV has a default of its own
        return Shape(("iv",), lambda given: given.data("iv") or None)
    for each in row.params:
        if each in _SHAPES:
            return _SHAPES[each]
    raise Usage(f"The parameters of {spelt(row.mechanism)} cannot be given on a command line.")


def pairs(texts: list[str]) -> dict[str, str]:
    """The NAME=VALUE of --param. Raises Usage."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise Usage(f"'{text}' is no parameter: write NAME=VALUE, as in iv=00112233.")
        found[name.lower()] = value
    return found


def argument(row: MechanismRow, values: Mapping[str, str], *, length: int = 0) -> MechanismArg:
    """The mechanism with its parameters. Raises Usage for a parameter that it does not take."""
    shape = shape_of(row)
    for name in values:
        if name not in shape.names:
            near = suggestion(name, shape.names) if shape.names else "; it takes none"
            raise Usage(f"The mechanism {spelt(row.mechanism)} has no parameter '{name}'{near}.")
    return MechanismArg(int(row.mechanism), shape.make(Given(values, row, length)))
