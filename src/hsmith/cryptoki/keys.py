"""Keys made, wrapped, unwrapped, derived, encapsulated (chapter "Key management functions")."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from hsmith.core import templates
from hsmith.core.audit import with_mechanism
from hsmith.core.making import PAUSE, Steps
from hsmith.core.objects import KEY_CLASSES, Object
from hsmith.core.policy import wrapping as policies
from hsmith.core.policy.deriving import Derive
from hsmith.core.policy.marks import Mark
from hsmith.crypto import keys
from hsmith.crypto.engine import Ordered, Wanted
from hsmith.crypto.key import Key
from hsmith.crypto.material.secret import LENGTHS
from hsmith.crypto.registry import ENGINES
from hsmith.cryptoki import asynchronous, operations
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import begins, handles
from hsmith.cryptoki.objects import may_write, store, storing
from hsmith.cryptoki.operations import DECAPSULATE, DERIVE, ENCAPSULATE, PUBLIC_HALF, UNWRAP, WRAP, Use
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, MechanismFlag, ObjectClass
from hsmith.spec.faults import Refused, TooSmall
from hsmith.spec.mechanisms import MechanismRow
from hsmith.spec.secrecy import WRAPPING, Wrapping
from hsmith.spec.values import MechanismArg, Template

#: What is made of the two halves of a key pair.
Material = tuple[dict[int, Any], dict[int, Any]]

#: Key generation whose result follows from what the caller gives.
OF_THE_CALLER = frozenset(
    {
        Mechanism.PKCS5_PBKD2,
        Mechanism.PBE_SHA1_DES3_EDE_CBC,
        Mechanism.PBE_SHA1_DES2_EDE_CBC,
        Mechanism.PBE_SHA1_RC4_128,
        Mechanism.PBE_SHA1_RC4_40,
        Mechanism.PBE_SHA1_RC2_128_CBC,
        Mechanism.PBE_SHA1_RC2_40_CBC,
        Mechanism.PBE_MD2_DES_CBC,
        Mechanism.PBE_MD5_DES_CBC,
        Mechanism.PBA_SHA1_WITH_SHA1_HMAC,
    }
)


#: Key pairs that are made in a moment.
QUICK_PAIRS: Final = frozenset(
    {
        Mechanism.EC_KEY_PAIR_GEN,
        Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
        Mechanism.EC_MONTGOMERY_KEY_PAIR_GEN,
        Mechanism.ML_KEM_KEY_PAIR_GEN,
        Mechanism.ML_DSA_KEY_PAIR_GEN,
    }
)


@handles("C_GenerateKey")
def generate_key(session: Session, mechanism: MechanismArg | None, template: Template) -> int:
    making, steps = session.token.shelf.making, begin_key(session, mechanism, template)
    if steps is not None:
        return making.together(steps)
    row, params = _row(mechanism, MechanismFlag.GENERATE)
    attributes = _to_be(session, row, template)

    def work() -> dict[int, Any]:
        return ENGINES[row.mechanism].generate(params, attributes)

    def finish(session: Session, material: dict[int, Any]) -> int:
        return making.alone(_generated(session, row, attributes, material))

    handle: int = asynchronous.run(session, "C_GenerateKey", row, work=work, finish=finish)
    return handle


@begins("C_GenerateKey")
def begin_key(session: Session, mechanism: MechanismArg | None, template: Template) -> Steps[int] | None:
    asynchronous.check_idle(session, "C_GenerateKey")
    row, params = _row(mechanism, MechanismFlag.GENERATE)
    return None if row.slow else _generating(session, row, params, template)


def _to_be(session: Session, row: MechanismRow, template: Template) -> dict[int, Any]:
    attributes = templates.generate(
        template, cls=row.makes, key_types=row.key_types, mechanism=row.mechanism, so=session.is_so
    )
    session.token.policy.shape([template], [attributes], row)
    may_write(session, attributes)
    return attributes


def _generating(session: Session, row: MechanismRow, params: Any, template: Template) -> Steps[int]:
    attributes = _to_be(session, row, template)
    material = ENGINES[row.mechanism].generate(params, attributes)
    return (yield from _generated(session, row, attributes, material))


def _generated(session: Session, row: MechanismRow, attributes: dict[int, Any], material: dict[int, Any]) -> Steps[int]:
    marks = Mark.KNOWN if row.mechanism in OF_THE_CALLER else Mark.NONE
    finished = templates.finish_generated(attributes, material)
    (made,) = yield from storing(session, finished, marks=marks, fresh=not marks)
    return session.handle_for(made)


@handles("C_GenerateKeyPair")
def generate_key_pair(
    session: Session, mechanism: MechanismArg | None, public: Template, private: Template
) -> tuple[int, int]:
    making, steps = session.token.shelf.making, begin_key_pair(session, mechanism, public, private)
    if steps is not None:
        return making.together(steps)
    row, params = _row(mechanism, MechanismFlag.GENERATE_KEY_PAIR)
    halves = _halves(session, row, public, private)

    def work() -> Material:
        return ENGINES[row.mechanism].generate_pair(params, *halves)

    def finish(session: Session, material: Material) -> tuple[int, int]:
        return making.alone(_generated_pair(session, halves, material))

    handles: tuple[int, int] = asynchronous.run(session, "C_GenerateKeyPair", row, work=work, finish=finish)
    return handles


@begins("C_GenerateKeyPair")
def begin_key_pair(
    session: Session, mechanism: MechanismArg | None, public: Template, private: Template
) -> Steps[tuple[int, int]] | None:
    asynchronous.check_idle(session, "C_GenerateKeyPair")
    row, params = _row(mechanism, MechanismFlag.GENERATE_KEY_PAIR)
    if row.mechanism not in QUICK_PAIRS:
        return None
    return _generating_pair(session, row, params, public, private)


def _halves(session: Session, row: MechanismRow, public: Template, private: Template) -> list[dict[int, Any]]:
    halves = [
        templates.generate(template, cls=cls, key_types=row.key_types, mechanism=row.mechanism, so=session.is_so)
        for template, cls in ((public, ObjectClass.PUBLIC_KEY), (private, ObjectClass.PRIVATE_KEY))
    ]
    session.token.policy.shape([public, private], halves, row)
    for half in halves:
        may_write(session, half)
    return halves


def _generating_pair(
    session: Session, row: MechanismRow, params: Any, public: Template, private: Template
) -> Steps[tuple[int, int]]:
    halves = _halves(session, row, public, private)
    yield PAUSE
    material = ENGINES[row.mechanism].generate_pair(params, *halves)
    yield PAUSE
    return (yield from _generated_pair(session, halves, material))


def _generated_pair(session: Session, halves: list[dict[int, Any]], material: Material) -> Steps[tuple[int, int]]:
    finished = [templates.finish_generated(half, made) for half, made in zip(halves, material, strict=True)]
    first, second = yield from storing(session, *finished, fresh=True)
    return session.handle_for(first), session.handle_for(second)


@handles("C_WrapKey")
def wrap_key(
    session: Session, mechanism: MechanismArg | None, wrapping: int, handle: int, capacity: int | None
) -> bytes | int:
    row, params = _row(mechanism, MechanismFlag.WRAP)
    wrapper = user(session, wrapping, row, WRAP, Fault.WRAPPING_KEY_HANDLE_INVALID)
    key = wrappable(session, handle, wrapper, row)
    wrap = policies.Wrap(session.token.policy, wrapper, key, row)
    wrap.check(params)
    encoded = keys.encode(key.attributes)
    result = ENGINES[row.mechanism].wrap(wrapper.key(), params, encoded)
    if capacity is None:
        return len(result)
    if capacity < len(result):
        raise TooSmall(len(result))
    wrap.release(params, encoded)
    return result


def wrappable(session: Session, handle: int, wrapper: Object, row: MechanismRow) -> Object:
    """The key, if it may leave under this wrapping key."""
    key = session.key(handle)
    if key.cls not in row.wraps:
        raise Refused(Fault.KEY_NOT_WRAPPABLE, f"{row.mechanism.name} does not wrap this class of object")
    if not key.attributes.get(Attr.EXTRACTABLE):
        raise Refused(Fault.KEY_UNEXTRACTABLE, "the key's CKA_EXTRACTABLE is false")
    if key.attributes.get(Attr.WRAP_WITH_TRUSTED) and not wrapper.attributes.get(Attr.TRUSTED):
        raise Refused(Fault.KEY_NOT_WRAPPABLE, "the key wants a wrapping key whose CKA_TRUSTED is true")
    templates.check_wrap_template(wrapper.attributes, key.attributes)
    return key


@handles("C_UnwrapKey")
def unwrap_key(
    session: Session, mechanism: MechanismArg | None, unwrapping: int, wrapped: bytes | None, template: Template
) -> int:
    row, params = _row(mechanism, MechanismFlag.UNWRAP)
    key = user(session, unwrapping, row, UNWRAP, Fault.UNWRAPPING_KEY_HANDLE_INVALID)
    return unwrapped(session, row, key, params, wrapped=wrapped or b"", template=template)


def unwrapped(
    session: Session,
    row: MechanismRow,
    key: Object,
    params: Any,
    *,
    wrapped: bytes,
    template: Template,
    tag: bytes | None = None,
) -> int:
    """The handle of the new key. ``tag``: of authenticated wrapping, where it is not part of ``wrapped``."""
    may_write(session, _asked(template))
    try:
        attributes = templates.unwrap(
            template,
            unwrap_template=key.attributes.get(Attr.UNWRAP_TEMPLATE) or (),
            so=session.is_so,
            authenticated=tag is not None,
        )
    except Refused:
        if WRAPPING.get(row.mechanism) is Wrapping.KEY_WRAP:  # a blob that is no blob is the greater fault
            ENGINES[row.mechanism].unwrap(key.key(), params, wrapped)
        raise
    may_write(session, attributes)
    if attributes[Attr.CLASS] not in row.wraps:
        raise Refused(Fault.TEMPLATE_INCONSISTENT, f"{row.mechanism.name} does not unwrap this class of object")
    if not wrapped:
        raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, "there is nothing to unwrap")
    session.token.policy.shape([template], [attributes], row)
    unwrap = policies.Unwrap(session.token.policy, key, row)
    unwrap.begin(attributes, params)
    with unwrap.judging():
        encoded = ENGINES[row.mechanism].unwrap(key.key(), params, wrapped + (tag or b""), _length(attributes))
        if row.mechanism == Mechanism.RSA_PKCS:
            encoded = keys.implicitly(attributes[Attr.KEY_TYPE], encoded)
        material = keys.decode(attributes[Attr.CLASS], attributes[Attr.KEY_TYPE], encoded)
        finished = templates.finish_unwrapped(attributes, material)
    return session.handle_for(store(session, finished, marks=unwrap.came(finished))[0])


@handles("C_DeriveKey")
def derive_key(session: Session, mechanism: MechanismArg | None, base: int, template: Template) -> int:
    """The handle of the template's key; of further keys that the parameter asks for, there."""
    may_write(session, _asked(template))
    row, params = _row(mechanism, MechanismFlag.DERIVE)
    use = PUBLIC_HALF if row.mechanism == Mechanism.PUB_KEY_FROM_PRIV_KEY else DERIVE
    key = user(session, base, row, use, Fault.KEY_HANDLE_INVALID)
    engine = ENGINES[row.mechanism]
    derive = Derive(session.token.policy, key, row)
    derive.told(params)
    ordered = engine.orders(params, template)
    planned = [_planned(session, row, key, each) for each in ordered]
    for attributes in planned:
        derive.begin(attributes)
    if not planned:
        derive.given_out()
    further: list[Object] = []

    def another(handle: int) -> Key:
        further.append(_further(session, handle))
        return further[-1].key()

    wanted = [_wanted(attributes, another, key.attributes) for attributes in planned]
    materials = engine.derive_all(key.key(), params, wanted)
    others = [each.attributes for each in further]
    finished = []
    for each, attributes, material in zip(ordered, planned, materials, strict=True):
        with _naming(each):
            finished.append(templates.finish_derived(attributes, material, base=key.attributes, further=others))
    marks = [derive.came(attributes, further) for attributes in finished]
    own = 0
    for each, made in zip(ordered, store(session, *finished, marks=marks), strict=True):
        if each.cell is None:
            own = session.handle_for(made)
        else:
            each.cell.value = session.handle_for(made)
    return own


