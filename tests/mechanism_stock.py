"""One parameter and one key length that suit each mechanism and type, for the tests that go through all rows."""

from typing import Any, Final

from hsmith.spec.constants import Kdf, KeyType, Mechanism
from hsmith.spec.params import (
    AesCtrParams,
    CcmParams,
    Chacha20Params,
    EcdhAesKeyWrapParams,
    GcmParams,
    Out,
    PbeParams,
    Rc2CbcParams,
    Rc2MacGeneralParams,
    Salsa20Chacha20Poly1305Params,
    Salsa20Params,
    TlsMacParams,
    Version,
    XeddsaParams,
)

#: Bytes of a key; other types take any length.
LENGTHS: Final[dict[int, int]] = {
    KeyType.AES: 32,
    KeyType.AES_XTS: 64,
    KeyType.DES: 8,
    KeyType.DES2: 16,
    KeyType.DES3: 24,
    KeyType.CAMELLIA: 24,
    KeyType.SEED: 16,
    KeyType.TWOFISH: 32,
    KeyType.CAST5: 16,
    KeyType.IDEA: 16,
    KeyType.RC2: 16,
    KeyType.BLOWFISH: 20,
    KeyType.CHACHA20: 32,
    KeyType.SALSA20: 32,
    KeyType.POLY1305: 32,
}

_IVS: Final = {
    **dict.fromkeys(("AES", "CAMELLIA", "SEED", "TWOFISH"), 16),
    **dict.fromkeys(("DES", "DES3", "BLOWFISH", "CAST5", "IDEA"), 8),
}
_IV_MODES: Final = ("CBC", "CBC_PAD", "OFB", "OFB8", "CFB1", "CFB8", "CFB64", "CFB128", "CTS", "XTS", "OFB64")

#: Where data or a key's length matters (AES_CCM), what suits wrapping.
PARAMS: Final[dict[int, Any]] = {
    Mechanism.AES_CTR: AesCtrParams(64, bytes(16)),
    Mechanism.XEDDSA: XeddsaParams(Mechanism.SHA512),
    Mechanism.AES_GCM: GcmParams(bytes(12), 96, b"aad", 128),
    Mechanism.AES_GMAC: GcmParams(bytes(12), 96, b"", 96),
    Mechanism.AES_CCM: CcmParams(0, bytes(12), b"aad", 16),
    Mechanism.CHACHA20: Chacha20Params(b"\1\0\0\0", 32, bytes(12), 96),
    Mechanism.CHACHA20_POLY1305: Salsa20Chacha20Poly1305Params(bytes(12), b"aad"),
    Mechanism.SALSA20: Salsa20Params(b"", bytes(8), 64),
    Mechanism.TLS_MAC: TlsMacParams(Mechanism.SHA256, 12, 1),
    Mechanism.TLS12_MAC: TlsMacParams(Mechanism.TLS_PRF, 12, 2),
    Mechanism.ECDH_AES_KEY_WRAP: EcdhAesKeyWrapParams(256, Kdf.SHA256_KDF, b"shared"),
    Mechanism.ECDH_COF_AES_KEY_WRAP: EcdhAesKeyWrapParams(128, Kdf.NULL, b""),
    Mechanism.ECDH_X_AES_KEY_WRAP: EcdhAesKeyWrapParams(192, Kdf.SHA3_256_KDF_SP800, b""),
    Mechanism.TLS_PRE_MASTER_KEY_GEN: Version(3, 3),
    Mechanism.SSL3_PRE_MASTER_KEY_GEN: Version(3, 0),
    Mechanism.WTLS_PRE_MASTER_KEY_GEN: b"\1",
    Mechanism.SSL3_MD5_MAC: 8,
    Mechanism.SSL3_SHA1_MAC: 8,
    Mechanism.PBE_SHA1_DES3_EDE_CBC: PbeParams(Out(8), b"password", b"salt", 2),
    Mechanism.PBE_SHA1_DES2_EDE_CBC: PbeParams(Out(8), b"password", b"salt", 2),
    Mechanism.PBE_MD2_DES_CBC: PbeParams(Out(8), b"password", b"saltsalt", 2),
    Mechanism.PBE_MD5_DES_CBC: PbeParams(Out(8), b"password", b"saltsalt", 2),
    Mechanism.PBE_SHA1_RC4_128: PbeParams(Out(8), b"password", b"salt", 2),
    Mechanism.PBE_SHA1_RC4_40: PbeParams(Out(8), b"password", b"salt", 2),
    Mechanism.PBE_SHA1_RC2_128_CBC: PbeParams(Out(8), b"password", b"salt", 2),
    Mechanism.PBE_SHA1_RC2_40_CBC: PbeParams(Out(8), b"password", b"salt", 2),
    Mechanism.RC2_ECB: 128,
    Mechanism.RC2_CBC: Rc2CbcParams(128, bytes(range(8))),
    Mechanism.RC2_CBC_PAD: Rc2CbcParams(128, bytes(range(8))),
    Mechanism.RC2_MAC: 128,
    Mechanism.RC2_MAC_GENERAL: Rc2MacGeneralParams(128, 7),
    Mechanism.PBA_SHA1_WITH_SHA1_HMAC: PbeParams(Out(8), b"password", b"salt", 2),
    **{
        Mechanism[f"{cipher}_{mode}"]: bytes(range(length))
        for cipher, length in _IVS.items()
        for mode in _IV_MODES
        if f"{cipher}_{mode}" in Mechanism.__members__
    },
}


def value_for(key_type: int, other: int = 20) -> bytes:
    return bytes(range(LENGTHS.get(key_type, other)))
