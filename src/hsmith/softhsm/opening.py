"""Opening a token of SoftHSM with its PINs: its objects in clear, as attributes that another token may have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hsmith.crypto import softhsm as crypto
from hsmith.softhsm.stored import StoredObject, StoredToken, Unreadable, WrongPin
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, KeyType, Mechanism, ObjectClass

#: Attributes of private objects that SoftHSM does not encrypt.
_CLEAR: Final = frozenset({Attr.START_DATE, Attr.END_DATE})
_DATE: Final = 8

#: What SoftHSM writes into keys for what is not said: every mechanism, and the key's own public key information.
_UNSAID: Final[dict[int, Any]] = {Attr.ALLOWED_MECHANISMS: (), Attr.PUBLIC_KEY_INFO: b""}
_KEYS: Final = frozenset({ObjectClass.PUBLIC_KEY, ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY})

#: X25519 and X448, as SoftHSM spells them: it makes them by the mechanism, and as the type, of Edwards curves.
_MONTGOMERY: Final = frozenset(
    bytes.fromhex(params) for params in ("06032b656e", "06032b656f", "130a63757276653235353139", "13086375727665343438")
)


@dataclass(frozen=True, slots=True)
class Plain:
    """An object in clear. ``attributes``: to be stored. ``respelt``: in words, what is written otherwise than SoftHSM
    had it. ``unknown``: attributes with a value that no standard has."""

    name: str
    attributes: dict[int, Any] = field(repr=False)
    respelt: list[str]
    unknown: list[int]


class Opened:
    """A token whose PINs are right. ``pin``, ``so_pin``: None where it is not known. WrongPin.

    One right PIN opens it; a PIN that is given is checked, unless the token has none.
    """

    def __init__(self, token: StoredToken, *, pin: bytes | None, so_pin: bytes | None) -> None:
        self.token = token
        self._key = b""
        for which, given, stored in (("user", pin, token.user_pin), ("SO", so_pin, token.so_pin)):
            if given is not None and stored:
                self._open(which, given, stored)

    def _open(self, which: str, pin: bytes, stored: bytes) -> None:
        if self.token.kind == "v1":
            if not crypto.right_pin_of_version_1(pin, stored):
                raise WrongPin(which)
            return
        key = crypto.token_key(pin, stored)
        if key is None:
            raise WrongPin(which)
        self._key = key

    def objects(self) -> Iterator[Plain]:
        """Token objects, one after the other. Unreadable."""
        for object in self.token.objects:
            if object.attributes.get(Attr.TOKEN, True):
                yield translated(object.name, self._decrypted(object))

    def _decrypted(self, object: StoredObject) -> Mapping[int, Any]:
        if self.token.kind == "v1" or not object.attributes.get(Attr.PRIVATE):
            return object.attributes
        return {attr: self._clear(object.name, attr, value) for attr, value in object.attributes.items()}

    def _clear(self, name: str, attr: int, value: Any) -> Any:
        if not isinstance(value, bytes) or (attr in _CLEAR and len(value) in (0, _DATE)):
            return value
        try:
            return crypto.decrypt(self._key, value)
        except ValueError:
            about = f"{self.token.path}: attribute {attr:#x} of {name}"
            raise Unreadable(f"{about} was not encrypted with this token's key, or is damaged") from None


def translated(name: str, stored: Mapping[int, Any]) -> Plain:
    """The object's attributes as PKCS#11 3.2 has them."""
    given: dict[int, Any] = {}
    unknown = []
    for attr, value in stored.items():
        if attr in ATTRIBUTES:
            given[attr] = _template(value) if isinstance(value, Mapping) else value
        elif value not in (b"", (), {}):
            unknown.append(attr)
    respelt = _montgomery(given)
    for attr, nothing in _UNSAID.items():
        if given.get(attr) == nothing and given.get(Attr.CLASS) in _KEYS:
            del given[attr]
    return Plain(_name(name, given), given, respelt, unknown)


def _template(value: Mapping[int, Any]) -> tuple[tuple[int, Any], ...]:
    return tuple((attr, _template(item) if isinstance(item, Mapping) else item) for attr, item in sorted(value.items()))


def _montgomery(given: dict[int, Any]) -> list[str]:
    if given.get(Attr.KEY_TYPE) != KeyType.EC_EDWARDS or given.get(Attr.EC_PARAMS) not in _MONTGOMERY:
        return []
    given[Attr.KEY_TYPE] = int(KeyType.EC_MONTGOMERY)
    respelt = ["CKA_KEY_TYPE is CKK_EC_MONTGOMERY: SoftHSM calls X25519 and X448 keys CKK_EC_EDWARDS"]
    if given.get(Attr.KEY_GEN_MECHANISM) == Mechanism.EC_EDWARDS_KEY_PAIR_GEN:
        given[Attr.KEY_GEN_MECHANISM] = int(Mechanism.EC_MONTGOMERY_KEY_PAIR_GEN)
        respelt.append("CKA_KEY_GEN_MECHANISM is CKM_EC_MONTGOMERY_KEY_PAIR_GEN, for the same reason")
    return respelt


def _name(name: str, given: Mapping[int, Any]) -> str:
    """What to call an object in a report: "private key 'web', ID 01"."""
    cls = given.get(Attr.CLASS, -1)
    kind = ObjectClass(cls).name.lower().replace("_", " ") if cls in ObjectClass._value2member_map_ else "object"
    label, id = given.get(Attr.LABEL, b""), given.get(Attr.ID, b"")
    words = [f"{kind} '{label.decode('utf-8', 'replace')}'" if label else f"{kind} {name}"]
    return ", ".join(words + ([f"ID {id.hex()}"] if id else []))
