"""The mailbox of a connection: what goes through it, and a keeper that does anything with its side of it."""

import contextlib
import ctypes as C
import mmap
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fake_keeper import FakeKeeper, Reply, exactly
from harness import PIN
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass
from hsmith.spec.functions import BY_NAME
from hsmith.wire import codec, frames
from hsmith.wire.page import LARGE_ROOM, MAILBOX_SIZE, Page
from module_build import build
from p11 import P11, P256, Session
from p11_values import P11Error, c_gcm

#: struct mailbox of module/shared.h.
STATE, SERVED, REQUEST, REPLY = 0, 64, 128, 128 + 4032
LARGE_REQUEST = 128 + 2 * 4032
LARGE_REPLY = LARGE_REQUEST + LARGE_ROOM
POSTED, SENT, ASLEEP, DONE, POSTED_ASLEEP = 1, 2, 3, 4, 5
DIGEST = bytes(range(32))
SECRET = b"a value that nobody else is to see"
ANSWER = codec.encode_reply(BY_NAME["C_Digest"], (DIGEST,))


class Mailing(FakeKeeper):
    """Looks into the mailbox of its first connection; ``deed`` says what it does with a request."""

    def __init__(self, path: Path) -> None:
        self.page = Page()
        self.box = self.page.mailbox()
        assert self.box is not None
        self.memory = memoryview(mmap.mmap(self.box.fd, MAILBOX_SIZE))
        self.deed = "answers"
        #: In these states it takes a request. What it does with one is no single step here, so not while the client may
        #: still turn from one to the other.
        self.takes: tuple[int, ...] = (POSTED, POSTED_ASLEEP)
        self.posted: list[bytes] = []
        self.by_socket = self.rung = 0
        super().__init__(path)

    def word(self, at: int) -> memoryview:
        return self.memory[at : at + 4].cast("I")

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.001)
        self.word(SERVED)[0] = self.deed != "is asleep"
        greeted = False
        with connection:
            while True:
                if greeted and self.word(STATE)[0] in self.takes:
                    self._mail(connection)
                try:
                    head = connection.recv(frames.REQUEST.size)
                except TimeoutError:
                    continue
                except OSError:
                    return
                if not head:
                    return
                rung = head == bytes(4)
                if rung:
                    self.rung += 1
                    head, rest = self._lying()
                length, number, _ = frames.REQUEST.unpack(head)
                connection.settimeout(10)
                if not rung:
                    rest = exactly(connection, length - 4)
                connection.settimeout(0.001)
                reply = self._answer(number, rest).raw
                if number == frames.HELLO:
                    assert self.page.fd is not None and self.box is not None
                    socket.send_fds(connection, [reply], [self.page.fd, self.box.fd])
                    greeted = True
                elif self.deed.startswith("rings"):
                    self._ring(connection, reply)
                else:
                    self.by_socket += 1
                    connection.sendall(reply)

    def _lying(self) -> tuple[bytes, bytes]:
        end = 4 + int.from_bytes(self.memory[REQUEST : REQUEST + 4], "little")
        whole = bytes(self.memory[LARGE_REQUEST : LARGE_REQUEST + end])
        return whole[: frames.REQUEST.size], whole[frames.REQUEST.size :]

    def _ring(self, connection: socket.socket, reply: bytes) -> None:
        heads = {
            "rings in vain": bytes(4),
            "rings for too much": b"\xff" * 4,
            "rings for less": (5000).to_bytes(4, "little"),
        }
        head = heads.get(self.deed, reply[:4])
        self.memory[REPLY : REPLY + 4] = head
        self.memory[LARGE_REPLY : LARGE_REPLY + len(reply)] = reply
        connection.sendall(bytes(4))

    def _mail(self, connection: socket.socket) -> None:
        if self.deed == "never takes":
            return
        if self.deed == "goes to sleep":
            self.word(SERVED)[0] = 0
            return
        state = self.word(STATE)
        sleeps = state[0] == POSTED_ASLEEP
        state[0] = ASLEEP if sleeps else SENT
        length = 4 + int.from_bytes(self.memory[REQUEST : REQUEST + 4], "little")
        self.posted.append(bytes(self.memory[REQUEST : REQUEST + length]))
        answer = frames.REPLY.pack(4 + len(ANSWER), 0) + ANSWER
        if self.deed == "dies":
            connection.shutdown(socket.SHUT_RDWR)
        elif sleeps:
            connection.sendall(answer)
        elif self.deed == "answers by socket":
            state[0] = ASLEEP
            connection.sendall(answer)
        elif self.deed == "answers by socket, unsaid":
            connection.sendall(answer)
        elif self.deed == "answers late":
            time.sleep(1.5)
            if state[0] == ASLEEP:
                connection.sendall(answer)
        else:
            lies = {"claims too much": b"\xff\xff\xff\xff" + answer[4:], "says nothing": bytes(len(answer))}
            self.memory[REPLY : REPLY + len(answer)] = lies.get(self.deed, answer)
            state[0] = 77 if self.deed == "leaves nonsense" else DONE
            if self.deed == "leaves nonsense":
                connection.sendall(answer)


