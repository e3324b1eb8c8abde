"""Searches that native code answers find what Python's find, for as long as Python would: docs/decisions/0026."""

import contextlib
import gc
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryptoki.calling import PIN, RW, SO_PIN, attributes, make_token
from hsmith.core import builtin
from hsmith.cryptoki.searches import OFTEN
from hsmith.spec.constants import (
    Attr,
    CertificateType,
    Fault,
    KeyType,
    Mechanism,
    ObjectClass,
    ProfileId,
    SessionState,
    UserType,
)
from hsmith.spec.functions import FIND
from hsmith.spec.values import Malformed, MechanismArg
from hsmith.store.directory import FEW
from hsmith.wire import codec, frames
from hsmith.wire.standing import Standings
from wire.serving import Client, Keeper, logged_in

DATA, CERTIFICATE, SECRET = ObjectClass.DATA, ObjectClass.CERTIFICATE, ObjectClass.SECRET_KEY


def data(client: Client, session: int, label: str, *, private: bool = False, token: bool = True, **more: Any) -> int:
    template = attributes(CLASS=DATA, TOKEN=token, PRIVATE=private, LABEL=label.encode(), **more)
    made: int = client.call("C_CreateObject", session, template)
    return made


def wanted(label: str, **more: Any) -> Any:
    return attributes(CLASS=DATA, LABEL=label.encode(), **more)


def plainly(client: Client, session: int, template: Any) -> list[int]:
    """What Python finds."""
    client.call("C_FindObjectsInit", session, template)
    found = list(client.call("C_FindObjects", session, 1000))
    client.call("C_FindObjectsFinal", session)
    return found


def found(client: Client, session: int, template: Any) -> list[int]:
    rv, (complete, handles) = client.find(session, template)
    assert (rv, complete) == (Fault.OK, 1)
    return list(handles)


def stands(keeper: Keeper, client: Client, session: int, template: Any) -> list[int]:
    """Native code answers it from here on."""
    before = keeper.native
    for _ in range(OFTEN + 3):
        handles = found(client, session, template)
    assert keeper.native > before
    return handles


def natively(keeper: Keeper, client: Client, session: int, template: Any) -> list[int]:
    before = keeper.native
    handles = found(client, session, template)
    assert keeper.native == before + 1
    return handles


def in_python(keeper: Keeper, client: Client, session: int, template: Any) -> list[int]:
    before = keeper.native
    handles = found(client, session, template)
    assert keeper.native == before
    return handles


def test_it_finds_what_python_finds(keeper: Keeper, client: Client, session: int) -> None:
    for n in range(3):
        data(client, session, "public", OBJECT_ID=bytes([n]))
        data(client, session, "both")
        data(client, session, "both", private=True)
    for _ in range(FEW + 1):
        data(client, session, "many")
    secret = attributes(CLASS=SECRET, KEY_TYPE=KeyType.AES, TOKEN=True, VALUE=bytes(16), ID=b"key", LABEL=b"both")
    client.call("C_CreateObject", session, secret)
    other = client.call("C_OpenSession", keeper.slot, int(RW))
    stands(keeper, client, session, wanted("public"))
    before, asked = keeper.native, 0
    for template, native in (
        (wanted("public"), True),
        (wanted("both"), True),
        (wanted("both", TOKEN=True), True),
        (wanted("both", PRIVATE=True), True),
        (wanted("both", PRIVATE=False), True),
        (attributes(LABEL=b"both"), True),
        (attributes(LABEL=b"both", KEY_TYPE=KeyType.AES), True),
        (attributes(ID=b"key", CLASS=SECRET), True),
        (attributes(ID=b"key", CLASS=DATA), True),
        (attributes(ID=b"nobody's"), True),
        (attributes(CLASS=SECRET), True),
        (attributes(CLASS=CERTIFICATE), True),
        (attributes(CLASS=1 << 40), True),
        (attributes(OBJECT_ID=b"\1"), True),
        (wanted("many"), False),
        (attributes(CLASS=DATA), False),
        (attributes(), False),
        (attributes(TOKEN=True), False),
        (wanted("public", TOKEN=False), False),
        (wanted("public", MODIFIABLE=True), False),
        (wanted("public", SENSITIVE=True), False),
        (attributes(LABEL=b""), False),
        (attributes(CLASS=ObjectClass.PROFILE), False),
        (attributes(CLASS=ObjectClass.PROFILE, PROFILE_ID=ProfileId.BASELINE_PROVIDER), False),
        ((*wanted("public"), *wanted("both")), False),
        (((0x80001234, b"vendor's"),), False),
        (attributes(LABEL=b"l" * 2000), False),
    ):
        assert found(client, session, template) == plainly(client, other, template), template
        asked += native
        assert keeper.native == before + asked, template
    assert keeper.calls("C_FindObjectsInit") == OFTEN + 3 + 2 * 27, "each is counted once, whoever answered it"


