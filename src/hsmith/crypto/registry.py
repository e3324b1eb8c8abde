"""Every mechanism's engine. A test holds this table against hsmith.spec.mechanisms."""

from types import MappingProxyType
from typing import Final

from hsmith.crypto import aead, blocks, ec, edwards, finite, kdf, mac, random, rsa, rsa_encryption, wrap
from hsmith.crypto.blocks import AES_CIPHER, DES3_CIPHER
from hsmith.crypto.engine import Engine
from hsmith.crypto.hashes import HASHES, DigestEngine
from hsmith.spec.constants import KeyType, Mechanism

_M: Final = Mechanism


def _by_hash() -> dict[int, Engine]:
    """The families that have one mechanism for each hash function; those that do not exist are left out."""
    engines: dict[str, Engine] = {}
    for row in HASHES.values():
        spelt = row.mechanism.name
        engines |= {
            spelt: DigestEngine(row),
            f"{spelt}_HMAC": mac.Hmac(row),
            f"{spelt}_HMAC_GENERAL": mac.Hmac(row, general=True),
            f"{row.name}_KEY_DERIVATION": kdf.HashDerivation(row),
            f"{spelt}_KEY_GEN": random.SecretKeyGen(KeyType[f"{spelt}_HMAC"], row.size),
            f"{row.name}_RSA_PKCS": rsa.HashPkcs1(row),
            f"{row.name}_RSA_PKCS_PSS": rsa.HashPss(row),
            f"ECDSA_{row.name}": ec.HashEcdsa(row),
            f"DSA_{row.name}": finite.HashDsa(row),
        }
    return {_M[name]: engine for name, engine in engines.items() if name in _M.__members__}


_CIPHERS: Final[dict[int, Engine]] = {
    _M.AES_ECB: blocks.Ecb(AES_CIPHER),
    _M.AES_CBC: blocks.Cbc(AES_CIPHER),
    _M.AES_CBC_PAD: blocks.CbcPad(AES_CIPHER),
    _M.AES_CTR: blocks.Ctr(AES_CIPHER),
    _M.AES_GCM: aead.Gcm(),
    _M.AES_CCM: aead.Ccm(),
    _M.AES_CMAC: mac.Cmac(AES_CIPHER),
    _M.AES_CMAC_GENERAL: mac.Cmac(AES_CIPHER, general=True),
    _M.AES_KEY_WRAP: wrap.Kw(),
    _M.AES_KEY_WRAP_PAD: wrap.Kwp(),
    _M.AES_KEY_WRAP_KWP: wrap.Kwp(),
    _M.AES_KEY_WRAP_PKCS7: wrap.KwPkcs7(),
    _M.AES_ECB_ENCRYPT_DATA: blocks.EncryptData(AES_CIPHER, blocks.Ecb(AES_CIPHER)),
    _M.AES_CBC_ENCRYPT_DATA: blocks.EncryptData(AES_CIPHER, blocks.Cbc(AES_CIPHER)),
    _M.DES3_ECB: blocks.Ecb(DES3_CIPHER),
    _M.DES3_CBC: blocks.Cbc(DES3_CIPHER),
    _M.DES3_CBC_PAD: blocks.CbcPad(DES3_CIPHER),
    _M.DES3_CMAC: mac.Cmac(DES3_CIPHER),
    _M.DES3_CMAC_GENERAL: mac.Cmac(DES3_CIPHER, general=True),
    _M.DES3_ECB_ENCRYPT_DATA: blocks.EncryptData(DES3_CIPHER, blocks.Ecb(DES3_CIPHER)),
    _M.DES3_CBC_ENCRYPT_DATA: blocks.EncryptData(DES3_CIPHER, blocks.Cbc(DES3_CIPHER)),
}

_PAIRS: Final[dict[int, Engine]] = {
    _M.RSA_PKCS_KEY_PAIR_GEN: rsa.KeyPairGen(),
    _M.RSA_PKCS: rsa_encryption.Pkcs1(),
    _M.RSA_X_509: rsa_encryption.Raw(),
    _M.RSA_PKCS_OAEP: rsa_encryption.Oaep(),
    _M.RSA_PKCS_PSS: rsa.Pss(),
    _M.RSA_AES_KEY_WRAP: rsa_encryption.AesKeyWrap(),
    _M.EC_KEY_PAIR_GEN: ec.KeyPairGen(KeyType.EC),
    _M.EC_EDWARDS_KEY_PAIR_GEN: ec.KeyPairGen(KeyType.EC_EDWARDS),
    _M.EC_MONTGOMERY_KEY_PAIR_GEN: ec.KeyPairGen(KeyType.EC_MONTGOMERY),
    _M.ECDSA: ec.Ecdsa(),
    _M.EDDSA: edwards.Eddsa(),
    _M.ECDH1_DERIVE: ec.Ecdh(),
    _M.ECDH1_COFACTOR_DERIVE: ec.Ecdh(),
    _M.DSA_PARAMETER_GEN: finite.DsaParameterGen(),
    _M.DSA_KEY_PAIR_GEN: finite.DsaKeyPairGen(),
    _M.DSA: finite.Dsa(),
    _M.DH_PKCS_PARAMETER_GEN: finite.DhParameterGen(),
    _M.DH_PKCS_KEY_PAIR_GEN: finite.DhKeyPairGen(),
    _M.DH_PKCS_DERIVE: finite.DhDerive(),
}

_SECRETS: Final[dict[int, Engine]] = {
    _M.AES_KEY_GEN: random.SecretKeyGen(KeyType.AES),
    _M.DES2_KEY_GEN: random.DesKeyGen(KeyType.DES2, 16),
    _M.DES3_KEY_GEN: random.DesKeyGen(KeyType.DES3, 24),
    _M.GENERIC_SECRET_KEY_GEN: random.SecretKeyGen(KeyType.GENERIC_SECRET),
    _M.HKDF_KEY_GEN: random.SecretKeyGen(KeyType.HKDF),
    _M.HKDF_DERIVE: kdf.Hkdf(),
    _M.HKDF_DATA: kdf.Hkdf(),
    _M.PKCS5_PBKD2: kdf.Pbkdf2(),
    _M.CONCATENATE_BASE_AND_DATA: kdf.Joining(lambda base, data: base + data),
    _M.CONCATENATE_DATA_AND_BASE: kdf.Joining(lambda base, data: data + base),
    _M.XOR_BASE_AND_DATA: kdf.Joining(kdf.xor),
    _M.CONCATENATE_BASE_AND_KEY: kdf.JoiningKey(),
    _M.EXTRACT_KEY_FROM_KEY: kdf.Extraction(),
}

ENGINES: Final = MappingProxyType(_by_hash() | _CIPHERS | _PAIRS | _SECRETS)
