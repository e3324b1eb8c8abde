"""The native way of frames and the plain one do the same; the hub serves short calls and gives all others back."""

import concurrent.futures
import ctypes
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from hsmith.wire import channel as channels
from hsmith.wire.channel import Channel, NativeChannel, PlainChannel
from hsmith.wire.hub import Hub
from hsmith.wire.page import LARGE_ROOM, MAILBOX_SIZE, Mailbox, Page
from hsmith.wire.receiver import BadFrame, Receiver


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    keeper, client = socket.socketpair()
    client.settimeout(10)
    with keeper, client:
        yield keeper, client


@pytest.fixture(params=["native", "plain"])
def channel(request: pytest.FixtureRequest, ends: tuple[socket.socket, socket.socket]) -> Channel:
    made = PlainChannel(ends[0]) if request.param == "plain" else channels.open_channel(ends[0], Page())
    assert isinstance(made, NativeChannel) == (request.param == "native")
    return made


def frame(length: int) -> bytes:
    return (length - 4).to_bytes(4, "little") + bytes(n % 251 for n in range(length - 4))


@pytest.mark.parametrize("length", [8, 100, 4096, 4097, 70_000, 1_200_000])
def test_frames_arrive_whole_and_answers_leave(
    channel: Channel, ends: tuple[socket.socket, socket.socket], length: int
) -> None:
    receiver = Receiver(ends[0], seconds=10)
    for _ in range(3):
        sender = threading.Thread(target=ends[1].sendall, args=(frame(length),))
        sender.start()
        end = receiver.next(channel, b"answer")
        sender.join()
        assert ends[1].recv(6, socket.MSG_WAITALL) == b"answer"
        assert receiver.buffer[:end] == frame(length)
        receiver.done(end, wipe=False)
    ends[1].close()
    assert receiver.next(channel, b"") == 0


def test_frames_that_come_together_are_taken_one_by_one(
    channel: Channel, ends: tuple[socket.socket, socket.socket]
) -> None:
    receiver = Receiver(ends[0], seconds=10)
    ends[1].sendall(frame(20) + frame(30))
    lengths = []
    for _ in range(2):
        lengths.append(end := receiver.next(channel, b""))
        receiver.done(end, wipe=False)
    assert lengths == [20, 30]


def test_calls_are_counted_while_they_are_answered(ends: tuple[socket.socket, socket.socket]) -> None:
    page = Page()
    native = channels.open_channel(ends[0], page)
    ends[1].sendall(frame(8))
    assert native.exchange(b"", bytearray(64)) == 8
    assert page.calls[0] == 1 and not native.crowded
    native.rest()
    assert page.calls[0] == 0


#: struct mailbox of module/shared.h.
STATE, SERVED, READS, REQUEST, REPLY = 0, 64, 72, 128, 128 + 4032
LARGE_REQUEST = 128 + 2 * 4032
LARGE_REPLY = LARGE_REQUEST + LARGE_ROOM
POSTED, SENT, ASLEEP, DONE = 1, 2, 3, 4


class Client:
    """The module's side of a mailbox."""

    def __init__(self, box: Mailbox) -> None:
        self.box = box
        self.memory = memoryview((ctypes.c_ubyte * MAILBOX_SIZE).from_address(box.address)).cast("B")
        self.state = self.memory[STATE : STATE + 4].cast("I")
        self.served = self.memory[SERVED : SERVED + 4].cast("I")

    def post(self, frame: bytes) -> None:
        self.memory[REQUEST : REQUEST + len(frame)] = frame
        self.state[0] = POSTED

    def lay(self, head: bytes, long_frame: bytes) -> None:
        self.memory[REQUEST : REQUEST + 4] = head
        self.memory[LARGE_REQUEST : LARGE_REQUEST + len(long_frame)] = long_frame

    def reply(self, length: int) -> bytes:
        return bytes(self.memory[REPLY : REPLY + length])


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def client(page: Page) -> Client:
    box = page.mailbox()
    assert box is not None
    return Client(box)


