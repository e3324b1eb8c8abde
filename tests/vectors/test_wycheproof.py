"""Project Wycheproof's cases through the module: valid ones give the right result, invalid ones are refused.

The files come from HSMITH_WYCHEPROOF, or lie beside the checkout. HSMITH_VECTORS=all runs every case, else every few.
docs/vectors.md has what is decided of the "acceptable" cases, and of the few where the standard decides otherwise.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsmith.spec.constants import (
    Attr,
    DataSource,
    Hedge,
    HkdfSalt,
    KeyType,
    Mechanism,
    MlDsaParameterSet,
    MlKemParameterSet,
    ObjectClass,
    Pbkdf2Prf,
)
from vectors.support import CURVES, READABLE, Bench, H, P11Error, digest, folder, make, mgf, named, sampled

M = Mechanism
Case = dict[str, Any]
Run = Callable[[Bench, Case, Case], None]
FOLDER = folder()

pytestmark = pytest.mark.skipif(
    FOLDER is None, reason="Wycheproof's files are not there: HSMITH_WYCHEPROOF names their folder"
)


# --- Secret keys


def gcm(bench: Bench, group: Case, case: Case) -> None:
    params = make("GCM_PARAMS", pIv=H(case["iv"]), pAAD=H(case["aad"]), ulTagBits=group["tagSize"])
    aead(bench, KeyType.AES, (M.AES_GCM, params), case)


def ccm(bench: Bench, group: Case, case: Case) -> None:
    tag = group["tagSize"] // 8
    length = len(case["msg"]) // 2
    params = make("CCM_PARAMS", ulDataLen=length, pNonce=H(case["iv"]), pAAD=H(case["aad"]), ulMACLen=tag)
    aead(bench, KeyType.AES, (M.AES_CCM, params), case)


def chacha(bench: Bench, group: Case, case: Case) -> None:
    nonce = H(case["iv"])
    params = make("SALSA20_CHACHA20_POLY1305_PARAMS", pNonce=nonce, ulNonceLen=8 * len(nonce), pAAD=H(case["aad"]))
    aead(bench, KeyType.CHACHA20, (M.CHACHA20_POLY1305, params), case)


def aead(bench: Bench, key_type: KeyType, mechanism: Any, case: Case) -> None:
    key = bench.secret(key_type, H(case["key"]), "ENCRYPT DECRYPT")
    sealed = H(case["ct"]) + H(case["tag"])
    assert bench.session.decrypt(key, mechanism, sealed) == H(case["msg"])
    assert bench.session.encrypt(key, mechanism, H(case["msg"])) == sealed


def cipher(mechanism: Mechanism, key_type: KeyType, iv_length: int) -> Run:
    """Both ways; the IV is filled with zeros where the case has a shorter one."""

    def run(bench: Bench, group: Case, case: Case) -> None:
        key = bench.secret(key_type, H(case["key"]), "ENCRYPT DECRYPT")
        iv = H(case["iv"]).ljust(iv_length, b"\0")
        assert bench.session.decrypt(key, (mechanism, iv), H(case["ct"])) == H(case["msg"])
        assert bench.session.encrypt(key, (mechanism, iv), H(case["msg"])) == H(case["ct"])

    return run


def mac(mechanism: Mechanism, key_type: KeyType) -> Run:
    def run(bench: Bench, group: Case, case: Case) -> None:
        key = bench.secret(key_type, H(case["key"]), "SIGN VERIFY")
        general = (mechanism, group["tagSize"] // 8)
        bench.session.verify(key, general, H(case["msg"]), H(case["tag"]))
        assert bench.session.sign(key, general, [H(case["msg"])]) == H(case["tag"])

    return run


def gmac(bench: Bench, group: Case, case: Case) -> None:
    key = bench.secret(KeyType.AES, H(case["key"]), "SIGN VERIFY")
    params = make("GCM_PARAMS", pIv=H(case["iv"]), ulTagBits=group["tagSize"])
    bench.session.verify(key, (M.AES_GMAC, params), H(case["msg"]), H(case["tag"]))
    assert bench.session.sign(key, (M.AES_GMAC, params), H(case["msg"])) == H(case["tag"])


def key_wrap(mechanism: Mechanism) -> Run:
    def run(bench: Bench, group: Case, case: Case) -> None:
        key = bench.secret(KeyType.AES, H(case["key"]), "WRAP UNWRAP")
        unwrapped = bench.session.unwrap(key, mechanism, H(case["ct"]), READABLE)
        try:
            assert bench.value(unwrapped) == H(case["msg"])
            assert bench.session.wrap(key, mechanism, unwrapped) == H(case["ct"])
        finally:
            bench.session.destroy(unwrapped)

    return run


def hkdf(name: str) -> Run:
    def run(bench: Bench, group: Case, case: Case) -> None:
        key = bench.secret(KeyType.HKDF, H(case["ikm"]), "DERIVE")
        salted = HkdfSalt.SALT_DATA if case["salt"] else HkdfSalt.SALT_NULL
        params = make(
            "HKDF_PARAMS",
            bExtract=1,
            bExpand=1,
            prfHashMechanism=int(digest(name)),
            ulSaltType=int(salted),
            pSalt=H(case["salt"]),
            pInfo=H(case["info"]),
        )
        template = READABLE | {Attr.VALUE_LEN: case["size"]}
        assert bench.read_out(bench.session.derive(key, (M.HKDF_DERIVE, params), template)) == H(case["okm"])

    return run


def pbkdf2(prf: Pbkdf2Prf) -> Run:
    def run(bench: Bench, group: Case, case: Case) -> None:
        params = make(
            "PKCS5_PBKD2_PARAMS2",
            saltSource=int(DataSource.SALT_SPECIFIED),
            pSaltSourceData=H(case["salt"]),
            iterations=case["iterationCount"],
            prf=int(prf),
            pPassword=H(case["password"]),
        )
        made = bench.session.generate((M.PKCS5_PBKD2, params), READABLE | {Attr.VALUE_LEN: case["dkLen"]})
        assert bench.read_out(made) == H(case["dk"])

    return run


# --- Key pairs


def rsa_public(bench: Bench, group: Case) -> int:
    numbers = {"MODULUS": H(group["publicKey"]["modulus"]), "PUBLIC_EXPONENT": H(group["publicKey"]["publicExponent"])}
    return bench.key(ObjectClass.PUBLIC_KEY, KeyType.RSA, uses="VERIFY", **numbers)


def pkcs1_verify(bench: Bench, group: Case, case: Case) -> None:
    mechanism = named(group["sha"], "{}_RSA_PKCS")
    bench.session.verify(rsa_public(bench, group), mechanism, H(case["msg"]), H(case["sig"]))


def pkcs1_sign(bench: Bench, group: Case, case: Case) -> None:
    key = bench.rsa(H(group["privateKeyPkcs8"]), "SIGN")
    assert bench.session.sign(key, named(group["sha"], "{}_RSA_PKCS"), H(case["msg"])) == H(case["sig"])


def pss(bench: Bench, group: Case, case: Case) -> None:
    params = make(
        "RSA_PKCS_PSS_PARAMS", hashAlg=int(digest(group["sha"])), mgf=int(mgf(group["mgfSha"])), sLen=group["sLen"]
    )
    mechanism = (named(group["sha"], "{}_RSA_PKCS_PSS"), params)
    bench.session.verify(rsa_public(bench, group), mechanism, H(case["msg"]), H(case["sig"]))


def oaep(bench: Bench, group: Case, case: Case) -> None:
    params = make(
        "RSA_PKCS_OAEP_PARAMS",
        hashAlg=int(digest(group["sha"])),
        mgf=int(mgf(group["mgfSha"])),
        source=int(DataSource.DATA_SPECIFIED),
        pSourceData=H(case["label"]),
    )
    key = bench.rsa(H(group["privateKeyPkcs8"]), "DECRYPT")
    assert bench.session.decrypt(key, (M.RSA_PKCS_OAEP, params), H(case["ct"])) == H(case["msg"])


def v15(bench: Bench, group: Case, case: Case) -> None:
    """What does not decrypt gives other bytes: no one can tell padding that is wrong from a message that is."""
    key = bench.rsa(H(group["privateKeyPkcs8"]), "DECRYPT")
    assert bench.session.decrypt(key, M.RSA_PKCS, H(case["ct"])) == H(case["msg"])


def ecdsa(bench: Bench, group: Case, case: Case) -> None:
    public = group["publicKey"]
    point = b"\4" + bytes([len(public["uncompressed"]) // 2]) + H(public["uncompressed"])
    if point[1] >= 0x80:
        point = b"\4\x81" + point[1:]
    key = bench.key(
        ObjectClass.PUBLIC_KEY, KeyType.EC, uses="VERIFY", EC_PARAMS=CURVES[public["curve"]], EC_POINT=point
    )
    bench.session.verify(key, named(group["sha"], "ECDSA_{}"), H(case["msg"]), H(case["sig"]))


def eddsa(bench: Bench, group: Case, case: Case) -> None:
    public = group["publicKey"]
    point = b"\4" + bytes([len(public["pk"]) // 2]) + H(public["pk"])
    key = bench.key(
        ObjectClass.PUBLIC_KEY, KeyType.EC_EDWARDS, uses="VERIFY", EC_PARAMS=CURVES[public["curve"]], EC_POINT=point
    )
    bench.session.verify(key, M.EDDSA, H(case["msg"]), H(case["sig"]))


def agreement(bench: Bench, group: Case, case: Case) -> None:
    key_type = KeyType.EC if group["curve"].startswith("secp") else KeyType.EC_MONTGOMERY
    value = H(case["private"].rjust(len(case["private"]) + len(case["private"]) % 2, "0"))
    key = bench.key(ObjectClass.PRIVATE_KEY, key_type, uses="DERIVE", EC_PARAMS=CURVES[group["curve"]], VALUE=value)
    assert bench.agree(key, H(case["public"])) == H(case["shared"])


# --- Post-quantum


def ml_dsa_mechanism(case: Case, hedge: Hedge) -> Any:
    return M.ML_DSA, make("SIGN_ADDITIONAL_CONTEXT", hedgeVariant=int(hedge), pContext=H(case.get("ctx", "")))


def ml_dsa_verify(number: MlDsaParameterSet) -> Run:
    def run(bench: Bench, group: Case, case: Case) -> None:
        value = H(group["publicKey"])
        key = bench.key(ObjectClass.PUBLIC_KEY, KeyType.ML_DSA, uses="VERIFY", PARAMETER_SET=int(number), VALUE=value)
        mechanism = ml_dsa_mechanism(case, Hedge.HEDGE_PREFERRED)
        bench.session.verify(key, mechanism, H(case["msg"]), H(case["sig"]))

    return run


def ml_dsa_sign(bench: Bench, group: Case, case: Case) -> None:
    key = bench.key(
        ObjectClass.PRIVATE_KEY,
        KeyType.ML_DSA,
        uses="SIGN",
        PARAMETER_SET=int(MlDsaParameterSet.ML_DSA_65),
        SEED=H(group["privateSeed"]),
    )
    if "Randomized" in case["flags"]:  # made with other random bytes than ours: it verifies
        ml_dsa_verify(MlDsaParameterSet.ML_DSA_65)(bench, group, case)
        return
    mechanism = ml_dsa_mechanism(case, Hedge.DETERMINISTIC_REQUIRED)
    assert bench.session.sign(key, mechanism, H(case["msg"])) == H(case["sig"])


def ml_kem_private(bench: Bench, group: Case, **value: bytes) -> int:
    number = int(MlKemParameterSet[group["parameterSet"].replace("-", "_")])
    return bench.key(ObjectClass.PRIVATE_KEY, KeyType.ML_KEM, uses="DECAPSULATE", PARAMETER_SET=number, **value)


def ml_kem_public(bench: Bench, group: Case, value: bytes) -> int:
    number = int(MlKemParameterSet[group["parameterSet"].replace("-", "_")])
    return bench.key(ObjectClass.PUBLIC_KEY, KeyType.ML_KEM, uses="ENCAPSULATE", PARAMETER_SET=number, VALUE=value)


def ml_kem(bench: Bench, group: Case, case: Case) -> None:
    """Decapsulation by a key from its seed. Cases without a shared secret are about the seed or the ciphertext."""
    key = ml_kem_private(bench, group, SEED=H(case["seed"]))
    secret = bench.read_out(bench.session.decapsulate(key, M.ML_KEM, H(case["c"]), READABLE))
    assert secret == H(case["K"])


def ml_kem_encapsulate(bench: Bench, group: Case, case: Case) -> None:
    """No module lets a caller choose the randomness, so what is encapsulated is another secret than the case's."""
    key = ml_kem_public(bench, group, H(case["ek"]))
    ciphertext, secret = bench.session.encapsulate(key, M.ML_KEM, READABLE)
    assert len(ciphertext) == len(H(case["c"])) and len(bench.read_out(secret)) == len(H(case["K"]))


