"""Stores that earlier layouts left, kept as they were written: each opens, and all that is in it is used."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from cryptoki.calling import PIN, Caller, attributes
from harness import unpack
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.spec.constants import Attr, Fault, Mechanism, ObjectClass, UserType
from hsmith.spec.faults import Refused
from hsmith.spec.values import MechanismArg
from hsmith.store import schema

LAYOUTS = sorted(Path(__file__).parent.glob("layouts/*.tar.xz"))
BLOCK = b"sixteen bytes..."


@pytest.fixture(params=LAYOUTS, ids=lambda path: path.name.partition(".")[0])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir(mode=0o700)
    unpack(request.param, folder)
    return folder


def _used(folder: Path, *, objects: int) -> None:
    hsm = Hsm.opened(folder, Settings(kdf_milliseconds=10))
    try:
        caller = Caller(hsm)
        session = caller.session(0)
        with pytest.raises(Refused) as refused:
            caller.call("C_Login", session, UserType.USER, b"not this one")
        assert refused.value.fault == Fault.PIN_INCORRECT
        caller.call("C_Login", session, UserType.USER, PIN)
        assert len(_found(caller, session)) == objects
        for label, value in ((b"public", b"seen by all"), (b"private", b"behind the PIN")):
            (data,) = _found(caller, session, CLASS=ObjectClass.DATA, LABEL=label)
            assert caller.call("C_GetAttributeValue", session, data, [Attr.VALUE])[0] == value
        (key,) = _found(caller, session, LABEL=b"aes")
        caller.call("C_EncryptInit", session, MechanismArg(Mechanism.AES_ECB), key)
        expected = Cipher(algorithms.AES(bytes(range(16))), modes.ECB()).encryptor().update(BLOCK)
        assert caller.call("C_Encrypt", session, BLOCK, 64) == expected
        (private,) = _found(caller, session, CLASS=ObjectClass.PRIVATE_KEY)
        caller.call("C_SignInit", session, MechanismArg(Mechanism.ECDSA_SHA256), private)
        assert len(caller.call("C_Sign", session, BLOCK, 64)) == 64
        caller.data(session, TOKEN=True)
    finally:
        hsm.close()


def _found(caller: Caller, session: int, **wanted: object) -> list[int]:
    caller.call("C_FindObjectsInit", session, attributes(**wanted))
    found: list[int] = caller.call("C_FindObjects", session, 100)
    caller.call("C_FindObjectsFinal", session)
    return found


def test_a_store_of_an_earlier_layout_is_used_on(kept: Path) -> None:
    for objects in (5, 6, 7):  # and goes on as one of the newest
        _used(kept, objects=objects)


def test_the_layouts_are_kept() -> None:
    assert [path.name for path in LAYOUTS] == ["2.tar.xz", "4.tar.xz"]
    assert len(schema.STEPS) >= 4