def test_what_is_posted_is_taken_and_answered_there(
    ends: tuple[socket.socket, socket.socket], page: Page, client: Client
) -> None:
    native = channels.open_channel(ends[0], page, client.box)
    buffer = bytearray(4096)
    client.post(frame(100))
    assert native.exchange(b"", buffer) == 100
    assert buffer[:100] == frame(100) and client.state[0] == SENT
    ends[1].sendall(frame(8))  # what follows comes by the other way
    assert native.exchange(b"answer", buffer) == 8
    assert client.state[0] == DONE and client.reply(6) == b"answer"
    ends[1].setblocking(False)
    with pytest.raises(BlockingIOError):
        ends[1].recv(1)


@pytest.mark.parametrize("state", [SENT, ASLEEP])
def test_long_answers_and_those_to_sleepers_go_through_the_socket(
    ends: tuple[socket.socket, socket.socket], page: Page, client: Client, state: int
) -> None:
    native = channels.open_channel(ends[0], page, client.box)
    client.state[0] = state
    ends[1].sendall(frame(8) * 2)
    answer = b"a" * (4033 if state == SENT else 10)
    assert native.exchange(answer, bytearray(8)) == 8
    assert ends[1].recv(len(answer), socket.MSG_WAITALL) == answer
    assert client.state[0] == ASLEEP


@pytest.mark.parametrize("reads", [0, 1, 2])
@pytest.mark.parametrize("length", [4033, 69_632, LARGE_ROOM, LARGE_ROOM + 1])
def test_long_answers_go_where_the_client_looks(
    ends: tuple[socket.socket, socket.socket], page: Page, client: Client, length: int, reads: int
) -> None:
    """Clients of before, which say 1, look for them elsewhere."""
    native = channels.open_channel(ends[0], page, client.box)
    client.memory[READS : READS + 4].cast("I")[0] = reads
    client.state[0] = SENT
    answer = length.to_bytes(4, "little") + b"a" * (length - 4)
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        exchanged = executor.submit(native.exchange, answer, bytearray(8))
        if reads == 2 and length <= LARGE_ROOM:
            ends[1].sendall(frame(8))
            assert exchanged.result(10) == 8
            assert (client.state[0], client.reply(4)) == (DONE, answer[:4])
            assert bytes(client.memory[LARGE_REPLY : LARGE_REPLY + length]) == answer
        else:
            received = b""  # the client does not know the bell either
            while len(received) < length:
                received += ends[1].recv(length)
            ends[1].sendall(frame(8))
            assert exchanged.result(10) == 8
            assert (received, client.state[0]) == (answer, ASLEEP)


def test_a_client_that_sleeps_is_told_of_a_long_answer(
    ends: tuple[socket.socket, socket.socket], page: Page, client: Client
) -> None:
    native = channels.open_channel(ends[0], page, client.box)
    client.memory[READS : READS + 4].cast("I")[0] = 2
    client.state[0] = ASLEEP
    answer = (5000).to_bytes(4, "little") + b"a" * 5000
    ends[1].sendall(frame(8))
    assert native.exchange(answer, bytearray(8)) == 8
    ends[1].setblocking(False)
    assert ends[1].recv(100) == bytes(4)
    assert client.state[0] == ASLEEP
    assert (client.reply(4), bytes(client.memory[LARGE_REPLY : LARGE_REPLY + 5004])) == (answer[:4], answer)


@pytest.mark.parametrize("length", [4033, 5000, LARGE_ROOM])
def test_a_bell_brings_what_lies_in_the_mailbox(
    ends: tuple[socket.socket, socket.socket], page: Page, client: Client, length: int
) -> None:
    native, buffer = channels.open_channel(ends[0], page, client.box), bytearray(LARGE_ROOM)
    client.lay((length - 4).to_bytes(4, "little"), frame(length))
    ends[1].sendall(bytes(4))
    assert native.exchange(b"", buffer) == length
    assert buffer[:length] == frame(length)


