"""Keys that come of other keys: as secret as the most secret of them, as strong, and as known outside."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hsmith.core.objects import Object
from hsmith.core.policy.marks import OUTSIDE, Mark
from hsmith.core.policy.policy import Policy, harden, hidden
from hsmith.core.policy.strength import STEP, in_steps
from hsmith.spec.constants import Attr, Fault, Mechanism, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.mechanisms import MechanismRow
from hsmith.spec.secrecy import DERIVING, Deriving

#: Bytes that a key derived from a hidden one has at least, unless that one has fewer.
MINIMUM: Final = 16
#: Bytes of a key from which on HMAC takes its hash instead, so that the two are one key.
HASHED_FROM: Final = 65

#: Mechanisms that tell the version in a pre-master secret, and the first byte of every version that is served.
_VERSIONED: Final = {
    Mechanism.TLS12_MASTER_KEY_DERIVE: b"\x03",
    Mechanism.TLS12_EXTENDED_MASTER_KEY_DERIVE: b"\x03",
    Mechanism.TLS_MASTER_KEY_DERIVE: b"\x03",
    Mechanism.SSL3_MASTER_KEY_DERIVE: b"\x03",
    Mechanism.WTLS_MASTER_KEY_DERIVE: b"\x01",
}
_LABELLED: Final = frozenset({Mechanism.TLS_KDF, Mechanism.TLS12_KDF})
_FINISHED: Final = (b"client finished", b"server finished")


class Derive:
    """One derivation. ``begin`` before the work, ``came`` when it is done, before anybody hears of it."""

    def __init__(self, policy: Policy, base: Object, row: MechanismRow) -> None:
        self._policy = policy
        self._base = base
        self._record = policy.record(base)
        self._way = DERIVING.get(row.mechanism)
        self._row = row

    def begin(self, attributes: Mapping[int, Any]) -> None:
        """``attributes``: of the template, SENSITIVE and EXTRACTABLE may still be open."""
        if self._way is None and self._enforced and self._hidden(self._base):
            raise Refused(
                Fault.MECHANISM_INVALID, f"{self._row.mechanism.name} is not known to protect a sensitive key"
            )
        if self._way is not Deriving.AGREEMENT or Attr.SENSITIVE in attributes:
            self._policy.check(self._base, self._role(attributes, self._base))

    def given_out(self) -> None:
        """Of a derivation that makes no key: what it makes can be read."""
        if self._way is Deriving.OUTPUT:
            self._policy.use(self._base, Mark.MAC)

    @property
    def _enforced(self) -> bool:
        return self._policy.rules.enforced or bool(self._record and self._record.marks & Mark.PROTECTED)

    def _role(self, attributes: Mapping[int, Any], key: Object) -> Mark:
        """What one of the inputs does by it."""
        if self._way is Deriving.PUBLIC:
            return Mark.NONE
        if self._way is Deriving.OUTPUT:
            return Mark.MAC
        if self._way is Deriving.AGREEMENT:
            return Mark.DERIVE if hidden(attributes) else Mark.AGREE
        return Mark.DERIVE if self._hidden(key) and not self._is_open(key) else Mark.NONE

    def _is_open(self, key: Object) -> bool:
        """Whether whoever brought the key knows it, and nobody ever called it sensitive: what comes of it is known too,
        and the role would protect nothing (docs/decisions/0016-keys-brought-in-clear.md)."""
        marks = self._marks(key)
        return bool(marks & Mark.BROUGHT) and not (marks & Mark.SENSITIVE or self._policy.rules.brought)

    def _hidden(self, key: Object) -> bool:
        record = self._policy.record(key)
        return hidden(key.attributes) or bool(record and record.marks & (Mark.SENSITIVE | Mark.UNEXTRACTABLE))

    def came(self, attributes: dict[int, Any], further: Sequence[Object]) -> Mark:
        """What is to be remembered of the new key; SENSITIVE in place. Refused when it were weaker than its base."""
        inputs = (self._base, *further)
        secret = attributes[Attr.CLASS] == ObjectClass.SECRET_KEY
        if secret and self._enforced and self._way is not Deriving.AGREEMENT and any(map(self._hidden, inputs)):
            harden(attributes, Attr.SENSITIVE, True)
            self._check_strength(len(attributes[Attr.VALUE]), inputs)
        if secret and self._enforced and self._way is Deriving.AGREEMENT and self._agreed_secretly():
            harden(attributes, Attr.SENSITIVE, True)
        if secret and self._way is Deriving.AGREEMENT and self._enforced and hidden(attributes):
            self._at_least(MINIMUM, len(attributes[Attr.VALUE]))
            self._check_step(len(attributes[Attr.VALUE]))
        for key in inputs:
            if key.cls != ObjectClass.PUBLIC_KEY:
                self._policy.use(key, self._role(attributes, key))
        return self._learned(inputs) if secret else Mark.NONE

    def _agreed_secretly(self) -> bool:
        """Whether this key pair's secrets were hidden before: then so is each, again and in part."""
        return bool(self._record and self._record.marks & Mark.DERIVE)

    def _check_strength(self, length: int, inputs: Sequence[Object]) -> None:
        """What is cut could be searched for, and so could what is unknown of a value whose other parts are known."""
        lengths = [key.key().size for key in inputs if key.cls == ObjectClass.SECRET_KEY]
        if self._way is Deriving.JOIN and length < sum(lengths) + self._data_length():
            raise _too_short("the values that are joined")
        if self._way is Deriving.XOR and length < lengths[0]:
            raise _too_short("the key")
        if self._way is Deriving.EXTRACT and self._marks(self._base) & Mark.MIXED:
            raise _too_short("a key of which parts are known: nothing is extracted from it")
        if self._way is Deriving.EXTRACT and (lengths[0] % STEP or length % STEP):
            raise _uneven("what is extracted from it and the key itself have")
        self._at_least(min(MINIMUM, *lengths) if lengths else MINIMUM, length)
        if self._way not in (Deriving.JOIN, Deriving.XOR) and length not in lengths:
            self._check_step(length)

    def _at_least(self, wanted: int, length: int) -> None:
        if length < wanted:
            raise Refused(
                Fault.TEMPLATE_INCONSISTENT, f"CKA_VALUE_LEN: {length} bytes could be searched for (docs/policy.md)"
            )

    def _check_step(self, length: int) -> None:
        if not in_steps(length):
            raise _uneven("the key has")

    def _data_length(self) -> int:
        return self.data_length

    #: Bytes that the caller joins to the key.
    data_length = 0

    def _marks(self, key: Object) -> Mark:
        record = self._policy.record(key)
        return record.marks if record else Mark.NONE

    def _is_known(self, key: Object) -> bool:
        """Or so short that it is as good as known."""
        return key.key().size < MINIMUM or bool(self._marks(key) & OUTSIDE) or not hidden(key.attributes)

    def _learned(self, inputs: Sequence[Object]) -> Mark:
        known = [self._is_known(key) for key in inputs]
        marks = Mark.NONE
        if self._way is Deriving.AGREEMENT or all(known):
            marks |= Mark.KNOWN
        linear = self._way in (Deriving.JOIN, Deriving.XOR, Deriving.EXTRACT)
        if linear or self._way is Deriving.SPLIT:
            # The caller chose how it hangs together with other keys: two halves of it may be keys of their own, which
            # decrypt what the whole has wrapped (XTS), and so may each third (DES).
            marks |= Mark.KNOWN
        if self._way is Deriving.JOIN and (self.data_length or any(known)):
            marks |= Mark.MIXED
        if linear and any(self._marks(key) & Mark.MIXED for key in inputs):
            marks |= Mark.MIXED
        if self.extracts or (self._way is Deriving.HASH and self._base.key().size >= HASHED_FROM):
            marks |= Mark.DERIVE
        return marks

    #: Whether HKDF only extracts: what comes is the key with which it would expand.
    extracts = False

    def told(self, params: Any) -> None:
        """What the mechanism's parameter says. Refused(MECHANISM_PARAM_INVALID) when it would tell of the base."""
        if self._way is Deriving.JOIN:
            self.data_length = len(getattr(params, "data", b""))
        self.extracts = bool(getattr(params, "extract", False)) and not getattr(params, "expand", True)
        if self._enforced and self._hidden(self._base):
            self._check_answers(params)

    def _check_answers(self, params: Any) -> None:
        """TLS gives parts of what it derives in the clear: whoever chooses where those begin reads all."""
        if getattr(params, "iv_size_in_bits", 0):
            raise _tells("IVs come from where keys may come from: take CKM_TLS12_KEY_SAFE_DERIVE")
        version = _VERSIONED.get(self._row.mechanism)
        if version is not None and self._base.key().native[:1] != version:
            raise _tells("the key is no pre-master secret, and its first bytes would be told as its version")
        if getattr(params, "label", None) in _FINISHED and self._row.mechanism in _LABELLED:
            raise _tells("the label is that of CKM_TLS_MAC, whose result can be read")


def _too_short(what: str) -> Refused:
    return Refused(Fault.TEMPLATE_INCONSISTENT, f"CKA_VALUE_LEN: the key would be shorter than {what} (docs/policy.md)")


def _uneven(what: str) -> Refused:
    return Refused(
        Fault.TEMPLATE_INCONSISTENT,
        f"CKA_VALUE_LEN: {what} a multiple of {STEP} bytes, or is found (docs/policy.md)",
    )


def _tells(reason: str) -> Refused:
    return Refused(Fault.MECHANISM_PARAM_INVALID, reason)
