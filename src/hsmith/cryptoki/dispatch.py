"""All handlers, registered: import HANDLERS from here."""

from hsmith.cryptoki import (
    asynchronous,
    authenticated,
    ciphers,
    digests,
    dual,
    keys,
    messages,
    objects,
    random,
    sessions,
    signatures,
    slots,
    states,
)
from hsmith.cryptoki.handlers import HANDLERS

__all__ = ["HANDLERS"]

#: The modules whose import registers handlers.
MODULES = (
    asynchronous,
    authenticated,
    ciphers,
    digests,
    dual,
    keys,
    messages,
    objects,
    random,
    sessions,
    signatures,
    slots,
    states,
)
