"""CAVP's and other published vectors through the module, for what Wycheproof lacks: from PyPI's cryptography-vectors.

HSMITH_VECTORS=all runs every case, else every few.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.utils import CryptographyDeprecationWarning

from hsmith.spec.constants import (
    Attr,
    Fault,
    Hedge,
    Kdf,
    KeyType,
    Mechanism,
    MlDsaParameterSet,
    MlKemParameterSet,
    ObjectClass,
    PrfDataType,
)
from vectors.nist import FOLDER, Record, records
from vectors.support import CURVES, READABLE, Bench, H, P11Error, big, make, sampled

M = Mechanism

pytestmark = [
    pytest.mark.skipif(FOLDER is None, reason="cryptography-vectors is not installed: pip install -e .[dev]"),
    pytest.mark.filterwarnings(f"ignore::{CryptographyDeprecationWarning.__module__}.CryptographyDeprecationWarning"),
]


# --- Digests


DIGESTS = {
    M.SHA_1: "SHA1/SHA1", M.SHA224: "SHA2/SHA224", M.SHA256: "SHA2/SHA256", M.SHA384: "SHA2/SHA384",
    M.SHA512: "SHA2/SHA512", M.SHA512_224: "SHA2/SHA512_224", M.SHA512_256: "SHA2/SHA512_256",
    M.SHA3_224: "SHA3/SHA3_224", M.SHA3_256: "SHA3/SHA3_256", M.SHA3_384: "SHA3/SHA3_384", M.SHA3_512: "SHA3/SHA3_512",
}  # fmt: skip


@pytest.mark.parametrize("mechanism", DIGESTS, ids=lambda each: each.name)
def test_digests(mechanism: Mechanism, bench: Bench) -> None:
    files = [f"hashes/{DIGESTS[mechanism]}{form}Msg.rsp" for form in ("Short", "Long")]
    for record in sampled([record for name in files for _, record in records(name) if "MD" in record]):
        message = H(record["Msg"])[: int(record["Len"]) // 8]
        assert bench.session.digest(mechanism, message) == H(record["MD"])
        assert bench.session.digest(mechanism, [message[:3], message[3:]]) == H(record["MD"])


def test_blake2b(bench: Bench) -> None:
    for _, record in sampled(list(records("hashes/blake2/blake2b.txt"))):
        message = H(record["Msg"])[: int(record["Len"]) // 8]
        assert bench.session.digest(M.BLAKE2B_512, message) == H(record["MD"])


# --- Ciphers


def _aes(mode: str, *kinds: str) -> list[str]:
    return [f"ciphers/AES/{mode[:3]}/{mode}{kind}{size}.rsp" for kind in kinds for size in (128, 192, 256)]


def _des(folder: str, name: str) -> list[str]:
    return [f"ciphers/3DES/{folder}/{name}{kind}.rsp" for kind in ("MMT2", "MMT3", "vartext", "permop", "subtab")]


CIPHERS: dict[Mechanism, tuple[KeyType, list[str]]] = {
    M.AES_OFB: (KeyType.AES, _aes("OFB", "MMT", "VarTxt", "GFSbox", "KeySbox")),
    M.AES_CFB8: (KeyType.AES, _aes("CFB8", "MMT", "VarTxt", "GFSbox", "KeySbox")),
    M.AES_CFB128: (KeyType.AES, _aes("CFB128", "MMT", "VarTxt", "GFSbox", "KeySbox")),
    M.DES3_ECB: (KeyType.DES3, _des("ECB", "TECB")),
    M.DES3_CBC: (KeyType.DES3, _des("CBC", "TCBC")),
    M.DES_OFB64: (KeyType.DES3, _des("OFB", "TOFB")),
    M.DES_CFB64: (KeyType.DES3, _des("CFB", "TCFB64")),
    M.DES_CFB8: (KeyType.DES3, _des("CFB", "TCFB8")),
    M.CAMELLIA_CBC: (KeyType.CAMELLIA, ["ciphers/Camellia/camellia-cbc.txt"]),
    M.SEED_ECB: (KeyType.SEED, ["ciphers/SEED/rfc-4269.txt"]),
    M.SEED_CBC_PAD: (KeyType.SEED, ["ciphers/SEED/rfc-4196.txt"]),
    M.BLOWFISH_CBC: (KeyType.BLOWFISH, ["ciphers/Blowfish/bf-cbc.txt"]),
}


def _key(record: Record) -> bytes:
    """Triple DES has one key three times, or three keys; some files leave out the first half of a byte that is zero."""
    if "KEYs" in record:
        return H(record["KEYs"]) * 3
    return H(record["KEY"] if "KEY" in record else "".join(record[f"KEY{n}"] for n in (1, 2, 3)))


@pytest.mark.parametrize("mechanism", CIPHERS, ids=lambda each: each.name)
def test_ciphers(mechanism: Mechanism, bench: Bench) -> None:
    key_type, files = CIPHERS[mechanism]
    for record in sampled([record for name in files for _, record in records(name)]):
        key = bench.secret(key_type, _key(record), "ENCRYPT DECRYPT")
        plain, cipher = H(record["PLAINTEXT"]), H(record["CIPHERTEXT"])
        if mechanism == M.SEED_CBC_PAD and len(plain) == len(cipher):
            continue  # whole blocks without padding
        params = H(record["IV"]) if "IV" in record else None
        assert bench.session.encrypt(key, (mechanism, params), plain) == cipher
        assert bench.session.decrypt(key, (mechanism, params), cipher) == plain


def _spaced(name: str) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(key, plaintext, ciphertext) of the files in Camellia's own form."""
    assert FOLDER is not None
    key = plain = b""
    for line in (FOLDER / name).read_text().splitlines():
        head, _, value = line.partition(":")
        if head[:1] == "K":
            key = H(value)
        elif head[:1] == "P":
            plain = H(value)
        elif head[:1] == "C":
            yield key, plain, H(value)


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_camellia(bits: int, bench: Bench) -> None:
    for key, plain, cipher in sampled(list(_spaced(f"ciphers/Camellia/camellia-{bits}-ecb.txt")), 16):
        handle = bench.secret(KeyType.CAMELLIA, key, "ENCRYPT DECRYPT")
        assert bench.session.encrypt(handle, M.CAMELLIA_ECB, plain) == cipher
        assert bench.session.decrypt(handle, M.CAMELLIA_ECB, cipher) == plain


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_aes_ctr(bits: int, bench: Bench) -> None:
    for _, record in records(f"ciphers/AES/CTR/aes-{bits}-ctr.txt"):
        key = bench.secret(KeyType.AES, H(record["KEY"]), "ENCRYPT")
        params = make("AES_CTR_PARAMS", ulCounterBits=32, cb=H(record["IV"]))
        assert bench.session.encrypt(key, (M.AES_CTR, params), H(record["PLAINTEXT"])) == H(record["CIPHERTEXT"])