def _planned(session: Session, row: MechanismRow, base: Object, ordered: Ordered) -> dict[int, Any]:
    with _naming(ordered):
        attributes = templates.derive(
            ordered.template,
            base=base.attributes,
            mechanism=row.mechanism,
            derive_template=base.attributes.get(Attr.DERIVE_TEMPLATE) or (),
            so=session.is_so,
        )
        session.token.policy.shape([ordered.template], [attributes], row)
        may_write(session, attributes)
        return attributes


@contextmanager
def _naming(ordered: Ordered) -> Iterator[None]:
    """A refusal on account of one key's template sets that key's handle to CK_INVALID_HANDLE (section 6.42.8)."""
    try:
        yield
    except Refused:
        if ordered.cell is not None:
            ordered.cell.value = 0
        raise


def _wanted(
    attributes: Mapping[int, Any], another: Callable[[int], Key], base: Mapping[int, Any] | None = None
) -> Wanted:
    return Wanted(
        cls=attributes[Attr.CLASS],
        key_type=attributes.get(Attr.KEY_TYPE, KeyType.GENERIC_SECRET),
        length=attributes.get(Attr.VALUE_LEN),
        key=another,
        base=base or {},
    )


def _no_other(handle: int) -> Key:
    raise Refused(Fault.MECHANISM_PARAM_INVALID, "the parameter names a key where none is due")