@pytest.mark.parametrize("claimed", [0, 3, 100, 4028, 70_000, LARGE_ROOM - 3, 0xFFFFFFFF])
@pytest.mark.parametrize("has_mailbox", [True, False])
def test_a_bell_for_nothing_is_no_frame(
    ends: tuple[socket.socket, socket.socket], page: Page, client: Client, claimed: int, has_mailbox: bool
) -> None:
    """What would be short, or longer than the keeper's buffer, does not lie there."""
    receiver = Receiver(ends[0], seconds=0.1)
    client.lay(claimed.to_bytes(4, "little"), b"")
    ends[1].sendall(bytes(4))
    with pytest.raises(BadFrame, match="a frame of 0 bytes|4 of|stopped"):
        receiver.next(channels.open_channel(ends[0], page, client.box if has_mailbox else None), b"")


def test_a_frame_that_claims_too_much_is_refused(
    ends: tuple[socket.socket, socket.socket], page: Page, client: Client
) -> None:
    receiver = Receiver(ends[0], seconds=0.1)
    for claimed in (
        b"\xff\xff\xff\xff",
        (4093).to_bytes(4, "little"),
        (LARGE_ROOM - 3).to_bytes(4, "little"),
        bytes(4),
        b"\x03\0\0\0",
    ):
        client.post(claimed + b"rest")
        with pytest.raises(BadFrame):
            receiver.next(channels.open_channel(ends[0], page, client.box), b"")


def test_nobody_is_told_to_look_where_the_buffer_is_too_small(
    ends: tuple[socket.socket, socket.socket], page: Page, client: Client
) -> None:
    native = channels.open_channel(ends[0], page, client.box)
    client.post(frame(8))
    ends[1].sendall(frame(9))
    assert native.exchange(b"", bytearray(64)) == 9
    assert client.state[0] == POSTED and client.served[0] == 0


def test_the_hub_looks_into_mailboxes(page: Page, client: Client) -> None:
    hub = Hub(page)
    pairs = [socket.socketpair() for _ in range(2)]
    results: dict[int, int] = {}

    def sit(at: int, box: Mailbox | None) -> None:
        buffer = bytearray(4096)

        def serve(have: int) -> bytes | None:
            return bytes(buffer[4:have]) if have and buffer[4] != ord("L") else None

        guest = hub.sit(pairs[at][0].fileno(), buffer, serve, box)
        assert guest is not None
        results[at] = guest.have

    threads = [threading.Thread(target=sit, args=each) for each in enumerate((None, client.box))]
    for thread in threads:
        thread.start()
    pairs[0][1].settimeout(10)
    for n in range(50):
        text = b"%04d" % n
        client.post((4).to_bytes(4, "little") + text)
        while client.state[0] != DONE:  # the hub may sleep: the other seat wakes it
            pairs[0][1].sendall((4).to_bytes(4, "little") + b"abcd")
            assert pairs[0][1].recv(4) == b"abcd"
        assert client.reply(4) == text
    assert client.served[0] == 2
    for _, other in pairs:
        other.sendall((4).to_bytes(4, "little") + b"Long")
    for thread in threads:
        thread.join(10)
    assert results == {0: 8, 1: 8}
    assert client.served[0] == 0
    for one, other in pairs:
        one.close()
        other.close()


def test_who_gets_up_from_the_hub_and_goes_disturbs_nobody(page: Page, client: Client) -> None:
    """A request in the mailbox of one who has hung up: its seat is empty when the end of its stream is noticed."""
    hub = Hub(page)
    pairs = [socket.socketpair() for _ in range(2)]
    results: dict[str, tuple[int, bytes]] = {}

    def sit(name: str, at: int, box: Mailbox | None) -> None:
        buffer = bytearray(4096)
        serve = {"stays": lambda have: bytes(buffer[4:have]) or None, "goes": lambda have: None}[name]
        guest = hub.sit(pairs[at][0].fileno(), buffer, serve, box)
        assert guest is not None
        results[name] = (guest.have, bytes(buffer[: guest.have]))

    staying = threading.Thread(target=sit, args=("stays", 0, None))
    staying.start()
    going = threading.Thread(target=sit, args=("goes", 1, client.box))
    client.post(frame(40))
    pairs[1][1].close()
    going.start()
    pairs[0][1].settimeout(10)
    for _ in range(100):
        pairs[0][1].sendall(frame(12))
        assert pairs[0][1].recv(8) == frame(12)[4:]
    going.join(10)
    assert results["goes"] in ((40, frame(40)), (0, b""))
    pairs[0][1].close()
    staying.join(10)
    assert results["stays"] == (0, b"")
    for one, other in pairs:
        one.close()
        other.close()


