"""What native code answers by itself is what Python would answer, for as long as Python would: docs/decisions/0023."""

import contextlib
import gc
import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cryptoki.calling import P256, PIN, RW, SO_PIN, attributes
from hsmith.core.objects import CHANGES
from hsmith.crypto import standing
from hsmith.cryptoki.memory import SESSION, of_client
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, Mgf, ObjectClass, UserType
from hsmith.spec.functions import BY_NAME
from hsmith.spec.params import AesCtrParams, EddsaParams, GcmParams, RsaPkcsPssParams
from hsmith.spec.values import MechanismArg
from hsmith.wire import codec, frames
from hsmith.wire.receiver import FIRST_SIZE
from hsmith.wire.standing import Standings
from wire.serving import Client, Keeper, logged_in

ED25519 = b"\x13\x0cedwards25519"
P384 = bytes.fromhex("06052b81040022")
OFTEN = 12


def pair(client: Client, session: int, mechanism: Mechanism, public: Any, **private: Any) -> tuple[int, int]:
    made: tuple[int, int] = client.call(
        "C_GenerateKeyPair", session, MechanismArg(mechanism, None), (*public, *attributes(VERIFY=True, TOKEN=True)),
        attributes(SIGN=True, TOKEN=True, **private),
    )  # fmt: skip
    return made


def p256(client: Client, session: int) -> tuple[int, int]:
    return pair(client, session, Mechanism.EC_KEY_PAIR_GEN, attributes(EC_PARAMS=P256))


def aes(client: Client, session: int, value: bytes = bytes(range(32))) -> int:
    key: int = client.call(
        "C_CreateObject", session,
        attributes(CLASS=ObjectClass.SECRET_KEY, KEY_TYPE=KeyType.AES, VALUE=value, ENCRYPT=True, DECRYPT=True),
    )  # fmt: skip
    return key


def sign(client: Client, session: int, key: int, data: bytes = bytes(32), room: int = 600) -> tuple[int, Any]:
    arg = MechanismArg(Mechanism.ECDSA, None)
    return client.both(("C_SignInit", session, arg, key), ("C_Sign", session, data, room))


def standing_signature(keeper: Keeper, client: Client, session: int, key: int) -> None:
    """Native code answers it from here on."""
    before = keeper.native
    for _ in range(OFTEN):
        assert sign(client, session, key)[0] == Fault.OK
    assert keeper.native > before


PSS = RsaPkcsPssParams(hash_alg=Mechanism.SHA256, mgf=Mgf.MGF1_SHA256, s_len=32)
SIGNATURES = [
    (Mechanism.EC_KEY_PAIR_GEN, P256, Mechanism.ECDSA, None, False),
    (Mechanism.EC_KEY_PAIR_GEN, P384, Mechanism.ECDSA_SHA384, None, False),
    (Mechanism.EC_EDWARDS_KEY_PAIR_GEN, ED25519, Mechanism.EDDSA, None, True),
    (Mechanism.RSA_PKCS_KEY_PAIR_GEN, None, Mechanism.SHA256_RSA_PKCS, None, True),
    (Mechanism.RSA_PKCS_KEY_PAIR_GEN, None, Mechanism.RSA_PKCS, None, True),
    (Mechanism.RSA_PKCS_KEY_PAIR_GEN, None, Mechanism.SHA256_RSA_PKCS_PSS, PSS, False),
]


@pytest.mark.parametrize(
    ("made_by", "curve", "mechanism", "params", "same"), SIGNATURES, ids=lambda value: str(value)[:24]
)
def test_signatures(
    keeper: Keeper, client: Client, session: int, made_by: Any, curve: Any, mechanism: Any, params: Any, same: bool
) -> None:
    template = attributes(EC_PARAMS=curve) if curve else attributes(MODULUS_BITS=2048)
    public, private = pair(client, session, made_by, template)
    arg = MechanismArg(mechanism, params)
    for at in range(OFTEN):
        data = bytes([at]) * 48
        rv, signature = client.both(("C_SignInit", session, arg, private), ("C_Sign", session, data, 600))
        assert rv == Fault.OK
        client.call("C_VerifyInit", session, arg, public)
        client.call("C_Verify", session, data, signature)
        client.call("C_SignInit", session, arg, private)
        assert (client.call("C_Sign", session, data, 600) == signature) is same
    for _ in range(2 * OFTEN):
        rv, signature = client.both(("C_SignInit", session, arg, private), ("C_Sign", session, b"d" * 32, 600))
        assert rv == Fault.OK
    assert keeper.native > OFTEN
    client.call("C_VerifyInit", session, arg, public)
    client.call("C_Verify", session, b"d" * 32, signature)
    assert keeper.calls("C_Sign") == keeper.calls("C_SignInit") == 4 * OFTEN


