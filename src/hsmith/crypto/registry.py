"""Every mechanism's engine. A test holds this table against hsmith.spec.mechanisms."""

from types import MappingProxyType
from typing import Final

from cryptography.hazmat.decrepit.ciphers.modes import CFB, CFB8, OFB
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHAKE128, SHAKE256

from hsmith.crypto import (
    aead,
    blocks,
    chacha,
    ec,
    ec_wrap,
    edwards,
    feedback,
    finite,
    halves,
    ike,
    kbkdf,
    kdf,
    lattices,
    mac,
    other_hashes,
    otp,
    pkcs12,
    random,
    rc2,
    rc4,
    registers,
    rsa,
    rsa_encryption,
    rsa_tpm,
    ssl3,
    stateless,
    tls,
    twofish,
    wrap,
    wtls,
    xeddsa,
)
from hsmith.crypto.blocks import (
    AES_CIPHER,
    BLOWFISH_CIPHER,
    CAMELLIA_CIPHER,
    CAST5_CIPHER,
    DES3_CIPHER,
    IDEA_CIPHER,
    SEED_CIPHER,
    BlockCipher,
)
from hsmith.crypto.engine import Engine
from hsmith.crypto.hashes import HASHES, DigestEngine, TruncatedDigest
from hsmith.crypto.later import Later
from hsmith.crypto.material.finite import DhMaterial, X942Material
from hsmith.crypto.material.lattice import ML_DSA, ML_KEM
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
            f"{row.name}_KEY_DERIVATION": kdf.HashDerivation(row.algorithm),
            f"{spelt}_KEY_GEN": random.SecretKeyGen(KeyType[f"{spelt}_HMAC"], row.size),
            f"{row.name}_RSA_PKCS": rsa.HashPkcs1(row),
            f"{row.name}_RSA_PKCS_PSS": rsa.HashPss(row),
            f"ECDSA_{row.name}": ec.HashEcdsa(row),
            f"DSA_{row.name}": finite.HashDsa(row),
        }
    return {_M[name]: engine for name, engine in engines.items() if name in _M.__members__}


def _by_cipher(name: str, cipher: BlockCipher) -> dict[int, Engine]:
    """The modes that every block cipher of the standard has; those that it does not have are left out."""
    ecb, cbc = blocks.Ecb(cipher), blocks.Cbc(cipher)
    engines: dict[str, Engine] = {
        f"{name}_ECB": ecb,
        f"{name}_CBC": cbc,
        f"{name}_CBC_PAD": blocks.CbcPad(cipher),
        f"{name}_MAC": mac.CbcMac(cipher),
        f"{name}_MAC_GENERAL": mac.CbcMac(cipher, general=True),
        f"{name}_CMAC": mac.Cmac(cipher),
        f"{name}_CMAC_GENERAL": mac.Cmac(cipher, general=True),
        f"{name}_ECB_ENCRYPT_DATA": blocks.EncryptData(cipher, ecb),
        f"{name}_CBC_ENCRYPT_DATA": blocks.EncryptData(cipher, cbc),
    }
    return {_M[name]: engine for name, engine in engines.items() if name in _M.__members__}


def _crypt_only(engines: dict[int, Engine]) -> dict[int, Engine]:
    """The same without wrapping."""
    return {
        mechanism: feedback.CryptOnly(engine) if isinstance(engine, blocks.Mode) else engine
        for mechanism, engine in engines.items()
    }


def _by_other_hash() -> dict[int, Engine]:
    """The same of the hashes that the first library has not."""
    engines: dict[str, Engine] = {}
    for row in (*other_hashes.BLAKES, *other_hashes.OLD):
        name = row.name
        engines |= {
            name: other_hashes.OtherDigestEngine(row),
            f"{name}_HMAC": other_hashes.OtherHmac(row),
            f"{name}_HMAC_GENERAL": other_hashes.OtherHmac(row, general=True),
        }
    for row in other_hashes.BLAKES:
        engines[f"{row.name}_KEY_DERIVE"] = other_hashes.OtherDerivation(row)
        engines[f"{row.name}_KEY_GEN"] = random.SecretKeyGen(KeyType[f"{row.name}_HMAC"], row.size)
    for row in other_hashes.OLD:
        engines[f"{row.name}_KEY_DERIVATION"] = other_hashes.OtherDerivation(row)
        engines[f"{row.name}_RSA_PKCS"] = other_hashes.OtherPkcs1(row)
    return {_M[name]: engine for name, engine in engines.items() if name in _M.__members__}


