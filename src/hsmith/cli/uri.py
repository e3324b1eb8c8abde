"""PKCS#11 URIs (RFC 7512): read, matched and written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from hsmith import __version__
from hsmith.cli.parser import Usage, suggestion

SCHEME: Final = "pkcs11:"
#: The values of "type" (section 2.3), by the numbers of CKO_.
TYPES: Final = {"data": 0, "cert": 1, "public": 2, "private": 3, "secret-key": 4}
TYPE_NAMES: Final = {number: name for name, number in TYPES.items()}
#: The same for every token: a URI that names something else names none of ours.
_FIXED: Final = {
    "manufacturer": "hsmith",
    "model": "hsmith",
    "slot-manufacturer": "hsmith",
    "library-manufacturer": "hsmith",
    "library-description": "hsmith PKCS#11 module",
    "library-version": ".".join(__version__.split(".")[:2]),
}
_PATH: Final = ("token", "serial", "slot-id", "slot-description", "object", "type", "id", *_FIXED)
_QUERY: Final = ("pin-source", "pin-value", "module-name", "module-path")
#: What an attribute of the path may hold as it is (section 2.3, pk11-pchar), beside letters, digits and "-._~".
_SAFE: Final = ":[]@!$'()*+,=&"
_MOST_PIN: Final = 4096


@dataclass(frozen=True, slots=True)
class Uri:
    """``path``: its attributes, percent-decoded. The PIN is in no repr."""

    path: Mapping[str, bytes]
    query: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def matches_token(self, token: Mapping[str, Any]) -> bool:
        """``token``: as the keeper's command ``tokens`` describes it."""
        slot = str(token["slot"])
        told = {"token": token["label"], "serial": token["serial"], "slot-id": slot, **_FIXED}
        told["slot-description"] = f"hsmith slot {slot}"
        return all(
            name not in self.path or self.path[name].decode("utf-8", "replace") == text for name, text in told.items()
        )

    @property
    def names_object(self) -> bool:
        return not self.path.keys().isdisjoint(("object", "id", "type"))

    def pin(self) -> bytes | None:
        """The PIN that the URI gives, or that is in the file it names. Raises Usage."""
        if "pin-value" in self.query:
            return self.query["pin-value"]
        if "pin-source" not in self.query:
            return None
        path = self.query["pin-source"].removeprefix(b"file://").removeprefix(b"file:")
        if not path.startswith(b"/"):
            raise Usage("The URI's pin-source is no file: it is written pin-source=file:/path/of/the/file.")
        try:
            with open(path, "rb") as file:
                return file.read(_MOST_PIN).removesuffix(b"\n").removesuffix(b"\r")
        except OSError as error:
            name = path.decode(errors="replace")
            raise Usage(f"The PIN file {name} cannot be read: {(error.strerror or str(error)).lower()}.") from error


def is_uri(text: str | None) -> bool:
    return text is not None and text[: len(SCHEME)].lower() == SCHEME


def parse(text: str) -> Uri:
    """Raises Usage with what is wrong, but without the values, one of which may be a PIN."""
    path, _, query = text[len(SCHEME) :].partition("?")
    found = Uri(_attributes(path, ";", _PATH), _attributes(query, "&", _QUERY))
    if "pin-value" in found.query and "pin-source" in found.query:
        raise Usage("The URI has both pin-value and pin-source: give one of them.")
    if "type" in found.path and found.path["type"].decode("latin-1") not in TYPES:
        word = found.path["type"].decode("utf-8", "replace")
        raise Usage(f"The URI has an unknown type '{word}'{suggestion(word, TYPES)}.")
    if not found.path.get("slot-id", b"0").isdigit():
        raise Usage("The URI's slot-id is no number.")
    return found


def _attributes(text: str, separator: str, known: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in text.split(separator) if text else ():
        name, equals, value = part.partition("=")
        if not equals:
            raise Usage(f"The URI has an attribute without a value: '{name}' is followed by no '='.")
        if name not in known:
            # A query's vendor attributes are to be ignored; in the path nothing matches what nobody understands.
            if separator == "&" and name not in _PATH:
                continue
            other = (
                f": it belongs {'before' if separator == '&' else 'after'} the '?'" if name in _PATH + _QUERY else ""
            )
            raise Usage(f"The URI has an unknown attribute '{name}'{other or suggestion(name, known)}.")
        if name in found:
            raise Usage(f"The URI has the attribute '{name}' twice.")
        found[name] = _decoded(name, value)
    return found


def _decoded(name: str, value: str) -> bytes:
    rest = value
    while "%" in rest:
        _, _, rest = rest.partition("%")
        if len(rest) < 2 or not all(char in "0123456789abcdefABCDEF" for char in rest[:2]):
            raise Usage(f"In the URI's attribute '{name}' a '%' is not followed by two hexadecimal digits.")
    return unquote_to_bytes(value.encode("utf-8", "surrogateescape"))


def of_token(token: Mapping[str, Any]) -> str:
    """The URI of a token: its label and its serial number, which is the token's alone."""
    return f"{SCHEME}token={_encoded(str(token['label']).encode())};serial={_encoded(str(token['serial']).encode())}"


def of_object(token: Mapping[str, Any], *, cls: int, label: bytes, identity: bytes = b"") -> str:
    """The URI of an object. The id is all percent-encoded, as the RFC recommends."""
    parts = [of_token(token)]
    if identity:
        parts.append("id=" + "".join(f"%{byte:02X}" for byte in identity))
    if label:
        parts.append(f"object={_encoded(label)}")
    if cls in TYPE_NAMES:
        parts.append(f"type={TYPE_NAMES[cls]}")
    return ";".join(parts)


def _encoded(value: bytes) -> str:
    return quote_from_bytes(value, safe=_SAFE)