@handles("C_EncapsulateKey")
def encapsulate_key(
    session: Session, mechanism: MechanismArg | None, public: int, template: Template, capacity: int | None
) -> tuple[bytes | int, int]:
    row, params = _row(mechanism, MechanismFlag.ENCAPSULATE)
    key = user(session, public, row, ENCAPSULATE, Fault.KEY_HANDLE_INVALID)
    engine = ENGINES[row.mechanism]
    size = engine.ciphertext_size(key.key(), params)
    if capacity is None:
        return size, 0
    if capacity < size:
        raise TooSmall(size)
    attributes = templates.encapsulate(
        template, kem_template=key.attributes.get(Attr.ENCAPSULATE_TEMPLATE) or (), so=session.is_so
    )
    session.token.policy.shape([template], [attributes], row)
    may_write(session, attributes)
    ciphertext, secret = engine.encapsulate(key.key(), params, _wanted(attributes, _no_other))
    finished = templates.finish_encapsulated(attributes, {Attr.VALUE: secret})
    marks = policies.encapsulated(session.token.policy, key, row, finished)
    return ciphertext, session.handle_for(store(session, finished, marks=marks)[0])


@handles("C_DecapsulateKey")
def decapsulate_key(
    session: Session, mechanism: MechanismArg | None, private: int, template: Template, ciphertext: bytes | None
) -> int:
    row, params = _row(mechanism, MechanismFlag.DECAPSULATE)
    key = user(session, private, row, DECAPSULATE, Fault.KEY_HANDLE_INVALID)
    attributes = templates.decapsulate(
        template, kem_template=key.attributes.get(Attr.DECAPSULATE_TEMPLATE) or (), so=session.is_so
    )
    session.token.policy.shape([template], [attributes], row)
    may_write(session, attributes)
    decapsulate = policies.Decapsulate(session.token.policy, key, row)
    decapsulate.begin(attributes)
    wanted = _wanted(attributes, _no_other)
    secret = ENGINES[row.mechanism].decapsulate(key.key(), params, ciphertext or b"", wanted)
    if row.mechanism == Mechanism.RSA_PKCS:
        secret = keys.implicitly(attributes[Attr.KEY_TYPE], secret)
    finished = templates.finish_encapsulated(attributes, {Attr.VALUE: secret})
    marks = decapsulate.came(finished)
    return session.handle_for(store(session, finished, marks=marks)[0])