def test_what_native_code_has_not_goes_on_as_ever(keeper: Keeper, client: Client, session: int) -> None:
    _, private = pair(client, session, Mechanism.EC_EDWARDS_KEY_PAIR_GEN, attributes(EC_PARAMS=ED25519))
    arg = MechanismArg(Mechanism.EDDSA, EddsaParams(ph_flag=False, context_data=b"context"))
    made = {client.both(("C_SignInit", session, arg, private), ("C_Sign", session, b"data", 600)) for _ in range(OFTEN)}
    assert len(made) == 1
    assert keeper.native == 0


@pytest.mark.parametrize("size", [0, 1, 64, 5000, 70_000])
@pytest.mark.parametrize("aad", [b"", b"header"])
def test_gcm_with_fresh_vectors(keeper: Keeper, client: Client, session: int, size: int, aad: bytes) -> None:
    value = bytes(range(32))
    key, library = aes(client, session, value), AESGCM(value)
    for at in range(2 * OFTEN):
        iv, data = bytes([at]) * 12, bytes([at]) * size
        arg = MechanismArg(Mechanism.AES_GCM, GcmParams(iv=iv, aad=aad, tag_bits=128))
        room = size + 16
        rv, sealed = client.both(("C_EncryptInit", session, arg, key), ("C_Encrypt", session, data, room), iv)
        assert (rv, sealed) == (Fault.OK, library.encrypt(iv, data, aad or None))
        rv, opened = client.both(("C_DecryptInit", session, arg, key), ("C_Decrypt", session, sealed, size), iv)
        assert (rv, opened) == (Fault.OK, data)
    assert keeper.native > 2 * OFTEN


def test_a_wrong_tag_and_a_short_buffer_are_what_they_were(keeper: Keeper, client: Client, session: int) -> None:
    key, iv = aes(client, session), b"i" * 12
    arg = MechanismArg(Mechanism.AES_GCM, GcmParams(iv=iv, aad=b"", tag_bits=128))
    init = ("C_DecryptInit", session, arg, key)
    sealed = AESGCM(bytes(range(32))).encrypt(iv, b"data", None)
    for _ in range(OFTEN):
        assert client.both(init, ("C_Decrypt", session, sealed, 4), iv) == (Fault.OK, b"data")
    native = keeper.native
    for wrong in (sealed[:-1] + b"?", sealed[:15]):
        answered = client.both(init, ("C_Decrypt", session, wrong, 99), iv)[0]
        client.call("C_DecryptInit", session, arg, key)
        assert answered == client.rv("C_Decrypt", session, wrong, 99)[0] != Fault.OK
    assert client.both(init, ("C_Decrypt", session, sealed, 3), iv) == (Fault.BUFFER_TOO_SMALL, 4)
    assert client.call("C_Decrypt", session, sealed, 4) == b"data"  # the operation is still there
    assert keeper.native == native
    shorter = MechanismArg(Mechanism.AES_GCM, replace(arg.params, tag_bits=96))
    assert (
        client.both(("C_DecryptInit", session, shorter, key), ("C_Decrypt", session, sealed[:-4], 4), iv)[1] == b"data"
    )


def _log_out(keeper: Keeper, client: Client, session: int, key: int) -> None:
    client.call("C_Logout", session)


def _log_out_and_in(keeper: Keeper, client: Client, session: int, key: int) -> None:
    _log_out(keeper, client, session, key)
    client.call("C_Login", session, int(UserType.USER), PIN)