def ml_kem_seed(bench: Bench, group: Case, case: Case) -> None:
    """The private key's value is not shown by a sensitive key; that it is the case's shows in what it opens."""
    key = ml_kem_private(bench, group, SEED=H(case["seed"]))
    expanded = ml_kem_private(bench, group, VALUE=H(case["dk"]))
    ciphertext, made = bench.session.encapsulate(ml_kem_public(bench, group, H(case["ek"])), M.ML_KEM, READABLE)
    secret = bench.read_out(made)
    for private in (key, expanded):
        assert bench.read_out(bench.session.decapsulate(private, M.ML_KEM, ciphertext, READABLE)) == secret


def ml_kem_expanded(bench: Bench, group: Case, case: Case) -> None:
    key = ml_kem_private(bench, group, VALUE=H(case["dk"]))
    secret = bench.read_out(bench.session.decapsulate(key, M.ML_KEM, H(case["c"]), READABLE))
    assert "K" not in case or secret == H(case["K"])


#: By file: how its cases are run.
FILES: dict[str, Run] = {
    "aes_cbc_pkcs5_test": cipher(M.AES_CBC_PAD, KeyType.AES, 16),
    "aes_ccm_test": ccm,
    "aes_cmac_test": mac(M.AES_CMAC_GENERAL, KeyType.AES),
    "aes_gcm_test": gcm,
    "aes_gmac_test": gmac,
    "aes_kwp_test": key_wrap(M.AES_KEY_WRAP_KWP),
    "aes_wrap_test": key_wrap(M.AES_KEY_WRAP),
    "aes_xts_test": cipher(M.AES_XTS, KeyType.AES_XTS, 16),
    "chacha20_poly1305_test": chacha,
    "ecdh_secp256r1_ecpoint_test": agreement,
    "ecdh_secp384r1_ecpoint_test": agreement,
    "ecdsa_secp256k1_sha256_p1363_test": ecdsa,
    "ecdsa_secp256r1_sha256_p1363_test": ecdsa,
    "ecdsa_secp384r1_sha384_p1363_test": ecdsa,
    "ecdsa_secp521r1_sha512_p1363_test": ecdsa,
    "ed25519_test": eddsa,
    "ed448_test": eddsa,
    "hkdf_sha256_test": hkdf("SHA-256"),
    "hkdf_sha512_test": hkdf("SHA-512"),
    "hmac_sha1_test": mac(M.SHA_1_HMAC_GENERAL, KeyType.GENERIC_SECRET),
    "hmac_sha256_test": mac(M.SHA256_HMAC_GENERAL, KeyType.SHA256_HMAC),
    "hmac_sha3_256_test": mac(M.SHA3_256_HMAC_GENERAL, KeyType.SHA3_256_HMAC),
    "hmac_sha512_test": mac(M.SHA512_HMAC_GENERAL, KeyType.SHA512_HMAC),
    "mldsa_44_verify_test": ml_dsa_verify(MlDsaParameterSet.ML_DSA_44),
    "mldsa_65_sign_seed_test": ml_dsa_sign,
    "mldsa_65_verify_test": ml_dsa_verify(MlDsaParameterSet.ML_DSA_65),
    "mlkem_512_test": ml_kem,
    "mlkem_768_encaps_test": ml_kem_encapsulate,
    "mlkem_768_keygen_seed_test": ml_kem_seed,
    "mlkem_768_semi_expanded_decaps_test": ml_kem_expanded,
    "mlkem_768_test": ml_kem,
    "pbkdf2_hmacsha1_test": pbkdf2(Pbkdf2Prf.HMAC_SHA1),
    "pbkdf2_hmacsha256_test": pbkdf2(Pbkdf2Prf.HMAC_SHA256),
    "rsa_oaep_2048_sha1_mgf1sha1_test": oaep,
    "rsa_oaep_2048_sha256_mgf1sha256_test": oaep,
    "rsa_pkcs1_2048_sig_gen_test": pkcs1_sign,
    "rsa_pkcs1_2048_test": v15,
    "rsa_pss_2048_sha1_mgf1_20_test": pss,
    "rsa_pss_2048_sha256_mgf1_0_test": pss,
    "rsa_pss_2048_sha256_mgf1_32_test": pss,
    "rsa_signature_2048_sha256_test": pkcs1_verify,
    "rsa_signature_2048_sha512_test": pkcs1_verify,
    "x25519_test": agreement,
    "x448_test": agreement,
    "xchacha20_poly1305_test": chacha,
}

