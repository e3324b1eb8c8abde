"""Derivations that make several keys, public keys of private ones, key encapsulation: through the module."""

import ctypes as C
from typing import Any

import pytest

from hsmith.spec.constants import (
    Attr,
    Fault,
    KeyType,
    Mechanism,
    MlDsaParameterSet,
    ObjectClass,
    PrfDataType,
    SlhDsaParameterSet,
)
from p11 import P11, P256, P11Error, Session, c_template, make, refused

M = Mechanism
SECRET: dict[int, Any] = {Attr.CLASS: int(ObjectClass.SECRET_KEY), Attr.SENSITIVE: False, Attr.EXTRACTABLE: True}
GENERIC = SECRET | {Attr.KEY_TYPE: int(KeyType.GENERIC_SECRET)}


@pytest.fixture
def session(p11: P11) -> Any:
    with p11.open(p11.init_token("derived")) as opened:
        opened.login("1234")
        yield opened


def base(session: Session, size: int = 32) -> int:
    return session.create(GENERIC | {Attr.VALUE: bytes(range(size)), Attr.DERIVE: True})


def kdf_params(templates: list[dict[int, Any]]) -> tuple[Any, list[C.c_ulong]]:
    """CK_SP800_108_KDF_PARAMS for keys besides the first, and where their handles come."""
    counter = make("SP800_108_COUNTER_FORMAT", bLittleEndian=0, ulWidthInBits=32)
    item = make("PRF_DATA_PARAM", type=int(PrfDataType.ITERATION_VARIABLE), pValue=counter)
    cells, kept = [C.c_ulong(0xDEAD) for _ in templates], []
    array = (type(make("DERIVED_KEY")) * len(templates))()
    for entry, template, cell in zip(array, templates, cells, strict=True):
        attributes, count, keep = c_template(template)
        entry.pTemplate, entry.ulAttributeCount, entry.phKey = C.addressof(attributes), count, C.addressof(cell)
        kept.append(keep)
    params = make(
        "SP800_108_KDF_PARAMS",
        prfType=int(M.SHA256_HMAC),
        ulNumberOfDataParams=1,
        pDataParams=item,
        ulAdditionalDerivedKeys=len(templates),
        pAdditionalDerivedKeys=array,
    )
    params.kept += [kept, item]
    return params, cells


def test_further_keys_come_back_in_the_parameter(session: Session) -> None:
    key = base(session)
    params, cells = kdf_params(
        [GENERIC | {Attr.VALUE_LEN: 20}, SECRET | {Attr.KEY_TYPE: int(KeyType.AES), Attr.VALUE_LEN: 16}]
    )
    first = session.derive(key, (M.SP800_108_COUNTER_KDF, params), GENERIC | {Attr.VALUE_LEN: 40})
    whole, _ = kdf_params([])
    stream = session.derive(key, (M.SP800_108_COUNTER_KDF, whole), GENERIC | {Attr.VALUE_LEN: 128})
    segments = session.get(stream, Attr.VALUE)
    assert session.get(first, Attr.VALUE) == segments[:40]
    assert session.get(cells[0].value, Attr.VALUE) == segments[64:84]
    assert session.get(cells[1].value, [Attr.VALUE, Attr.KEY_TYPE]) == [segments[96:112], KeyType.AES]


def test_the_template_at_fault_is_named_and_nothing_is_made(session: Session) -> None:
    key = base(session)
    before = len(session.find())
    good = GENERIC | {Attr.VALUE_LEN: 20}
    bad = SECRET | {Attr.KEY_TYPE: int(KeyType.AES), Attr.VALUE_LEN: 17}
    params, cells = kdf_params([good, bad])
    with pytest.raises(P11Error):
        session.derive(key, (M.SP800_108_COUNTER_KDF, params), good)
    assert len(session.find()) == before
    bad = GENERIC | {Attr.VALUE_LEN: 20, Attr.MODULUS: b"\1"}
    params, cells = kdf_params([good, bad])
    with refused(Fault.TEMPLATE_INCONSISTENT):
        session.derive(key, (M.SP800_108_COUNTER_KDF, params), good)
    assert [cell.value for cell in cells] == [0xDEAD, 0]
    assert len(session.find()) == before