def _close(keeper: Keeper, client: Client, session: int, key: int) -> None:
    client.call("C_OpenSession", keeper.slot, int(RW))  # the login stays
    client.call("C_CloseSession", session)


def _close_in_another_connection(keeper: Keeper, client: Client, session: int, key: int) -> None:
    other = keeper.client(client.token)
    other.call("C_OpenSession", keeper.slot, int(RW))
    other.call("C_CloseSession", session)


def _destroy(keeper: Keeper, client: Client, session: int, key: int) -> None:
    client.call("C_DestroyObject", session, key)


def _of_another_process(keeper: Keeper, client: Client) -> tuple[Client, int, int]:
    """Another application, its session, and the private key in it."""
    other = keeper.client()
    own = logged_in(keeper, other)
    other.call("C_FindObjectsInit", own, attributes(CLASS=ObjectClass.PRIVATE_KEY))
    (found,) = other.call("C_FindObjects", own, 9)
    other.call("C_FindObjectsFinal", own)
    return other, own, found


def _destroy_elsewhere(keeper: Keeper, client: Client, session: int, key: int) -> None:
    other, own, found = _of_another_process(keeper, client)
    other.call("C_DestroyObject", own, found)


def _forbid_elsewhere(keeper: Keeper, client: Client, session: int, key: int) -> None:
    other, own, found = _of_another_process(keeper, client)
    other.call("C_SetAttributeValue", own, found, ((Attr.SIGN, False),))


def _begin(keeper: Keeper, client: Client, session: int, key: int) -> None:
    keeper.client(client.token).call("C_SignInit", session, MechanismArg(Mechanism.ECDSA_SHA256, None), key)


ENDS: dict[Fault, list[Callable[[Keeper, Client, int, int], None]]] = {
    Fault.KEY_HANDLE_INVALID: [_log_out, _log_out_and_in, _destroy, _destroy_elsewhere],
    Fault.SESSION_HANDLE_INVALID: [_close, _close_in_another_connection],
    Fault.KEY_FUNCTION_NOT_PERMITTED: [_forbid_elsewhere],
    Fault.OPERATION_ACTIVE: [_begin],
}


def works(client_session: int) -> int:
    """Keys that native code has of this session."""
    found = [one for one in gc.get_objects() if isinstance(one, Standings)]
    return sum(bool(one.work) for each in found for one in each._places if one.session == client_session)


@pytest.mark.parametrize("end", [_log_out, _close, _destroy, _destroy_elsewhere, _forbid_elsewhere])
def test_no_key_stays(
    keeper: Keeper, client: Client, session: int, end: Callable[[Keeper, Client, int, int], None]
) -> None:
    _, key = p256(client, session)
    standing_signature(keeper, client, session, key)
    assert works(session) == 1
    end(keeper, client, session, key)
    assert works(session) == 0


@pytest.mark.parametrize(("fault", "end"), [(fault, end) for fault, ends in ENDS.items() for end in ends])
def test_what_ends_it(
    keeper: Keeper, client: Client, session: int, fault: Fault, end: Callable[[Keeper, Client, int, int], None]
) -> None:
    _, key = p256(client, session)
    standing_signature(keeper, client, session, key)
    end(keeper, client, session, key)
    native = keeper.native
    assert sign(client, session, key)[0] == fault
    assert keeper.native == native


def test_a_change_elsewhere_is_looked_at_and_it_goes_on(keeper: Keeper, client: Client, session: int) -> None:
    _, key = p256(client, session)
    standing_signature(keeper, client, session, key)
    for _ in range(5):
        CHANGES.count()
        native = keeper.native
        assert sign(client, session, key)[0] == Fault.OK
        assert keeper.native == native, "something may have changed: Python was asked"
        assert sign(client, session, key)[0] == Fault.OK
        assert keeper.native == native + 1, "nothing has"