#: Files of the manifest that no mechanism of the standard answers to.
ELSEWHERE = {
    "aes_gcm_siv_test", "ecdh_secp256r1_test", "ecdsa_secp256r1_sha256_test", "json_web_key_test",
    "json_web_signature_test", "primality_test",
}  # fmt: skip


def shortened(group: Case, case: Case) -> bool:
    """A signature in two equal halves that are right but for leading zeros: PKCS#11 lets a caller leave those out."""
    half = len(case["sig"]) // 4
    native: Any = load_der_public_key(H(group["publicKeyDer"]))
    r, s = int(case["sig"][: 2 * half] or "0", 16), int(case["sig"][2 * half :] or "0", 16)
    try:
        native.verify(encode_dss_signature(r, s), H(case["msg"]), ECDSA(LIBRARY_HASHES[group["sha"]]))
    except InvalidSignature:
        return False
    return len(case["sig"]) == 4 * half


LIBRARY_HASHES = {"SHA-256": hashes.SHA256(), "SHA-384": hashes.SHA384(), "SHA-512": hashes.SHA512()}

#: Flags of cases that this project decides: accepted or not. docs/vectors.md says of each why.
DECIDED: dict[str, bool | Callable[[Case, Case], bool]] = {
    "ZeroSharedSecret": False,
    "ShortKey": False,
    "MissingNull": False,
    "WeakHash": True,
    "SmallPublicKey": True,
    "CompressedPoint": True,
    "Twist": True,
    "NonCanonicalPublic": True,
    "EdgeCaseMultiplication": True,
    "EdgeCaseShared": True,
    "SpecialPublicKey": True,
    "SignatureSize": shortened,
}
XTS_192 = 384  # bits: SP 800-38E has no such key


