"""An Init and the call that follows it, in one frame (docs/wire.md, "BOTH"); of one connection."""

import contextlib
from typing import Any, Final, Generic

from hsmith.core.tally import Tally
from hsmith.wire.answers import Call, answer_call, answer_pair, answered, reply, return_value
from hsmith.wire.applications import A
from hsmith.wire.frames import PAIR
from hsmith.wire.receiver import BadFrame
from hsmith.wire.service import Service
from hsmith.wire.standing import MOST_ROOM, ROOM, Standings, open_standings

_ACCEPTED: Final = bytes(4)
#: How the answer to a FIND begins that has all results.
_FOUND: Final = bytes(4) + (1).to_bytes(8, "little")


def call_of(service: Service[Any], number: int) -> Call:
    """Raises BadFrame for what is no function with a handler."""
    call = service.calls.get(number)
    if call is None:
        raise BadFrame(f"unknown function {number:#x} in a BOTH")
    return call


class Pairs(Generic[A]):
    """``standings``: those that native code answers, where there is any."""

    def __init__(self, service: Service[A], tally: Tally) -> None:
        self._service = service
        self._tally = tally
        self.standings: Standings | None = None if service.page is None else open_standings(tally)

    def close(self, application: A) -> None:
        """The connection has ended."""
        if self.standings is not None:
            self.standings.close()
            application.memory.room(ROOM - self.standings.room)

    def answer(self, application: A, payload: memoryview) -> bytes | tuple[bytes, bytes]:
        """An Init, and what follows it in the same frame: as if they had come one after the other."""
        if len(payload) < PAIR.size:
            raise BadFrame("a BOTH that is cut short")
        _, _, length, free_from, free_to, _ = PAIR.unpack_from(payload)
        rest = PAIR.size + length
        if not free_to:
            key = bytes(payload[:rest])
        else:
            key = bytes(payload[: PAIR.size + free_from]) + bytes(payload[PAIR.size + free_to : rest])
        pair = application.repeated.get(key)
        if pair is None:
            return self._at_first(application, payload, key)
        init = payload[PAIR.size : rest] if free_to else None
        if not pair.stands or self.standings is None or self._service.page is None or self._service.shortcuts is None:
            return answer_pair(pair, application, init, payload[rest:], self._tally)
        changes = self._service.page.changes[0]
        made = answer_pair(pair, application, init, payload[rest:], self._tally)
        size = len(made) if isinstance(made, bytes) else len(made[0]) + len(made[1])
        free = slice(PAIR.size + free_from, PAIR.size + free_to)
        with contextlib.suppress(MemoryError):  # it stays Python's
            if size > self.standings.room:
                self._make_room(application, self.standings, size)
            self._service.shortcuts.stand(application, key, self.standings, payload[:rest], free, changes)
        return made

    def searched(self, application: A, session: int, answer: bytes) -> None:
        """A FIND was answered by Python."""
        if self.standings is not None and self._service.shortcuts is not None and answer[4:16] == _FOUND:
            with contextlib.suppress(MemoryError):  # they stay Python's
                self._service.shortcuts.searched(application, session, self.standings)

    @staticmethod
    def _make_room(application: A, standings: Standings, size: int) -> None:
        """For answers of this size, when they are not the longest: those go out from where they are made."""
        more = size - standings.room
        if size > MOST_ROOM or not application.memory.room(more):
            return
        try:
            standings.enlarge(size)
        except MemoryError:
            application.memory.room(-more)
            raise

    def _at_first(self, application: A, payload: memoryview, key: bytes) -> bytes:
        first, second, length, free_from, free_to, zero = PAIR.unpack_from(payload)
        if not free_from <= free_to <= length <= len(payload) - PAIR.size or zero:
            raise BadFrame("a BOTH whose lengths do not fit")
        begin, end = call_of(self._service, first), call_of(self._service, second)
        rest = payload[PAIR.size + length :]
        answer, arguments = answered(begin, application, payload[PAIR.size : PAIR.size + length], self._tally)
        if answer[4:8] != _ACCEPTED:
            # Of another operation it says nothing.
            same = begin.row.operation is end.row.operation
            return reply(return_value(answer)) if same else answer_call(end, application, rest, self._tally)
        if self._service.shortcuts is not None:
            self._service.shortcuts.keep(application, second, key, arguments, slice(free_from, free_to))
        return answer_call(end, application, rest, self._tally)
