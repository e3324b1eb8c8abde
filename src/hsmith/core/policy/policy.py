"""The policy of one token: which uses of a key it permits, and what it remembers of each.

Callers ask before the work is done, and tell before its result leaves. docs/policy.md has the rules in words.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from hsmith.core.objects import CHANGES, Object
from hsmith.core.policy import shapes
from hsmith.core.policy.marks import TRANSPORT, WRAPS, Mark
from hsmith.core.policy.profiles import RULES, Profile, Rules
from hsmith.core.policy.values import Record, Values
from hsmith.spec.constants import Attr, Fault, Mechanism, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.functions import Operation
from hsmith.spec.mechanisms import Grade, MechanismRow
from hsmith.spec.values import Template

#: What a secret key does in an operation.
_SECRET_ROLES: Final = {
    operation: int(role)
    for role, operations in (
        (Mark.ENCRYPT, (Operation.ENCRYPT, Operation.MESSAGE_ENCRYPT)),
        (Mark.DECRYPT, (Operation.DECRYPT, Operation.MESSAGE_DECRYPT)),
        # A MAC that is checked is soon found.
        (Mark.MAC, (Operation.SIGN, Operation.SIGN_RECOVER, Operation.MESSAGE_SIGN)),
        (Mark.MAC, (Operation.VERIFY, Operation.VERIFY_RECOVER, Operation.VERIFY_SIGNATURE, Operation.MESSAGE_VERIFY)),
    )
    for operation in operations
}
_DECRYPT: Final = int(Mark.DECRYPT)
#: What a private key does: a signature without padding is a decryption.
_DECRYPTING: Final = frozenset({Operation.DECRYPT, Operation.MESSAGE_DECRYPT})
_SIGNING: Final = frozenset({Operation.SIGN, Operation.SIGN_RECOVER, Operation.MESSAGE_SIGN})
_RAW_SIGNATURES: Final = frozenset({Mechanism.RSA_X_509})
#: MACs over labels of their own, which no derivation has (hsmith.core.policy.deriving).
_LABELLED_MACS: Final = frozenset({Mechanism.TLS_MAC, Mechanism.TLS12_MAC})

#: MACs of which two under one key tell the key.
ONE_TIME: Final = frozenset({Mechanism.POLY1305})

#: What a value was once it stays, in all its objects.
_LATCHES: Final = (
    (Mark.SENSITIVE, Attr.SENSITIVE, True),
    (Mark.UNEXTRACTABLE, Attr.EXTRACTABLE, False),
    (Mark.TRUSTED_ONLY, Attr.WRAP_WITH_TRUSTED, True),
    (Mark.PIN_EACH_TIME, Attr.ALWAYS_AUTHENTICATE, True),
)

_SECRETS: Final = frozenset({ObjectClass.SECRET_KEY, ObjectClass.OTP_KEY})
_CONFIDENTIAL: Final = _SECRETS | {ObjectClass.PRIVATE_KEY}
_KEYS: Final = _CONFIDENTIAL | {ObjectClass.PUBLIC_KEY}


def hidden(attributes: Mapping[int, Any]) -> bool:
    """Whether nobody can read the key: it is sensitive, or not extractable."""
    return bool(attributes.get(Attr.SENSITIVE, True)) or not attributes.get(Attr.EXTRACTABLE, False)


class Policy:
    """Thread-safe."""

    __slots__ = ("mechanisms", "profile", "rules", "values")

    def __init__(self, profile: Profile, values: Values, mechanisms: frozenset[int] | None = None) -> None:
        """``mechanisms``: those that are offered at all; None: every one."""
        self.profile = profile
        self.mechanisms = mechanisms
        self.rules: Rules = RULES[profile]
        self.values = values

    @property
    def protected(self) -> Mark:
        """What every record gets here beside its other marks."""
        return Mark.PROTECTED if self.rules.enforced else Mark.NONE

    # -- mechanisms and keys

    def offers(self, row: MechanismRow) -> bool:
        if self.mechanisms is not None and row.mechanism not in self.mechanisms:
            return False
        return not self.rules.modern or row.grade is Grade.MODERN

    def check_mechanism(self, row: MechanismRow) -> None:
        if not self.offers(row):
            why = "the token's profile is strict, and it is not modern" if self.rules.modern else "slots.mechanisms"
            raise Refused(Fault.MECHANISM_INVALID, f"{row.mechanism.name} is not offered: {why}")

    def shape(
        self, templates: Sequence[Template], made: Sequence[dict[int, Any]], row: MechanismRow | None = None
    ) -> None:
        """What the profile says of a new key before it is made; see hsmith.core.policy.shapes."""
        if row is not None:
            self.check_mechanism(row)
        if made[0].get(Attr.CLASS) in _KEYS:
            shapes.shape(self.rules, templates, made)

    def check_change(self, old: Mapping[int, Any], new: Mapping[int, Any]) -> None:
        shapes.check_change(self.rules, old, new)

    def role(self, operation: Operation, key: Object, row: MechanismRow) -> int:
        """What an operation makes of a key, as a plain number (this is asked each time); 0: nothing that matters."""
        if key.cls in _SECRETS:
            return 0 if row.mechanism in _LABELLED_MACS else _SECRET_ROLES[operation]
        if key.cls != ObjectClass.PRIVATE_KEY:
            return 0
        raw = row.mechanism in _RAW_SIGNATURES and operation in _SIGNING
        return _DECRYPT if raw or operation in _DECRYPTING else 0

    def record(self, key: Object) -> Record | None:
        """What is remembered of a key's value."""
        if key.record is None:
            found = self.values.of(key.attributes)
            if found is not None and not found.stored:
                self.values.add(found, _told(key.attributes))
            key.record = found
        return key.record

    # -- uses

    def check(self, key: Object, roles: Mark) -> None:
        """Refused(KEY_FUNCTION_NOT_PERMITTED) when the key may not be used so now."""
        record = self.record(key)
        if roles and record is not None:
            self.values.check(record, roles, enforced=self.rules.enforced)

    def use(self, key: Object, roles: Mark, more: Mark = Mark.NONE) -> None:
        """Remember, durably, that the key is used so from now on. Refused(KEY_FUNCTION_NOT_PERMITTED)."""
        record = self.record(key)
        if record is None or not roles:
            return
        self.values.take(record, roles, enforced=self.rules.enforced, more=more | self.protected)
        if roles & (TRANSPORT | Mark.DERIVE) or not passing(key, record):
            self.values.save(record)
        key.granted |= int(roles)  # asked at each use, and a flag takes a microsecond

    def serve(self, operation: Operation, key: Object) -> None:
        """A one-time key makes one MAC, whatever object it is in. Refused(KEY_FUNCTION_NOT_PERMITTED)."""
        record = self.record(key) if operation in _SIGNING else None
        if record is None:
            return
        again = operation is Operation.MESSAGE_SIGN or not self.values.use_once(record, Mark.SERVED)
        if again and (self.rules.enforced or record.marks & Mark.PROTECTED):
            raise Refused(Fault.KEY_FUNCTION_NOT_PERMITTED, "a key of this type makes one MAC: two would tell the key")
        self.values.save(record)
        CHANGES.count()  # what was accepted is refused the next time

    # -- objects that are made or changed

    def settle(self, attributes: dict[int, Any], marks: Mark = Mark.NONE, *, fresh: bool = False) -> Record | None:
        """Make a new secret or private key as secret as its value ever was, and remember ``marks`` of it.

        In place: SENSITIVE and EXTRACTABLE. Not yet durable."""
        if attributes[Attr.CLASS] not in _CONFIDENTIAL:
            return None
        shapes.check_strength(self.rules, attributes)
        record = self.values.of(attributes, fresh=fresh)
        if record is None:
            return None
        if self.rules.enforced or record.marks & Mark.PROTECTED:
            for mark, attr, value in _LATCHES:
                if record.marks & mark and attributes.get(attr) is not None:
                    harden(attributes, attr, value)
        self.values.add(record, marks | shown(attributes) | self.protected)
        return record

    def changed(self, key: Object) -> None:
        """A key's attributes were changed: what its value was once it stays."""
        if key.cls not in _CONFIDENTIAL:
            return
        record = self.record(key)
        if record is not None:
            self.values.add(record, (shown(key.attributes) & ~Mark.READABLE) | self.protected)
            if key.on_token:
                self.values.save(record)

    def transported(self, key: Object) -> bool:
        """Whether all that comes from under this key is sensitive."""
        record = self.record(key)
        if record is None or not record.marks & TRANSPORT:
            return False
        return self.rules.enforced or bool(record.marks & Mark.PROTECTED)


