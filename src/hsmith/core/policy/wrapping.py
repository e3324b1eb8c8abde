"""Keys that leave and come back wrapped: what may go under which key, and what is known of what comes from under it.

A key that wraps or unwraps sensitive keys is a transport key and nothing else; to wrap a key that can be read is to
encrypt, and to unwrap into one is to decrypt.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from hsmith.core.objects import Object
from hsmith.core.policy.marks import DATA, OUTSIDE, WRAP_ROLES, WRAPS, Mark
from hsmith.core.policy.policy import Policy, harden, hidden
from hsmith.core.policy.strength import in_steps, strength
from hsmith.core.policy.values import STRIKES
from hsmith.spec.constants import Attr, Fault, Mechanism, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.mechanisms import MechanismRow
from hsmith.spec.secrecy import AUTHENTICATED, MALLEABLE, NONCES, WRAPPING, Wrapping

#: Bits of a tag that a transport key makes and accepts at least.
TAG_BITS: Final = 96
#: Bytes of a key that may come out of a blob that can be cut: a shorter one could be searched for.
CUT_MINIMUM: Final = 16
#: Bytes of an unwrapped secret from which on it could be the encoding of a private key, parts of which are known.
ENCODING_MINIMUM: Final = 33

_CONFIDENTIAL_WORDS: Final = "docs/policy.md"


class Wrap:
    """One key that is to be wrapped under another. ``check`` before the work, ``release`` before the result leaves."""

    def __init__(self, policy: Policy, wrapper: Object, key: Object, row: MechanismRow) -> None:
        self._policy = policy
        self._wrapper = wrapper
        self._key = key
        self._way = WRAPPING.get(row.mechanism)
        self._record = policy.record(key)
        self._wrapping = policy.record(wrapper)
        marks = self._record.marks if self._record else Mark.NONE
        self._sensitive = hidden(key.attributes) or bool(marks & Mark.SENSITIVE)

    @property
    def _roles(self) -> Mark:
        """What the wrapping key does by it."""
        marks = self._wrapping.marks if self._wrapping else Mark.NONE
        role = WRAP_ROLES.get(self._way, Mark.NONE) if self._way else Mark.NONE
        if self._wrapper.cls == ObjectClass.PUBLIC_KEY:
            return role if self._sensitive else Mark.NONE
        return role if role and (self._sensitive or marks & WRAPS) else Mark.ENCRYPT

    def check(self, params: Any) -> None:
        """Refused(KEY_NOT_WRAPPABLE, KEY_FUNCTION_NOT_PERMITTED, MECHANISM_PARAM_INVALID)."""
        policy = self._policy
        policy.check(self._wrapper, self._roles)
        if not self._demanding:
            return
        if policy.rules.authenticated and self._way not in AUTHENTICATED:
            raise _not_wrappable("the token's profile is strict: a sensitive key is wrapped by authenticated wrapping")
        if self._way not in WRAP_ROLES:
            raise _not_wrappable("this mechanism protects no sensitive key: take AES_KEY_WRAP_KWP, AES_GCM or OAEP")
        self._check_wrapper()
        assert self._record is not None
        if self._way is Wrapping.BLOCK and self._record.marks & Mark.MIXED:
            raise _not_wrappable("parts of the key are known, and blocks would tell the others: take AES_KEY_WRAP_KWP")
        check_tag(self._way, params)

    @property
    def _demanding(self) -> bool:
        """Whether a sensitive key is to be protected here."""
        marks = self._record.marks if self._record else Mark.NONE
        return self._sensitive and (self._policy.rules.enforced or bool(marks & Mark.PROTECTED))

    def _check_wrapper(self) -> None:
        wrapper, attributes = self._wrapper, self._wrapper.attributes
        if self._wrapping is self._record:
            raise _not_wrappable("a key does not wrap itself, or its other half")
        if strength(attributes, wrapper.key().size) < self._policy.rules.wrapping_floor:
            raise _not_wrappable("the wrapping key is too weak")
        marks = self._wrapping.marks if self._wrapping else Mark.NONE
        if wrapper.cls == ObjectClass.PUBLIC_KEY:
            if not (attributes.get(Attr.TRUSTED) or attributes.get(Attr.LOCAL)):
                raise _not_wrappable("anybody may have the private half: the SO marks the public key CKA_TRUSTED")
            if marks & Mark.READABLE:
                raise _not_wrappable("the private half could be read")
            return
        if not hidden(attributes) or marks & Mark.READABLE:
            raise _not_wrappable("the wrapping key can be read, or could once")
        if marks & Mark.KNOWN and not attributes.get(Attr.TRUSTED):
            raise _not_wrappable("the wrapping key is known outside: the SO marks it CKA_TRUSTED")

    def release(self, params: Any, encoded: bytes) -> None:
        """Remember it, durably. ``params``: as the mechanism left them, with the IV that it used."""
        policy, values = self._policy, self._policy.values
        self._check_nonce(params)
        more = Mark.SENSITIVE if self._sensitive and self._wrapper.cls == ObjectClass.SECRET_KEY else Mark.NONE
        policy.use(self._wrapper, self._roles, more)
        if not self._sensitive or self._record is None:
            return
        values.add(self._record, Mark.SENSITIVE | Mark.WRAPPED | policy.protected)
        records = [self._record]
        if self._key.cls == ObjectClass.PRIVATE_KEY:
            records.append(values.encoding(encoded))
            values.add(records[-1], Mark.ENCODING | Mark.SENSITIVE | policy.protected)
        values.save(*records)

    def _check_nonce(self, params: Any) -> None:
        """An IV serves once: two keys under the same keystream tell each other."""
        field = NONCES.get(self._way) if self._way else None
        if field is None or not self._roles & WRAPS or self._wrapping is None:
            return
        served = self._policy.values.served(self._wrapping, getattr(params, field))
        first = self._policy.values.use_once(served)
        if not first and (self._policy.rules.enforced or self._wrapping.marks & Mark.PROTECTED):
            raise Refused(Fault.MECHANISM_PARAM_INVALID, "a key was wrapped with this IV: let the token generate it")
        self._policy.values.save(served)


class Unwrap:
    """One key that is to be unwrapped. ``begin`` before the work, which is done in ``judging``, ``came`` before anybody
    hears of it."""

    def __init__(self, policy: Policy, unwrapper: Object, row: MechanismRow) -> None:
        self._policy = policy
        self._unwrapper = unwrapper
        self._way = WRAPPING.get(row.mechanism)
        self._cuts = row.mechanism == Mechanism.AES_KEY_WRAP  # by up to seven bytes, which may have been zeros
        self._record = policy.record(unwrapper)
        self._role = Mark.NONE

    @property
    def _marks(self) -> Mark:
        return self._record.marks if self._record else Mark.NONE

    @property
    def _enforced(self) -> bool:
        return self._policy.rules.enforced or bool(self._marks & Mark.PROTECTED)

    def begin(self, attributes: dict[int, Any], params: Any) -> None:
        """What the new key will be, in place: from under a transport key nothing comes that can be read."""
        if self._policy.transported(self._unwrapper):
            harden(attributes, Attr.SENSITIVE, True)
        self._role = Mark.UNWRAP if attributes.get(Attr.SENSITIVE) else Mark.DECRYPT
        self._policy.check(self._unwrapper, self._role)
        if not self._secretly:
            return
        rules = self._policy.rules
        if rules.authenticated and self._way not in AUTHENTICATED:
            raise Refused(Fault.MECHANISM_INVALID, "the token's profile is strict: keys come by authenticated wrapping")
        if self._way is None or self._way is Wrapping.RAW:
            raise Refused(Fault.MECHANISM_INVALID, "without padding a blob can be cut and changed: take RSA_PKCS_OAEP")
        if self._way is Wrapping.STREAM:
            raise Refused(Fault.MECHANISM_INVALID, "each bit of a blob can be changed: take AES_KEY_WRAP_KWP")
        if self._way in MALLEABLE and self._record is not None and self._record.strikes >= STRIKES:
            raise Refused(Fault.KEY_FUNCTION_NOT_PERMITTED, "too many blobs did not unwrap under this key")
        check_tag(self._way, params)

    @property
    def _secretly(self) -> bool:
        """Whether a sensitive key is to be protected here."""
        return self._role is Mark.UNWRAP and self._enforced

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Each failure answers a question about what is in the blob: where it can be asked many, they are counted, and
        all of them are one fault."""
        try:
            yield
        except Refused:
            if not self._secretly or self._way not in MALLEABLE or self._record is None:
                raise
            self._policy.values.strike(self._record)
            raise _invalid() from None

    def came(self, attributes: Mapping[int, Any]) -> Mark:
        """What is to be remembered of the new key. Refused(WRAPPED_KEY_INVALID)."""
        value = self._policy.values.of(attributes)
        marks = value.marks if value else Mark.NONE
        if self._secretly and self._is_invalid(attributes, marks):
            raise _invalid()
        self._policy.use(self._unwrapper, self._role)
        return Mark.NONE if marks & Mark.WRAPPED else self._learned(attributes)

    def _is_invalid(self, attributes: Mapping[int, Any], marks: Mark) -> bool:
        """Whether it is not what was wrapped: another encoding of it, or a part."""
        secret = attributes[Attr.CLASS] == ObjectClass.SECRET_KEY
        if secret and marks & Mark.ENCODING:
            return True
        if marks & Mark.WRAPPED or (self._way not in MALLEABLE and not self._cuts):
            return False
        length = len(attributes[Attr.VALUE]) if secret else CUT_MINIMUM
        if length < CUT_MINIMUM:
            return True
        return self._way in MALLEABLE and (bool(self._marks & WRAPS) or not in_steps(length))

    def _learned(self, attributes: Mapping[int, Any]) -> Mark:
        """Of a value that was not wrapped here: whoever could make the blob may know it."""
        marks = Mark.KNOWN if self._way in MALLEABLE else Mark.NONE  # it may have been put together from parts
        trusted = self._unwrapper.attributes.get(Attr.TRUSTED)  # by the SO: nobody has it who should not
        outside = OUTSIDE & ~Mark.KNOWN if trusted else OUTSIDE
        if self._unwrapper.cls == ObjectClass.PRIVATE_KEY or self._marks & (outside | DATA | WRAPS):
            marks |= Mark.KNOWN
        if attributes[Attr.CLASS] == ObjectClass.SECRET_KEY and len(attributes[Attr.VALUE]) >= ENCODING_MINIMUM:
            marks |= Mark.MIXED
        return marks


