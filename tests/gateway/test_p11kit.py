"""p11-kit's protocol, byte for byte, in its three versions: on standard input and output, and at the keeper's door."""

import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from struct import unpack_from

import pytest

from gateway.rpc import CALLS, HANDSHAKE, Error, Rpc, attributes, ay, number, room, string, text, truth, u, wanted
from harness import BIN, keepers_of
from hsmith.gateway.p11kit import calls
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass
from hsmith.wire.client import Client
from p11 import P256

RW_SESSION, SO, USER = 6, 0, 1
Connect = Callable[[int], Rpc]


@pytest.fixture
def door(home: Path) -> Iterator[Connect]:
    """Opens a conversation at the keeper's second socket, and offers a version."""
    with (home / "config.toml").open("a") as config:
        config.write('[keeper]\np11_kit = "p11-kit.sock"\n')
    with ExitStack() as stack:

        def connect(version: int) -> Rpc:
            with Client():  # starts the keeper
                pass
            connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            connection.connect(str(home / "p11-kit.sock"))
            return Rpc(connection, version)

        yield connect


@pytest.fixture
def stdio(home: Path) -> Iterator[Connect]:
    """The same with ``hsmith p11-kit``."""
    with ExitStack() as stack:

        def connect(version: int) -> Rpc:
            ours, theirs = socket.socketpair()
            with theirs:
                child = subprocess.Popen([BIN / "hsmith", "p11-kit"], stdin=theirs.fileno(), stdout=theirs.fileno())
            stack.callback(child.wait, 20)
            stack.enter_context(ours)
            return Rpc(ours, version)

        yield connect


def test_signatures_are_those_of_p11_kit() -> None:
    ours = {call.name: (call.number, call.request, call.reply) for call in calls.CALLS.values()}
    assert {name: ours[name] for name in CALLS} == CALLS
    assert calls.HANDSHAKE == HANDSHAKE


def test_the_version_is_the_clients_or_the_newest_known(door: Connect) -> None:
    for offered, answered in (0, 0), (1, 1), (2, 2), (9, 2):
        rpc = door(offered)
        assert rpc.answered == answered
        rpc.initialize()
        assert rpc.call("C_GetInfo")[:2] == (b"\x02\x28" if answered == 0 else b"\x03\x00")


def logged_in(rpc: Rpc) -> int:
    """A session of a fresh token's user."""
    rpc.initialize()
    there, count, slot = unpack_from(">BIQ", rpc.call("C_GetSlotList", b"\1", room(9)))
    assert (there, count) == (1, 1)
    if rpc.version >= 2:
        rpc.call("C_InitToken2", u(slot), ay(b"12345678"), string(b"one".ljust(32)))
    else:
        rpc.call("C_InitToken", u(slot), ay(b"12345678"), string(b"one".ljust(32) + b"read on behind it"))
    assert rpc.call("C_GetTokenInfo", u(slot))[4:36] == b"one".ljust(32)
    session = rpc.ulong("C_OpenSession", u(slot), u(RW_SESSION))
    rpc.call("C_Login", u(session), u(SO), ay(b"12345678"))
    rpc.call("C_InitPIN", u(session), ay(b"1234"))
    rpc.call("C_Logout", u(session))
    with pytest.raises(Error) as wrong:
        rpc.call("C_Login", u(session), u(USER), ay(b"4321"))
    assert wrong.value.rv == Fault.PIN_INCORRECT
    rpc.call("C_Login", u(session), u(USER), ay(b"1234"))
    return session


def test_keys_and_data_on_standard_input_and_output(stdio: Connect) -> None:
    keys_and_data(stdio(1))


@pytest.mark.parametrize("version", [0, 2])
def test_keys_and_data(door: Connect, version: int) -> None:
    keys_and_data(door(version))