def _row(mechanism: MechanismArg | None, flag: MechanismFlag) -> tuple[MechanismRow, Any]:
    row = operations.mechanism_row(mechanism, flag)
    assert mechanism is not None
    operations.check_params(row, mechanism.params)
    with_mechanism(row.mechanism)
    return row, mechanism.params


def _asked(template: Template) -> dict[int, bool]:
    """What a template asks of the session: said before what is wrong with the rest of it, or with the key."""
    return {attr: value is True for attr, value in template if attr in (Attr.TOKEN, Attr.PRIVATE)}


def user(session: Session, handle: int, row: MechanismRow, use: Use, fault: Fault) -> Object:
    """The key that does the work, permitted to do it. The refusals name it as the function's text does."""
    key = session.object(handle, fault)
    session.token.policy.check_mechanism(row)
    try:
        operations.check_key(key, row, use)
    except Refused as refused:
        session.token.used(key, row.mechanism, refused.fault)
        raise Refused(_NAMED.get((fault, refused.fault), refused.fault), refused.reason) from None
    session.token.used(key, row.mechanism)
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
    if key.cls not in KEY_CLASSES or key.cls == ObjectClass.OTP_KEY:
        raise Refused(Fault.KEY_HANDLE_INVALID, "the handle in the parameter is not that of a key to derive from")
    if key.cls == ObjectClass.SECRET_KEY and not key.attributes.get(Attr.DERIVE):
        raise Refused(Fault.KEY_FUNCTION_NOT_PERMITTED, "the second key's CKA_DERIVE is not true")
    return key


def _length(attributes: Mapping[int, Any]) -> int | None:
    """Bytes of an unwrapped secret key, where its template tells, or its type, of which all keys are of one length."""
    length = attributes.get(Attr.VALUE_LEN)
    if length or attributes[Attr.CLASS] != ObjectClass.SECRET_KEY:
        return length or None
    lengths = LENGTHS.get(attributes[Attr.KEY_TYPE], ())
    return lengths[0] if len(lengths) == 1 else None