def test_the_keys_of_a_tls_connection(session: Session) -> None:
    master = base(session, 48)
    randoms = make("SSL3_RANDOM_DATA", pClientRandom=b"C" * 32, pServerRandom=b"S" * 32)
    ivs = [bytearray(16), bytearray(16)]
    out = make("SSL3_KEY_MAT_OUT", pIVClient=ivs[0], pIVServer=ivs[1])
    params = make(
        "TLS12_KEY_MAT_PARAMS",
        ulMacSizeInBits=256,
        ulKeySizeInBits=128,
        ulIVSizeInBits=128,
        RandomInfo=randoms,
        pReturnedKeyMaterial=out,
        prfHashMechanism=int(M.SHA256),
    )
    params.kept.append(randoms)
    array, count, kept = c_template({Attr.CLASS: int(ObjectClass.SECRET_KEY), Attr.KEY_TYPE: int(KeyType.AES)})
    mechanism = make("MECHANISM", mechanism=int(M.TLS12_KEY_AND_MAC_DERIVE), pParameter=params)
    session.call("C_DeriveKey", mechanism, master, array, count, None)
    del kept
    handles = [out.hClientMacSecret, out.hServerMacSecret, out.hClientKey, out.hServerKey]
    assert len(set(handles)) == 4 and 0 not in handles
    types = [session.get(handle, Attr.KEY_TYPE) for handle in handles]
    assert types == [KeyType.GENERIC_SECRET, KeyType.GENERIC_SECRET, KeyType.AES, KeyType.AES]
    values = b"".join(session.get(handle, Attr.VALUE) for handle in handles)
    kdf = make("TLS_KDF_PARAMS", prfMechanism=int(M.SHA256), pLabel=b"key expansion")
    swapped = make("SSL3_RANDOM_DATA", pClientRandom=b"S" * 32, pServerRandom=b"C" * 32)
    kdf.RandomInfo = swapped  # a copy: what it points at is kept by the name
    block = session.derive(master, (M.TLS_KDF, kdf), GENERIC | {Attr.VALUE_LEN: 128})
    assert session.get(block, Attr.VALUE) == values + bytes(ivs[0]) + bytes(ivs[1])


@pytest.mark.parametrize("extractable", [True, False])
def test_tls_keys_are_as_their_master(session: Session, extractable: bool) -> None:
    value = {Attr.VALUE: bytes(48), Attr.DERIVE: True, Attr.EXTRACTABLE: extractable, Attr.SENSITIVE: not extractable}
    master = session.create(GENERIC | value)
    randoms = make("SSL3_RANDOM_DATA", pClientRandom=b"C" * 32, pServerRandom=b"S" * 32)
    out = make("SSL3_KEY_MAT_OUT")
    params = make("TLS12_KEY_MAT_PARAMS", ulKeySizeInBits=256, RandomInfo=randoms, pReturnedKeyMaterial=out)
    params.prfHashMechanism = int(M.SHA384)
    params.kept.append(randoms)
    mechanism = make("MECHANISM", mechanism=int(M.TLS12_KEY_SAFE_DERIVE), pParameter=params)
    array, count, _ = c_template({Attr.KEY_TYPE: int(KeyType.AES)})
    session.call("C_DeriveKey", mechanism, master, array, count, None)
    assert session.get(out.hClientKey, [Attr.EXTRACTABLE, Attr.SENSITIVE]) == [extractable, not extractable]
    assert (out.hClientMacSecret, out.hServerMacSecret) == (0, 0)
    array, count, _ = c_template({Attr.KEY_TYPE: int(KeyType.AES), Attr.EXTRACTABLE: not extractable})
    with refused(Fault.TEMPLATE_INCONSISTENT):
        session.call("C_DeriveKey", mechanism, master, array, count, None)


