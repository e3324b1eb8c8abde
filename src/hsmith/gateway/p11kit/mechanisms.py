"""The mechanisms whose parameter p11-kit sends, and how; of all others it sends none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hsmith.spec import params as p
from hsmith.spec.constants import Mechanism
from hsmith.spec.values import Malformed


@dataclass(frozen=True, slots=True)
class Form:
    """``letters``: u a number, y a truth value, a bytes, in the order of the structure. ``make``: what they make; None:
    the one value is the parameter."""

    letters: str
    make: Callable[..., Any] | None = None


def _counter(bits: int, block: bytes) -> p.AesCtrParams | Malformed:
    return p.AesCtrParams(bits, block) if len(block) == 16 else Malformed(len(block))


_HASHES: Final = ("SHA224", "SHA256", "SHA384", "SHA512", "SHA3_224", "SHA3_256", "SHA3_384", "SHA3_512")
_BYTES, _ULONG = Form("a"), Form("u")
_CONTEXT: Final = Form("ua", p.SignAdditionalContext)
_HASHED_CONTEXT: Final = Form("uau", p.HashSignAdditionalContext)

_NAMES: Final[dict[str, Form]] = {
    """RSA_PKCS_PSS SHA1_RSA_PKCS_PSS SHA224_RSA_PKCS_PSS SHA256_RSA_PKCS_PSS SHA384_RSA_PKCS_PSS
    SHA512_RSA_PKCS_PSS""": Form("uuu", p.RsaPkcsPssParams),
    "RSA_PKCS_OAEP": Form("uuua", p.RsaPkcsOaepParams),
    "ECDH1_DERIVE": Form("uaa", p.Ecdh1DeriveParams),
    "EDDSA": Form("ya", p.EddsaParams),
    "ML_DSA SLH_DSA": _CONTEXT,
    "HASH_ML_DSA HASH_SLH_DSA": _HASHED_CONTEXT,
    " ".join(
        f"HASH_{kind}_DSA_{name}" for kind in ("ML", "SLH") for name in (*_HASHES, "SHAKE128", "SHAKE256")
    ): _CONTEXT,
    "AES_CBC AES_CBC_PAD AES_OFB AES_CFB1 AES_CFB8 AES_CFB64 AES_CFB128 AES_CTS": _BYTES,
    "DES_CBC DES_CBC_PAD DES3_CBC DES3_CBC_PAD DES_CFB8 DES_CFB64 DES_OFB64 DH_PKCS_DERIVE": _BYTES,
    "AES_CTR": Form("ua", _counter),
    "AES_GCM": Form("auau", p.GcmParams),
    """SHA_1_HMAC_GENERAL SHA224_HMAC_GENERAL SHA256_HMAC_GENERAL SHA384_HMAC_GENERAL SHA512_HMAC_GENERAL
    SHA512_224_HMAC_GENERAL SHA512_256_HMAC_GENERAL AES_MAC_GENERAL AES_CMAC_GENERAL DES3_MAC_GENERAL
    DES3_CMAC_GENERAL""": _ULONG,
}

#: By mechanism type.
FORMS: Final[dict[int, Form]] = {
    int(Mechanism[name]): form
    for names, form in _NAMES.items()
    for name in names.split()
    if name in Mechanism.__members__
}
