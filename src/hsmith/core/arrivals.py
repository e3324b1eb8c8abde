"""A token that comes from another HSM, object by object: gathered in memory, then stored in one transaction.

What its keys may do is judged as that of a token from another store of hsmith: by their attributes (docs/policy.md).
"""

import time
from collections.abc import Mapping
from typing import Any, Final

from hsmith.core import credentials, templates
from hsmith.core.credentials import SO, USER
from hsmith.core.durable import Durable
from hsmith.core.objects import Object
from hsmith.core.policy import shapes
from hsmith.core.policy.policy import Policy
from hsmith.core.policy.profiles import PROFILES, Profile
from hsmith.core.token import Field, Token
from hsmith.crypto import primitives
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, Fault
from hsmith.spec.faults import Refused
from hsmith.spec.values import Template
from hsmith.store import sealing
from hsmith.store.records import AddObject, Change, PutKeyslot, PutToken

LABEL_SIZE: Final = 32
MOST_SERIAL: Final = 16
#: So that no client fills the keeper's memory.
MOST_OBJECTS: Final = 1_000_000


class Arrival:
    """``label``: 32 bytes, blank padded. ``serial``: 1 to 16 ASCII characters; empty: a new one is made."""

    def __init__(self, *, label: bytes, serial: bytes, profile: Profile, durable: Durable) -> None:
        if len(label) != LABEL_SIZE:
            raise Refused(Fault.ARGUMENTS_BAD, "a token's label has 32 bytes")
        serial = serial or primitives.random_bytes(8).hex().encode()
        if len(serial) > MOST_SERIAL or not serial.decode("latin-1").isprintable() or not serial.isascii():
            raise Refused(Fault.ARGUMENTS_BAD, "a serial number has at most 16 ASCII characters")
        self.label, self.serial, self.profile = label, serial, profile
        self._policy = Policy(profile, durable.values)
        self.objects: list[dict[int, Any]] = []

    def add(self, template: Template) -> list[int]:
        """Take one more object. Returns the attributes that it has otherwise than the template says. Refused."""
        if len(self.objects) >= MOST_OBJECTS:
            raise Refused(Fault.DEVICE_MEMORY, f"a token is imported with at most {MOST_OBJECTS} objects")
        made = templates.migrated(template)
        if not made[Attr.TOKEN]:
            raise Refused(Fault.TEMPLATE_INCONSISTENT, "only token objects are imported")
        self._policy.shape([template], [made])
        shapes.check_strength(self._policy.rules, made)
        self.objects.append(made)
        return [attr for attr, value in template if not _same(attr, value, made.get(attr))]

    def settle(self, slot: int, durable: Durable, *, so_pin: bytes, pin: bytes | None) -> Token:
        """Store it all in one transaction, and read it again. Refused: nothing is stored."""
        numbers = durable.reserve_many(len(self.objects) + 1)
        id, master = numbers[0], primitives.random_bytes(sealing.KEY_SIZE)
        origin = sealing.Origin.own(durable.secret, id)
        pins = {SO: so_pin, **({} if pin is None else {USER: pin})}
        keyslots = [
            credentials.make(id, name, one, master=master, origin=origin, durable=durable) for name, one in pins.items()
        ]
        state: dict[int, Any] = {Field.LABEL: self.label, Field.SERIAL: self.serial, Field.CREATED: int(time.time())}
        state[Field.PROFILE] = PROFILES.index(self.profile)
        record = sealing.TokenSealer(durable.secret, token=id).seal(slot, 1, state)
        sealers = {
            private: sealing.Sealer(master if private else origin.root, token=id, private=private, offset=origin.offset)
            for private in (False, True)
        }
        made = [Object(number, attributes) for number, attributes in zip(numbers[1:], self.objects, strict=True)]
        changes: list[Change] = [PutToken(record), *map(PutKeyslot, keyslots)]
        durable.commit([*changes, *(_put(object, sealers[object.private]) for object in made)])
        for object in made:
            _check(object, sealers[object.private], durable, token=id)
        return Token(record, keyslots, durable)


def _put(object: Object, sealer: sealing.Sealer) -> AddObject:
    pairs = [*templates.index(object.attributes), (Attr.PRIVATE, object.private)]
    record = sealer.seal(object.id, object.version, object.attributes)
    return AddObject(record, tuple(sealer.tag(attr, value) for attr, value in pairs))


def _check(object: Object, sealer: sealing.Sealer, durable: Durable, *, token: int) -> None:
    """What was told of the object is true of what is stored."""
    record = durable.object(token, object.id)
    if record is None or sealer.unseal(record) != object.attributes:
        raise Refused(Fault.DEVICE_ERROR, f"object {object.id} was not stored as it should be")


def _same(attr: int, given: Any, stored: Any) -> bool:
    row = ATTRIBUTES.get(attr)
    if row is not None and row.big and isinstance(given, bytes):
        given = given.lstrip(b"\0")
    if isinstance(given, Mapping):
        given = tuple(given.items())
    return bool(given == stored)