def test_an_audit_that_comes_later_counts(keeper: Keeper, client: Client, session: int) -> None:
    _, key = p256(client, session)
    standing_signature(keeper, client, session, key)
    token = keeper.hsm.token(keeper.slot)
    assert token is not None
    native = keeper.native
    token.set_audit(SO_PIN, uses=True)
    for _ in range(OFTEN):
        assert sign(client, session, key)[0] == Fault.OK
    assert keeper.native == native, "each use is written down"
    token.set_audit(SO_PIN, uses=False)
    for _ in range(OFTEN):
        assert sign(client, session, key)[0] == Fault.OK
    assert keeper.native > native


def test_an_active_operation_of_the_session_is_left_alone(keeper: Keeper, client: Client, session: int) -> None:
    """Two kinds of operations of one session do not disturb each other, in either order."""
    _, key = p256(client, session)
    standing_signature(keeper, client, session, key)
    client.call("C_DigestInit", session, MechanismArg(Mechanism.SHA256, None))
    client.call("C_DigestUpdate", session, b"da")
    for _ in range(4 * OFTEN):
        assert sign(client, session, key)[0] == Fault.OK
    client.call("C_DigestUpdate", session, b"ta")
    assert len(client.call("C_DigestFinal", session, 32)) == 32


def test_more_pairs_than_places(keeper: Keeper, client: Client, session: int) -> None:
    """Each is counted once, whoever answered it."""
    keys = [p256(client, session)[1] for _ in range(20)]
    rounds = 8
    for _ in range(rounds):
        for key in keys:
            for _ in range(3):
                assert sign(client, session, key)[0] == Fault.OK
    assert 0 < keeper.native < keeper.calls("C_Sign") == keeper.calls("C_SignInit") == 3 * rounds * len(keys)
    client.socket.close()
    deadline = threading.Event()
    for _ in range(100):
        if not keeper.server.figures()["connections"]["open"]:
            break
        deadline.wait(0.05)
    assert keeper.calls("C_Sign") == 3 * rounds * len(keys), "also after the connection has ended"
    seconds = {one["function"]: one["seconds"] for one in keeper.server.figures()["seconds"]}
    assert 0 < seconds["C_Sign"] < 60


def test_long_requests_pay_for_the_mailbox_until_short_ones_come(keeper: Keeper, client: Client, session: int) -> None:
    """What a client sends, and has the keeper keep for it."""
    memory, size = of_client((os.getuid(), os.getpid()), 0), 1 << 20
    before = memory.taken
    arg = MechanismArg(Mechanism.SHA256, None)

    def digest(data: bytes) -> None:
        client.call("C_DigestInit", session, arg)
        assert client.call("C_Digest", session, data, 32) == hashlib.sha256(data).digest()

    digest(bytes(5000))
    assert 10_000 < memory.taken - before < 40_000
    digest(bytes(size))
    assert 3 * size - FIRST_SIZE < memory.taken - before < 3 * size + 40_000, "the buffer, and two areas"
    digest(bytes(2 * size))
    for _ in range(40):
        digest(b"short")
    assert memory.taken == before
    digest(bytes(size))
    assert memory.taken > before
    client.socket.close()
    due = time.monotonic() + 10
    while memory.taken > before - SESSION and time.monotonic() < due:
        time.sleep(0.01)
    assert memory.taken < before, "also the session has gone"


def test_pairs_that_are_too_long_take_no_places(keeper: Keeper, client: Client, session: int) -> None:
    """A client may send what the module does not; what is short stands after it as before it."""
    iv = b"vector of 12"
    for n in range(20):
        key = aes(client, session, bytes([n]) * 32)
        arg = MechanismArg(Mechanism.AES_GCM, GcmParams(iv=iv, aad=b"a" * 300, tag_bits=128))
        made = AESGCM(bytes([n]) * 32).encrypt(iv, b"data", b"a" * 300)
        for _ in range(4):
            assert client.both(("C_EncryptInit", session, arg, key), ("C_Encrypt", session, b"data", 99), iv)[1] == made
    assert keeper.native == 0
    standing_signature(keeper, client, session, p256(client, session)[1])