_CIPHERS: Final[dict[int, Engine]] = {
    **_by_cipher("AES", AES_CIPHER),
    **_by_cipher("DES3", DES3_CIPHER),
    **_by_cipher("CAMELLIA", CAMELLIA_CIPHER),
    **_by_cipher("SEED", SEED_CIPHER),
    **_by_cipher("BLOWFISH", BLOWFISH_CIPHER),
    **_crypt_only(_by_cipher("CAST5", CAST5_CIPHER)),
    **_crypt_only(_by_cipher("IDEA", IDEA_CIPHER)),
    _M.RC2_ECB: rc2.ECB,
    _M.RC2_CBC: rc2.CBC,
    _M.RC2_CBC_PAD: rc2.CBC_PAD,
    _M.RC2_MAC: rc2.Rc2Mac(),
    _M.RC2_MAC_GENERAL: rc2.Rc2Mac(),
    _M.RC4: rc4.Rc4(),
    _M.AES_CTR: blocks.Ctr(AES_CIPHER),
    _M.AES_OFB: feedback.Feedback(AES_CIPHER, OFB),
    _M.AES_CFB8: feedback.Feedback(AES_CIPHER, CFB8),
    _M.AES_CFB64: feedback.Cfb64(AES_CIPHER),
    _M.AES_CFB128: feedback.Feedback(AES_CIPHER, CFB),
    _M.DES_OFB64: feedback.CryptOnly(feedback.Feedback(DES3_CIPHER, OFB)),
    _M.DES_OFB8: feedback.CryptOnly(registers.Ofb8(DES3_CIPHER)),
    _M.DES_CFB64: feedback.CryptOnly(feedback.Feedback(DES3_CIPHER, CFB)),
    _M.DES_CFB8: feedback.CryptOnly(feedback.Feedback(DES3_CIPHER, CFB8)),
    _M.DES_ECB: feedback.CryptOnly(blocks.Ecb(DES3_CIPHER)),
    _M.DES_CBC: feedback.CryptOnly(blocks.Cbc(DES3_CIPHER)),
    _M.DES_CBC_PAD: feedback.CryptOnly(blocks.CbcPad(DES3_CIPHER)),
    _M.DES_MAC: mac.CbcMac(DES3_CIPHER),
    _M.DES_MAC_GENERAL: mac.CbcMac(DES3_CIPHER, general=True),
    _M.DES_ECB_ENCRYPT_DATA: blocks.EncryptData(DES3_CIPHER, blocks.Ecb(DES3_CIPHER)),
    _M.DES_CBC_ENCRYPT_DATA: blocks.EncryptData(DES3_CIPHER, blocks.Cbc(DES3_CIPHER)),
    _M.AES_CFB1: registers.Cfb1(AES_CIPHER),
    _M.TWOFISH_CBC: twofish.TwofishCbc(),
    _M.TWOFISH_CBC_PAD: twofish.TwofishCbcPad(),
    _M.AES_CTS: feedback.Cts(AES_CIPHER),
    _M.AES_XTS: feedback.Xts(),
    _M.AES_GCM: aead.Gcm(),
    _M.AES_CCM: aead.Ccm(),
    _M.AES_GMAC: mac.Gmac(),
    _M.AES_XCBC_MAC: mac.XcbcMac(16),
    _M.AES_XCBC_MAC_96: mac.XcbcMac(12),
    _M.AES_KEY_WRAP: wrap.Kw(),
    _M.AES_KEY_WRAP_PAD: wrap.Kwp(),
    _M.AES_KEY_WRAP_KWP: wrap.Kwp(),
    _M.AES_KEY_WRAP_PKCS7: wrap.KwPkcs7(),
    _M.CHACHA20: chacha.Chacha20Stream(),
    _M.CHACHA20_POLY1305: chacha.Chacha20Poly1305(),
    _M.SALSA20: chacha.Salsa20Stream(),
    _M.POLY1305: mac.Poly1305Mac(),
}

