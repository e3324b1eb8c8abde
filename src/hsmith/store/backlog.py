"""Objects that are stored and not in the index yet: their tags are entered for hundreds of objects at once.

Tags look random, so one object's lie in as many pages as it has tags, and each commit would write all of these. Its row
names its tags as well, so nothing is lost: the database says from which number on objects are not in the index, nor
counted, and of those the tags are kept here, where searches look too. What comes late, with a smaller number, is
entered at once. No number is in both.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import apsw

from hsmith.store.sealing import TAG_SIZE

#: Objects after which they are entered when there is time, and those after which nothing more is stored before.
ENTER_AT: Final = 1024
MOST: Final = 4 * ENTER_AT

_FIRST: Final = "SELECT value FROM counter WHERE name = 'indexed'"
_SET_FIRST: Final = "UPDATE counter SET value = ? WHERE name = 'indexed'"
_WAITING: Final = (
    "SELECT id, ifnull(CAST(token AS INTEGER), 0), ifnull(CAST(tags AS BLOB), x'') FROM object WHERE id >= ?"
)

#: The token and the tags of an object.
_Object = tuple[int, frozenset[bytes]]
#: What a transaction does: a number with its object, the tags as its row has them, or with None when there is none any
#: more. Or all were entered, and the number is the first that is not.
_Step = tuple[int, tuple[int, bytes] | bool | None]
_ENTERED: Final = True
#: The largest number that SQLite holds.
_LARGEST: Final = (1 << 63) - 1


class Backlog:
    """Who writes tells what a transaction does; any thread searches in what is committed."""

    def __init__(self) -> None:
        self._first = 0  # the smallest number that is not in the index
        self._lock = threading.Lock()
        self._objects: dict[int, _Object] = {}
        self._having: dict[tuple[int, bytes], list[int]] = {}  # by token and tag
        self._counts: dict[int, int] = {}  # of each token
        #: New ones, committed and not among these yet: most are entered before anybody asks for them.
        self._late: list[_Step] = []
        self._plain = True  # whether the open transaction only makes new ones
        self._steps: list[_Step] = []  # of the open transaction
        self._from = 0  # as _first, with what the steps say: each object of a transaction asks

    def __len__(self) -> int:
        return len(self._objects) + len(self._late)

    def load(self, connection: apsw.Connection) -> None:
        """What a keeper that was killed left."""
        self._first = self._from = first(connection)
        for id, token, packed in connection.execute(_WAITING, (self._first,)):
            self._add(id, token, packed)

    # -- writing: whoever does it holds the store's writer

    def holds(self, id: int) -> bool:
        """Whether the object, if there is one, is here and not in the index."""
        return id >= self._from

    def add(self, id: int, token: int, tags: bytes) -> None:
        """It is made. ``tags``: as its row has them."""
        self._steps.append((id, (token, tags)))

    def put(self, id: int, token: int, tags: bytes) -> None:
        """It is changed."""
        self._plain = False
        self.add(id, token, tags)

    def drop(self, id: int) -> None:
        """It is deleted."""
        self._plain = False
        self._steps.append((id, None))

    def clear(self, token: int) -> None:
        """All of the token are deleted."""
        self._plain = False
        self._steps += [(id, None) for id, (owner, _) in self._now().items() if owner == token]

    def enter(self, connection: apsw.Connection) -> tuple[list[tuple[int, bytes, int]], dict[int, int]]:
        """Give up all objects, in the open transaction: the rows of the index, in its order, and how many objects each
        token has more."""
        waiting = self._waiting()
        # A row that was planted may have any number.
        entered = min(max([id for id, _, _ in waiting], default=self._first - 1) + 1, _LARGEST)
        connection.execute(_SET_FIRST, (entered,))
        self._plain = False
        self._steps.append((entered, _ENTERED))
        self._from = entered
        rows = [(token, tag, id) for id, token, tags in waiting for tag in tags]
        rows.sort()
        return rows, Counter([token for _, token, _ in waiting])

    def begin(self) -> None:
        self._plain = True
        self._steps.clear()
        self._from = self._first

    def mark(self) -> int:
        return len(self._steps)

    def undo(self, mark: int) -> None:
        del self._steps[mark:]
        self._from = next((id for id, what in reversed(self._steps) if what is _ENTERED), self._first)

    def publish(self) -> None:
        """It is committed."""
        with self._lock:
            if self._plain:
                self._late += self._steps
            else:
                self._follow()
        self._steps.clear()

    def _follow(self) -> None:
        """Let the steps of a transaction that did not only make new ones count. The lock is held."""
        steps = self._steps
        entered = max([at for at, (_, what) in enumerate(steps) if what is _ENTERED], default=-1)
        if entered >= 0:
            self._restart(steps[entered][0])
        self._catch_up()
        for id, what in steps[entered + 1 :]:
            self._remove(id)
            if isinstance(what, tuple):
                self._add(id, *what)

    def _catch_up(self) -> None:
        """Let what is new be among the objects. The lock is held."""
        for id, what in self._late:
            if isinstance(what, tuple):
                self._add(id, *what)
        self._late = []  # not before: who looks without the lock waits for it where there are some

    def _waiting(self) -> list[tuple[int, int, Iterable[bytes]]]:
        """Number, token and tags of all objects, as they are in the open transaction."""
        if self._steps:
            return [(id, token, tags) for id, (token, tags) in self._now().items()]
        with self._lock:
            waiting: list[tuple[int, int, Iterable[bytes]]]
            waiting = [(id, token, tags) for id, (token, tags) in self._objects.items()]
            waiting += [(id, what[0], unpacked(what[1])) for id, what in self._late if isinstance(what, tuple)]
        return waiting

    def _now(self) -> dict[int, _Object]:
        """As they are in the open transaction."""
        with self._lock:
            self._catch_up()
            objects = dict(self._objects)
        for id, what in self._steps:
            if isinstance(what, bool):
                objects.clear()
            elif what is None:
                objects.pop(id, None)
            else:
                objects[id] = what[0], frozenset(unpacked(what[1]))
        return objects

    def _restart(self, first: int) -> None:
        self._first = first
        self._late = []
        self._objects.clear()
        self._having.clear()
        self._counts.clear()

    def _add(self, id: int, token: int, packed: bytes) -> None:
        tags = frozenset(unpacked(packed))
        self._objects[id] = token, tags
        self._counts[token] = self._counts.get(token, 0) + 1
        for tag in tags:
            self._having.setdefault((token, tag), []).append(id)

    def _remove(self, id: int) -> None:
        if id not in self._objects:
            return
        token, tags = self._objects.pop(id)
        self._counts[token] -= 1
        for tag in tags:
            self._having[token, tag].remove(id)

    # -- searching: in any thread, and before the index: what is entered meanwhile is found twice, and not missed

    def find(self, token: int, tags: Sequence[bytes], *, after: int = 0) -> list[int]:
        """Numbers of the objects that have all of ``tags``, in any order."""
        if not self:
            return []
        with self._lock:
            self._catch_up()
            if not tags:
                return [id for id, (owner, _) in self._objects.items() if owner == token and id > after]
            found = self._having.get((token, tags[0]), ())
            return [id for id in found if id > after and self._objects[id][1].issuperset(tags)]

    def having(self, token: int, tags: Sequence[bytes]) -> list[tuple[int, int]]:
        """(place of the tag, number) of the objects that have one of ``tags``."""
        if not self:
            return []
        if self._late:
            with self._lock:
                self._catch_up()
        found = []
        for which, tag in enumerate(tags):
            if (token, tag) in self._having:  # what has just gone is in the index by now
                with self._lock:
                    found += [(which, id) for id in self._having.get((token, tag), ())]
        return found

    def count(self, token: int) -> int:
        with self._lock:
            self._catch_up()
            return self._counts.get(token, 0)


def first(connection: apsw.Connection) -> int:
    """The smallest number that is not in the index."""
    return int(connection.execute(_FIRST).get or 0)


def packed(tags: Iterable[bytes]) -> bytes:
    """As a row of the table object has them: each after its length, one byte. ValueError: longer than 255 bytes."""
    return b"".join([bytes((len(tag),)) + tag for tag in tags])


def has_all(packed: bytes, tags: Iterable[bytes]) -> bool:
    """Whether all of ``tags``, which a sealer made, are among those of a row: unpacked() takes longer."""
    for tag in tags:
        at = packed.find(tag)
        if at % (1 + TAG_SIZE) != 1 or packed[at - 1] != TAG_SIZE or len(tag) != TAG_SIZE:
            # There is none, or it was found by chance.
            return unpacked(packed).issuperset(tags)
    return True


def unpacked(packed: bytes) -> set[bytes]:
    """The tags of a row of the table object."""
    count, rest = divmod(len(packed), 1 + TAG_SIZE)
    if not rest and packed[:: 1 + TAG_SIZE] == bytes((TAG_SIZE,)) * count:  # as a sealer makes them, all of one length
        return {packed[at : at + TAG_SIZE] for at in range(1, len(packed), 1 + TAG_SIZE)}
    tags, at = set(), 0
    while at < len(packed):
        end = at + 1 + packed[at]
        tags.add(packed[at + 1 : end])
        at = end
    return tags
