"""Project Wycheproof's cases through the engines: HSMITH_WYCHEPROOF names the folder of its test vectors.

Valid cases must give the right result and invalid ones must be refused; "acceptable" ones may go either way, but right.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsmith.crypto import keys
from hsmith.crypto.curves import CURVES
from hsmith.crypto.engine import Wanted
from hsmith.crypto.hashes import HASHES, MGF_HASHES
from hsmith.crypto.keys import Key
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import Attr, DataSource, Fault, HkdfSalt, Kdf, KeyType, Mechanism, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.params import CcmParams, Ecdh1DeriveParams, GcmParams, HkdfParams, RsaPkcsOaepParams, RsaPkcsPssParams

FOLDER = os.environ.get("HSMITH_WYCHEPROOF", "")
pytestmark = [
    pytest.mark.skipif(not FOLDER, reason="HSMITH_WYCHEPROOF does not name a folder of test vectors"),
    pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning"),
]

M = Mechanism
H = bytes.fromhex
Case = dict[str, Any]


def hash_named(name: str) -> Mechanism:
    spelt = name.replace("SHA-1", "SHA1").replace("SHA-", "SHA").replace("SHA3-", "SHA3_").replace("/", "_")
    return next(row.mechanism for row in HASHES.values() if row.name == spelt)


def secret(key_type: KeyType, value: bytes) -> Key:
    return keys.load({Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: key_type, Attr.VALUE: value})


def public_key(group: Case) -> Key:
    native: Any = load_der_public_key(H(group["publicKeyDer"]))
    if isinstance(native, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        size = 255 if isinstance(native, ed25519.Ed25519PublicKey) else 448
        return Key(ObjectClass.PUBLIC_KEY, KeyType.EC_EDWARDS, size, native)
    key_type = KeyType.RSA if isinstance(native, rsa.RSAPublicKey) else KeyType.EC
    return Key(ObjectClass.PUBLIC_KEY, key_type, native.key_size, native)


def private_rsa(group: Case) -> Key:
    encoded = H(group["privateKeyPkcs8"])
    decoded = keys.decode(ObjectClass.PRIVATE_KEY, KeyType.RSA, encoded)
    return keys.load(decoded | {Attr.CLASS: ObjectClass.PRIVATE_KEY, Attr.KEY_TYPE: KeyType.RSA})


def verifying(mechanism_of: Callable[[Case], Mechanism], params_of: Callable[[Case], Any] = lambda group: None) -> Any:
    def run(group: Case, case: Case) -> None:
        verifier = ENGINES[mechanism_of(group)].verify(public_key(group), params_of(group))
        verifier.once(H(case["msg"]), H(case["sig"]))

    return run


def pss_params(group: Case) -> RsaPkcsPssParams:
    mgf = next(mgf for mgf, row in MGF_HASHES.items() if row.mechanism == hash_named(group["mgfSha"]))
    return RsaPkcsPssParams(hash_named(group["sha"]), mgf, group["sLen"])


def gcm(group: Case, case: Case) -> None:
    params = GcmParams(H(case["iv"]), 0, H(case["aad"]), group["tagSize"])
    aead(M.AES_GCM, params, case)


def ccm(group: Case, case: Case) -> None:
    params = CcmParams(len(case["msg"]) // 2, H(case["iv"]), H(case["aad"]), group["tagSize"] // 8)
    aead(M.AES_CCM, params, case)


def aead(mechanism: Mechanism, params: Any, case: Case) -> None:
    key, sealed = secret(KeyType.AES, H(case["key"])), H(case["ct"]) + H(case["tag"])
    assert ENGINES[mechanism].decrypt(key, params).once(sealed) == H(case["msg"])
    assert ENGINES[mechanism].encrypt(key, params).once(H(case["msg"])) == sealed


def cbc_pad(group: Case, case: Case) -> None:
    key = secret(KeyType.AES, H(case["key"]))
    assert ENGINES[M.AES_CBC_PAD].decrypt(key, H(case["iv"])).once(H(case["ct"])) == H(case["msg"])
    assert ENGINES[M.AES_CBC_PAD].encrypt(key, H(case["iv"])).once(H(case["msg"])) == H(case["ct"])


def key_wrap(mechanism: Mechanism) -> Any:
    def run(group: Case, case: Case) -> None:
        key = secret(KeyType.AES, H(case["key"]))
        assert ENGINES[mechanism].unwrap(key, None, H(case["ct"])) == H(case["msg"])
        assert ENGINES[mechanism].wrap(key, None, H(case["msg"])) == H(case["ct"])

    return run


def mac(mechanism: Mechanism, key_type: KeyType) -> Any:
    def run(group: Case, case: Case) -> None:
        engine = ENGINES[mechanism]
        engine.verify(secret(key_type, H(case["key"])), group["tagSize"] // 8).once(H(case["msg"]), H(case["tag"]))

    return run


def oaep(group: Case, case: Case) -> None:
    mgf = next(mgf for mgf, row in MGF_HASHES.items() if row.mechanism == hash_named(group["mgfSha"]))
    params = RsaPkcsOaepParams(hash_named(group["sha"]), mgf, DataSource.DATA_SPECIFIED, H(case["label"]))
    assert ENGINES[M.RSA_PKCS_OAEP].decrypt(private_rsa(group), params).once(H(case["ct"])) == H(case["msg"])


def v15(group: Case, case: Case) -> None:
    """An invalid case decrypts to something: what matters is that it is not the message."""
    if ENGINES[M.RSA_PKCS].decrypt(private_rsa(group), None).once(H(case["ct"])) != H(case["msg"]):
        raise Refused(Fault.ENCRYPTED_DATA_INVALID)


def hkdf(group: Case, case: Case) -> None:
    mechanism = hash_named("SHA-256" if case["hash"] == "256" else "SHA-512")
    key = secret(KeyType.GENERIC_SECRET, H(case["ikm"]))
    params = HkdfParams(True, True, mechanism, HkdfSalt.SALT_DATA, H(case["salt"]), 0, H(case["info"]))
    wanted = Wanted(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, case["size"], lambda handle: key)
    assert ENGINES[M.HKDF_DERIVE].derive(key, params, wanted)[Attr.VALUE] == H(case["okm"])


def agreement(group: Case, case: Case) -> None:
    curve = next(each for each in CURVES if group["curve"] in each.names)
    value = H(case["private"] if len(case["private"]) % 2 == 0 else "0" + case["private"])
    if curve.key_type == KeyType.EC:
        value = value.lstrip(b"\0")
    attributes: dict[int, Any] = {
        Attr.CLASS: ObjectClass.PRIVATE_KEY,
        Attr.KEY_TYPE: curve.key_type,
        Attr.EC_PARAMS: curve.params,
    }
    key = keys.load(attributes | {Attr.VALUE: value})
    public = H(case["public"])
    wanted = Wanted(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, None, lambda handle: key)
    value = ENGINES[M.ECDH1_DERIVE].derive(key, Ecdh1DeriveParams(Kdf.NULL, b"", public), wanted)[Attr.VALUE]
    assert value == H(case["shared"])


def ecdsa(group: Case) -> Mechanism:
    return Mechanism[f"ECDSA_{HASHES[hash_named(group['sha'])].name}"]


FILES: dict[str, Any] = {
    "aes_cbc_pkcs5_test": cbc_pad,
    "aes_ccm_test": ccm,
    "aes_cmac_test": mac(M.AES_CMAC_GENERAL, KeyType.AES),
    "aes_gcm_test": gcm,
    "aes_kwp_test": key_wrap(M.AES_KEY_WRAP_KWP),
    "aes_wrap_test": key_wrap(M.AES_KEY_WRAP),
    "ecdh_secp256r1_ecpoint_test": agreement,
    "ecdh_secp384r1_ecpoint_test": agreement,
    "ecdsa_secp256k1_sha256_p1363_test": verifying(ecdsa),
    "ecdsa_secp256r1_sha256_p1363_test": verifying(ecdsa),
    "ecdsa_secp384r1_sha384_p1363_test": verifying(ecdsa),
    "ecdsa_secp521r1_sha512_p1363_test": verifying(ecdsa),
    "ed25519_test": verifying(lambda group: M.EDDSA),
    "ed448_test": verifying(lambda group: M.EDDSA),
    "hkdf_sha256_test": hkdf,
    "hkdf_sha512_test": hkdf,
    "hmac_sha1_test": mac(M.SHA_1_HMAC_GENERAL, KeyType.GENERIC_SECRET),
    "hmac_sha256_test": mac(M.SHA256_HMAC_GENERAL, KeyType.GENERIC_SECRET),
    "hmac_sha3_256_test": mac(M.SHA3_256_HMAC_GENERAL, KeyType.GENERIC_SECRET),
    "hmac_sha512_test": mac(M.SHA512_HMAC_GENERAL, KeyType.GENERIC_SECRET),
    "rsa_oaep_2048_sha1_mgf1sha1_test": oaep,
    "rsa_oaep_2048_sha256_mgf1sha256_test": oaep,
    "rsa_pkcs1_2048_test": v15,
    "rsa_pss_2048_sha1_mgf1_20_test": verifying(lambda group: M.SHA1_RSA_PKCS_PSS, pss_params),
    "rsa_pss_2048_sha256_mgf1_0_test": verifying(lambda group: M.SHA256_RSA_PKCS_PSS, pss_params),
    "rsa_pss_2048_sha256_mgf1_32_test": verifying(lambda group: M.SHA256_RSA_PKCS_PSS, pss_params),
    "rsa_signature_2048_sha256_test": verifying(lambda group: M.SHA256_RSA_PKCS),
    "rsa_signature_2048_sha512_test": verifying(lambda group: M.SHA512_RSA_PKCS),
    "x25519_test": agreement,
    "x448_test": agreement,
}

#: "For signatures passed to a token for verification, the signature may have a shorter length" (section 6.3.1).
DECIDED = {"SignatureSize"}


def cases(name: str) -> Iterator[tuple[Case, Case]]:
    document = json.loads((Path(FOLDER) / f"{name}.json").read_text())
    for group in document["testGroups"]:
        for case in group["tests"]:
            yield group, case | {"hash": name.removeprefix("hkdf_sha").removesuffix("_test")}


@pytest.mark.parametrize("name", FILES)
def test_vectors(name: str) -> None:
    wrong = []
    for group, case in cases(name):
        try:
            FILES[name](group, case)
            right = True
        except (Refused, AssertionError):
            right = False
        decided = case["result"] == "acceptable" or DECIDED & set(case["flags"])
        if not decided and right != (case["result"] == "valid"):
            wrong.append((case["tcId"], case["result"], case["comment"], case["flags"]))
    assert not wrong