@pytest.fixture
def mailing(address: Path) -> Iterator[Mailing]:
    with Mailing(address) as one:
        yield one


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module, which looks for an answer for a second, not less than a thousandth."""
    return build(tmp_path_factory.mktemp("module"), flags=("-DPOLL_NANOSECONDS=1000000000",))


@pytest.fixture(scope="session")
def sleepy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module, which looks for no answer: it goes to sleep at once."""
    return build(tmp_path_factory.mktemp("module"), flags=("-DPOLL_NANOSECONDS=0",))


@pytest.fixture
def patient(built: Path, tmp_path: Path) -> Path:
    """A copy that has not yet looked in vain."""
    return Path(shutil.copy(built, tmp_path / "libhsmith.so"))


def digest(module: Path, keeper: Mailing, deed: str, *, size: int = 8) -> tuple[int, bytes]:
    keeper.deed = deed
    keeper.answers["C_Digest"] = lambda session, data, room: (DIGEST,)
    loaded = P11(module)
    loaded.initialize()
    made, length = C.create_string_buffer(32), C.c_ulong(32)
    rv = loaded.rv("C_Digest", 1, b"d" * size, size, made, length)
    loaded.rv("C_Finalize", None)
    return rv, made.raw


@pytest.mark.parametrize(
    ("deed", "posted", "sent"),
    [
        ("answers", 1, 0),
        ("answers by socket", 1, 0),
        ("answers by socket, unsaid", 1, 0),
        ("answers late", 1, 0),
        ("leaves nonsense", 1, 0),
        ("never takes", 0, 1),
        ("goes to sleep", 0, 1),
        ("is asleep", 0, 1),
    ],
)
def test_one_call_is_answered_once_whatever_way(
    patient: Path, mailing: Mailing, deed: str, posted: int, sent: int
) -> None:
    assert digest(patient, mailing, deed) == (Fault.OK, DIGEST)
    assert (len(mailing.posted), mailing.by_socket) == (posted, sent)


@pytest.mark.parametrize(
    ("deed", "wakes", "posted", "sent"),
    [
        ("answers", 1, 1, 0),
        ("answers", 0, 0, 1),
        ("never takes", 1, 0, 1),
        ("goes to sleep", 1, 0, 1),
        ("is asleep", 1, 0, 1),
    ],
)
def test_who_sleeps_has_posted_all_the_same(
    sleepy: Path, tmp_path: Path, mailing: Mailing, deed: str, wakes: int, posted: int, sent: int
) -> None:
    """Where the keeper knows of such clients; what it does not take is sent."""
    mailing.takes = (POSTED_ASLEEP,)
    memoryview(mailing.page._mapped)[76:80].cast("I")[0] = wakes
    module = Path(shutil.copy(sleepy, tmp_path / "libhsmith.so"))
    assert digest(module, mailing, deed) == (Fault.OK, DIGEST)
    assert (len(mailing.posted), mailing.by_socket) == (posted, sent)


