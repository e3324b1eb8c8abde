"""New objects (section 4.1.1): what a template must, may and must not say, and what the token adds.

A key is made in two steps, because the template is judged before there is any material: generate(), unwrap(),
derive(), encapsulate() and decapsulate() give everything but the value; finish_*() joins the two. An attribute that
the caller should have left to the token is taken as a claim: it is accepted when the token comes to the same value
("Creating objects", item 6). OpenSC and Java make such claims, of CKA_VALUE_LEN above all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from hsmith.core.templates.consistency import CHECKS, certificate_check_value
from hsmith.core.templates.reading import match_template, sealed
from hsmith.core.templates.values import Attributes, add, parse, refuse, schema_of
from hsmith.crypto import keys
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass
from hsmith.spec.objects import STORED, SUBTYPE
from hsmith.spec.rules import ABSENT, Note, Rule, Schema
from hsmith.spec.values import Template


@dataclass(frozen=True, slots=True)
class _Origin:
    """A way to make an object. ``required`` and ``forbidden``: its footnotes. ``defaults``: those that the function
    has of its own. ``wrong_length``: the refusal of a CKA_VALUE_LEN that is not the value's."""

    required: Note
    forbidden: Note
    defaults: Mapping[int, Any]
    wrong_length: Fault = Fault.TEMPLATE_INCONSISTENT


_CREATE: Final = _Origin(Note.AT_CREATE, Note.NOT_AT_CREATE, {})
_GENERATE: Final = _Origin(Note.AT_GENERATE, Note.NOT_AT_GENERATE, {})
_UNWRAP: Final = _Origin(Note.AT_UNWRAP, Note.NOT_AT_UNWRAP, {Attr.EXTRACTABLE: True}, Fault.WRAPPED_KEY_LEN_RANGE)
_DERIVE: Final = _Origin(Note(0), Note.NOT_AT_GENERATE | Note.NOT_AT_UNWRAP, {})
_KEM: Final = _Origin(Note(0), Note.NOT_AT_UNWRAP, {Attr.EXTRACTABLE: True})

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

#: Attributes that say how long another one is: (what is measured, in bits rather than bytes).
_LENGTHS: Final[dict[int, tuple[Attr, bool]]] = {
    Attr.MODULUS_BITS: (Attr.MODULUS, True),
    Attr.PRIME_BITS: (Attr.PRIME, True),
    Attr.SUBPRIME_BITS: (Attr.SUBPRIME, True),
    Attr.VALUE_BITS: (Attr.VALUE, True),
    Attr.VALUE_LEN: (Attr.VALUE, False),
}

_STORED_CLASSES: Final = frozenset(cls for cls, _ in STORED)

#: Classes whose objects hold key material, which the crypto layer checks and completes.
_MATERIAL: Final = frozenset(cls for cls, subtype in SUBTYPE.items() if subtype == Attr.KEY_TYPE)


def create(template: Template, *, so: bool) -> Attributes:
    """The whole object that C_CreateObject makes. Key material is checked and completed."""
    attrs = _resolve(parse(template), _CREATE, so)
    return _fill(attrs, {}, _CREATE)


def generate(template: Template, *, cls: int, key_types: Sequence[int], mechanism: int, so: bool) -> Attributes:
    """A key or domain parameters to be, by a mechanism that makes ``cls`` of one of ``key_types``: the first of them
    unless the template says which."""
    given = parse(template)
    _fix(given, Attr.CLASS, (cls,))
    _fix(given, Attr.KEY_TYPE, key_types)
    if mechanism in _OF_ONE_LENGTH:
        given.setdefault(Attr.VALUE_LEN, _OF_ONE_LENGTH[mechanism])
    attrs = _resolve(given, _GENERATE, so)
    rules = _rules(attrs)
    made: Attributes = {Attr.LOCAL: True, Attr.KEY_GEN_MECHANISM: int(mechanism)}
    if Attr.SENSITIVE in rules:
        made[Attr.ALWAYS_SENSITIVE] = attrs[Attr.SENSITIVE]
        made[Attr.NEVER_EXTRACTABLE] = not attrs[Attr.EXTRACTABLE]
    return attrs | {attr: value for attr, value in made.items() if attr in rules}