def test_a_lost_public_key_is_made_again(session: Session) -> None:
    private_template = {Attr.ID: b"id", Attr.SIGN: True, Attr.DERIVE: False}
    public, private = session.generate_pair(M.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256}, private_template)
    made = session.derive(private, M.PUB_KEY_FROM_PRIV_KEY, {Attr.LABEL: b"again"})
    attrs = [Attr.CLASS, Attr.KEY_TYPE, Attr.EC_POINT, Attr.PUBLIC_KEY_INFO]
    assert session.get(made, attrs) == session.get(public, attrs)
    wanted = [Attr.ID, Attr.VERIFY, Attr.LOCAL, Attr.PRIVATE, Attr.LABEL, Attr.KEY_GEN_MECHANISM]
    assert session.get(made, wanted) == [b"id", True, False, False, b"again", M.EC_KEY_PAIR_GEN]
    session.verify(made, M.ECDSA_SHA256, b"text", session.sign(private, M.ECDSA_SHA256, b"text"))
    with refused(Fault.KEY_TYPE_INCONSISTENT, Fault.KEY_HANDLE_INVALID):
        session.derive(public, M.PUB_KEY_FROM_PRIV_KEY, {})


def test_rsa_encapsulates_a_key_of_the_length_that_is_asked_for(session: Session) -> None:
    public, private = session.generate_pair(
        M.RSA_PKCS_KEY_PAIR_GEN, {Attr.MODULUS_BITS: 2048, Attr.ENCAPSULATE: True}, {Attr.DECAPSULATE: True}
    )
    template = SECRET | {Attr.KEY_TYPE: int(KeyType.AES), Attr.VALUE_LEN: 32}
    ciphertext, one = session.encapsulate(public, M.RSA_PKCS, template)
    other = session.decapsulate(private, M.RSA_PKCS, ciphertext, template)
    assert session.get(one, Attr.VALUE) == session.get(other, Attr.VALUE)
    with refused(Fault.TEMPLATE_INCOMPLETE):
        session.encapsulate(public, M.RSA_PKCS, GENERIC)


def test_ml_dsa_keys_keep_their_seed(session: Session) -> None:
    number = int(MlDsaParameterSet.ML_DSA_44)
    shown = {Attr.SENSITIVE: False, Attr.EXTRACTABLE: True, Attr.SIGN: True}
    public, private = session.generate_pair(M.ML_DSA_KEY_PAIR_GEN, {Attr.PARAMETER_SET: number}, shown)
    seed, value = session.get(private, [Attr.SEED, Attr.VALUE])
    common = {Attr.CLASS: int(ObjectClass.PRIVATE_KEY), Attr.KEY_TYPE: int(KeyType.ML_DSA), Attr.PARAMETER_SET: number}
    again = session.create(common | {Attr.SEED: seed} | shown)
    assert session.get(again, Attr.VALUE) == value
    session.verify(public, M.ML_DSA, [b"te", b"xt"], session.sign(again, M.ML_DSA, b"text"))
    with refused(Fault.TEMPLATE_INCOMPLETE):
        session.create(common | shown)


def test_slh_dsa(session: Session) -> None:
    number = int(SlhDsaParameterSet.SLH_DSA_SHA2_128F)
    public, private = session.generate_pair(M.SLH_DSA_KEY_PAIR_GEN, {Attr.PARAMETER_SET: number}, {Attr.SIGN: True})
    signature = session.sign(private, M.SLH_DSA, b"text")
    assert len(signature) == 17088
    session.verify(public, M.SLH_DSA, b"text", signature)
    with refused(Fault.SIGNATURE_INVALID):
        session.verify(public, M.HASH_SLH_DSA_SHA256, b"text", signature)