_PAIRS: Final[dict[int, Engine]] = {
    _M.RSA_PKCS_KEY_PAIR_GEN: rsa.KeyPairGen(),
    _M.RSA_PKCS: rsa_encryption.Pkcs1(),
    _M.RSA_X_509: rsa_encryption.Raw(),
    _M.RSA_PKCS_OAEP: rsa_encryption.Oaep(),
    _M.RSA_PKCS_PSS: rsa.Pss(),
    _M.RSA_PKCS_OAEP_TPM_1_1: rsa_tpm.TpmOaep(),
    _M.RSA_AES_KEY_WRAP: rsa_encryption.AesKeyWrap(),
    _M.EC_KEY_PAIR_GEN: ec.KeyPairGen(KeyType.EC),
    _M.EC_EDWARDS_KEY_PAIR_GEN: ec.KeyPairGen(KeyType.EC_EDWARDS),
    _M.EC_MONTGOMERY_KEY_PAIR_GEN: ec.KeyPairGen(KeyType.EC_MONTGOMERY),
    _M.EC_KEY_PAIR_GEN_W_EXTRA_BITS: ec.ExtraBitsKeyPairGen(),
    _M.ECDSA: ec.Ecdsa(),
    _M.EDDSA: edwards.Eddsa(),
    _M.XEDDSA: xeddsa.Xeddsa(),
    _M.ECDH1_DERIVE: ec.Ecdh(),
    _M.ECDH1_COFACTOR_DERIVE: ec.Ecdh(),
    _M.ECDH_AES_KEY_WRAP: ec_wrap.EcdhKeyWrap(),
    _M.ECDH_COF_AES_KEY_WRAP: ec_wrap.EcdhKeyWrap(),
    _M.ECDH_X_AES_KEY_WRAP: ec_wrap.EcdhKeyWrap(),
    _M.DSA_PARAMETER_GEN: finite.DsaParameterGen(),
    _M.DSA_KEY_PAIR_GEN: finite.DsaKeyPairGen(),
    _M.DSA: finite.Dsa(),
    _M.DH_PKCS_PARAMETER_GEN: finite.DhParameterGen(),
    _M.DH_PKCS_KEY_PAIR_GEN: finite.DhKeyPairGen(DhMaterial()),
    _M.DH_PKCS_DERIVE: finite.DhDerive(),
    _M.X9_42_DH_PARAMETER_GEN: finite.X942ParameterGen(),
    _M.X9_42_DH_KEY_PAIR_GEN: finite.DhKeyPairGen(X942Material()),
    _M.X9_42_DH_DERIVE: finite.X942Derive(),
    _M.X9_42_DH_HYBRID_DERIVE: finite.X942Hybrid(),
    _M.PUB_KEY_FROM_PRIV_KEY: halves.PublicFromPrivate(),
}

_POST_QUANTUM: Final[dict[int, Engine]] = {
    _M.ML_KEM_KEY_PAIR_GEN: lattices.KeyPairGen(ML_KEM),
    _M.ML_KEM: lattices.MlKem(),
    _M.ML_DSA_KEY_PAIR_GEN: lattices.KeyPairGen(ML_DSA),
    _M.ML_DSA: lattices.MlDsa(),
    _M.HASH_ML_DSA: lattices.PreHashedMlDsa(),
    **{_M[f"HASH_ML_DSA_{name}"]: lattices.HashMlDsa(name) for name in lattices.PRE_HASHES},
    _M.SLH_DSA_KEY_PAIR_GEN: stateless.KeyPairGen(),
    _M.SLH_DSA: stateless.SlhDsa(),
    **{_M[f"HASH_SLH_DSA_{name}"]: stateless.SlhDsa(name) for name in lattices.PRE_HASHES},
}