def check_tag(way: Wrapping | None, params: Any) -> None:
    """A short tag is soon found by trying."""
    bits = 128
    if way is Wrapping.GCM:
        bits = getattr(params, "tag_bits", 128)
    elif way is Wrapping.CCM:
        bits = 8 * getattr(params, "mac_len", 16)
    if bits < TAG_BITS:
        raise Refused(Fault.MECHANISM_PARAM_INVALID, f"a sensitive key wants a tag of {TAG_BITS} bits at least")


def _invalid() -> Refused:
    return Refused(Fault.WRAPPED_KEY_INVALID, "what was unwrapped is not a key of the template's type")


def _not_wrappable(reason: str) -> Refused:
    return Refused(Fault.KEY_NOT_WRAPPABLE, f"{reason} ({_CONFIDENTIAL_WORDS})")


def _check_secret(policy: Policy, row: MechanismRow, attributes: Mapping[int, Any]) -> None:
    """A secret that the two ends of an encapsulation share and nobody else may learn."""
    if not policy.rules.enforced or not hidden(attributes):
        return
    if WRAPPING.get(row.mechanism) is Wrapping.RAW:
        raise Refused(Fault.MECHANISM_INVALID, "without padding a secret can be cut and changed: take RSA_PKCS_OAEP")
    length = len(attributes.get(Attr.VALUE, bytes(CUT_MINIMUM)))
    if length < CUT_MINIMUM or not in_steps(length):
        raise Refused(Fault.TEMPLATE_INCONSISTENT, "CKA_VALUE_LEN: a secret of that length could be searched for")


