"""New objects (section 4.1.1): what a template must, may and must not say, and what the token adds.

A key is made in two steps, because the template is judged before there is any material: generate(), unwrap(),
derive(), encapsulate() and decapsulate() give everything but the value; finish_*() joins the two. An attribute that
the caller should have left to the token is taken as a claim: it is accepted when the token comes to the same value
("Creating objects", item 6). OpenSC and Java make such claims, of CKA_VALUE_LEN above all.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hsmith.core.templates.consistency import CHECKS, certificate_check_value
from hsmith.core.templates.plans import CREATE, DERIVE, GENERATE, KEM, UNWRAP, Origin, Plan, plan
from hsmith.core.templates.reading import match_template, sealed
from hsmith.core.templates.values import Attributes, add, parse, refuse
from hsmith.crypto import keys
from hsmith.crypto.primitives import unique_id
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass
from hsmith.spec.objects import SUBTYPE
from hsmith.spec.rules import Schema
from hsmith.spec.values import Template

#: Derivations whose text makes the new key at least as sensitive as its base (chapter "Miscellaneous simple key
#: derivation mechanisms"); with the others the template has its way.
_INHERITING: Final = frozenset(
    {
        Mechanism.CONCATENATE_BASE_AND_KEY,
        Mechanism.CONCATENATE_BASE_AND_DATA,
        Mechanism.CONCATENATE_DATA_AND_BASE,
        Mechanism.XOR_BASE_AND_DATA,
        Mechanism.EXTRACT_KEY_FROM_KEY,
        Mechanism.TLS_KDF,
        Mechanism.TLS12_KDF,
    }
)

#: Derivations whose keys are as sensitive and as extractable as their base, whatever the template says ("Key and MAC
#: derivation" of TLS, SSL and WTLS), and those where this is the default.
_AS_BASE: Final = frozenset(
    {
        Mechanism.TLS12_KEY_AND_MAC_DERIVE,
        Mechanism.TLS12_KEY_SAFE_DERIVE,
        Mechanism.TLS_KEY_AND_MAC_DERIVE,
        Mechanism.SSL3_KEY_AND_MAC_DERIVE,
        Mechanism.WTLS_SERVER_KEY_AND_MAC_DERIVE,
        Mechanism.WTLS_CLIENT_KEY_AND_MAC_DERIVE,
    }
)
_AS_BASE_UNLESS_TOLD: Final = frozenset(
    {
        Mechanism.TLS_KDF,
        Mechanism.TLS12_KDF,
        Mechanism.SP800_108_COUNTER_KDF,
        Mechanism.SP800_108_FEEDBACK_KDF,
        Mechanism.SP800_108_DOUBLE_PIPELINE_KDF,
    }
)

#: Key generation that contributes CKA_VALUE_LEN "if it is not supplied in the template": bytes.
_OF_ONE_LENGTH: Final[dict[int, int]] = {
    Mechanism.TLS_PRE_MASTER_KEY_GEN: 48,
    Mechanism.SSL3_PRE_MASTER_KEY_GEN: 48,
    Mechanism.WTLS_PRE_MASTER_KEY_GEN: 20,
    Mechanism.PBA_SHA1_WITH_SHA1_HMAC: 20,
    Mechanism.PBE_SHA1_RC4_128: 16,
    Mechanism.PBE_SHA1_RC4_40: 5,
    Mechanism.PBE_SHA1_RC2_128_CBC: 16,
    Mechanism.PBE_SHA1_RC2_40_CBC: 5,
    Mechanism.HOTP_KEY_GEN: 20,  # RFC 4226, section 4: "RECOMMENDS a shared secret length of 160 bits"
}

#: What a public key takes from the private key that it is made of ("Public key from private key").
_OF_PRIVATE: Final[dict[Attr, Attr]] = {
    Attr.ENCRYPT: Attr.DECRYPT,
    Attr.VERIFY: Attr.SIGN,
    Attr.VERIFY_RECOVER: Attr.SIGN_RECOVER,
    Attr.WRAP: Attr.UNWRAP,
    Attr.ENCAPSULATE: Attr.DECAPSULATE,
} | {
    attr: attr for attr in (Attr.DERIVE, Attr.ID, Attr.START_DATE, Attr.END_DATE, Attr.SUBJECT, Attr.ALLOWED_MECHANISMS)
}

#: Classes whose objects hold key material, which the crypto layer checks and completes.
_MATERIAL: Final = frozenset(cls for cls, subtype in SUBTYPE.items() if subtype == Attr.KEY_TYPE)


def create(template: Template, *, so: bool) -> Attributes:
    """The whole object that C_CreateObject makes. Key material is checked and completed."""
    attrs = _resolve(parse(template), CREATE, so)
    return _fill(attrs, {}, CREATE)


def migrated(template: Template) -> Attributes:
    """An object as it was in another store, with all that is otherwise the token's own to say: CKA_LOCAL and its kin.

    Key material is checked and completed. What this class of objects has no rule for stays as it is, and can be read.
    """
    given = parse(template)
    way = plan(given, CREATE)
    for attr in way.required:
        if attr not in given:
            raise refuse(Fault.TEMPLATE_INCOMPLETE, attr, "is missing")
    whole: Attributes = {**way.defaults, **given, Attr.UNIQUE_ID: unique_id()}
    if whole[Attr.CLASS] in _MATERIAL:
        if not whole.get(Attr.PUBLIC_KEY_INFO):
            whole.pop(Attr.PUBLIC_KEY_INFO, None)
        _join(whole, keys.complete(whole))
    _measure(whole, way)
    for check in CHECKS.get(whole[Attr.CLASS], ()):
        check(whole)
    return whole


def generate(template: Template, *, cls: int, key_types: Sequence[int], mechanism: int, so: bool) -> Attributes:
    """A key or domain parameters to be, by a mechanism that makes ``cls`` of one of ``key_types``: the first of them
    unless the template says which."""
    given = parse(template)
    _fix(given, Attr.CLASS, (cls,))
    _fix(given, Attr.KEY_TYPE, key_types)
    if mechanism in _OF_ONE_LENGTH:
        given.setdefault(Attr.VALUE_LEN, _OF_ONE_LENGTH[mechanism])
    attrs = _resolve(given, GENERATE, so)
    rules = plan(attrs, GENERATE).rules
    made: Attributes = {Attr.LOCAL: True, Attr.KEY_GEN_MECHANISM: int(mechanism)}
    if Attr.SENSITIVE in rules:
        made[Attr.ALWAYS_SENSITIVE] = attrs[Attr.SENSITIVE]
        made[Attr.NEVER_EXTRACTABLE] = not attrs[Attr.EXTRACTABLE]
    return attrs | {attr: value for attr, value in made.items() if attr in rules}


def finish_generated(attrs: Mapping[int, Any], material: Mapping[int, Any]) -> Attributes:
    return _fill(attrs, material, GENERATE)


def unwrap(template: Template, *, unwrap_template: Template, so: bool, authenticated: bool = False) -> Attributes:
    """A key to be unwrapped. CLASS and KEY_TYPE are required: the wrapped bytes do not say what they are. But
    footnote 5 requires them at C_UnwrapKey alone: C_UnwrapKeyAuthenticated brings a generic secret unless told."""
    given = add(parse(template), unwrap_template, Attr.UNWRAP_TEMPLATE)
    if authenticated:
        given.setdefault(Attr.CLASS, int(ObjectClass.SECRET_KEY))
        if given[Attr.CLASS] == ObjectClass.SECRET_KEY:
            given.setdefault(Attr.KEY_TYPE, int(KeyType.GENERIC_SECRET))
    return _resolve(given, UNWRAP, so)


def finish_unwrapped(attrs: Mapping[int, Any], material: Mapping[int, Any]) -> Attributes:
    return _fill(attrs, material, UNWRAP)


def derive(
    template: Template, *, base: Mapping[int, Any], mechanism: int, derive_template: Template, so: bool
) -> Attributes:
    """A key to be derived; a generic secret unless the template says otherwise. Its SENSITIVE and EXTRACTABLE may
    still be open: they depend on every key that takes part, and finish_derived() settles them."""
    given = add(parse(template), derive_template, Attr.DERIVE_TEMPLATE)
    if Attr.VALUE in given:
        raise refuse(Fault.ATTRIBUTE_READ_ONLY, Attr.VALUE, "comes from the derivation: leave it out")
    if mechanism == Mechanism.PUB_KEY_FROM_PRIV_KEY:
        return _public_half(given, base, so)
    if mechanism == Mechanism.HKDF_DATA:
        return _data(given, so)
    given.setdefault(Attr.CLASS, int(ObjectClass.SECRET_KEY))
    if given[Attr.CLASS] == ObjectClass.SECRET_KEY:
        given.setdefault(Attr.KEY_TYPE, int(KeyType.GENERIC_SECRET))
    attrs = _resolve(given, DERIVE, so)
    if Attr.SENSITIVE in attrs:
        if mechanism in _INHERITING:
            _inherit(given, (base,))
        for attr in (Attr.SENSITIVE, Attr.EXTRACTABLE):
            if mechanism in _AS_BASE and given.get(attr, base[attr]) != base[attr]:
                raise refuse(Fault.TEMPLATE_INCONSISTENT, attr, "is that of the base key: leave it out")
            if mechanism in _AS_BASE or mechanism in _AS_BASE_UNLESS_TOLD:
                given.setdefault(attr, base[attr])
        for attr in (Attr.SENSITIVE, Attr.EXTRACTABLE):
            attrs.pop(attr)
            if attr in given:
                attrs[attr] = given[attr]
    return attrs


def _data(given: Attributes, so: bool) -> Attributes:
    """The data object of CKM_HKDF_DATA, with the CKA_VALUE_LEN that it takes and does not keep ("HKDF Data")."""
    _fix(given, Attr.CLASS, (ObjectClass.DATA,))
    length = given.pop(Attr.VALUE_LEN, None)
    attrs = _resolve(given, DERIVE, so)
    return attrs if length is None else attrs | {Attr.VALUE_LEN: length}


def _public_half(given: Attributes, base: Mapping[int, Any], so: bool) -> Attributes:
    """The public key of the private key ``base``."""
    given.setdefault(Attr.CLASS, int(ObjectClass.PUBLIC_KEY))
    given.setdefault(Attr.KEY_TYPE, base[Attr.KEY_TYPE])
    for attr, source in _OF_PRIVATE.items():
        if base.get(source) is not None:
            given.setdefault(attr, base[source])
    attrs = _resolve(given, DERIVE, so)
    return attrs | {Attr.KEY_GEN_MECHANISM: base[Attr.KEY_GEN_MECHANISM]}


def finish_derived(
    attrs: Mapping[int, Any],
    material: Mapping[int, Any],
    *,
    base: Mapping[int, Any],
    further: Sequence[Mapping[int, Any]] = (),
) -> Attributes:
    """``further``: the keys that the mechanism's parameter named. Unless told otherwise, the new key is as sensitive as
    the most sensitive of all; and it is never less sensitive than a secret key of ``further``."""
    whole = dict(attrs)
    if Attr.ALWAYS_SENSITIVE in whole:
        bases = (base, *further)
        _inherit(whole, [key for key in further if key[Attr.CLASS] == ObjectClass.SECRET_KEY])
        whole.setdefault(Attr.EXTRACTABLE, _asks_to_read(whole) and not any(_hidden_secret(key) for key in bases))
        whole.setdefault(Attr.SENSITIVE, any(_sensitive(key) for key in bases))
        whole[Attr.ALWAYS_SENSITIVE] = whole[Attr.SENSITIVE] and _all(bases, Attr.ALWAYS_SENSITIVE)
        whole[Attr.NEVER_EXTRACTABLE] = not whole[Attr.EXTRACTABLE] and _all(bases, Attr.NEVER_EXTRACTABLE)
    return _fill(whole, material, DERIVE)


def encapsulate(template: Template, *, kem_template: Template, so: bool) -> Attributes:
    """The shared secret to be, a generic secret unless the template says otherwise. Refused(KEY_HANDLE_INVALID) when it
    does not match the public key's ENCAPSULATE_TEMPLATE (section "C_EncapsulateKey")."""
    attrs = _shared_secret(parse(template), so)
    match_template({Attr.ENCAPSULATE_TEMPLATE: kem_template}, Attr.ENCAPSULATE_TEMPLATE, attrs)
    return attrs


