"""How full the HSM is and what it has written, in numbers: nothing here names a token, a key or a client."""

from typing import Any

from hsmith.core.hsm import Hsm
from hsmith.core.token import Token
from hsmith.spec.constants import TokenFlag


def figures(hsm: Hsm) -> dict[str, Any]:
    """``tokens``: sessions, objects, objects in memory and how often one was read from the store, locked PINs, of each;
    ``store``: as hsmith.store.records.Store.figures."""
    return {"tokens": [_of_token(token) for token in hsm.tokens()], "store": hsm.durable.store.figures()}


def _of_token(token: Token) -> dict[str, Any]:
    flags = token.flags()
    return {
        "slot": token.slot,
        "sessions": token.sessions,
        "objects": token.shelf.count(),
        "cached": token.shelf.ready,
        "loads": token.shelf.loads,
        "user_pin_locked": TokenFlag.USER_PIN_LOCKED in flags,
        "so_pin_locked": TokenFlag.SO_PIN_LOCKED in flags,
    }