def test_what_is_refused_is_refused_as_ever(keeper: Keeper, client: Client, session: int) -> None:
    data(client, session, "one")
    stands(keeper, client, session, wanted("one"))
    for template in (((Attr.CLASS, Malformed(4)),), (*wanted("one"), (Attr.START_DATE, b"yesterday"))):
        assert client.find(session, template)[0] == Fault.ATTRIBUTE_VALUE_INVALID
    assert natively(keeper, client, session, wanted("one"))


def test_more_than_are_wanted_go_on_as_a_search(keeper: Keeper, client: Client, session: int) -> None:
    handles = [data(client, session, "one") for _ in range(3)]
    stands(keeper, client, session, wanted("one"))
    assert client.find(session, wanted("one"), most=2) == (Fault.OK, (0, ()))
    assert client.find(session, wanted("one"))[0] == Fault.OPERATION_ACTIVE
    assert client.call("C_FindObjects", session, 9) == tuple(handles)
    client.call("C_FindObjectsFinal", session)
    assert stands(keeper, client, session, wanted("one")) == handles


def _log_out(keeper: Keeper, client: Client, session: int) -> None:
    client.call("C_Logout", session)


def _log_out_and_in(keeper: Keeper, client: Client, session: int) -> None:
    _log_out(keeper, client, session)
    client.call("C_Login", session, int(UserType.USER), PIN)


def _so(keeper: Keeper, client: Client, session: int) -> None:
    _log_out(keeper, client, session)
    client.call("C_Login", session, int(UserType.SO), SO_PIN)


def _session_object(keeper: Keeper, client: Client, session: int) -> None:
    data(client, session, "one", token=False)


def _session_object_elsewhere(keeper: Keeper, client: Client, session: int) -> None:
    other = keeper.client(client.token)
    data(other, other.call("C_OpenSession", keeper.slot, int(RW)), "one", token=False)


def _search_elsewhere(keeper: Keeper, client: Client, session: int) -> None:
    keeper.client(client.token).call("C_FindObjectsInit", session, wanted("one"))


def _close(keeper: Keeper, client: Client, session: int) -> None:
    client.call("C_OpenSession", keeper.slot, int(RW))
    keeper.client(client.token).call("C_CloseSession", session)


def _close_all(keeper: Keeper, client: Client, session: int) -> None:
    client.call("C_CloseAllSessions", keeper.slot)


@pytest.mark.parametrize(
    ("end", "rv", "count"),
    [
        (_log_out, Fault.OK, 1),
        (_log_out_and_in, Fault.OK, 2),
        (_so, Fault.OK, 1),
        (_session_object, Fault.OK, 3),
        (_session_object_elsewhere, Fault.OK, 3),
        (_search_elsewhere, Fault.OPERATION_ACTIVE, 0),
        (_close, Fault.SESSION_HANDLE_INVALID, 0),
        (_close_all, Fault.SESSION_HANDLE_INVALID, 0),
    ],
)
def test_what_ends_it(
    keeper: Keeper, client: Client, session: int, end: Callable[..., None], rv: Fault, count: int
) -> None:
    data(client, session, "one")
    data(client, session, "one", private=True)
    before = stands(keeper, client, session, wanted("one"))
    assert len(before) == 2
    assert standing_searches(session) == 1
    end(keeper, client, session)
    assert standing_searches(session) == 0, "no key of tags stays"
    native = keeper.native
    answered, result = client.find(session, wanted("one"))
    assert (answered, keeper.native) == (rv, native)
    if rv == Fault.OK:
        assert len(result[1]) == count
        other = client.call("C_OpenSession", keeper.slot, int(RW))
        assert list(result[1]) == plainly(client, other, wanted("one"))
        assert (before[0] in result[1], before[1] in result[1]) == (True, end.__name__.startswith("_session"))