def test_others_in_the_same_frame(keeper: Keeper, client: Client, session: int) -> None:
    """Bytes that differ anywhere mean something else, or nothing: never the signature that stands."""
    _, key = p256(client, session)
    standing_signature(keeper, client, session, key)
    other = logged_in(keeper, keeper.client())
    arg = MechanismArg(Mechanism.ECDSA, None)
    assert client.both(("C_SignInit", session, arg, key), ("C_Sign", other, bytes(32), 600))[0] != Fault.OK
    client.call("C_SessionCancel", session, 0x800)
    assert client.both(("C_SignInit", other, arg, key), ("C_Sign", session, bytes(32), 600))[0] != Fault.OK
    assert client.both(("C_SignInit", session, arg, key + 1), ("C_Sign", session, bytes(32), 600))[0] != Fault.OK
    assert sign(client, session, key, room=63) == (Fault.BUFFER_TOO_SMALL, 64)
    assert len(client.call("C_Sign", session, bytes(32), 64)) == 64
    assert sign(client, session, key, b"")[0] == Fault.DATA_LEN_RANGE


HANDLE, AAD = "the key's handle", b"header of a message"


@pytest.mark.parametrize("free", [HANDLE, AAD, AAD[:12], b"vec", b"vectors of 12"[:11], b"\x80\0\0\0\0\0\0\0"])
def test_what_is_said_to_vary_and_is_no_vector(keeper: Keeper, client: Client, session: int, free: Any) -> None:
    """A client may say of any bytes that they differ from time to time: they mean what they mean."""
    keys = [aes(client, session, bytes([n]) * 32) for n in range(2)]
    iv = b"vectors of 12"[:12]

    def once(key: int, aad: bytes, iv: bytes) -> tuple[int, Any]:
        arg = MechanismArg(Mechanism.AES_GCM, GcmParams(iv=iv, aad=aad, tag_bits=128))
        varying = key.to_bytes(8, "little") if free is HANDLE else aad[: len(free)] if free in AAD else free
        return client.both(("C_EncryptInit", session, arg, key), ("C_Encrypt", session, b"data", 99), varying)

    for _ in range(OFTEN):
        assert once(keys[0], AAD, iv) == (Fault.OK, AESGCM(bytes(32)).encrypt(iv, b"data", AAD))
    assert keeper.native == 0
    other = bytes(reversed(AAD))
    if free is HANDLE:
        assert once(keys[1], AAD, iv) == (Fault.OK, AESGCM(b"\1" * 32).encrypt(iv, b"data", AAD))
    elif free in AAD:
        assert once(keys[0], other, iv) == (Fault.OK, AESGCM(bytes(32)).encrypt(iv, b"data", other))


def test_a_signature_has_no_vector(keeper: Keeper, client: Client, session: int) -> None:
    (_, one), (_, two) = p256(client, session), p256(client, session)
    arg = MechanismArg(Mechanism.ECDSA, None)

    def once(key: int) -> tuple[int, Any]:
        handle = key.to_bytes(8, "little")
        return client.both(("C_SignInit", session, arg, key), ("C_Sign", session, bytes(32), 64), handle)

    for _ in range(OFTEN):
        assert once(one)[0] == Fault.OK
    client.call("C_DestroyObject", session, two)
    assert once(two)[0] == Fault.KEY_HANDLE_INVALID
    assert keeper.native == 0


def _cut(frame: bytes) -> Iterator[bytes]:
    """Frames that are not whole, or say that they are longer or shorter than they are."""
    for end in range(8, len(frame)):
        yield (end - 4).to_bytes(4, "little") + frame[4:end]
    for at in (12, 14, 16, 18):
        for value in (0, 1, 0x7F, 0xFFFF):
            yield frame[:at] + value.to_bytes(2, "little") + frame[at + 2 :]


def test_frames_that_are_cut_or_lie_end_their_connection_alone(keeper: Keeper) -> None:
    arg = MechanismArg(Mechanism.ECDSA, None)
    first = keeper.client()
    session = logged_in(keeper, first)
    _, key = p256(first, session)
    standing_signature(keeper, first, session, key)
    init = codec.encode_call(BY_NAME["C_SignInit"], (session, arg, key))
    head = frames.PAIR.pack(BY_NAME["C_SignInit"].number, BY_NAME["C_Sign"].number, len(init), 0, 0, 0)
    payload = head + init + codec.encode_call(BY_NAME["C_Sign"], (session, bytes(32), 64))
    frame = frames.REQUEST.pack(4 + len(payload), frames.BOTH, 0) + payload
    for odd in _cut(frame):
        client = keeper.client(first.token)
        for _ in range(4):
            assert sign(client, session, key)[0] == Fault.OK
        client.socket.sendall(odd)
        client.socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while client.socket.recv(4096):
                pass
        client.socket.close()
    assert sign(first, session, key)[0] == Fault.OK


