"""The register of handlers: one for each function row that travels on the wire.

A handler of a function that takes a session gets the Session, its lock held, instead of the handle; others get the
Application. It returns the results in the order of the row's output arguments (a single one as itself, none as None).
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from hsmith.core.audit import CURRENT
from hsmith.core.making import Call, Making, Ready, Steps
from hsmith.cryptoki.application import Application, Session
from hsmith.spec.faults import Refused
from hsmith.spec.functions import BY_NAME, FunctionRow, Needs
from hsmith.store.records import Change

#: Seconds that a commit takes, up to which one thread may make it for many, who wait meanwhile.
MOMENT: Final = 0.002
_HANDLE: Final = 8  # bytes
#: By the function's number: called with the Application and the decoded arguments.
HANDLERS: Final[dict[int, Callable[..., Any]]] = {}

#: The same for functions that make something: called as those, they give the call begun, None where it may take long.
BEGINNERS: Final[dict[int, "Callable[..., Begun | None]"]] = {}

#: The same for what can be made of a request as it came; None where it must be decoded.
MAKERS: Final[dict[int, "Maker"]] = {}

F = TypeVar("F", bound=Callable[..., Any])
B = TypeVar("B", bound=Callable[..., Steps[Any] | None])
#: Of the session, and what follows its handle in the request: the changes that the call waits for, and its result.
M = Callable[[Session, memoryview], tuple[Sequence[Change], Any] | None]


def handles(function: str | FunctionRow, *bound: Any) -> Callable[[F], F]:
    """Register a handler; ``bound`` comes first in its arguments (for functions that differ in a column)."""
    row = BY_NAME[function] if isinstance(function, str) else function
    name = row.name

    def register(function: F) -> F:
        assert row.number not in HANDLERS, name
        make = _in_session if row.needs is Needs.SESSION else _plain
        HANDLERS[row.number] = make(name, function, bound)
        return function

    return register


def _in_session(name: str, function: Callable[..., Any], bound: tuple[Any, ...]) -> Callable[..., Any]:
    def handler(app: Application, handle: int, *args: Any) -> Any:
        session = app.sessions.get(handle) or app.session(handle)
        CURRENT.call = (app, name, session)
        try:
            with session.lock:
                return _results(function(*bound, session, *args))
        except Refused as refused:
            app.remember_refusal(name, refused)
            raise

    return handler


def _plain(name: str, function: Callable[..., Any], bound: tuple[Any, ...]) -> Callable[..., Any]:
    def handler(app: Application, *args: Any) -> Any:
        CURRENT.call = (app, name, None)
        try:
            return _results(function(*bound, app, *args))
        except Refused as refused:
            app.remember_refusal(name, refused)
            raise

    return handler


class Begun:
    """A call of a function that makes something, whose steps are to come."""

    __slots__ = ("_app", "_call", "_making", "_name")

    def __init__(self, app: Application, name: str, making: Making, call: Call | Ready) -> None:
        self._app = app
        self._name = name
        self._making = making
        self._call = call

    def finish(self, others: Sequence["Begun"]) -> None:
        """Do what it does, and make its changes durable, with those of ``others``, which have begun too."""
        self._making.finish([self._call, *[other._call for other in others]])

    def results(self) -> tuple[Any, ...]:
        """What the handler would have returned, or raised."""
        try:
            return _results(self._call.outcome())
        except Refused as refused:
            self._app.remember_refusal(self._name, refused)
            raise


def begins(function: str) -> Callable[[B], B]:
    """Register what begins a call: of the same arguments as its handler, the steps; None where they may take long."""
    row = BY_NAME[function]

    def register(steps_of: B) -> B:
        def begin(app: Application, handle: int, *args: Any) -> Begun | None:
            session = app.sessions.get(handle) or app.session(handle)
            CURRENT.call = (app, row.name, session)
            making = session.token.shelf.making
            try:
                steps = steps_of(session, *args)
            except Refused as refused:
                app.remember_refusal(row.name, refused)
                raise
            if steps is None or making.seconds > MOMENT:
                return None
            return Begun(app, row.name, making, Call(steps))

        BEGINNERS[row.number] = begin
        return steps_of

    return register


class Maker:
    """A function that makes something, of requests as they come (docs/wire.md), the session's handle first."""

    __slots__ = ("_make", "_name")

    def __init__(self, name: str, make: M) -> None:
        self._name = name
        self._make = make

    def begin(self, app: Application, request: memoryview) -> Begun | None:
        """The call begun, the session's lock held; None: it is to be begun as ever."""
        session = app.sessions.get(int.from_bytes(request[:_HANDLE], "little"))
        if session is None or session.token.shelf.making.seconds > MOMENT:
            return None
        CURRENT.call = (app, self._name, session)
        try:
            made = self._make(session, request[_HANDLE:])
        except Refused as refused:
            app.remember_refusal(self._name, refused)
            raise
        return None if made is None else Begun(app, self._name, session.token.shelf.making, Ready(*made))

    def answer(self, app: Application, request: memoryview) -> tuple[Any, ...] | None:
        """What the handler would have returned, or raised; None: it is to be asked."""
        session = app.sessions.get(int.from_bytes(request[:_HANDLE], "little"))
        if session is None:
            return None
        CURRENT.call = (app, self._name, session)
        try:
            with session.lock:
                made = self._make(session, request[_HANDLE:])
                if made is None:
                    return None
                session.token.shelf.making.commit(made[0])
                return _results(made[1])
        except Refused as refused:
            app.remember_refusal(self._name, refused)
            raise


def made_at_once(function: str) -> Callable[[M], M]:
    """Register what makes something of a request as it came; None where it must be decoded."""
    row = BY_NAME[function]

    def register(make: M) -> M:
        MAKERS[row.number] = Maker(row.name, make)
        return make

    return register


def _results(given: Any) -> tuple[Any, ...]:
    if given is None:
        return ()
    return given if type(given) is tuple else (given,)