def cases(name: str) -> Iterator[tuple[Case, Case]]:
    """Those that a module can be given: the signature of a representative without its message is not one of them."""
    assert FOLDER is not None
    document = json.loads((FOLDER / f"{name}.json").read_text())
    for group in document["testGroups"]:
        for case in group["tests"]:
            if "Sign" not in group["type"] or "msg" in case:
                yield group, {"flags": []} | case


def due(name: str, group: Case, case: Case) -> bool:
    """Whether the case is to be accepted: as its result says, or as is decided of the first of DECIDED that it has."""
    if name == "aes_xts_test" and group["keySize"] == XTS_192:
        return False
    if case["result"] == "acceptable" or "SignatureSize" in case["flags"]:
        decision = next(DECIDED[flag] for flag in DECIDED if flag in case["flags"])
        return decision(group, case) if callable(decision) else decision
    return bool(case["result"] == "valid")


@pytest.mark.parametrize("name", FILES)
def test_vectors(name: str, bench: Bench) -> None:
    wrong = []
    for group, case in sampled(list(cases(name))):
        try:
            FILES[name](bench, group, case)
            accepted, why = True, ""
        except (P11Error, AssertionError) as error:
            accepted, why = False, str(error)
        if accepted is not due(name, group, case):
            wrong.append((case["tcId"], case["result"], case.get("comment"), case["flags"], why[:80]))
    assert not wrong


def test_what_is_decided_is_written_down() -> None:
    manual = (Path(__file__).resolve().parents[2] / "docs" / "vectors.md").read_text()
    assert [flag for flag in DECIDED if f"`{flag}`" not in manual] == []


def test_every_file_of_the_manifest_is_run_or_named() -> None:
    assert FOLDER is not None
    lines = (FOLDER / "MANIFEST.tsv").read_text().splitlines()
    listed = {line.split("\t")[0].removesuffix(".json") for line in lines if ".json" in line}
    assert listed == FILES.keys() | ELSEWHERE