def standing_searches(session: int) -> int:
    places = [one for one in gc.get_objects() if isinstance(one, Standings)]
    return sum(bool(one.search) for each in places for one in each._places if one.session == session)


@pytest.mark.parametrize("end", [_log_out_and_in, _so, _log_out])
def test_it_stands_again(keeper: Keeper, client: Client, session: int, end: Callable[..., None]) -> None:
    data(client, session, "one")
    data(client, session, "one", private=True)
    stands(keeper, client, session, wanted("one"))
    end(keeper, client, session)
    other = client.call("C_OpenSession", keeper.slot, int(RW))
    assert stands(keeper, client, session, wanted("one")) == plainly(client, other, wanted("one"))


def test_session_objects_that_have_gone(keeper: Keeper, client: Client, session: int) -> None:
    data(client, session, "one")
    brief = data(client, session, "one", token=False)
    for _ in range(3 * OFTEN):
        assert len(in_python(keeper, client, session, wanted("one"))) == 2
    client.call("C_DestroyObject", session, brief)
    for _ in range(64):
        assert len(found(client, session, wanted("one"))) == 1
    assert len(natively(keeper, client, session, wanted("one"))) == 1


def test_operations_of_other_kinds_do_not_end_it(keeper: Keeper, client: Client, session: int) -> None:
    handle = data(client, session, "one")
    stands(keeper, client, session, wanted("one"))
    client.call("C_DigestInit", session, MechanismArg(Mechanism.SHA256, None))
    assert natively(keeper, client, session, wanted("one")) == [handle]
    assert len(client.call("C_Digest", session, b"data", 32)) == 32


def test_changes_are_seen_at_once(keeper: Keeper, client: Client, session: int) -> None:
    """Whoever makes them."""
    stands(keeper, client, session, wanted("one"))
    other = keeper.client()
    own = logged_in(keeper, other)
    for made_by, with_session in ((client, session), (other, own)):
        public = data(made_by, with_session, "one")
        private = data(made_by, with_session, "one", private=True)
        handles = natively(keeper, client, session, wanted("one"))
        assert handles == plainly(client, client.call("C_OpenSession", keeper.slot, int(RW)), wanted("one"))
        assert len(handles) == 2
        made_by.call("C_SetAttributeValue", with_session, public, attributes(LABEL=b"two"))
        assert natively(keeper, client, session, wanted("one")) == handles[1:]
        assert natively(keeper, client, session, wanted("two")) == handles[:1]
        made_by.call("C_DestroyObject", with_session, public)
        made_by.call("C_DestroyObject", with_session, private)
        for name in ("one", "two"):
            assert natively(keeper, client, session, wanted(name)) == []


def test_a_token_sees_its_own_objects(keeper: Keeper, client: Client, session: int) -> None:
    handle = data(client, session, "one")
    slot = make_token(keeper.hsm)
    stranger = client.call("C_OpenSession", slot, int(RW))
    assert stands(keeper, client, stranger, wanted("one")) == []
    mine = data(client, stranger, "one")
    assert natively(keeper, client, stranger, wanted("one")) == [mine]
    assert stands(keeper, client, session, wanted("one")) == [handle]
    client.call("C_CloseSession", stranger)
    keeper.hsm.initialise(slot, SO_PIN, b"again".ljust(32))
    stranger = client.call("C_OpenSession", slot, int(RW))
    assert stands(keeper, client, stranger, wanted("one")) == []


