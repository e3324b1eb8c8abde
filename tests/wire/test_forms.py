"""Data objects that native code makes are those that Python would make, for as long as it may: docs/decisions/0027."""

import contextlib
import dataclasses
import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryptoki.calling import PIN, RO, RW, SO_PIN, attributes
from hsmith.core import forms as core_forms
from hsmith.crypto.forming import LONGEST, Form, Made
from hsmith.cryptoki.forms import MOST, MOST_SESSIONS, OFTEN
from hsmith.spec.constants import Attr, Fault, ObjectClass, UserType
from hsmith.spec.faults import Refused
from hsmith.spec.functions import BY_NAME
from hsmith.spec.objects import OBJECTS
from hsmith.spec.values import Template
from hsmith.wire import codec
from wire.serving import Client, Keeper, logged_in

DATA = ObjectClass.DATA
CREATE = BY_NAME["C_CreateObject"]
ALL = sorted(int(attr) for attr in OBJECTS[DATA, None] if attr != Attr.UNIQUE_ID)


class Natively:
    """Counts what native code makes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = 0
        make = Form.make

        def counted(form: Form, template: memoryview, number: int) -> Made | None:
            made = make(form, template, number)
            self.made += made is not None and number < 1 << 62  # and is no trial
            return made

        monkeypatch.setattr(Form, "make", counted)


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> Natively:
    return Natively(monkeypatch)


def template(label: bytes = b"one", value: bytes = b"its value", **more: Any) -> Template:
    return attributes(CLASS=DATA, TOKEN=True, LABEL=label, VALUE=value, **more)


def create(client: Client, session: int, wanted: Template) -> int:
    made: int = client.call("C_CreateObject", session, wanted)
    return made


def natively(native: Natively, client: Client, session: int, wanted: Template) -> int:
    before = native.made
    handle = create(client, session, wanted)
    assert native.made == before + 1
    return handle


def in_python(native: Natively, client: Client, session: int, wanted: Template) -> int:
    before = native.made
    handle = create(client, session, wanted)
    assert native.made == before
    return handle


def known(native: Natively, client: Client, session: int, wanted: Template) -> None:
    """Native code makes such ones from here on."""
    for _ in range(OFTEN):
        create(client, session, wanted)
    natively(native, client, session, wanted)


def seen(client: Client, session: int, handle: int) -> list[bytes]:
    return list(client.call("C_GetAttributeValue", session, handle, ALL))


def found(client: Client, session: int, wanted: Template) -> list[int]:
    client.call("C_FindObjectsInit", session, wanted)
    handles = list(client.call("C_FindObjects", session, 1000))
    client.call("C_FindObjectsFinal", session)
    return handles


def sound(keeper: Keeper) -> None:
    """Nothing is wrong with what is stored, and with what the audit tells."""
    assert keeper.hsm.durable.inspect() == []
    assert keeper.hsm.durable.verify_audit() is None


#: What differs in the records of two objects.
VARIES = re.compile(r'"time":"[^"]*"|object \d+|"keys":\["[^"]*"\]')


@pytest.mark.parametrize("more", [
    {}, {"PRIVATE": False}, {"PRIVATE": True}, {"APPLICATION": b"test"}, {"OBJECT_ID": b"\6\1\x2a", "APPLICATION": b""},
    {"PRIVATE": False, "MODIFIABLE": False, "COPYABLE": False, "DESTROYABLE": False},
])  # fmt: skip
def test_it_is_what_python_makes(
    keeper: Keeper, client: Client, session: int, native: Natively, tmp_path: Path, more: dict[str, Any]
) -> None:
    other = client.call("C_OpenSession", keeper.slot, int(RW))
    known(native, client, session, template(**more))
    one = natively(native, client, session, template(b"both", b"\0 of it", **more))
    two = in_python(native, client, other, template(b"both", b"\0 of it", **more))
    values = seen(client, session, one)
    assert values == seen(client, session, two)
    names = [client.call("C_GetAttributeValue", session, handle, [Attr.UNIQUE_ID])[0] for handle in (one, two)]
    assert len(set(names)) == 2
    assert {len(name) for name in names} == {36}
    for wanted in (attributes(LABEL=b"both"), attributes(VALUE=b"\0 of it", CLASS=DATA)):
        assert sorted(found(client, other, wanted)) == sorted([one, two])
    assert found(client, other, attributes(UNIQUE_ID=names[0])) == [one]
    texts = [record.text for record in keeper.hsm.durable.audit_records(after=0, limit=1000)][-2:]
    for text, handle, name in zip(texts, (one, two), names, strict=True):
        assert f'"object {handle & 0xFFFFFFFF} stored in version 1"' in text
        assert f'"keys":["{name.decode()}"]' in text
    assert len({VARIES.sub("", text) for text in texts}) == 1
    sound(keeper)
    keeper.close()
    with contextlib.closing(Keeper(tmp_path, slot=keeper.slot)) as later:
        client = later.client()
        session = logged_in(later, client)
        assert seen(client, session, *found(client, session, attributes(UNIQUE_ID=names[0])))[-1] == values[-1]
        sound(later)


BYTES = [int(attr) for attr in (Attr.LABEL, Attr.VALUE, Attr.APPLICATION, Attr.OBJECT_ID)]
TRUTHS = [int(attr) for attr in (Attr.PRIVATE, Attr.MODIFIABLE, Attr.COPYABLE, Attr.DESTROYABLE)]
TEMPLATES = st.tuples(
    st.lists(st.tuples(st.sampled_from(BYTES), st.binary(max_size=80)), max_size=5),
    st.lists(st.tuples(st.sampled_from(TRUTHS), st.booleans()), max_size=4),
).map(lambda pair: ((int(Attr.CLASS), int(DATA)), (int(Attr.TOKEN), True), *pair[0], *pair[1]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEMPLATES, min_size=1, max_size=3), st.lists(st.integers(0, 2), min_size=4, max_size=10))
def test_any_templates_in_any_order(
    keeper: Keeper, client: Client, session: int, some: list[Template], turns: list[int]
) -> None:
    """Beside a session that has not made enough of any form for native code to know it."""
    for turn in turns:
        wanted = some[turn % len(some)]
        other = client.call("C_OpenSession", keeper.slot, int(RW))
        outcomes = [client.rv("C_CreateObject", one, wanted) for one in (session, other)]
        assert outcomes[0][0] == outcomes[1][0]
        if outcomes[0][0] == Fault.OK:
            assert seen(client, session, outcomes[0][1]) == seen(client, session, outcomes[1][1])
        client.call("C_CloseSession", other)
    sound(keeper)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_frames_that_lie(keeper: Keeper, client: Client, session: int, data: st.DataObject) -> None:
    """They get the same answers as where there are no forms, and make no more."""
    app = next(iter(keeper.server.applications._entries.values())).application
    for _ in range(OFTEN):
        create(client, session, template())
    payload = bytearray(codec.encode_call(CREATE, (session, template())))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(8, len(payload) - 1))
        payload[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del payload[data.draw(st.integers(8, len(payload))) :]
    answers = []
    for with_forms in (True, False):
        if not with_forms:
            app.forget_pairs()
        with contextlib.closing(keeper.client(client.token).socket) as raw:
            raw.sendall((4 + len(payload)).to_bytes(4, "little") + CREATE.number.to_bytes(2, "little") + bytes(2))
            raw.sendall(payload)
            answer = raw.recv(16)
        answers.append(answer[4:8])
    assert answers[0] == answers[1]


def test_only_while_the_user_is_logged_in(keeper: Keeper, client: Client, session: int, native: Natively) -> None:
    """No private object is made afterwards, and no key stays."""
    app = next(iter(keeper.server.applications._entries.values())).application
    known(native, client, session, template(PRIVATE=True))
    known(native, client, session, template(PRIVATE=False))
    there = [form for form, _ in app.sessions[session].forms._forms.values()]
    assert len(there) == 2
    client.call("C_Logout", session)
    assert not app.sessions[session].forms
    assert not any(form._pointer for form in there)
    before = native.made
    assert client.rv("C_CreateObject", session, template(PRIVATE=True))[0] == Fault.USER_NOT_LOGGED_IN
    assert native.made == before
    known(native, client, session, template(PRIVATE=False))
    client.call("C_Login", session, int(UserType.SO), SO_PIN)
    assert not app.sessions[session].forms
    assert client.rv("C_CreateObject", session, template(PRIVATE=True))[0] == Fault.USER_NOT_LOGGED_IN
    known(native, client, session, template())
    client.call("C_Logout", session)
    client.call("C_Login", session, int(UserType.USER), PIN)
    in_python(native, client, session, template(PRIVATE=True))
    known(native, client, session, template(PRIVATE=True))


def test_sessions_that_may_not(keeper: Keeper, client: Client, session: int, native: Natively) -> None:
    known(native, client, session, template())
    reading = client.call("C_OpenSession", keeper.slot, int(RO))
    assert client.rv("C_CreateObject", reading, template())[0] == Fault.SESSION_READ_ONLY
    assert client.rv("C_CreateObject", session + 1000, template())[0] == Fault.SESSION_HANDLE_INVALID
    natively(native, client, session, template())
    client.call("C_CloseSession", session)
    assert client.rv("C_CreateObject", session, template())[0] == Fault.SESSION_HANDLE_INVALID


def test_what_has_another_form(keeper: Keeper, client: Client, session: int, native: Natively) -> None:
    known(native, client, session, template())
    for other in (
        attributes(CLASS=DATA, TOKEN=False, LABEL=b"one", VALUE=b"its value"),
        template(b""),
        template(PRIVATE=False),
        template()[::-1],
        (*template(), *attributes(LABEL=b"one")),
        attributes(CLASS=ObjectClass.SECRET_KEY, KEY_TYPE=0x1F, TOKEN=True, VALUE=bytes(16)),
        template(b"l" * 4000, b"v" * 200),
    ):
        in_python(native, client, session, other)
    for refused in (template(MODULUS=b"no data has it"), template(UNIQUE_ID=b"mine"), template(b"l") + template(b"m")):
        assert client.rv("C_CreateObject", session, refused)[0] != Fault.OK
    natively(native, client, session, template(b"l" * 4000, b"v" * 96))
    sound(keeper)


def test_what_is_of_a_session_is_made_in_python(keeper: Keeper, client: Client, session: int, native: Natively) -> None:
    for _ in range(OFTEN + 2):
        in_python(native, client, session, attributes(CLASS=DATA, TOKEN=False, LABEL=b"one"))


def test_few_forms_are_kept(keeper: Keeper, client: Client, session: int, native: Natively) -> None:
    app = next(iter(keeper.server.applications._entries.values())).application
    kinds: list[dict[str, Any]] = [
        {},
        {"PRIVATE": False},
        {"APPLICATION": b"a"},
        {"OBJECT_ID": b"o"},
        {"COPYABLE": False},
    ]
    for more in kinds[:MOST]:
        known(native, client, session, template(**more))
    for _ in range(OFTEN + 2):
        in_python(native, client, session, template(**kinds[MOST]))
    natively(native, client, session, template(**kinds[0]))
    for _ in range(MOST_SESSIONS - 1):
        known(native, client, client.call("C_OpenSession", keeper.slot, int(RW)), template())
    late = client.call("C_OpenSession", keeper.slot, int(RW))
    for _ in range(OFTEN + 2):
        in_python(native, client, late, template())
    assert len(app.forming) == MOST_SESSIONS
    client.call("C_CloseAllSessions", keeper.slot)
    assert not app.forming


def test_a_form_that_is_wrong_is_not_used(
    keeper: Keeper, client: Client, session: int, native: Natively,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    plan = core_forms._plan
    for wrong in (
        lambda made: {"context": made.context[::-1]}, lambda made: {"tags": [bytes(16)]},
        lambda made: {"text": made.text[:-1]}, lambda made: {"record": made.record[:-1]}, lambda made: {"format": 2},
    ):  # fmt: skip
        monkeypatch.setattr(core_forms, "_plan", _altered(plan, wrong))
        with caplog.at_level(logging.ERROR):
            for _ in range(OFTEN + 1):
                in_python(native, client, session, template())
        assert "makes other objects" in caplog.text
        caplog.clear()
        next(iter(keeper.server.applications._entries.values())).application.sessions[session].forms.fall()
    sound(keeper)


def _altered(plan: Callable[..., Any], wrong: Callable[[Any], dict[str, Any]]) -> Callable[..., Any]:
    def altered(*given: Any) -> Any:
        made = plan(*given)
        return dataclasses.replace(made, **wrong(made))

    return altered


def test_where_there_is_no_native_code(
    keeper: Keeper, client: Client, session: int, native: Natively, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Template] = []
    find = core_forms.find

    def counted(wanted: Template, *given: Any) -> Any:
        asked.append(wanted)
        return find(wanted, *given)

    monkeypatch.setattr(core_forms, "find", counted)
    monkeypatch.setattr("hsmith.crypto.forming.native", lambda: None)
    for _ in range(OFTEN + 4):
        in_python(native, client, session, template())
    assert len(asked) == 1


@pytest.mark.parametrize("error", [MemoryError, RuntimeError])
def test_what_was_made_is_answered_whatever_becomes_of_its_form(
    keeper: Keeper,
    client: Client,
    session: int,
    native: Natively,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    def fails(*given: Any) -> Any:
        raise error

    monkeypatch.setattr(core_forms, "find", fails)
    for number in range(OFTEN + 2):
        in_python(native, client, session, template(b"%d" % number))
        assert len(found(client, session, attributes(LABEL=b"%d" % number))) == 1


def test_what_cannot_be_stored_is_refused(
    keeper: Keeper, client: Client, session: int, native: Natively, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = next(iter(keeper.server.applications._entries.values())).application
    known(native, client, session, template())
    making = app.sessions[session].token.shelf.making
    full = Refused(Fault.DEVICE_MEMORY, "the disk is full")
    with monkeypatch.context() as patch:
        patch.setattr(making, "_commit_each", lambda calls: [full for _ in calls])
        before = native.made
        assert client.rv("C_CreateObject", session, template(b"lost"))[0] == Fault.DEVICE_MEMORY
        assert native.made == before + 1
        assert app.refused == ("C_CreateObject", Fault.DEVICE_MEMORY, "the disk is full")
    assert found(client, session, attributes(LABEL=b"lost")) == []
    natively(native, client, session, template(b"kept"))
    assert len(found(client, session, attributes(LABEL=b"kept"))) == 1


def test_many_at_once_while_sessions_end(keeper: Keeper, native: Natively) -> None:
    """Each object that was acknowledged is there, once, whoever made it."""
    acknowledged: list[bytes] = []
    ended = threading.Event()

    def make(which: int) -> None:
        client = keeper.client()
        session, number = logged_in(keeper, client), 0
        while not ended.is_set():
            other = client.call("C_OpenSession", keeper.slot, int(RW))
            for one in (other, session) * 4:
                label = b"%d of %d" % (number, which)
                client.call("C_CreateObject", one, template(label, PRIVATE=bool(which % 2)))
                acknowledged.append(label)
                number += 1
            client.call("C_CloseSession", other)

    threads = [threading.Thread(target=make, args=(which,)) for which in range(6)]
    for thread in threads:
        thread.start()
    ended.wait(3)
    ended.set()
    for thread in threads:
        thread.join(60)
    client = keeper.client()
    session = logged_in(keeper, client)
    assert native.made > len(acknowledged) / 4
    assert len(set(acknowledged)) == len(acknowledged)
    for label in acknowledged[:: max(1, len(acknowledged) // 200)]:
        assert len(found(client, session, attributes(LABEL=label))) == 1
    assert keeper.calls("C_CreateObject") == len(acknowledged)
    sound(keeper)


def test_shapes() -> None:
    assert core_forms.shape(attributes(LABEL=b"one")) == core_forms.shape(attributes(LABEL=b"two"))
    assert core_forms.shape(attributes(LABEL=b"")) != core_forms.shape(attributes(LABEL=b"two"))
    assert core_forms.shape(attributes(PRIVATE=True)) != core_forms.shape(attributes(PRIVATE=False))
    assert core_forms.shape((*attributes(LABEL=b"one"), *attributes(LABEL=b"one"))) is None
    assert core_forms.shape(attributes(MODULUS=b"\1")) is None
    assert core_forms.shape(attributes(VALUE=bytes(LONGEST))) is not None
    assert core_forms.shape(attributes(VALUE=bytes(LONGEST), LABEL=b"l")) is None
    assert core_forms.shape(attributes(WRAP_TEMPLATE=((1, True),))) is None
