"""What the connections of a server share, and what is known of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol

from hsmith.core.tally import Tally
from hsmith.core.workers import Worker
from hsmith.wire.answers import Begin, Call, Maker
from hsmith.wire.applications import A, Applications
from hsmith.wire.hub import Hub
from hsmith.wire.page import Page
from hsmith.wire.standing import Standings

Admin = Callable[[A, dict[str, Any]], dict[str, Any]]


@dataclass(slots=True)
class Served:
    """A connection's thread, the token of its application once it has one, and what it has done."""

    thread: Worker | None = None
    token: bytes = b""
    tally: Tally = field(default_factory=Tally)


class Lock(Protocol):
    def release(self) -> None: ...


class Shortcuts(Protocol):
    """What is known above of calls that need not go the whole way."""

    @property
    def BEGINNERS(self) -> Mapping[int, Begin]:  # noqa: N802  (the name of a constant)
        """Of the functions that make something, by number, what begins a call."""

    @property
    def MAKERS(self) -> Mapping[int, Maker]:  # noqa: N802  (the name of a constant)
        """Of the functions that make something, by number, what makes it of a request as it came."""

    def keep(self, app: Any, ending: int, key: bytes, arguments: tuple[Any, ...], free: slice, /) -> None:
        """The first function of a BOTH was accepted, with these arguments; ``ending`` will follow, and the two came as
        ``key`` says, but for the ``free`` bytes of the first one's: application.repeated may have a handler for both,
        the next time."""

    def stand(self, app: Any, key: bytes, standings: Standings, pair: memoryview, free: slice, changes: int, /) -> None:
        """The pair that is kept as ``key`` was answered, when so much had changed: let native code answer it the next
        time, as long as nothing changes."""

    def searched(self, app: Any, session: int, standings: Standings, /) -> None:
        """A short search was answered in all: let native code answer those of the session, as long as it may."""

    def at_once(self, app: Any, number: int, session: int, /) -> Lock | None:
        """The lock of a session, taken, for one call of a function that waits for nobody, or begins so; None for
        others."""


@dataclass(frozen=True, slots=True)
class Service(Generic[A]):
    """What all connections of a server share. Times in seconds: for the first frame after connecting, and for the rest
    of any frame once its first byte has come. ``group``: whose members may connect too."""

    applications: Applications[A]
    calls: Mapping[int, Call]
    admin: Mapping[str, Admin[A]]
    hello_seconds: float
    frame_seconds: float
    group: int | None = None
    page: Page | None = None
    hub: Hub | None = None
    shortcuts: Shortcuts | None = None
