"""Attributes on the command line and in what commands print: "sensitive=yes", "start-date=2026-01-31"."""

import re
from typing import Any, Final

from hsmith.cli.parser import Usage, suggestion
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import UNAVAILABLE, Attr, Mechanism
from hsmith.spec.values import ValueKind

#: Attributes whose bytes are text; those of the others are written in hexadecimal.
TEXT: Final = frozenset({Attr.LABEL, Attr.APPLICATION, Attr.URL, Attr.UNIQUE_ID})
_BOOLS: Final = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}
_DATE: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")


def spelt(attr: Attr) -> str:
    """ "start-date" for CKA_START_DATE."""
    return attr.name.lower().replace("_", "-")


_BY_NAME: Final = {spelt(attr): attr for attr in Attr if attr in ATTRIBUTES}


def named(word: str) -> Attr:
    """The attribute; CKA_ in front and underscores are as good. Raises Usage."""
    plain = word.lower().replace("_", "-").removeprefix("cka-")
    if plain not in _BY_NAME:
        raise Usage(f"There is no attribute '{word}'{suggestion(plain, _BY_NAME)}.")
    return _BY_NAME[plain]


def parse(text: str) -> tuple[Attr, Any]:
    """An attribute and its value from NAME=VALUE. Raises Usage."""
    name, equals, value = text.partition("=")
    if not equals:
        raise Usage(f"'{text}' sets no attribute: write NAME=VALUE, as in sensitive=yes.")
    attr = named(name)
    return attr, _PARSERS[ATTRIBUTES[attr].kind](attr, value)


def template(texts: list[str]) -> dict[Attr, Any]:
    """The attributes of several NAME=VALUE, each given once. Raises Usage."""
    found: dict[Attr, Any] = {}
    for text in texts:
        attr, value = parse(text)
        if attr in found:
            raise Usage(f"The attribute '{spelt(attr)}' is given twice.")
        found[attr] = value
    return found


def _bool(attr: Attr, text: str) -> bool:
    if text.lower() not in _BOOLS:
        raise Usage(f"The attribute '{spelt(attr)}' is yes or no, not '{text}'.")
    return _BOOLS[text.lower()]


def _number(attr: Attr, text: str) -> int:
    choices = ATTRIBUTES[attr].choices
    words = (
        {}
        if choices is None
        else {name.lower().replace("_", "-"): int(value) for name, value in choices.__members__.items()}
    )
    if text.lower().replace("_", "-") in words:
        return words[text.lower().replace("_", "-")]
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if not 0 <= number <= UNAVAILABLE:
        wanted = suggestion(text.lower(), words) if words else "; it is a whole number"
        raise Usage(f"The attribute '{spelt(attr)}' cannot be '{text}'{wanted}.")
    return number


def _bytes(attr: Attr, text: str) -> bytes:
    if attr in TEXT:
        return text.encode("utf-8", "surrogateescape")
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Usage(f"The attribute '{spelt(attr)}' is written in hexadecimal, as in 01a2, not '{text}'.") from None


def _date(attr: Attr, text: str) -> bytes:
    found = _DATE.fullmatch(text)
    if text and found is None:
        raise Usage(f"The attribute '{spelt(attr)}' is a date, as in 2026-01-31, or empty; not '{text}'.")
    return "".join(found.groups()).encode() if found else b""


def _numbers(attr: Attr, text: str) -> tuple[int, ...]:
    if attr is not Attr.ALLOWED_MECHANISMS:
        raise Usage(f"The attribute '{spelt(attr)}' cannot be written on a command line.")
    from hsmith.cli.mechanisms import named as mechanism

    return tuple(int(mechanism(word)) for word in text.split(",") if word)


def _template(attr: Attr, text: str) -> tuple[tuple[int, Any], ...]:
    """A template in a template: NAME=VALUE,NAME=VALUE."""
    inner = template([part for part in text.split(",") if part])
    if any(ATTRIBUTES[each].kind is ValueKind.TEMPLATE for each in inner):
        raise Usage(f"The attribute '{spelt(attr)}' holds no template of templates on a command line.")
    return tuple((int(each), value) for each, value in inner.items())


_PARSERS: Final = {
    ValueKind.BOOL: _bool,
    ValueKind.ULONG: _number,
    ValueKind.BYTES: _bytes,
    ValueKind.DATE: _date,
    ValueKind.ULONGS: _numbers,
    ValueKind.TEMPLATE: _template,
}


def shown(attr: int, value: Any) -> Any:
    """A value for a table and for JSON: text, yes and no, numbers by name, bytes in hexadecimal."""
    row = ATTRIBUTES.get(attr)
    if isinstance(value, bytes):
        if row is not None and row.kind is ValueKind.DATE:
            text = value.decode("latin-1")
            return f"{text[:4]}-{text[4:6]}-{text[6:]}" if text else ""
        return value.decode("utf-8", "replace") if attr in TEXT else value.hex()
    if isinstance(value, tuple):
        return [_shown_item(attr, item) for item in value]
    if isinstance(value, bool) or row is None:
        return value
    return _word(attr, value)


def _shown_item(attr: int, item: Any) -> Any:
    if isinstance(item, tuple):
        return f"{spelt(Attr(item[0]))}={_plain(shown(item[0], item[1]))}"
    return _mechanism(item) if attr == Attr.ALLOWED_MECHANISMS else item


def _plain(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _word(attr: int, value: int) -> Any:
    if attr == Attr.KEY_GEN_MECHANISM:
        return None if value == UNAVAILABLE else _mechanism(value)
    choices = ATTRIBUTES[attr].choices
    known = choices is not None and value in choices._value2member_map_
    return choices(value).name.lower().replace("_", "-") if known and choices is not None else value


def _mechanism(number: int) -> str:
    known = number in Mechanism._value2member_map_
    return Mechanism(number).name.lower().replace("_", "-") if known else f"{number:#x}"
