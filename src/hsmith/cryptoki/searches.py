"""Sessions whose short searches native code answers by itself: docs/decisions/0026.

It knows what Python would find as long as the session stays as it is: who is logged in, no search that goes on, no
session objects. When one of these changes, the session's searches are Python's again, before that call is answered.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from hsmith.core import builtin
from hsmith.core.templates.values import PLAIN
from hsmith.crypto.forming import Kind
from hsmith.crypto.searching import Maker
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr
from hsmith.spec.functions import Operation

if TYPE_CHECKING:
    from hsmith.cryptoki.application import Application, Session

#: How many searches a session makes until native code gets them; each time it lost them to others, twice as many.
OFTEN: Final = 2
_KINDS: Final[dict[Any, int]] = {bytes: Kind.BYTES, int: Kind.ULONG}


class Place(Protocol):
    """Where searches stand: hsmith.wire.standing, of one connection."""

    def holds(self, key: bytes) -> bool: ...

    def put_search(self, key: bytes, session: int, search: Any) -> int: ...

    def revoke(self, place: int) -> None: ...


class Searches:
    """Those of one session."""

    __slots__ = ("_due", "_made", "_places")

    def __init__(self) -> None:
        self._made, self._due = 0, OFTEN
        self._places: list[tuple[Place, int]] = []

    def due(self) -> bool:
        """One more was made by Python: whether native code should have the next ones."""
        self._made += 1
        if self._made < self._due:
            return False
        self._made, self._due = 0, 2 * self._due
        return True

    def stand(self, place: Place, at: int) -> None:
        self._places.append((place, at))

    def fall(self) -> None:
        """They are Python's again."""
        places, self._places = self._places, []
        for place, at in places:
            place.revoke(at)

    def again(self) -> None:
        """The same, as who is logged in is another, and so may have them soon."""
        self.fall()
        self._made, self._due = 0, OFTEN


@cache
def _maker() -> Maker:
    attributes = [
        (int(attr), row.rank, _KINDS[PLAIN[attr]])
        for attr, row in ATTRIBUTES.items()
        if row.rank and not row.big and PLAIN.get(attr) in _KINDS
    ]
    return Maker(attributes, [(int(Attr.CLASS), cls) for cls in sorted(builtin.CLASSES)])


def searched(app: "Application", handle: int, place: Place) -> None:
    """A short search of the session with this handle was answered, over the connection of ``place``."""
    session = app.sessions.get(handle)
    if session is None or session.asynchronous or not session.token.directory or not session.searches.due():
        return
    key = b"search" + handle.to_bytes(8, "little")
    with app.holding():
        if app.sessions.get(handle) is not session or app.objects or place.holds(key):
            return
        at = _stand(session, key, place)
        if at < 0:
            return
        session.searches.stand(place, at)
        app.searching.add(session.searches)
        if Operation.FIND in session.operations:  # who begins one looks for places afterwards
            session.searches.fall()


def _stand(session: "Session", key: bytes, place: Place) -> int:
    token = session.token
    sealers = [token.sealer(private) for private in ((False, True) if session.logged_in else (False,))]
    search = _maker().make(
        token.directory,
        token.id,
        [sealer.index_key for sealer in sealers],
        session.handle_of(0, private=True),
        lambda private, attr, value: sealers[private].tag(attr, value),
    )
    return -1 if search is None else place.put_search(key, session.handle, search)