def served_by(hub: Hub, keeper: socket.socket, serve: Callable[[bytearray, int], bytes | None]) -> tuple[int, bytes]:
    buffer = bytearray(256)
    guest = hub.sit(keeper.fileno(), buffer, lambda have: serve(buffer, have))
    assert guest is not None
    return guest.have, bytes(buffer[: max(guest.have, 0)])


def test_the_hub_answers_short_calls_and_gives_back_the_rest() -> None:
    page = Page()
    hub = Hub(page)
    pairs = [socket.socketpair() for _ in range(4)]
    results: dict[int, tuple[int, bytes]] = {}

    def serve(buffer: bytearray, have: int) -> bytes | None:
        return bytes(buffer[4:have]) if have and buffer[4] != ord("L") else None

    def sit(at: int) -> None:
        results[at] = served_by(hub, pairs[at][0], serve)

    threads = [threading.Thread(target=sit, args=(at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        for _, client in pairs:
            client.settimeout(10)
            client.sendall((4).to_bytes(4, "little") + b"abcd")
        assert [client.recv(4) for _, client in pairs] == [b"abcd"] * 4
    for at, (_, client) in enumerate(pairs):
        if at:
            client.sendall((4).to_bytes(4, "little") + b"Long")
        else:
            client.close()
    for thread in threads:
        thread.join(10)
    assert results == {0: (0, b""), **{at: (8, (4).to_bytes(4, "little") + b"Long") for at in (1, 2, 3)}}
    assert page.seats[0] == 0
    for one, other in pairs:
        one.close()
        other.close()


def test_who_is_alone_serves_itself() -> None:
    keeper, client = socket.socketpair()
    hub = Hub(Page())
    result: list[tuple[int, bytes]] = []
    sitting = threading.Thread(target=lambda: result.append(served_by(hub, keeper, lambda buffer, have: b"answer")))
    sitting.start()
    client.settimeout(10)
    answered = 0
    while sitting.is_alive() and answered < 10_000:
        client.sendall((4).to_bytes(4, "little") + b"abcd")
        sitting.join(0.05 if answered > 190 else 0)
        if not sitting.is_alive():
            break
        assert client.recv(6) == b"answer"
        answered += 1
    assert result == [(8, (4).to_bytes(4, "little") + b"abcd")]
    keeper.close()
    client.close()


def test_one_guest_in_trouble_disturbs_no_other() -> None:
    hub = Hub(Page())
    pairs = [socket.socketpair() for _ in range(2)]
    results: list[tuple[int, bytes]] = []

    def fails(buffer: bytearray, have: int) -> bytes | None:
        raise RuntimeError

    def echoes(buffer: bytearray, have: int) -> bytes | None:
        return bytes(buffer[4:have]) or None

    sitting = [
        threading.Thread(target=lambda: results.append(served_by(hub, pairs[0][0], fails))),
        threading.Thread(target=lambda: results.append(served_by(hub, pairs[1][0], echoes))),
    ]
    for thread in sitting:
        thread.start()
    pairs[0][1].sendall(frame(8))
    sitting[0].join(10)
    assert results == [(8, frame(8))]
    pairs[1][1].settimeout(10)
    pairs[1][1].sendall(frame(12))
    assert pairs[1][1].recv(8) == frame(12)[4:]
    pairs[1][1].close()
    sitting[1].join(10)
    assert results[1] == (0, b"")
    for one, other in pairs:
        one.close()
        other.close()