def finish_generated(attrs: Mapping[int, Any], material: Mapping[int, Any]) -> Attributes:
    return _fill(attrs, material, _GENERATE)


def unwrap(template: Template, *, unwrap_template: Template, so: bool, authenticated: bool = False) -> Attributes:
    """A key to be unwrapped. CLASS and KEY_TYPE are required: the wrapped bytes do not say what they are. But
    footnote 5 requires them at C_UnwrapKey alone: C_UnwrapKeyAuthenticated brings a generic secret unless told."""
    given = add(parse(template), unwrap_template, Attr.UNWRAP_TEMPLATE)
    if authenticated:
        given.setdefault(Attr.CLASS, int(ObjectClass.SECRET_KEY))
        if given[Attr.CLASS] == ObjectClass.SECRET_KEY:
            given.setdefault(Attr.KEY_TYPE, int(KeyType.GENERIC_SECRET))
    return _resolve(given, _UNWRAP, so)


def finish_unwrapped(attrs: Mapping[int, Any], material: Mapping[int, Any]) -> Attributes:
    return _fill(attrs, material, _UNWRAP)


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
    attrs = _resolve(given, _DERIVE, so)
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
    attrs = _resolve(given, _DERIVE, so)
    return attrs if length is None else attrs | {Attr.VALUE_LEN: length}


def _public_half(given: Attributes, base: Mapping[int, Any], so: bool) -> Attributes:
    """The public key of the private key ``base``."""
    given.setdefault(Attr.CLASS, int(ObjectClass.PUBLIC_KEY))
    given.setdefault(Attr.KEY_TYPE, base[Attr.KEY_TYPE])
    for attr, source in _OF_PRIVATE.items():
        if base.get(source) is not None:
            given.setdefault(attr, base[source])
    attrs = _resolve(given, _DERIVE, so)
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
    return _fill(whole, material, _DERIVE)


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
    return _fill(attrs, material, _KEM)


def unique_id() -> bytes:
    return str(uuid4()).encode()


def _shared_secret(given: Attributes, so: bool) -> Attributes:
    given.setdefault(Attr.CLASS, int(ObjectClass.SECRET_KEY))
    given.setdefault(Attr.KEY_TYPE, int(KeyType.GENERIC_SECRET))
    return _resolve(given, _KEM, so)


def _fix(given: Attributes, attr: Attr, possible: Sequence[int]) -> None:
    """What the mechanism itself determines (section "C_GenerateKey")."""
    if given.setdefault(attr, int(possible[0])) not in possible:
        raise refuse(Fault.TEMPLATE_INCONSISTENT, attr, "contradicts the mechanism: leave it out")


def _resolve(given: Attributes, origin: _Origin, so: bool) -> Attributes:
    """The template under the rules of its class, with all defaults."""
    rules = _rules(given)
    for attr, value in given.items():
        rule = rules.get(attr)
        if rule is None:
            raise refuse(Fault.TEMPLATE_INCONSISTENT, attr, "is no attribute of this class and type of object")
        _admit(rule, value, origin, so)
    for attr, rule in rules.items():
        if origin.required & rule.notes and rule.default is ABSENT and attr not in given:
            raise refuse(Fault.TEMPLATE_INCOMPLETE, attr, "is required: add it to the template")
    attrs: Attributes = {attr: rule.default for attr, rule in rules.items() if rule.default is not ABSENT}
    attrs |= {attr: value for attr, value in origin.defaults.items() if attr in rules}
    if so and Attr.PRIVATE in rules:
        attrs[Attr.PRIVATE] = False  # "Default is token-specific": the SO makes no private objects.
    if _asks_to_read(given) and origin is not _DERIVE:
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