def test_chacha20(bench: Bench) -> None:
    for _, record in records("ciphers/ChaCha20/rfc7539.txt"):
        key = bench.secret(KeyType.CHACHA20, H(record["KEY"]), "ENCRYPT DECRYPT")
        counter = int(record["INITIAL_BLOCK_COUNTER"]).to_bytes(4, "little")
        params = make(
            "CHACHA20_PARAMS", pBlockCounter=counter, blockCounterBits=32, pNonce=H(record["NONCE"]), ulNonceBits=96
        )
        assert bench.session.encrypt(key, (M.CHACHA20, params), H(record["PLAINTEXT"])) == H(record["CIPHERTEXT"])


def test_poly1305(bench: Bench) -> None:
    served = False
    for _, record in records("poly1305/rfc7539.txt"):
        key = bench.secret(KeyType.POLY1305, H(record["KEY"]), "SIGN VERIFY")
        bench.session.verify(key, M.POLY1305, H(record["MSG"]), H(record["TAG"]))
        if not served:  # a key, and one that differs in parity bits, makes one MAC (docs/policy.md)
            assert bench.session.sign(key, M.POLY1305, H(record["MSG"])) == H(record["TAG"])
        served = True


@pytest.mark.parametrize("name", ["SHA224", "SHA384"])
def test_hmac(name: str, bench: Bench) -> None:
    for _, record in records(f"HMAC/rfc-4231-{name.lower()}.txt"):
        key = bench.secret(KeyType[f"{name}_HMAC"], H(record["Key"]), "SIGN VERIFY")
        expected = H(record["MD"])
        mechanism = (Mechanism[f"{name}_HMAC_GENERAL"], len(expected))
        assert bench.session.sign(key, mechanism, H(record["Msg"])) == expected


# --- SP 800-108 in counter mode

PRFS = {
    **{f"CMAC_AES{n}": (M.AES_CMAC, KeyType.AES) for n in (128, 192, 256)},
    "CMAC_TDES2": (M.DES3_CMAC, KeyType.DES2),
    "CMAC_TDES3": (M.DES3_CMAC, KeyType.DES3),
    "HMAC_SHA1": (M.SHA_1_HMAC, KeyType.GENERIC_SECRET),
    **{f"HMAC_SHA{n}": (Mechanism[f"SHA{n}_HMAC"], KeyType.GENERIC_SECRET) for n in (224, 256, 384, 512)},
}


