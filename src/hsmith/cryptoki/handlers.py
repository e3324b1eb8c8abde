"""The register of handlers: one for each function row that travels on the wire.

A handler of a function that takes a session gets the Session, its lock held, instead of the handle; others get the
Application. It returns the results in the order of the row's output arguments (a single one as itself, none as None).
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from hsmith.core.audit import CURRENT
from hsmith.cryptoki.application import Application
from hsmith.spec.faults import Refused
from hsmith.spec.functions import BY_NAME, FunctionRow, Needs

#: By the function's number: called with the Application and the decoded arguments.
HANDLERS: Final[dict[int, Callable[..., Any]]] = {}

F = TypeVar("F", bound=Callable[..., Any])


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


def _results(given: Any) -> tuple[Any, ...]:
    if given is None:
        return ()
    return given if type(given) is tuple else (given,)