_SECRETS: Final[dict[int, Engine]] = {
    _M.AES_KEY_GEN: random.SecretKeyGen(KeyType.AES),
    _M.AES_XTS_KEY_GEN: random.SecretKeyGen(KeyType.AES_XTS),
    _M.CAMELLIA_KEY_GEN: random.SecretKeyGen(KeyType.CAMELLIA),
    _M.SEED_KEY_GEN: random.SecretKeyGen(KeyType.SEED, 16),
    _M.CAST5_KEY_GEN: random.SecretKeyGen(KeyType.CAST5),
    _M.IDEA_KEY_GEN: random.SecretKeyGen(KeyType.IDEA, 16),
    _M.RC2_KEY_GEN: random.SecretKeyGen(KeyType.RC2),
    _M.RC4_KEY_GEN: random.SecretKeyGen(KeyType.RC4),
    _M.TWOFISH_KEY_GEN: random.SecretKeyGen(KeyType.TWOFISH),
    _M.BLOWFISH_KEY_GEN: random.SecretKeyGen(KeyType.BLOWFISH),
    _M.CHACHA20_KEY_GEN: random.SecretKeyGen(KeyType.CHACHA20, 32),
    _M.SALSA20_KEY_GEN: random.SecretKeyGen(KeyType.SALSA20, 32),
    _M.POLY1305_KEY_GEN: random.SecretKeyGen(KeyType.POLY1305, 32),
    _M.DES_KEY_GEN: random.DesKeyGen(KeyType.DES, 8),
    _M.DES2_KEY_GEN: random.DesKeyGen(KeyType.DES2, 16),
    _M.DES3_KEY_GEN: random.DesKeyGen(KeyType.DES3, 24),
    _M.GENERIC_SECRET_KEY_GEN: random.SecretKeyGen(KeyType.GENERIC_SECRET),
    _M.HKDF_KEY_GEN: random.SecretKeyGen(KeyType.HKDF),
    _M.HOTP_KEY_GEN: random.SecretKeyGen(KeyType.HOTP, 20),
    _M.HOTP: otp.Hotp(),
    _M.HKDF_DERIVE: kdf.Hkdf(),
    _M.HKDF_DATA: kdf.Hkdf(),
    _M.PKCS5_PBKD2: kdf.Pbkdf2(),
    _M.PBE_SHA1_DES3_EDE_CBC: pkcs12.PasswordKey(KeyType.DES3, 24),
    _M.PBE_SHA1_DES2_EDE_CBC: pkcs12.PasswordKey(KeyType.DES2, 16),
    _M.PBA_SHA1_WITH_SHA1_HMAC: pkcs12.PasswordKey(KeyType.GENERIC_SECRET, 20),
    _M.PBE_SHA1_RC2_128_CBC: pkcs12.PasswordKey(KeyType.RC2, 16),
    _M.PBE_SHA1_RC2_40_CBC: pkcs12.PasswordKey(KeyType.RC2, 5),
    _M.PBE_SHA1_RC4_128: pkcs12.PasswordKey(KeyType.RC4, 16),
    _M.PBE_SHA1_RC4_40: pkcs12.PasswordKey(KeyType.RC4, 5),
    _M.PBE_MD2_DES_CBC: pkcs12.Pkcs5Key(Later("Crypto.Hash.MD2")),
    _M.PBE_MD5_DES_CBC: pkcs12.Pkcs5Key(Later("Crypto.Hash.MD5")),
    _M.IKE_PRF_DERIVE: ike.Initial(),
    _M.IKE1_PRF_DERIVE: ike.Further(),
    _M.IKE2_PRF_PLUS_DERIVE: ike.Plus(),
    _M.IKE1_EXTENDED_DERIVE: ike.Extended(),
    _M.CONCATENATE_BASE_AND_DATA: kdf.Joining(lambda base, data: base + data),
    _M.CONCATENATE_DATA_AND_BASE: kdf.Joining(lambda base, data: data + base),
    _M.XOR_BASE_AND_DATA: kdf.Joining(kdf.xor),
    _M.CONCATENATE_BASE_AND_KEY: kdf.JoiningKey(),
    _M.EXTRACT_KEY_FROM_KEY: kdf.Extraction(),
    _M.SHA512_T: TruncatedDigest(),
    _M.SHAKE_128_KEY_DERIVATION: kdf.HashDerivation(SHAKE128(32)),
    _M.SHAKE_256_KEY_DERIVATION: kdf.HashDerivation(SHAKE256(64)),
    _M.SP800_108_COUNTER_KDF: kbkdf.CounterKdf(),
    _M.SP800_108_FEEDBACK_KDF: kbkdf.FeedbackKdf(),
    _M.SP800_108_DOUBLE_PIPELINE_KDF: kbkdf.DoublePipelineKdf(),
    _M.TLS_PRE_MASTER_KEY_GEN: tls.PreMasterKeyGen(),
    _M.TLS12_MASTER_KEY_DERIVE: tls.MasterKey(tls.master_seed, uses=tls.OF_MASTER),
    _M.TLS12_MASTER_KEY_DERIVE_DH: tls.MasterKey(tls.master_seed, diffie_hellman=True, uses=tls.OF_MASTER),
    _M.TLS12_EXTENDED_MASTER_KEY_DERIVE: tls.MasterKey(tls.extended_seed, uses=tls.OF_MASTER),
    _M.TLS12_EXTENDED_MASTER_KEY_DERIVE_DH: tls.MasterKey(tls.extended_seed, diffie_hellman=True, uses=tls.OF_MASTER),
    _M.SSL3_PRE_MASTER_KEY_GEN: tls.PreMasterKeyGen(),
    _M.SSL3_MASTER_KEY_DERIVE: tls.MasterKey(tls.master_seed, ssl3.ssl3),
    _M.SSL3_MASTER_KEY_DERIVE_DH: tls.MasterKey(tls.master_seed, ssl3.ssl3, diffie_hellman=True),
    _M.SSL3_KEY_AND_MAC_DERIVE: tls.KeyBlock(ssl3.ssl3),
    _M.SSL3_MD5_MAC: ssl3.Mac(MD5(), 48),
    _M.SSL3_SHA1_MAC: ssl3.Mac(SHA1(), 40),
    _M.TLS_MASTER_KEY_DERIVE: tls.MasterKey(tls.master_seed, tls.tls10),
    _M.TLS_MASTER_KEY_DERIVE_DH: tls.MasterKey(tls.master_seed, tls.tls10, diffie_hellman=True),
    _M.TLS_KEY_AND_MAC_DERIVE: tls.KeyBlock(tls.tls10),
    _M.WTLS_PRE_MASTER_KEY_GEN: wtls.PreMasterKeyGen(),
    _M.WTLS_MASTER_KEY_DERIVE: wtls.WtlsMasterKey(tls.master_seed, wtls.wtls),
    _M.WTLS_MASTER_KEY_DERIVE_DH_ECC: wtls.WtlsMasterKey(tls.master_seed, wtls.wtls, diffie_hellman=True),
    _M.WTLS_PRF: tls.Prf(wtls.wtls),
    _M.TLS_PRF: tls.Prf(tls.tls10),
    _M.WTLS_SERVER_KEY_AND_MAC_DERIVE: wtls.WtlsKeyBlock(b"server"),
    _M.WTLS_CLIENT_KEY_AND_MAC_DERIVE: wtls.WtlsKeyBlock(b"client"),
    _M.TLS12_KEY_AND_MAC_DERIVE: tls.KeyBlock(),
    _M.TLS12_KEY_SAFE_DERIVE: tls.KeyBlock(ivs=False),
    _M.TLS_KDF: tls.Exporter(),
    _M.TLS12_KDF: tls.Exporter(),
    _M.TLS_MAC: tls.Finished(),
    _M.TLS12_MAC: tls.Finished(),
}

ENGINES: Final = MappingProxyType(_by_hash() | _by_other_hash() | _CIPHERS | _PAIRS | _POST_QUANTUM | _SECRETS)