def _items(bits: int, parts: list[bytes | None]) -> Any:
    """CK_PRF_DATA_PARAM for each part; None is the counter."""
    kept: list[Any] = []
    array: Any = (type(make("PRF_DATA_PARAM")) * len(parts))()
    for entry, part in zip(array, parts, strict=True):
        if part is None:
            value: Any = make("SP800_108_COUNTER_FORMAT", bLittleEndian=0, ulWidthInBits=bits)
            item = make("PRF_DATA_PARAM", type=int(PrfDataType.ITERATION_VARIABLE), pValue=value)
        else:
            item = make("PRF_DATA_PARAM", type=int(PrfDataType.BYTE_ARRAY), pValue=part)
        entry.type, entry.pValue, entry.ulValueLen = item.type, item.pValue, item.ulValueLen
        kept.append(item)
    array.kept = kept
    return array


def _layout(location: str, record: Record) -> list[bytes | None]:
    if location == "MIDDLE_FIXED":
        return [H(record["DataBeforeCtrData"]), None, H(record["DataAfterCtrData"])]
    fixed = H(record["FixedInputData"])
    return [None, fixed] if location == "BEFORE_FIXED" else [fixed, None]


def test_sp800_108_counter_mode(bench: Bench) -> None:
    for section, record in sampled(list(records("KDF/nist-800-108-KBKDF-CTR.txt")), 16):
        named = dict(part.split("=") for part in section)
        prf, key_type = PRFS[named["PRF"]]
        parts = _layout(named["CTRLOCATION"], record)
        items = _items(int(named["RLEN"].removesuffix("_BITS")), parts)
        params = make("SP800_108_KDF_PARAMS", prfType=int(prf), ulNumberOfDataParams=len(parts), pDataParams=items)
        key = bench.secret(key_type, H(record["KI"]), "DERIVE")
        template = READABLE | {Attr.VALUE_LEN: int(record["L"]) // 8}
        made = bench.session.derive(key, (M.SP800_108_COUNTER_KDF, params), template)
        assert bench.read_out(made) == H(record["KO"])


# --- Signatures


def _verdict(bench: Bench, key: int, mechanism: Any, message: bytes, *, signature: bytes) -> bool:
    try:
        bench.session.verify(key, mechanism, message, signature)
    except P11Error as error:
        assert error.rv in (Fault.SIGNATURE_INVALID, Fault.SIGNATURE_LEN_RANGE)
        return False
    return True


def test_dsa_verification(bench: Bench) -> None:
    hash_name = ""
    domain: dict[str, bytes] = {}
    found: list[tuple[str, dict[str, bytes], Record]] = []
    for section, record in records("asymmetric/DSA/FIPS_186-3/SigVer.rsp"):
        hash_name = section[-1].rpartition(", ")[2].replace("-", "")
        if "P" in record:
            domain = {name: H(record[letter]) for name, letter in (("PRIME", "P"), ("SUBPRIME", "Q"), ("BASE", "G"))}
        if "Result" in record:
            found.append((hash_name, domain, record))
    for hash_name, domain, record in sampled(found):
        mechanism = Mechanism[f"DSA_{hash_name}"]
        key = bench.key(ObjectClass.PUBLIC_KEY, KeyType.DSA, uses="VERIFY", VALUE=H(record["Y"]), **domain)
        size = len(domain["SUBPRIME"])
        signature = H(record["R"].rjust(2 * size, "0")) + H(record["S"].rjust(2 * size, "0"))
        right = record["Result"].startswith("P")
        assert _verdict(bench, key, mechanism, H(record["Msg"]), signature=signature) is right


def test_rsa_verification(bench: Bench) -> None:
    modulus = b""
    found: list[tuple[bytes, Record]] = []
    for _, record in records("asymmetric/RSA/FIPS_186-2/SigVer15_186-3.rsp"):
        modulus = H(record["n"]) if "n" in record else modulus
        if "Result" in record:
            found.append((modulus, record))
    for modulus, record in sampled(found):
        key = bench.key(
            ObjectClass.PUBLIC_KEY,
            KeyType.RSA,
            uses="VERIFY",
            MODULUS=modulus,
            PUBLIC_EXPONENT=big(int(record["e"], 16)),
        )
        right = record["Result"].startswith("P")
        mechanism = Mechanism[f"{record['SHAAlg']}_RSA_PKCS"]
        assert _verdict(bench, key, mechanism, H(record["Msg"]), signature=H(record["S"])) is right


# --- Key agreement


def test_x9_42_agreement(bench: Bench) -> None:
    """The verdict of a case that fails is about what the other party sent: those with another Z give our own Z."""
    domain: dict[str, bytes] = {}
    found: list[tuple[dict[str, bytes], Record]] = []
    for _, record in records("asymmetric/DH/KASValidityTest_FFCStatic_NOKC_ZZOnly_init.fax"):
        if "P" in record:
            domain = {name: H(record[letter]) for name, letter in (("PRIME", "P"), ("SUBPRIME", "Q"), ("BASE", "G"))}
        if "Z" in record and record["Result"].startswith("P"):
            found.append((domain, record))
    for domain, record in sampled(found, 8):  # the library proves the domain of each key: a second of work
        key = bench.key(ObjectClass.PRIVATE_KEY, KeyType.X9_42_DH, uses="DERIVE", VALUE=H(record["XstatIUT"]), **domain)
        params = make("X9_42_DH1_DERIVE_PARAMS", kdf=int(Kdf.NULL), pPublicData=H(record["YstatCAVS"]))
        made = bench.session.derive(key, (M.X9_42_DH_DERIVE, params), READABLE)
        assert bench.read_out(made) == H(record["Z"]).rjust(len(domain["PRIME"]), b"\0")


def test_ecdh_agreement(bench: Bench) -> None:
    """Where the shared secret is right the case passes; where the public key is not on the curve it is refused."""
    curves = {"EC": "P-256", "ED": "P-384", "EE": "P-521"}
    for section, record in records("asymmetric/ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_init.fax"):
        curve = curves.get(section[-1][:2])
        if curve is None or "Z" not in record or not record["Result"].startswith("P"):
            continue
        size = 66 if curve == "P-521" else int(curve[2:]) // 8
        x, y = (H(record[f"QsCAVS{axis}"].rjust(2 * size, "0"))[-size:] for axis in "xy")
        value = big(int(record["dsIUT"], 16))
        key = bench.key(ObjectClass.PRIVATE_KEY, KeyType.EC, uses="DERIVE", EC_PARAMS=CURVES[curve], VALUE=value)
        assert bench.agree(key, b"\4" + x + y) == H(record["Z"].rjust(2 * size, "0"))[-size:]


def test_dh_agreement(bench: Bench) -> None:
    """Numbers are in decimal here; primes of fewer than 512 bits are no keys of this token."""
    for _, record in records("asymmetric/DH/vec.txt"):
        prime, base, x, y = (int(record[letter]) for letter in "PGXY")
        if prime.bit_length() < 512:
            continue
        key = bench.key(
            ObjectClass.PRIVATE_KEY, KeyType.DH, uses="DERIVE", PRIME=big(prime), BASE=big(base), VALUE=big(x)
        )
        made = bench.session.derive(key, (M.DH_PKCS_DERIVE, big(y)), READABLE)
        size = (prime.bit_length() + 7) // 8
        assert bench.read_out(made) == H(record["K"]).rjust(size, b"\0")


# --- Post-quantum


@pytest.mark.parametrize("bits", [44, 65, 87])
def test_ml_dsa(bits: int, bench: Bench) -> None:
    number = int(MlDsaParameterSet[f"ML_DSA_{bits}"])
    for _, record in sampled(list(records(f"asymmetric/MLDSA/kat_MLDSA_{bits}_det_pure.rsp")), 8):
        kind = {"PARAMETER_SET": number}
        private = bench.key(ObjectClass.PRIVATE_KEY, KeyType.ML_DSA, uses="SIGN", SEED=H(record["xi"]), **kind)
        public = bench.key(ObjectClass.PUBLIC_KEY, KeyType.ML_DSA, uses="VERIFY", VALUE=H(record["pk"]), **kind)
        message, context = H(record["msg"]), H(record["ctx"])
        signature = H(record["sm"])[: int(record["smlen"]) - len(message)]
        assert bench.value(private) == H(record["sk"])
        params = make("SIGN_ADDITIONAL_CONTEXT", hedgeVariant=int(Hedge.DETERMINISTIC_REQUIRED), pContext=context)
        assert bench.session.sign(private, (M.ML_DSA, params), message) == signature
        bench.session.verify(public, (M.ML_DSA, params), message, signature)


@pytest.mark.parametrize("bits", [512, 768, 1024])
def test_ml_kem(bits: int, bench: Bench) -> None:
    number = int(MlKemParameterSet[f"ML_KEM_{bits}"])
    for _, record in sampled(list(records(f"asymmetric/MLKEM/kat_MLKEM_{bits}.rsp")), 8):
        seed = H(record["d"]) + H(record["z"])
        private = bench.key(
            ObjectClass.PRIVATE_KEY, KeyType.ML_KEM, uses="DECAPSULATE", SEED=seed, PARAMETER_SET=number
        )
        assert bench.value(private) == H(record["sk"])
        for cipher, secret in (("ct", "ss"), ("ct_n", "ss_n")):
            made = bench.session.decapsulate(private, M.ML_KEM, H(record[cipher]), READABLE)
            assert bench.read_out(made) == H(record[secret])