def decapsulate(template: Template, *, kem_template: Template, so: bool) -> Attributes:
    """As encapsulate(), but the private key's DECAPSULATE_TEMPLATE is added to the secret's attributes."""
    return _shared_secret(add(parse(template), kem_template, Attr.DECAPSULATE_TEMPLATE), so)


def finish_encapsulated(attrs: Mapping[int, Any], material: Mapping[int, Any]) -> Attributes:
    """For both ends of a key encapsulation."""
    return _fill(attrs, material, KEM)


def _shared_secret(given: Attributes, so: bool) -> Attributes:
    given.setdefault(Attr.CLASS, int(ObjectClass.SECRET_KEY))
    given.setdefault(Attr.KEY_TYPE, int(KeyType.GENERIC_SECRET))
    return _resolve(given, KEM, so)


def _fix(given: Attributes, attr: Attr, possible: Sequence[int]) -> None:
    """What the mechanism itself determines (section "C_GenerateKey")."""
    if given.setdefault(attr, int(possible[0])) not in possible:
        raise refuse(Fault.TEMPLATE_INCONSISTENT, attr, "contradicts the mechanism: leave it out")


def _resolve(given: Attributes, origin: Origin, so: bool) -> Attributes:
    """The template under the rules of its class, with all defaults."""
    planned = plan(given, origin)
    for attr, value in given.items():
        if attr not in planned.rules:
            raise refuse(Fault.TEMPLATE_INCONSISTENT, attr, "is no attribute of this class and type of object")
        if attr in planned.guarded:
            _admit(planned, attr, value, so)
    for attr in planned.required:
        if attr not in given:
            raise refuse(Fault.TEMPLATE_INCOMPLETE, attr, "is required: add it to the template")
    attrs = {**planned.defaults}
    if so and Attr.PRIVATE in planned.rules:
        attrs[Attr.PRIVATE] = False  # "Default is token-specific": the SO makes no private objects.
    if _asks_to_read(given) and origin is not DERIVE:
        attrs[Attr.EXTRACTABLE] = True
    attrs |= given
    attrs[Attr.UNIQUE_ID] = unique_id()
    if attrs.get(Attr.PUBLIC_KEY_INFO) == b"" and attrs[Attr.CLASS] != ObjectClass.CERTIFICATE:
        del attrs[Attr.PUBLIC_KEY_INFO]  # "MAY be empty; DEFAULT derived from the underlying key"
    return attrs