def test_after_a_start(keeper: Keeper, client: Client, session: int, tmp_path: Path) -> None:
    names = [f"name {n}" for n in range(400)]
    for name in names:
        data(client, session, name, private=name.endswith("7"))
    client.call("C_DestroyObject", session, found(client, session, wanted(names[5]))[0])
    keeper.close()
    with contextlib.closing(Keeper(tmp_path, slot=keeper.slot)) as again:
        client = again.client()
        session = client.call("C_OpenSession", again.slot, int(RW))
        assert client.call("C_GetSessionInfo", session)[1] == SessionState.RW_PUBLIC_SESSION
        stands(again, client, session, wanted(names[0]))
        assert natively(again, client, session, wanted("name 7")) == []
        client.call("C_Login", session, int(UserType.USER), PIN)
        stands(again, client, session, wanted(names[0]))
        assert [len(natively(again, client, session, wanted(name))) for name in names] == [
            int(name != names[5]) for name in names
        ]


LABELS = ["a", "b", "c"]


def _create(client: Client, session: int, label: str, _: list[int]) -> None:
    data(client, session, label)


def _create_private(client: Client, session: int, label: str, _: list[int]) -> None:
    client.rv("C_CreateObject", session, wanted(label, TOKEN=True, PRIVATE=True))  # refused where nobody is logged in


def _create_briefly(client: Client, session: int, label: str, _: list[int]) -> None:
    brief = data(client, session, label, token=False)
    assert brief in found(client, session, wanted(label))
    client.call("C_DestroyObject", session, brief)


def _destroy(client: Client, session: int, _: str, handles: list[int]) -> None:
    for handle in handles[-1:]:
        client.call("C_DestroyObject", session, handle)


def _rename(client: Client, session: int, _: str, handles: list[int]) -> None:
    for handle in handles[:1]:
        client.call("C_SetAttributeValue", session, handle, attributes(LABEL=b"d"))


def _leave(client: Client, session: int, _: str, __: list[int]) -> None:
    client.rv("C_Logout", session)


def _come(client: Client, session: int, _: str, __: list[int]) -> None:
    client.rv("C_Login", session, int(UserType.USER), PIN)


STEP = st.sampled_from([_create, _create, _create, _create_private, _create_briefly, _destroy, _rename, _leave, _come])


def _agree(client: Client, session: int, expected: list[int], label: str) -> None:
    """Whoever answers."""
    for _ in range(3):
        complete, handles = client.find(session, wanted(label))[1]
        if complete:
            assert list(handles) == expected
        else:
            client.call("C_FindObjectsFinal", session)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(STEP, st.sampled_from(LABELS)), max_size=40))
def test_whatever_happens_before(keeper: Keeper, steps: list[tuple[Callable[..., None], str]]) -> None:
    client = keeper.client()
    session = logged_in(keeper, client)
    plain = client.call("C_OpenSession", keeper.slot, int(RW))
    for do, label in steps:
        do(client, session, label, plainly(client, plain, wanted(label)))
        for name in (*LABELS, "d"):
            _agree(client, session, plainly(client, plain, wanted(name)), name)
    client.rv("C_Login", session, int(UserType.USER), PIN)
    for name in (*LABELS, "d"):
        for handle in plainly(client, plain, wanted(name)):
            client.call("C_DestroyObject", session, handle)
    client.call("C_CloseAllSessions", keeper.slot)
    client.socket.close()


class Many:
    """Clients that make and destroy objects, each with a label of its own, and others that search for them."""

    EACH = 60

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self.first = keeper.client()
        logged_in(keeper, self.first)
        self.made: dict[str, int] = {}
        self.gone: set[str] = set()
        self.wrong: list[str] = []
        self.ended = threading.Event()

    def check(self, right: bool, words: str) -> None:
        if not right:
            self.wrong.append(words)

    def make(self, number: int) -> None:
        client = self.keeper.client()
        session = logged_in(self.keeper, client)
        for n in range(self.EACH):
            name = f"{number}.{n}"
            self.made[name] = handle = data(client, session, name)
            self.check(found(client, session, wanted(name)) == [handle], f"who made {name} does not find it")
            if self.ends(name):
                client.call("C_DestroyObject", session, handle)
                self.gone.add(name)
                self.check(not found(client, session, wanted(name)), f"who destroyed {name} finds it")

    def ends(self, name: str) -> bool:
        return int(name.split(".")[1]) % 3 == 0

    def search(self) -> None:
        client = self.keeper.client(self.first.token)
        session = client.call("C_OpenSession", self.keeper.slot, int(RW))
        while not self.ended.is_set():
            for name, handle in list(self.made.items()):
                was_gone = name in self.gone
                handles = found(client, session, wanted(name))
                self.check(handles in ([], [handle]), f"{name}: {handles}, not {handle}")
                self.check(not (was_gone and handles), f"{name} is found, and was destroyed")
                self.check(bool(handles) or self.ends(name), f"{name} is not found")


