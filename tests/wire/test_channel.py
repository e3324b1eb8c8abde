"""The native way of frames and the plain one do the same; the hub serves short calls and gives all others back."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from hsmith.wire import channel as channels
from hsmith.wire.channel import Channel, NativeChannel, PlainChannel
from hsmith.wire.hub import Hub
from hsmith.wire.page import Page
from hsmith.wire.receiver import Receiver


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