def _asks_to_read(given: Mapping[int, Any]) -> bool:
    """Whether a template wants a secret key that can be read: it says CKA_SENSITIVE=CK_FALSE in so many words. That
    means nothing without CKA_EXTRACTABLE, whose default is the token's (footnote 9)."""
    return given.get(Attr.CLASS) == ObjectClass.SECRET_KEY and given.get(Attr.SENSITIVE) is False


def _admit(planned: Plan, attr: int, value: Any, so: bool) -> None:
    """One given attribute. A claim passes here, and is judged against the material in _fill()."""
    if attr in planned.read_only:
        raise refuse(Fault.ATTRIBUTE_READ_ONLY, attr, "is the token's to say: leave it out")
    if attr in planned.sealed:  # not even compared: that would answer questions about a secret
        raise refuse(Fault.ATTRIBUTE_READ_ONLY, attr, "comes with the key that is made here: leave it out")
    if attr in planned.so_only and value and not so:
        raise refuse(Fault.ATTRIBUTE_READ_ONLY, attr, "is set to CK_TRUE by the SO alone")


def _fill(attrs: Mapping[int, Any], material: Mapping[int, Any], origin: Origin) -> Attributes:
    """The object with its value: what follows from the value is added, claims are compared, the whole is consistent."""
    planned = plan(attrs, origin)
    whole = dict(attrs)
    claims = {attr: whole.pop(attr) for attr in planned.claims & attrs.keys()}
    _join(whole, material)
    # A generator that brings the public key information has just made both halves: RSA is not proved to be RSA again.
    if whole[Attr.CLASS] in _MATERIAL and not (origin is GENERATE and Attr.PUBLIC_KEY_INFO in material):
        _join(whole, keys.complete(whole))
    _measure(whole, planned)
    for attr, claim in claims.items():
        if whole.get(attr) != claim:
            fault = origin.wrong_length if attr == Attr.VALUE_LEN else Fault.TEMPLATE_INCONSISTENT
            raise refuse(fault, attr, "is not that of the key: leave it out")
    for attr in whole.keys() - planned.rules.keys():
        del whole[attr]
    _check_value(whole, planned.rules, origin)
    for check in CHECKS.get(whole[Attr.CLASS], ()):
        check(whole)
    return whole


