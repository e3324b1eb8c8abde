"""The strict profile's view of templates: a key has one role, from its making on."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hsmith.core.policy.profiles import Rules
from hsmith.core.policy.strength import strength
from hsmith.core.templates.values import refuse
from hsmith.crypto import keys
from hsmith.spec.constants import Attr, Fault, ObjectClass
from hsmith.spec.values import Template

#: The uses that go together.
GROUPS: Final = (
    frozenset({Attr.ENCRYPT, Attr.DECRYPT}),
    frozenset({Attr.SIGN, Attr.VERIFY, Attr.SIGN_RECOVER, Attr.VERIFY_RECOVER}),
    frozenset({Attr.WRAP, Attr.UNWRAP, Attr.ENCAPSULATE, Attr.DECAPSULATE}),
    frozenset({Attr.DERIVE}),
)
_USES: Final = frozenset[Attr]().union(*GROUPS)
_CRYPT, _SIGN = GROUPS[:2]
_CONFIDENTIAL: Final = (ObjectClass.SECRET_KEY, ObjectClass.OTP_KEY, ObjectClass.PRIVATE_KEY)


def shape(rules: Rules, templates: Sequence[Template], made: Sequence[dict[int, Any]]) -> None:
    """Uses of a new key (of both halves of a pair) that its templates do not name go, unless they suit those named.

    Refused(TEMPLATE_INCONSISTENT) when the templates name uses that exclude each other."""
    if not rules.fixed:
        return
    asked = {attr for template in templates for attr, value in template if attr in _USES and value is True}
    groups = [group for group in GROUPS if group & asked]
    if len(groups) > 1:
        raise refuse(Fault.TEMPLATE_INCONSISTENT, min(asked & groups[1]), "does not go with the key's other uses here")
    if not groups:
        groups = [_CRYPT if made[0].get(Attr.CLASS) == ObjectClass.SECRET_KEY else _SIGN]
    for attributes in made:
        for attr in _USES - groups[0]:
            if attributes.get(attr):
                attributes[attr] = False


def check_change(rules: Rules, old: Mapping[int, Any], new: Mapping[int, Any]) -> None:
    """Whether an object may be changed or copied so: it may lose uses and get none."""
    for attr in _USES if rules.fixed else ():
        if new.get(attr) and not old.get(attr):
            raise refuse(Fault.ATTRIBUTE_READ_ONLY, attr, "is given to a key when it is made, in a strict token")


def check_strength(rules: Rules, attributes: Mapping[int, Any]) -> None:
    if not rules.floor or attributes.get(Attr.CLASS) not in _CONFIDENTIAL:
        return
    bits = strength(attributes, keys.load(attributes).size)
    if bits < rules.floor:
        raise refuse(
            Fault.TEMPLATE_INCONSISTENT, Attr.KEY_TYPE, f"and length give {bits} bits; strict tokens want {rules.floor}"
        )
