"""Objects changed and copied (sections 4.1.2 and 4.1.3): what may go which way."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hsmith.core.templates.consistency import CHECKS
from hsmith.core.templates.reading import sealed
from hsmith.core.templates.values import Attributes, parse, refuse, schema_of
from hsmith.crypto.primitives import unique_id
from hsmith.spec.constants import Attr, Fault, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.rules import Note, Rule
from hsmith.spec.values import Template


def change(attrs: Mapping[int, Any], template: Template, *, so: bool) -> Attributes:
    """The object after C_SetAttributeValue. Refused(ACTION_PROHIBITED) for one that is not modifiable."""
    if not attrs.get(Attr.MODIFIABLE, False):
        raise Refused(Fault.ACTION_PROHIBITED, "the object's CKA_MODIFIABLE is not true")
    if attrs[Attr.CLASS] == ObjectClass.CERTIFICATE and attrs.get(Attr.TRUSTED) and not so:
        raise Refused(Fault.ACTION_PROHIBITED, "trusted certificates are changed by the SO alone")
    return _apply(attrs, parse(template), so=so, copying=False)


def copy(source: Mapping[int, Any], template: Template, *, so: bool) -> Attributes:
    """The copy that C_CopyObject makes. Refused(ACTION_PROHIBITED) for an object that is not copyable."""
    if not source.get(Attr.COPYABLE, False):
        raise Refused(Fault.ACTION_PROHIBITED, "the object's CKA_COPYABLE is not true")
    new = _apply(source, parse(template), so=so, copying=True)
    if source[Attr.PRIVATE] and not new[Attr.PRIVATE]:
        # It would be seen by everybody after C_Logout.
        raise refuse(Fault.TEMPLATE_INCONSISTENT, Attr.PRIVATE, "of a private object stays CK_TRUE in its copies")
    new[Attr.UNIQUE_ID] = unique_id()
    return new


def _apply(attrs: Mapping[int, Any], given: Attributes, *, so: bool, copying: bool) -> Attributes:
    rules = schema_of(attrs) or {}
    new = dict(attrs)
    for attr, value in given.items():
        rule = rules.get(attr)
        if rule is None:
            raise refuse(Fault.TEMPLATE_INCONSISTENT, attr, "is no attribute of this class and type of object")
        if attr in _SPECIAL:
            new[attr] = _SPECIAL[attr](attrs, value)
        elif _may_become(rule, attrs.get(attr), value, so=so, copying=copying):
            new[attr] = value
        else:
            raise refuse(Fault.ATTRIBUTE_READ_ONLY, attr, "cannot be changed so in this object")
    for check in CHECKS.get(new[Attr.CLASS], ()):
        check(new)
    return new


def _may_become(rule: Rule, old: Any, new: Any, *, so: bool, copying: bool) -> bool:
    """Whether an attribute may go from ``old`` to ``new``. Footnotes 11 and 12 let it go one way, whoever asks."""
    notes = rule.notes
    if Note.READ_ONLY in notes or Note.SEALED in notes:
        return False
    if Note.ONE_WAY_TRUE in notes:
        return bool(new) or not old
    if Note.SO_ONLY in notes:
        return so or (copying and new == old)
    if Note.ONE_WAY_FALSE in notes and new and not old:
        return False
    if Note.COPYING in notes:
        # Of an attribute that goes one way the table says so because it can be changed at all (CKA_COPYABLE).
        return copying or (Note.ONE_WAY_FALSE in notes and not new)
    # A copy may be told what it is anyway ("Creating objects", item 6).
    return Note.MODIFIABLE in notes or (copying and new == old)


def _check_value(attrs: Mapping[int, Any], value: bytes) -> bytes:
    """It may be destroyed by an empty value (section "Secret key objects"), and otherwise stays."""
    if value and sealed(attrs, Attr.CHECK_VALUE):  # not even compared
        raise refuse(Fault.ATTRIBUTE_READ_ONLY, Attr.CHECK_VALUE, "of a sensitive key can only be emptied")
    if value not in (b"", attrs.get(Attr.CHECK_VALUE, b"")):
        raise refuse(Fault.ATTRIBUTE_READ_ONLY, Attr.CHECK_VALUE, "follows from the value: it can only be emptied")
    return value


def _public_key_info(attrs: Mapping[int, Any], value: bytes) -> bytes:
    """It must correspond to the key, which the one made with the object does (section "Private key objects")."""
    right: bytes = attrs.get(Attr.PUBLIC_KEY_INFO, b"")
    if value not in (b"", right):
        raise refuse(Fault.ATTRIBUTE_VALUE_INVALID, Attr.PUBLIC_KEY_INFO, "is not that of this key")
    return right


_SPECIAL: Final[dict[int, Callable[[Mapping[int, Any], bytes], bytes]]] = {
    Attr.CHECK_VALUE: _check_value,
    Attr.PUBLIC_KEY_INFO: _public_key_info,
}
