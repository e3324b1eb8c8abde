"""All handlers, registered: import HANDLERS from here."""

from hsmith.cryptoki import ciphers, digests, dual, keys, objects, random, sessions, signatures, slots
from hsmith.cryptoki.handlers import HANDLERS

__all__ = ["HANDLERS"]

#: The modules whose import registers handlers.
MODULES = (ciphers, digests, dual, keys, objects, random, sessions, signatures, slots)