def harden(attributes: dict[int, Any], attr: Attr, value: bool) -> None:
    if attributes.get(attr) != value:
        attributes[attr] = value


def shown(attributes: Mapping[int, Any]) -> Mark:
    """What an object's attributes say of its value."""
    latched = [attributes.get(attr, False) == value for _, attr, value in _LATCHES]
    return _marks(hidden(attributes), *latched)


@cache
def _marks(hidden: bool, *latched: bool) -> Mark:
    """Few combinations, which are slow to put together."""
    marks = Mark.NONE if hidden else Mark.READABLE
    for (mark, _, _), has in zip(_LATCHES, latched, strict=True):
        marks = marks | mark if has else marks
    return marks


def _told(attributes: Mapping[int, Any]) -> Mark:
    """Of a key that is older than the records: what its attributes tell."""
    if attributes[Attr.CLASS] not in _CONFIDENTIAL:
        return Mark.NONE
    marks = shown(attributes)
    if not (attributes.get(Attr.ALWAYS_SENSITIVE) or attributes.get(Attr.NEVER_EXTRACTABLE)):
        marks |= Mark.READABLE
    return marks if attributes.get(Attr.LOCAL) else marks | Mark.KNOWN


def passing(key: Object, record: Record) -> bool:
    """Whether the value ends with the object, or is known anyway: what data it served for need not be durable."""
    local = bool(key.attributes.get(Attr.LOCAL)) and not record.marks & (Mark.WRAPPED | WRAPS)
    return not key.on_token and (local or bool(record.marks & Mark.KNOWN))
