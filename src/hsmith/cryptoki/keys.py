"""Keys made, wrapped, unwrapped, derived, encapsulated (chapter "Key management functions")."""

from collections.abc import Mapping
from typing import Any

from hsmith.core import templates
from hsmith.core.objects import KEY_CLASSES, Object
from hsmith.crypto import keys
from hsmith.crypto.engine import Wanted
from hsmith.crypto.key import Key
from hsmith.crypto.registry import ENGINES
from hsmith.cryptoki import operations
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import handles
from hsmith.cryptoki.objects import may_write, store
from hsmith.cryptoki.operations import DECAPSULATE, DERIVE, ENCAPSULATE, UNWRAP, WRAP, Use
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, MechanismFlag, ObjectClass
from hsmith.spec.faults import Refused, TooSmall
from hsmith.spec.mechanisms import MechanismRow
from hsmith.spec.values import MechanismArg, Template

DOMAIN_PARAMETERS = frozenset(
    {Mechanism.DSA_PARAMETER_GEN, Mechanism.DH_PKCS_PARAMETER_GEN, Mechanism.X9_42_DH_PARAMETER_GEN}
)


@handles("C_GenerateKey")
def generate_key(session: Session, mechanism: MechanismArg | None, template: Template) -> int:
    row, params = _row(mechanism, MechanismFlag.GENERATE)
    cls = ObjectClass.DOMAIN_PARAMETERS if row.mechanism in DOMAIN_PARAMETERS else ObjectClass.SECRET_KEY
    attributes = templates.generate(
        template, cls=cls, key_types=row.key_types, mechanism=row.mechanism, so=session.is_so
    )
    may_write(session, attributes)
    material = ENGINES[row.mechanism].generate(params, attributes)
    return session.handle_for(store(session, templates.finish_generated(attributes, material))[0])


@handles("C_GenerateKeyPair")
def generate_key_pair(
    session: Session, mechanism: MechanismArg | None, public: Template, private: Template
) -> tuple[int, int]:
    row, params = _row(mechanism, MechanismFlag.GENERATE_KEY_PAIR)
    halves = [
        templates.generate(template, cls=cls, key_types=row.key_types, mechanism=row.mechanism, so=session.is_so)
        for template, cls in ((public, ObjectClass.PUBLIC_KEY), (private, ObjectClass.PRIVATE_KEY))
    ]
    for half in halves:
        may_write(session, half)
    material = ENGINES[row.mechanism].generate_pair(params, *halves)
    finished = [templates.finish_generated(half, made) for half, made in zip(halves, material, strict=True)]
    first, second = store(session, *finished)
    return session.handle_for(first), session.handle_for(second)


@handles("C_WrapKey")
def wrap_key(
    session: Session, mechanism: MechanismArg | None, wrapping: int, handle: int, capacity: int | None
) -> bytes | int:
    row, params = _row(mechanism, MechanismFlag.WRAP)
    wrapper = _user(session, wrapping, row, WRAP, Fault.WRAPPING_KEY_HANDLE_INVALID)
    key = session.key(handle)
    if key.cls not in row.wraps:
        raise Refused(Fault.KEY_NOT_WRAPPABLE, f"{row.mechanism.name} does not wrap this class of object")
    if not key.attributes.get(Attr.EXTRACTABLE):
        raise Refused(Fault.KEY_UNEXTRACTABLE, "the key's CKA_EXTRACTABLE is false")
    if key.attributes.get(Attr.WRAP_WITH_TRUSTED) and not wrapper.attributes.get(Attr.TRUSTED):
        raise Refused(Fault.KEY_NOT_WRAPPABLE, "the key wants a wrapping key whose CKA_TRUSTED is true")
    templates.check_wrap_template(wrapper.attributes, key.attributes)
    result = ENGINES[row.mechanism].wrap(wrapper.key(), params, keys.encode(key.attributes))
    if capacity is None:
        return len(result)
    if capacity < len(result):
        raise TooSmall(len(result))
    return result


@handles("C_UnwrapKey")
def unwrap_key(
    session: Session, mechanism: MechanismArg | None, unwrapping: int, wrapped: bytes | None, template: Template
) -> int:
    row, params = _row(mechanism, MechanismFlag.UNWRAP)
    key = _user(session, unwrapping, row, UNWRAP, Fault.UNWRAPPING_KEY_HANDLE_INVALID)
    attributes = templates.unwrap(
        template, unwrap_template=key.attributes.get(Attr.UNWRAP_TEMPLATE) or (), so=session.is_so
    )
    may_write(session, attributes)
    if attributes[Attr.CLASS] not in row.wraps:
        raise Refused(Fault.TEMPLATE_INCONSISTENT, f"{row.mechanism.name} does not unwrap this class of object")
    if not wrapped:
        raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, "there is nothing to unwrap")
    encoded = ENGINES[row.mechanism].unwrap(key.key(), params, wrapped, _length(attributes))
    material = keys.decode(attributes[Attr.CLASS], attributes[Attr.KEY_TYPE], encoded)
    return session.handle_for(store(session, templates.finish_unwrapped(attributes, material))[0])