def _rules(given: Mapping[int, Any]) -> Schema:
    """The rules for the class and subtype that a template names."""
    cls = given.get(Attr.CLASS)
    if cls is None:
        raise refuse(Fault.TEMPLATE_INCOMPLETE, Attr.CLASS, "is required: say what kind of object this is")
    if cls not in _STORED_CLASSES:
        raise refuse(Fault.ATTRIBUTE_VALUE_INVALID, Attr.CLASS, "names a class of objects that only the token makes")
    subtype = SUBTYPE.get(cls)
    if subtype is not None and subtype not in given:
        raise refuse(Fault.TEMPLATE_INCOMPLETE, subtype, "is required: add it to the template")
    rules = schema_of(given)
    if rules is None:
        assert subtype is not None
        elsewhere = any(SUBTYPE.get(other) == subtype and value == given[subtype] for other, value in STORED)
        fault = Fault.TEMPLATE_INCONSISTENT if elsewhere else Fault.ATTRIBUTE_VALUE_INVALID
        raise refuse(fault, subtype, "is not offered in this class of objects")
    return rules


def _admit(rule: Rule, value: Any, origin: _Origin, so: bool) -> None:
    """One given attribute. A claim passes here, and is judged against the material in _fill()."""
    if rule.notes & origin.forbidden:
        if Note.READ_ONLY in rule.notes:
            raise refuse(Fault.ATTRIBUTE_READ_ONLY, rule.attr, "is the token's to say: leave it out")
        if Note.SEALED in rule.notes:  # not even compared: that would answer questions about a secret
            raise refuse(Fault.ATTRIBUTE_READ_ONLY, rule.attr, "comes with the key that is made here: leave it out")
    if Note.SO_ONLY in rule.notes and value and not so:
        raise refuse(Fault.ATTRIBUTE_READ_ONLY, rule.attr, "is set to CK_TRUE by the SO alone")


def _fill(attrs: Mapping[int, Any], material: Mapping[int, Any], origin: _Origin) -> Attributes:
    """The object with its value: what follows from the value is added, claims are compared, the whole is consistent."""
    rules = _rules(attrs)
    claims = {attr: value for attr, value in attrs.items() if _is_claim(rules.get(attr), origin)}
    whole = {attr: value for attr, value in attrs.items() if attr not in claims}
    _join(whole, material)
    # A generator that brings the public key information has just made both halves: RSA is not proved to be RSA again.
    if whole[Attr.CLASS] in _MATERIAL and not (origin is _GENERATE and Attr.PUBLIC_KEY_INFO in material):
        _join(whole, keys.complete(whole))
    _measure(whole, rules)
    for attr, claim in claims.items():
        if whole.get(attr) != claim:
            fault = origin.wrong_length if attr == Attr.VALUE_LEN else Fault.TEMPLATE_INCONSISTENT
            raise refuse(fault, attr, "is not that of the key: leave it out")
    whole = {attr: value for attr, value in whole.items() if attr in rules}
    _check_value(whole, rules, origin)
    for check in CHECKS.get(whole[Attr.CLASS], ()):
        check(whole)
    return whole


def _is_claim(rule: Rule | None, origin: _Origin) -> bool:
    if rule is None or Note.READ_ONLY in rule.notes:
        return False
    return rule.attr == Attr.VALUE_LEN or bool(rule.notes & origin.forbidden)


def _join(whole: Attributes, more: Mapping[int, Any]) -> None:
    """Add what follows from the material. A given CKA_PUBLIC_KEY_INFO must be the key's (see "Private key objects")."""
    given = whole.get(Attr.PUBLIC_KEY_INFO)
    if given is not None and more.get(Attr.PUBLIC_KEY_INFO, given) != given:
        raise refuse(Fault.ATTRIBUTE_VALUE_INVALID, Attr.PUBLIC_KEY_INFO, "is not that of this key")
    whole |= more


def _measure(whole: Attributes, rules: Schema) -> None:
    for attr, (measured, bits) in _LENGTHS.items():
        value = whole.get(measured)
        if attr in rules and value is not None:
            whole[attr] = int.from_bytes(value, "big").bit_length() if bits else len(value)


def _check_value(whole: Attributes, rules: Schema, origin: _Origin) -> None:
    """CKA_CHECK_VALUE: computed, unless given as empty; a given one must be right (section "Secret key objects")."""
    if Attr.CHECK_VALUE not in rules or whole.get(Attr.CHECK_VALUE) == b"":
        return
    if Attr.CHECK_VALUE in whole and origin is not _CREATE and sealed(whole, Attr.CHECK_VALUE):
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
