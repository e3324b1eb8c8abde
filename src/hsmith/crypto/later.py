"""Modules of pycryptodome and of other libraries that few keepers need, loaded when they are first used.

To load them all takes a third of the time to start. A keeper that has started loads them in
a quiet moment, so that no later call depends on what the system then permits.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

_all: Final[list["Later"]] = []


class Later:
    """Stands for a module, and becomes it with the first look at what is in it. Thread-safe, as importing is."""

    def __init__(self, name: str) -> None:
        self._name = name
        _all.append(self)

    def __repr__(self) -> str:
        return f"Later({self._name!r})"

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # such as copying asks of any object
            raise AttributeError(attribute)
        module = self.load()
        self.__dict__.update({name: value for name, value in vars(module).items() if not name.startswith("_")})
        return getattr(module, attribute)

    @property
    def loaded(self) -> bool:
        return self._name in sys.modules

    def load(self) -> Any:
        """The module."""
        return import_module(self._name)


def load_all(wait: Callable[[], None] = lambda: None) -> None:
    """Load every module that stands by, each after ``wait``."""
    for one in _all:
        if not one.loaded:
            wait()
            one.load()