@handles("C_DeriveKey")
def derive_key(session: Session, mechanism: MechanismArg | None, base: int, template: Template) -> int:
    row, params = _row(mechanism, MechanismFlag.DERIVE)
    key = _user(session, base, row, DERIVE, Fault.KEY_HANDLE_INVALID)
    attributes = templates.derive(
        template,
        base=key.attributes,
        mechanism=row.mechanism,
        derive_template=key.attributes.get(Attr.DERIVE_TEMPLATE) or (),
        so=session.is_so,
    )
    may_write(session, attributes)
    further: list[Object] = []

    def another(handle: int) -> Key:
        further.append(_further(session, handle))
        return further[-1].key()

    wanted = Wanted(
        cls=attributes[Attr.CLASS],
        key_type=attributes.get(Attr.KEY_TYPE, KeyType.GENERIC_SECRET),
        length=_length(attributes),
        key=another,
    )
    material = ENGINES[row.mechanism].derive(key.key(), params, wanted)
    finished = templates.finish_derived(
        attributes, material, base=key.attributes, further=[each.attributes for each in further]
    )
    return session.handle_for(store(session, finished)[0])


@handles("C_EncapsulateKey")
def encapsulate_key(
    session: Session, mechanism: MechanismArg | None, public: int, template: Template, capacity: int | None
) -> tuple[bytes | int, int]:
    row, params = _row(mechanism, MechanismFlag.ENCAPSULATE)
    key = _user(session, public, row, ENCAPSULATE, Fault.KEY_HANDLE_INVALID)
    engine = ENGINES[row.mechanism]
    size = engine.ciphertext_size(key.key(), params)
    if capacity is None:
        return size, 0
    if capacity < size:
        raise TooSmall(size)
    attributes = templates.encapsulate(
        template, kem_template=key.attributes.get(Attr.ENCAPSULATE_TEMPLATE) or (), so=session.is_so
    )
    may_write(session, attributes)
    ciphertext, secret = engine.encapsulate(key.key(), params)
    finished = templates.finish_encapsulated(attributes, {Attr.VALUE: secret})
    return ciphertext, session.handle_for(store(session, finished)[0])


@handles("C_DecapsulateKey")
def decapsulate_key(
    session: Session, mechanism: MechanismArg | None, private: int, template: Template, ciphertext: bytes | None
) -> int:
    row, params = _row(mechanism, MechanismFlag.DECAPSULATE)
    key = _user(session, private, row, DECAPSULATE, Fault.KEY_HANDLE_INVALID)
    attributes = templates.decapsulate(
        template, kem_template=key.attributes.get(Attr.DECAPSULATE_TEMPLATE) or (), so=session.is_so
    )
    may_write(session, attributes)
    secret = ENGINES[row.mechanism].decapsulate(key.key(), params, ciphertext or b"")
    return session.handle_for(store(session, templates.finish_encapsulated(attributes, {Attr.VALUE: secret}))[0])


def _row(mechanism: MechanismArg | None, flag: MechanismFlag) -> tuple[MechanismRow, Any]:
    row = operations.mechanism_row(mechanism, flag)
    assert mechanism is not None
    operations.check_params(row, mechanism.params)
    return row, mechanism.params


def _user(session: Session, handle: int, row: MechanismRow, use: Use, fault: Fault) -> Object:
    """The key that does the work, permitted to do it. The refusals name it as the function's text does."""
    key = session.object(handle, fault)
    try:
        operations.check_key(key, row, use)
    except Refused as refused:
        raise Refused(_NAMED.get((fault, refused.fault), refused.fault), refused.reason) from None
    return key


#: The return values by which C_WrapKey and C_UnwrapKey speak of their own key.
_NAMED: Mapping[tuple[Fault, Fault], Fault] = {
    (Fault.WRAPPING_KEY_HANDLE_INVALID, Fault.KEY_HANDLE_INVALID): Fault.WRAPPING_KEY_HANDLE_INVALID,
    (Fault.WRAPPING_KEY_HANDLE_INVALID, Fault.KEY_SIZE_RANGE): Fault.WRAPPING_KEY_SIZE_RANGE,
    (Fault.WRAPPING_KEY_HANDLE_INVALID, Fault.KEY_TYPE_INCONSISTENT): Fault.WRAPPING_KEY_TYPE_INCONSISTENT,
    (Fault.UNWRAPPING_KEY_HANDLE_INVALID, Fault.KEY_HANDLE_INVALID): Fault.UNWRAPPING_KEY_HANDLE_INVALID,
    (Fault.UNWRAPPING_KEY_HANDLE_INVALID, Fault.KEY_SIZE_RANGE): Fault.UNWRAPPING_KEY_SIZE_RANGE,
    (Fault.UNWRAPPING_KEY_HANDLE_INVALID, Fault.KEY_TYPE_INCONSISTENT): Fault.UNWRAPPING_KEY_TYPE_INCONSISTENT,
}


def _further(session: Session, handle: int) -> Object:
    """A second key that a derivation's parameter names; it must permit derivation as the base does."""
    key = session.key(handle)
    if key.cls not in KEY_CLASSES:
        raise Refused(Fault.KEY_HANDLE_INVALID, "the handle in the parameter is not that of a key")
    if key.cls == ObjectClass.SECRET_KEY and not key.attributes.get(Attr.DERIVE):
        raise Refused(Fault.KEY_FUNCTION_NOT_PERMITTED, "the second key's CKA_DERIVE is not true")
    return key


def _length(attributes: Mapping[int, Any]) -> int | None:
    length = attributes.get(Attr.VALUE_LEN)
    return length if length else None