def encapsulated(policy: Policy, public: Object, row: MechanismRow, attributes: Mapping[int, Any]) -> Mark:
    """What is to be remembered of a secret for the holder of the private half."""
    _check_secret(policy, row, attributes)
    if not hidden(attributes):
        return Mark.KNOWN
    policy.use(public, Mark.WRAP_PUBLIC)
    record = policy.record(public)
    outside = bool(record and record.marks & OUTSIDE)
    weak = strength(public.attributes, public.key().size) < policy.rules.wrapping_floor
    return Mark.WRAPPED if public.attributes.get(Attr.LOCAL) and not outside and not weak else Mark.KNOWN


class Decapsulate:
    """One secret that is to be decapsulated. ``begin`` before the work, ``came`` before anybody hears of it."""

    def __init__(self, policy: Policy, private: Object, row: MechanismRow) -> None:
        self._policy = policy
        self._private = private
        self._row = row
        self._role = Mark.NONE

    def begin(self, attributes: dict[int, Any]) -> None:
        """From under a transport key nothing comes that can be read."""
        if self._policy.transported(self._private):
            harden(attributes, Attr.SENSITIVE, True)
        _check_secret(self._policy, self._row, attributes)
        self._role = Mark.UNWRAP if hidden(attributes) else Mark.DECRYPT
        self._policy.check(self._private, self._role)

    def came(self, attributes: Mapping[int, Any]) -> Mark:
        """What is to be remembered of the secret, which anybody may have chosen who has the public half."""
        _check_secret(self._policy, self._row, attributes)
        self._policy.use(self._private, self._role)
        value = self._policy.values.of(attributes)
        return Mark.NONE if value is not None and value.marks & Mark.WRAPPED else Mark.KNOWN
