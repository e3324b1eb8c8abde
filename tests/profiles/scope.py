"""What a running case knows: values of symbolic identifiers; and how an answer is compared with what is written."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final
from xml.etree.ElementTree import Element

from profiles.cases import Malformed
from profiles.variations import VARIATIONS

_SYMBOL: Final = re.compile(r"\$\{([^{}]+)\}")


class Mismatch(AssertionError):
    """The token does not answer as the case has it."""


class Scope:
    """The state of one running case.

    ``slot``: that of the token prepared for the case, for which a symbolic identifier in a list of slots stands.
    ``names``: values by symbolic identifier. ``varied``: items that differed from the case, as they are permitted to.
    """

    def __init__(self, slot: int, names: dict[str, Any]) -> None:
        self.slot = slot
        self.names = dict(names)
        self.varied: set[str] = set()

    def given(self, text: str, read: Callable[[str], Any]) -> Any:
        """The value of an input parameter."""
        found = _SYMBOL.fullmatch(text)
        if found is None:
            return read(text)
        if found[1] not in self.names:
            raise Malformed(f"nothing has given {text} a value yet")
        return self.names[found[1]]

    def expect(self, item: str, written: str, actual: Any, read: Callable[[str], Any]) -> None:
        """An output parameter is as written, or differs as it may. A symbolic identifier takes its value."""
        if found := _SYMBOL.fullmatch(written):
            self.names[found[1]] = actual
            return
        self._same(item, read(written), actual)

    def expect_list(self, item: str, written: Sequence[str], actual: list[int], read: Callable[[str], int]) -> None:
        """As ``expect``, for a list. Where its order is free, a symbolic identifier stands for the prepared slot."""
        if item in VARIATIONS and self.slot in actual:
            actual = [self.slot, *(each for each in actual if each != self.slot)]
        symbols = {at: found[1] for at, text in enumerate(written) if (found := _SYMBOL.fullmatch(text))}
        if symbols and len(actual) < len(written):
            raise Mismatch(f"{item} has {len(actual)} members, the case has {len(written)}")
        self.names |= {name: actual[at] for at, name in symbols.items()}
        self._same(item, [actual[at] if at in symbols else read(text) for at, text in enumerate(written)], actual)

    def _same(self, item: str, wanted: Any, actual: Any) -> None:
        if wanted == actual:
            return
        if item not in VARIATIONS or not VARIATIONS[item].permits(wanted, actual):
            raise Mismatch(f"{item} is {_shown(actual)}, the case has {_shown(wanted)}")
        self.varied.add(item)


def child(parent: Element, name: str) -> Element:
    found = parent.findall(name)
    if len(found) != 1:
        raise Malformed(f"{parent.tag} has {len(found)} elements {name}")
    return found[0]


def written(element: Element, attribute: str = "value") -> str:
    if attribute not in element.attrib:
        raise Malformed(f"{element.tag} has no {attribute}")
    return element.attrib[attribute]


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode() if value.isascii() and value.decode().isprintable() else value.hex()
    return f"{value} (0x{value:x})" if isinstance(value, int) and not isinstance(value, bool) else str(value)
