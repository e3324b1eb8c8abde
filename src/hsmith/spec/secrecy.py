"""What a mechanism means for the secrecy of keys: how it wraps them, and how it derives one from another.

A wrapping or deriving mechanism that is in neither table handles no sensitive key; a test holds the tables against
hsmith.spec.mechanisms.
"""

from enum import Enum, auto
from typing import Final

from hsmith.spec.constants import Mechanism


class Wrapping(Enum):
    """How a key is wrapped. Of one key only one of these may wrap sensitive keys: what is harmless in one of them (the
    encryption of a chosen block) is the keystream of another."""

    BLOCK = auto()  # blocks that can be cut, put in another order, and changed through the IV
    STREAM = auto()  # a keystream that is repeated whenever a caller repeats the IV
    KEY_WRAP = auto()  # RFC 3394, RFC 5649
    GCM = auto()
    CCM = auto()
    PUBLIC = auto()  # by a public key: RSA with padding (v1.5 is implicitly rejected), a key agreement
    RAW = auto()  # RSA without padding


#: Wrappings under which no changed, cut or invented blob is accepted; of PUBLIC, which anybody can apply, no changed one.
AUTHENTICATED: Final = frozenset({Wrapping.KEY_WRAP, Wrapping.GCM, Wrapping.CCM, Wrapping.PUBLIC})
#: Wrappings whose blobs can be changed in a way that the wrapped key follows.
MALLEABLE: Final = frozenset({Wrapping.BLOCK, Wrapping.STREAM, Wrapping.RAW})
#: Wrappings in which one IV must not serve twice: the field of the parameter that has it.
NONCES: Final = {Wrapping.GCM: "iv", Wrapping.CCM: "nonce"}


class Deriving(Enum):
    """How a key follows from others."""

    JOIN = auto()  # the inputs, one after the other
    XOR = auto()
    EXTRACT = auto()  # some of the bits
    HASH = auto()
    ONE_WAY = auto()  # HKDF: of one input and one purpose one key, of which others are but beginnings
    SPLIT = auto()  # as one-way, but one key may be put together from parts of others
    AGREEMENT = auto()  # with the key pair of somebody else
    OUTPUT = auto()  # data that is no key, and can be read
    PUBLIC = auto()  # the public half


def _named(*patterns: str) -> list[Mechanism]:
    """Mechanisms by name; * stands for anything at one end."""
    found = []
    for pattern in patterns:
        text = pattern.strip("*")
        found += [
            mechanism
            for mechanism in Mechanism
            if (mechanism.name == text)
            or (pattern.startswith("*") and mechanism.name.endswith(text))
            or (pattern.endswith("*") and mechanism.name.startswith(text))
        ]
    return found


WRAPPING: Final[dict[int, Wrapping]] = {
    **dict.fromkeys(_named("*_ECB", "*_CBC", "*_CBC_PAD", "AES_CTS"), Wrapping.BLOCK),
    **dict.fromkeys(
        _named("*_CTR", "*_OFB", "*_CFB1", "*_CFB8", "*_CFB64", "*_CFB128", "CHACHA20", "SALSA20"), Wrapping.STREAM
    ),
    **dict.fromkeys(_named("AES_KEY_WRAP*"), Wrapping.KEY_WRAP),
    Mechanism.AES_GCM: Wrapping.GCM,
    Mechanism.AES_CCM: Wrapping.CCM,
    **dict.fromkeys(
        _named("RSA_PKCS", "RSA_PKCS_OAEP", "RSA_PKCS_OAEP_TPM_1_1", "RSA_AES_KEY_WRAP", "ECDH_*"), Wrapping.PUBLIC
    ),
    Mechanism.RSA_X_509: Wrapping.RAW,
}

DERIVING: Final[dict[int, Deriving]] = {
    **dict.fromkeys(_named("CONCATENATE_*"), Deriving.JOIN),
    Mechanism.XOR_BASE_AND_DATA: Deriving.XOR,
    Mechanism.EXTRACT_KEY_FROM_KEY: Deriving.EXTRACT,
    **dict.fromkeys(_named("*_KEY_DERIVATION", "SHA3_*", "SHAKE_*", "BLAKE2B_*"), Deriving.HASH),
    **dict.fromkeys(_named("*_ENCRYPT_DATA", "SP800_108_*", "TLS12_*", "TLS_KDF", "IKE*"), Deriving.SPLIT),
    **dict.fromkeys(_named("SSL3_MASTER_*", "TLS_MASTER_*", "WTLS_MASTER_*", "*_KEY_AND_MAC_DERIVE"), Deriving.SPLIT),
    Mechanism.HKDF_DERIVE: Deriving.ONE_WAY,
    # Of a base without more it gives the first bytes, else a chain of hashes.
    Mechanism.IKE1_EXTENDED_DERIVE: Deriving.EXTRACT,
    **dict.fromkeys(_named("HKDF_DATA", "TLS_PRF", "WTLS_PRF"), Deriving.OUTPUT),
    **dict.fromkeys(_named("ECDH1_*", "DH_PKCS_DERIVE", "X9_42_DH_*"), Deriving.AGREEMENT),
    **dict.fromkeys(_named("PUB_KEY_FROM_PRIV_KEY"), Deriving.PUBLIC),
}
