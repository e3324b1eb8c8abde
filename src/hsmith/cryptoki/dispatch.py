"""All handlers, registered: import HANDLERS from here."""

from importlib import import_module

from hsmith.cryptoki.handlers import HANDLERS

__all__ = ["HANDLERS"]

#: The modules whose import registers handlers.
MODULES = (
    "asynchronous", "authenticated", "ciphers", "digests", "dual", "keys", "messages", "objects", "random", "sessions",
    "signatures", "slots", "states",
)  # fmt: skip

for _module in MODULES:
    import_module(f"hsmith.cryptoki.{_module}")