def keys_and_data(rpc: Rpc) -> None:
    session = logged_in(rpc)
    template = attributes(
        number(Attr.VALUE_LEN, 32), truth(Attr.ENCRYPT, True), truth(Attr.DECRYPT, True), text(Attr.LABEL, b"aes")
    )
    key = rpc.ulong("C_GenerateKey", u(session), rpc.mechanism(Mechanism.AES_KEY_GEN), template)

    # AES-GCM: iv, its bits, additional data, bits of the tag.
    gcm = rpc.mechanism(Mechanism.AES_GCM, string(bytes(12)) + u(96) + string(b"aad") + u(128), formed=True)
    rpc.call("C_EncryptInit", u(session), gcm, u(key))
    assert rpc.array(rpc.call("C_Encrypt", u(session), ay(b"text"), room(0))) == 20
    assert rpc.array(rpc.call("C_Encrypt", u(session), ay(b"text"), room(19))) == 20
    sealed = rpc.array(rpc.call("C_Encrypt", u(session), ay(b"text"), room(64)))
    assert isinstance(sealed, bytes) and len(sealed) == 20
    rpc.call("C_DecryptInit", u(session), gcm, u(key))
    assert rpc.array(rpc.call("C_Decrypt", u(session), ay(sealed), room(64))) == b"text"

    rpc.call("C_FindObjectsInit", u(session), attributes(text(Attr.LABEL, b"aes")))
    assert rpc.call("C_FindObjects", u(session), room(10)) == b"\1\0\0\0\1" + u(key)
    assert rpc.call("C_FindObjects", u(session), room(10)) == b"\1\0\0\0\0"
    rpc.call("C_FindObjectsFinal", u(session))

    def get(*pairs: tuple[int, int]) -> tuple[list[bytes | None], int]:
        return rpc.values(rpc.call("C_GetAttributeValue", u(session), u(key), wanted(*pairs)))

    assert get((Attr.LABEL, 0), (Attr.ID, 9)) == ([b"aes", b""], 0)
    assert get((Attr.LABEL, 2), (Attr.ID, 9)) == ([None, b""], Fault.BUFFER_TOO_SMALL)
    assert get((Attr.LABEL, 3), (Attr.VALUE, 32)) == ([b"aes", None], Fault.ATTRIBUTE_SENSITIVE)
    found = rpc.call("C_GetAttributeValue", u(session), u(key), wanted((Attr.VALUE_LEN, 8), (Attr.ENCRYPT, 1)))
    assert found.hex() == "00000002000001610100000008" + u(32).hex() + "00000104010000000101" + u(0).hex()
    # Not known to p11-kit: as it is in memory.
    assert get((Attr.DESTROYABLE, 1)) == ([b"\1"], 0)
    assert rpc.array(rpc.call("C_GenerateRandom", u(session), room(40))) != bytes(40)
    rpc.call("C_Finalize")
    with pytest.raises(Error) as late:
        rpc.call("C_GetSessionInfo", u(session))
    assert late.value.rv == Fault.CRYPTOKI_NOT_INITIALIZED


def test_derivation_and_a_nested_template(door: Connect) -> None:
    """Version 2: a second form of C_DeriveKey, and questions that reach into templates."""
    rpc = door(2)
    session = logged_in(rpc)
    pair = rpc.call(
        "C_GenerateKeyPair",
        u(session),
        rpc.mechanism(Mechanism.EC_KEY_PAIR_GEN),
        attributes(text(Attr.EC_PARAMS, P256)),
        attributes(truth(Attr.DERIVE, True)),
    )
    public, private = rpc.ulongs(pair)
    asked = rpc.call("C_GetAttributeValue", u(session), u(public), wanted((Attr.EC_POINT, 99)))
    (point,), _ = rpc.values(asked)
    ecdh = rpc.mechanism(Mechanism.ECDH1_DERIVE, u(1) + string(b"") + string(point), formed=True)
    inner = attributes(truth(Attr.TOKEN, False))
    template = attributes(
        number(Attr.CLASS, ObjectClass.SECRET_KEY),
        number(Attr.KEY_TYPE, KeyType.GENERIC_SECRET),
        number(Attr.VALUE_LEN, 32),
        truth(Attr.DERIVE, True),
        (int(Attr.DERIVE_TEMPLATE), inner, 24),
    )
    made = rpc.call("C_DeriveKey2", u(session), ecdh, u(private), template)
    key, given, rv = unpack_from(">QBQ", made)
    assert (len(made), given, rv) == (17, 1, 0)
    plain = wanted((Attr.DERIVE_TEMPLATE, 24), (Attr.LABEL, 9))
    nested = wanted((Attr.DERIVE_TEMPLATE, 24))[:12] + wanted((Attr.TOKEN, 1)) + wanted((Attr.LABEL, 9))[4:]
    answers = {
        rpc.call("C_GetAttributeValue", u(session), u(key), question) for question in (plain, b"\0\0\0\2" + nested[4:])
    }
    assert len(answers) == 1
    assert inner in answers.pop()