def _join(whole: Attributes, more: Mapping[int, Any]) -> None:
    """Add what follows from the material. A given CKA_PUBLIC_KEY_INFO must be the key's (see "Private key objects")."""
    given = whole.get(Attr.PUBLIC_KEY_INFO)
    if given is not None and more.get(Attr.PUBLIC_KEY_INFO, given) != given:
        raise refuse(Fault.ATTRIBUTE_VALUE_INVALID, Attr.PUBLIC_KEY_INFO, "is not that of this key")
    whole |= more


def _measure(whole: Attributes, planned: Plan) -> None:
    for attr, measured, bits in planned.lengths:
        value = whole.get(measured)
        if value is not None:
            whole[attr] = int.from_bytes(value, "big").bit_length() if bits else len(value)


def _check_value(whole: Attributes, rules: Schema, origin: Origin) -> None:
    """CKA_CHECK_VALUE: computed, unless given as empty; a given one must be right (section "Secret key objects")."""
    if Attr.CHECK_VALUE not in rules or whole.get(Attr.CHECK_VALUE) == b"":
        return
    if Attr.CHECK_VALUE in whole and origin is not CREATE and sealed(whole, Attr.CHECK_VALUE):
        # Not even compared: that would answer questions about a key that came from somewhere else.
        raise refuse(Fault.ATTRIBUTE_READ_ONLY, Attr.CHECK_VALUE, "of a sensitive key is not compared: leave it out")
    certificate = whole[Attr.CLASS] == ObjectClass.CERTIFICATE
    right = certificate_check_value(whole) if certificate else keys.check_value(whole)
    if whole.setdefault(Attr.CHECK_VALUE, right) != right:
        raise refuse(Fault.ATTRIBUTE_VALUE_INVALID, Attr.CHECK_VALUE, "is not that of this value")


def _sensitive(key: Mapping[int, Any]) -> bool:
    return bool(key.get(Attr.SENSITIVE, False))


def _hidden_secret(key: Mapping[int, Any]) -> bool:
    return key[Attr.CLASS] == ObjectClass.SECRET_KEY and (_sensitive(key) or not key.get(Attr.EXTRACTABLE, False))


def _all(keys: Sequence[Mapping[int, Any]], attr: Attr) -> bool:
    return all(key.get(attr, False) for key in keys)


def _inherit(given: Attributes, bases: Sequence[Mapping[int, Any]]) -> None:
    """Sensitive if one of ``bases`` is, and unextractable if one is; a template that says otherwise contradicts it."""
    forced: Attributes = {}
    if any(_sensitive(key) for key in bases):
        forced[Attr.SENSITIVE] = True
    if any(not key.get(Attr.EXTRACTABLE, True) for key in bases):
        forced[Attr.EXTRACTABLE] = False
    for attr, value in forced.items():
        if given.setdefault(attr, value) != value:
            raise refuse(Fault.TEMPLATE_INCONSISTENT, attr, f"must be {value}, as it is of the key derived from")
