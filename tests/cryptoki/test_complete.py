"""Every function that travels has a handler."""

from hsmith.cryptoki.dispatch import HANDLERS
from hsmith.spec.functions import FUNCTIONS, Needs


def test_every_function_that_travels_has_a_handler() -> None:
    missing = {row.name for row in FUNCTIONS if row.needs is not Needs.LOCAL} - {
        row.name for row in FUNCTIONS if row.number in HANDLERS
    }
    assert missing == set()


def test_what_is_answered_in_the_module_does_not_travel() -> None:
    assert not {row.name for row in FUNCTIONS if row.needs is Needs.LOCAL and row.number in HANDLERS}