@pytest.mark.parametrize("deed", ["dies", "claims too much", "says nothing"])
def test_a_keeper_that_breaks_loses_the_connection(patient: Path, mailing: Mailing, deed: str) -> None:
    assert digest(patient, mailing, deed)[0] == Fault.DEVICE_REMOVED


def test_long_requests_go_through_the_socket(patient: Path, mailing: Mailing) -> None:
    assert digest(patient, mailing, "answers", size=5000) == (Fault.OK, DIGEST)
    assert not mailing.posted and mailing.by_socket == 1


@pytest.mark.parametrize("size", [4100, 70_000, 1 << 20, (1 << 20) + 5000])
def test_where_nobody_looks_a_bell_says_that_a_long_request_lies_there(
    patient: Path, mailing: Mailing, size: int
) -> None:
    assert mailing.box is not None
    mailing.box.room = LARGE_ROOM
    assert digest(patient, mailing, "is asleep", size=size) == (Fault.OK, DIGEST)
    (data,) = [arguments[1] for name, arguments in mailing.calls if name == "C_Digest"]
    assert data == b"d" * size
    assert mailing.rung == (size <= 1 << 20)


@pytest.mark.parametrize(
    ("deed", "room", "rv"),
    [
        ("rings", 9000, Fault.OK),
        ("rings", 8000, Fault.DEVICE_ERROR),
        ("rings in vain", 9000, Fault.DEVICE_REMOVED),
        ("rings for too much", 9000, Fault.DEVICE_REMOVED),
        ("rings for less", 9000, Fault.DEVICE_ERROR),
    ],
)
def test_a_long_answer_that_lies_in_the_mailbox(
    patient: Path, mailing: Mailing, deed: str, room: int, rv: Fault
) -> None:
    output = bytes(range(250)) * 36
    mailing.answers["C_Encrypt"] = lambda session, data, capacity: Reply.of(
        Fault.OK, codec.encode_reply(BY_NAME["C_Encrypt"], (output,))
    )
    loaded = P11(patient)
    loaded.initialize()
    mailing.deed, mailing.word(SERVED)[0] = deed, 0
    made, length = C.create_string_buffer(room), C.c_ulong(room)
    assert loaded.rv("C_Encrypt", 1, b"data", 4, made, length) == rv
    if rv == Fault.OK:
        assert (made.raw, length.value) == (output, len(output))
    else:
        assert not any(made.raw), "nothing of it is taken"
    loaded.rv("C_Finalize", None)


def test_a_long_refusal_in_the_mailbox_is_no_answer(patient: Path, mailing: Mailing) -> None:
    mailing.answers["C_Encrypt"] = lambda session, data, capacity: Reply.of(Fault.DATA_INVALID, bytes(9000))
    loaded = P11(patient)
    loaded.initialize()
    mailing.deed, mailing.word(SERVED)[0] = "rings", 0
    made, length = C.create_string_buffer(64), C.c_ulong(64)
    assert loaded.rv("C_Encrypt", 1, b"data", 4, made, length) == Fault.DEVICE_ERROR
    loaded.rv("C_Finalize", None)


def test_secrets_go_through_the_socket(patient: Path, mailing: Mailing) -> None:
    loaded = P11(patient)
    loaded.initialize()
    loaded.call("C_Login", 1, 1, PIN.encode(), len(PIN))
    made = C.create_string_buffer(32)
    loaded.call("C_GenerateRandom", 1, made, 32)
    assert not mailing.posted and mailing.by_socket == 2
    assert mailing.word(STATE)[0] == ASLEEP
    loaded.rv("C_Finalize", None)


