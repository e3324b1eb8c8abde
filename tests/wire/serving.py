"""A server in this process, over a real HSM; and clients that send frames as the module does."""

import contextlib
import threading
from pathlib import Path
from typing import Any

from cryptoki.calling import PIN, RW, make_token
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.core.objects import CHANGES
from hsmith.cryptoki import admin, dispatch, repeated
from hsmith.cryptoki.application import Application
from hsmith.spec.constants import Fault, UserType
from hsmith.spec.functions import BY_NAME, FIND
from hsmith.wire import address, codec, frames
from hsmith.wire.page import Page
from hsmith.wire.receiver import Receiver
from hsmith.wire.server import Server


class Client:
    """One connection of one application of this process."""

    def __init__(self, path: Path, token: bytes = frames.NEW_APPLICATION) -> None:
        self.socket = address.connect(path)
        self.socket.settimeout(10)
        self._receiver = Receiver(self.socket)
        hello = frames.encode_hello(frames.table_hash(), token, 1)
        rv, payload = self.exchange(frames.HELLO, hello)
        assert rv == Fault.OK
        self.token = frames.decode_hello_reply(payload)[0]

    def exchange(self, number: int, payload: bytes) -> tuple[int, bytes]:
        self.socket.sendall(frames.REQUEST.pack(4 + len(payload), number, 0) + payload)
        end = self._receiver.frame()
        if not end:
            raise EOFError
        rv, payload = int.from_bytes(self._receiver.buffer[4:8], "little"), bytes(self._receiver.buffer[8:end])
        self._receiver.done(end, wipe=False)
        return rv, payload

    def leave(self, name: str, *arguments: Any) -> None:
        """Ask, and go without waiting for the answer."""
        row = BY_NAME[name]
        payload = codec.encode_call(row, arguments)
        self.socket.sendall(frames.REQUEST.pack(4 + len(payload), row.number, 0) + payload)
        self.socket.close()

    def rv(self, name: str, *arguments: Any) -> tuple[int, Any]:
        row = BY_NAME[name]
        rv, payload = self.exchange(row.number, codec.encode_call(row, arguments))
        results = codec.decode_reply(row, rv, payload, arguments) if rv == Fault.OK else ()
        return rv, results[0] if len(results) == 1 else results

    def call(self, name: str, *arguments: Any) -> Any:
        rv, result = self.rv(name, *arguments)
        assert rv == Fault.OK, f"{name}: {rv:#x}"
        return result

    def find(self, session: int, template: Any, most: int = 64) -> tuple[int, Any]:
        """FIND: (rv, (1, handles) or (0, []))."""
        arguments = (session, template, most)
        rv, payload = self.exchange(FIND.number, codec.encode_call(FIND, arguments))
        return rv, codec.decode_reply(FIND, rv, payload, arguments) if rv == Fault.OK else None

    def both(self, init: tuple[Any, ...], call: tuple[Any, ...], free: bytes = b"") -> tuple[int, Any]:
        """An Init and its call in one frame; ``free``: the bytes of the Init that may be others."""
        begin, end = BY_NAME[init[0]], BY_NAME[call[0]]
        first, second = codec.encode_call(begin, init[1:]), codec.encode_call(end, call[1:])
        at = first.index(free) if free else 0
        head = frames.PAIR.pack(begin.number, end.number, len(first), at, at + len(free), 0)
        rv, payload = self.exchange(frames.BOTH, head + first + second)
        if rv == Fault.BUFFER_TOO_SMALL:
            return rv, int.from_bytes(payload[1:], "little")
        return rv, codec.decode_reply(end, rv, payload, call[1:])[0] if rv == Fault.OK else None


class Keeper:
    """A server over an HSM with one token."""

    def __init__(self, folder: Path, *, slot: int | None = None) -> None:
        """``slot``: of the token that is there already."""
        self.hsm = Hsm.opened(folder / "store", Settings(kdf_milliseconds=1))
        self.slot = make_token(self.hsm) if slot is None else slot
        self.hsm.durable.store.fill_directory(lambda: None)
        self.path, page = folder / "s", Page()
        self.path.unlink(missing_ok=True)  # of a keeper that was here before
        CHANGES.show(page.changes)
        self.listener = address.listen(self.path)
        self.server: Server[Application] = Server(
            open_application=lambda pid, uid, program: Application(self.hsm, pid=pid or 0, uid=uid or 0),
            handlers=dispatch.HANDLERS,
            admin=admin.COMMANDS,
            page=page,
            shortcuts=repeated,
        )
        self._clients: list[Client] = []
        self._ending = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.listener.settimeout(0.05)
        while not self._ending:
            with contextlib.suppress(TimeoutError):
                self.server.accept(self.listener)

    def client(self, token: bytes = frames.NEW_APPLICATION) -> Client:
        self._clients.append(Client(self.path, token))
        return self._clients[-1]

    @property
    def native(self) -> int:
        """Pairs that native code has answered."""
        count: int = self.server.figures()["native"]
        return count

    def calls(self, name: str) -> int:
        return sum(one["calls"] for one in self.server.figures()["functions"] if one["function"] == name)

    def close(self) -> None:
        for client in self._clients:
            client.socket.close()
        self._ending = True
        self._thread.join()
        self.listener.close()
        self.server.close()
        self.hsm.close()


def logged_in(keeper: Keeper, client: Client) -> int:
    session: int = client.call("C_OpenSession", keeper.slot, int(RW))
    client.call("C_Login", session, int(UserType.USER), PIN)
    return session