def test_threads_that_make_and_search(keeper: Keeper) -> None:
    """What was made is found by everybody, and what is destroyed by nobody, however many do so at once."""
    many = Many(keeper)
    makers = [threading.Thread(target=many.make, args=(n,)) for n in range(3)]
    searchers = [threading.Thread(target=many.search) for _ in range(2)]
    for thread in (*makers, *searchers):
        thread.start()
    for thread in makers:
        thread.join()
    many.ended.set()
    for thread in searchers:
        thread.join()
    assert len(many.made) == 3 * many.EACH, "each maker has come to its end"
    assert not many.wrong
    assert keeper.native > 100


def _cut(frame: bytes) -> Iterator[bytes]:
    """Frames that are not whole, or say that they are longer or shorter than they are."""
    for end in range(8, len(frame)):
        yield (end - 4).to_bytes(4, "little") + frame[4:end]
    for at in range(16, len(frame)):
        for value in (0, 1, 2, 0x7F, 0xFF):
            yield frame[:at] + bytes([value]) + frame[at + 1 :]


def test_frames_that_are_cut_or_lie_are_answered_as_python_does(keeper: Keeper) -> None:
    first = keeper.client()
    logged_in(keeper, first)
    handle = data(first, first.call("C_OpenSession", keeper.slot, int(RW)), "one")

    def frame_of(session: int) -> bytes:
        payload = codec.encode_call(FIND, (session, wanted("one", TOKEN=True, PRIVATE=False), 64))
        return frames.REQUEST.pack(4 + len(payload), FIND.number, 0) + payload

    def answer(number: int, *, native: bool) -> bytes:
        session = first.call("C_OpenSession", keeper.slot, int(RW))
        client = keeper.client(first.token)
        for _ in range(OFTEN + 1 if native else 0):
            assert found(client, session, wanted("one")) == [handle]
        client.socket.sendall(list(_cut(frame_of(session)))[number])
        client.socket.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(OSError):
            while some := client.socket.recv(4096):
                received += some
        client.socket.close()
        first.call("C_CloseSession", session)
        return received

    many = len(list(_cut(frame_of(0))))
    before = keeper.native
    for number in range(many):
        assert answer(number, native=True) == answer(number, native=False), number
    assert keeper.native > before + many


def test_classes_that_are_built_in_are_pythons() -> None:
    assert {ObjectClass.MECHANISM, ObjectClass.PROFILE} == builtin.CLASSES
    assert all(set(one.attributes) <= {Attr.CLASS, Attr.MECHANISM_TYPE, Attr.PROFILE_ID, Attr.UNIQUE_ID} for one in
               builtin.OBJECTS.values())  # fmt: skip


def test_certificates_by_what_is_searched_for(keeper: Keeper, client: Client, session: int) -> None:
    subject, issuer, serial = b"0\0subject", b"0\0issuer", b"\2\1\5"
    template = attributes(
        CLASS=CERTIFICATE, CERTIFICATE_TYPE=CertificateType.X_509, TOKEN=True, SUBJECT=subject, ISSUER=issuer,
        SERIAL_NUMBER=serial, VALUE=b"0\1certificate", ID=b"\0id",
    )  # fmt: skip
    handle = client.call("C_CreateObject", session, template)
    stands(keeper, client, session, attributes(ID=b"\0id"))
    for one in (
        attributes(CLASS=CERTIFICATE, SUBJECT=subject),
        attributes(ISSUER=issuer, SERIAL_NUMBER=serial),
        attributes(VALUE=b"0\1certificate"),
        attributes(CERTIFICATE_TYPE=CertificateType.X_509),
    ):
        assert natively(keeper, client, session, one) == [handle]
    assert natively(keeper, client, session, attributes(CLASS=CERTIFICATE, SUBJECT=b"another")) == []
