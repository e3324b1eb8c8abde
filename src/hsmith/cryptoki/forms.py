"""Data objects of one session that native code makes: docs/decisions/0027.

It makes more of those that were made just now, as long as the session stays as it is: when somebody logs in or out, or
a session ends, nothing of it stays.
"""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hsmith.core import forms
from hsmith.core.objects import Object
from hsmith.crypto.forming import Form
from hsmith.spec.values import Template
from hsmith.store.records import Change

log = logging.getLogger("hsmith.cryptoki")

if TYPE_CHECKING:
    from hsmith.cryptoki.application import Session

#: How many objects of a form a session makes until native code gets it.
OFTEN: Final = 2
#: Forms of one session, and sessions of one application that have some: a client that has more does without.
MOST: Final = 4
MOST_SESSIONS: Final = 64


class Forms:
    """Those of one session, whose lock is held by who calls it; fall() may be called by anybody."""

    __slots__ = ("_forms", "_number", "_seen")

    def __init__(self) -> None:
        self._forms: dict[forms.Shape, tuple[Form, bool]] = {}
        self._seen: dict[forms.Shape, int] = {}
        self._number: int | None = None

    def __bool__(self) -> bool:
        return bool(self._forms)

    def make(self, session: "Session", template: memoryview) -> tuple[Sequence[Change], int] | None:
        """What makes an object of a template as it comes, and its handle; None: it has none of the forms."""
        shelf = session.token.shelf
        number = shelf.reserve() if self._number is None else self._number
        for form, private in tuple(self._forms.values()):
            made = form.make(template, number)
            if made is not None:
                self._number = None
                return shelf.made(number, made, private=private), session.handle_of(number, private=private)
        self._number = number
        return None

    def made(self, session: "Session", template: Template, object: Object) -> None:
        """One was made without them, and is durable, so nothing here may fail. The next ones may be native code's."""
        try:
            shape = forms.shape(template)
            if shape is not None and object.on_token and not session.asynchronous and self._due(shape):
                self._learn(session, shape, template, object)
        except MemoryError:
            pass
        except Exception:
            log.exception("a form of data objects could not be found")

    def _due(self, shape: forms.Shape) -> bool:
        """Whether native code should have the next ones: once, so that where it cannot it is not asked each time."""
        if shape in self._forms or len(self._forms) >= MOST:
            return False
        if len(self._seen) >= MOST and shape not in self._seen:
            self._seen.clear()
        self._seen[shape] = count = self._seen.get(shape, 0) + 1
        return count == OFTEN

    def _learn(self, session: "Session", shape: forms.Shape, template: Template, object: Object) -> None:
        app = session.app
        with app.holding():
            if app.sessions.get(session.handle) is not session or (object.private and not session.logged_in):
                return
            if self not in app.forming and len(app.forming) >= MOST_SESSIONS:
                return
            form = session.token.shelf.form(template, object)
            if form is not None:
                self._forms[shape] = form, object.private
                app.forming.add(self)

    def fall(self) -> None:
        """They are Python's again."""
        fallen, self._forms = tuple(self._forms.values()), {}
        self._seen.clear()
        for form, _ in fallen:
            form.close()