def test_threads_and_changes(keeper: Keeper) -> None:
    """Signers that go on while another process changes, and in the end destroys their key: each has signatures before,
    refusals after, and nothing else."""
    first = keeper.client()
    session = logged_in(keeper, first)
    _, _ = p256(first, session)
    ended = threading.Event()
    seen: list[list[int]] = []

    def work() -> None:
        client, own, found = _of_another_process(keeper, first)
        mine: list[int] = []
        seen.append(mine)
        while not ended.is_set():
            mine.append(sign(client, own, found)[0])
        mine += [sign(client, own, found)[0] for _ in range(5)]
        client.socket.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    other, own, found = _of_another_process(keeper, first)
    for at in range(30):
        other.call("C_SetAttributeValue", own, found, ((Attr.LABEL, b"%d" % at),))
    for _ in range(300):  # nothing changes any more: what the signers do stands
        if keeper.native and len(seen) == len(threads):
            break
        time.sleep(0.1)
    other.call("C_DestroyObject", own, found)
    ended.set()
    for thread in threads:
        thread.join()
    assert keeper.native > 0
    for mine in seen:
        good = mine.count(Fault.OK)
        assert mine[:good] == [Fault.OK] * good
        assert set(mine[good:]) == {Fault.KEY_HANDLE_INVALID}


def test_small_calls_after_long_ones_that_share_a_thread(keeper: Keeper) -> None:
    """The buffer that long frames came in stays where it is as long as native code knows it."""
    ended = threading.Event()
    done: list[int] = []

    def work() -> None:
        client = keeper.client()
        session = logged_in(keeper, client)
        key = aes(client, session)
        arg = MechanismArg(Mechanism.AES_CTR, AesCtrParams(counter_bits=128, cb=bytes(16)))
        while not ended.is_set():
            for _ in range(30):
                client.both(("C_EncryptInit", session, arg, key), ("C_Encrypt", session, bytes(60_000), 60_000))
            for _ in range(200):
                client.call("C_GetSessionInfo", session)
            done.append(1)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(300):
        if len(done) > 40 or not all(thread.is_alive() for thread in threads):
            break
        time.sleep(0.1)
    alive = all(thread.is_alive() for thread in threads)
    ended.set()
    for thread in threads:
        thread.join()
    assert alive


def test_a_work_that_makes_something_else_is_not_used(caplog: pytest.LogCaptureFixture) -> None:
    assert standing.open_library() is None
    from hsmith.crypto.key import Key

    key = Key(ObjectClass.SECRET_KEY, KeyType.AES, 32, bytes(32))
    params = GcmParams(iv=bytes(12), aad=b"", tag_bits=128)
    made = AESGCM(bytes(32)).encrypt(bytes(12), b"data", None)
    prepare = standing.prepare
    gcm = Mechanism.AES_GCM
    assert prepare("encrypt", gcm, key, {}, params=params, data=b"data", made=made) is not None
    assert prepare("encrypt", gcm, key, {}, params=params, data=b"data", made=made[:-1] + b"?") is None
    assert "AES_GCM" in caplog.text
    assert prepare("encrypt", Mechanism.AES_CBC, key, {}, params=params, data=b"data", made=made) is None


def test_places_are_given_back(keeper: Keeper) -> None:
    """The structures are as native code has them, and nothing stands in one that is closed."""
    from hsmith.core.tally import Tally
    from hsmith.wire.standing import open_standings

    tally = Tally()
    places = open_standings(tally)
    assert isinstance(places, Standings)
    places.enlarge(10_000)
    assert places.room == 10_000
    assert not places.renew(b"unknown", 1)
    places.close()
    assert list(tally.standing()) == []