def test_what_is_not_served_is_refused(door: Connect) -> None:
    rpc = door(1)
    session = logged_in(rpc)

    def refusal(name: str, *arguments: bytes) -> int:
        with pytest.raises(Error) as refused:
            rpc.call(name, *arguments)
        return refused.value.rv

    assert refusal("C_WaitForSlotEvent", u(0)) == Fault.FUNCTION_NOT_SUPPORTED
    raw = (u(session), ay(b"\0" * 40), ay(None), ay(b"x"), room(50))
    assert refusal("C_EncryptMessage", *raw) == Fault.FUNCTION_NOT_SUPPORTED
    assert refusal("C_GetTokenInfo", u(77)) == Fault.SLOT_ID_INVALID
    assert refusal("C_Initialize", ay(HANDSHAKE), b"\0", ay(None)) == Fault.CRYPTOKI_ALREADY_INITIALIZED
    answer = rpc.raw((95).to_bytes(4, "big") + string(b"u"))
    assert answer[-8:] == u(Fault.FUNCTION_NOT_SUPPORTED)


def test_garbage_ends_one_conversation_and_no_more(door: Connect, home: Path) -> None:
    """Cut, lengthened and altered messages: an error, or the end of the connection; the keeper stays."""
    chance = random.Random(20240229)
    rpc = door(1)
    session = logged_in(rpc)
    keepers = keepers_of(home)
    seed = (
        (24).to_bytes(4, "big") + string(b"uufA") + u(session) + u(1) + wanted((Attr.LABEL, 9)),
        (20).to_bytes(4, "big")
        + string(b"uaA")
        + u(session)
        + attributes(number(Attr.CLASS, 0), text(Attr.LABEL, b"x")),
        (29).to_bytes(4, "big") + string(b"uMu") + u(session) + rpc.mechanism(Mechanism.AES_ECB) + u(1),
        (15).to_bytes(4, "big") + string(b"uayay") + u(session) + ay(b"1234") + ay(b"1234"),
    )
    for _ in range(40):
        message = bytearray(chance.choice(seed))
        for _ in range(chance.randrange(1, 4)):
            message[chance.randrange(len(message))] = chance.randrange(256)
        message = message[: chance.randrange(1, len(message) + 1)] if chance.random() < 0.3 else message
        with suppress(EOFError, ConnectionError):
            rpc.raw(bytes(message))
            continue
        rpc = door(1)
        rpc.initialize()
    assert keepers_of(home) == keepers != []
    rpc = door(2)
    rpc.initialize()
    rpc.connection.sendall(b"\0\0\0\1" + b"\0\0\0\0" + b"\xff\xff\xff\xff")
    with pytest.raises((EOFError, ConnectionError)):
        rpc.exactly(1)


def test_a_terminal_is_told_what_this_is_for() -> None:
    import os
    import pty

    ours, theirs = pty.openpty()
    try:
        done = subprocess.run([BIN / "hsmith", "p11-kit"], stdin=theirs, capture_output=True, text=True, timeout=30)
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2
    assert "remote:" in done.stderr


def test_a_keeper_that_cannot_be_reached(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HSMITH_SOCKET", str(home / "nobody"))
    ours, theirs = socket.socketpair()
    command = (sys.executable, "-m", "hsmith.cli", "p11-kit")
    with theirs:
        child = subprocess.Popen(
            command, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.PIPE, text=True
        )
    with ours:
        rpc = Rpc(ours, 1)
        with pytest.raises(Error) as refused:
            rpc.initialize()
        assert refused.value.rv == Fault.DEVICE_ERROR
    assert "No keeper can be reached" in child.communicate(timeout=20)[1]