@pytest.mark.parametrize(
    ("deed", "sent"), [("answers by socket", 0), ("never takes", 1), ("goes to sleep", 1), ("is asleep", 1)]
)
def test_a_template_goes_through_it_and_does_not_stay(patient: Path, mailing: Mailing, deed: str, sent: int) -> None:
    """Who takes it out wipes it: the client, where the keeper does not come."""
    mailing.deed = deed
    mailing.answers["C_CreateObject"] = lambda session, template: (7,)
    memoryview(mailing.page._mapped)[76:80].cast("I")[0] = 1  # it wakes those that sleep
    loaded = P11(patient)
    loaded.initialize()
    with contextlib.suppress(P11Error):  # what the mailing keeper answers by mail is a digest
        Session(loaded, 1).create({Attr.CLASS: ObjectClass.DATA, Attr.VALUE: SECRET})
    assert (len(mailing.posted), mailing.by_socket) == (1 - sent, sent)
    assert all(SECRET in request for request in mailing.posted)
    if sent:
        assert SECRET not in bytes(mailing.memory[REQUEST:REPLY])
    loaded.rv("C_Finalize", None)


def mailboxes() -> list[bytes]:
    """What is in those that this process has mapped."""
    found = []
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
        for line in maps:
            begin, end = (int(part, 16) for part in line.split()[0].split("-"))
            if "/memfd:hsmith" in line and " rw-s" in line and end - begin == MAILBOX_SIZE:
                memory.seek(begin)
                found.append(memory.read(MAILBOX_SIZE))
    return found


def test_a_real_keeper_answers_through_it(p11: P11) -> None:
    slot = p11.init_token("test")
    session = p11.open(slot)
    session.login(PIN)
    _, key = session.generate_pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256}, {Attr.SIGN: True})
    due = time.monotonic() + 60
    while time.monotonic() < due:
        signatures = [session.sign(key, Mechanism.ECDSA, b"d" * 32) for _ in range(100)]
        if any(signatures[-1] in box[REPLY:] for box in mailboxes()):
            break
    else:
        pytest.fail("in a minute no signature went through a mailbox")
    assert not any(PIN.encode() in box for box in mailboxes())


def test_a_real_keeper_leaves_no_template_there(p11: P11) -> None:
    session = p11.open(p11.init_token("test"))
    session.login(PIN)
    secret = b"a value that no other test has"
    for at in range(300):
        session.create({Attr.CLASS: ObjectClass.DATA, Attr.TOKEN: bool(at % 2), Attr.VALUE: secret})
        assert not any(secret in box for box in mailboxes())


@pytest.mark.parametrize("size", [5000, 65_536, 1 << 20, (1 << 20) + 4096])
def test_long_ones_go_through_it_too(p11: P11, size: int) -> None:
    session = p11.open(p11.init_token("test"))
    session.login(PIN)
    value, data = bytes(range(32)), bytes(size)
    key = session.create({Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: KeyType.AES, Attr.VALUE: value})
    for at in range(200):
        iv = at.to_bytes(12, "big")
        made, length = C.create_string_buffer(size + 16), C.c_ulong(size + 16)
        session.call("C_EncryptInit", c_gcm(iv), key)
        session.call("C_Encrypt", data, size, made, length)
        sealed = made.raw
        assert sealed == AESGCM(value).encrypt(iv, data, None)
        if at % 20 == 19 and any(sealed[:5000] in box[REPLY:] for box in mailboxes()):
            break
    assert (at < 199) == (size <= 1 << 20), "what is longer goes through the socket"


def test_threads_have_one_each(p11: P11) -> None:
    slot = p11.init_token("test")
    wrong: list[bytes] = []

    def digests(session: Session, text: bytes, expected: bytes) -> None:
        made = [session.digest(Mechanism.SHA256, text) for _ in range(300)]
        wrong.extend(one for one in made if one != expected)

    texts = [bytes([n]) * (40 + n) for n in range(6)]
    sessions = [p11.open(slot) for _ in texts]
    expected = [session.digest(Mechanism.SHA256, text) for session, text in zip(sessions, texts, strict=True)]
    threads = [threading.Thread(target=digests, args=each) for each in zip(sessions, texts, expected, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
