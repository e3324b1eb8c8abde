"""Keys whose type says how long they are, unwrapped by templates without CKA_VALUE_LEN, which those types have not."""

import os
from typing import Any

import pytest

from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass
from p11 import P11, Session, refused

M = Mechanism
DES3: dict[int, Any] = {
    Attr.CLASS: int(ObjectClass.SECRET_KEY), Attr.KEY_TYPE: int(KeyType.DES3), Attr.SENSITIVE: False,
    Attr.EXTRACTABLE: True,
}  # fmt: skip
WRAPPING: dict[int, Any] = {Attr.VALUE_LEN: 32, Attr.WRAP: True, Attr.UNWRAP: True}


@pytest.fixture
def session(p11: P11) -> Any:
    with p11.open(p11.init_token("fixed")) as opened:
        opened.login("1234")
        yield opened


@pytest.mark.parametrize("mechanism", [(M.AES_CBC, bytes(16)), M.AES_ECB, M.AES_KEY_WRAP, (M.AES_CBC_PAD, bytes(16))])
@pytest.mark.parametrize("sensitive", [True, False])
def test_what_pads_is_cut_to_the_type(session: Session, mechanism: Any, sensitive: bool) -> None:
    """ "truncates the result according to the CKA_KEY_TYPE attribute of the template" (section "AES-CBC")."""
    wrapping = session.generate(M.AES_KEY_GEN, WRAPPING)
    key = session.generate(M.DES3_KEY_GEN, {Attr.SENSITIVE: sensitive, Attr.EXTRACTABLE: True, Attr.ENCRYPT: True})
    blob = session.wrap(wrapping, mechanism, key)
    again = session.unwrap(wrapping, mechanism, blob, DES3 | {Attr.SENSITIVE: sensitive, Attr.DECRYPT: True})
    assert session.decrypt(again, M.DES3_ECB, session.encrypt(key, M.DES3_ECB, b"8 bytes.")) == b"8 bytes."


def test_a_blob_too_short_for_the_type_is_known_by_its_length(session: Session) -> None:
    wrapping = session.generate(M.AES_KEY_GEN, WRAPPING)
    key = session.generate(M.AES_KEY_GEN, {Attr.VALUE_LEN: 16, Attr.SENSITIVE: False, Attr.EXTRACTABLE: True})
    blob = session.wrap(wrapping, M.AES_KEY_WRAP, key)
    with refused(Fault.WRAPPED_KEY_LEN_RANGE):
        session.unwrap(wrapping, M.AES_KEY_WRAP, blob, DES3)


@pytest.mark.parametrize("key_type", [KeyType.DES3, KeyType.AES, KeyType.CHACHA20, KeyType.GENERIC_SECRET])
def test_the_padding_of_rsa_is_told_by_no_type(session: Session, key_type: KeyType) -> None:
    """Bleichenbacher 1998: a wrong padding gives a key like any other, also where the type leaves lengths out."""
    uses = {Attr.MODULUS_BITS: 2048, Attr.WRAP: True}, {Attr.UNWRAP: True, Attr.DECAPSULATE: True}
    _, private = session.generate_pair(M.RSA_PKCS_KEY_PAIR_GEN, *uses)
    template = DES3 | {Attr.KEY_TYPE: int(key_type)}
    handles = {session.unwrap(private, M.RSA_PKCS, b"\0" + os.urandom(255), template) for _ in range(10)}
    handles |= {session.decapsulate(private, M.RSA_PKCS, b"\0" + os.urandom(255), template) for _ in range(10)}
    assert len(handles) == 20
