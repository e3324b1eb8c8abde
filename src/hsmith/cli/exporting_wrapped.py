"""Keys that leave a token under another key: the ways, and why policy does not let one go."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hsmith.spec.constants import Attr, Fault, Mechanism, Mgf, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.params import GcmParams, RsaAesKeyWrapParams, RsaPkcsOaepParams
from hsmith.spec.values import MechanismArg
from hsmith.wire.session import Session

MOST = 1 << 16  # bytes of a wrapped key
IV, TAG = 12, 16  # bytes


@dataclass(frozen=True, slots=True)
class Way:
    mechanism: Mechanism
    meaning: str


WAYS = {
    "aes-kwp": Way(Mechanism.AES_KEY_WRAP_KWP, "AES key wrap with padding, RFC 5649"),
    "aes-kw": Way(Mechanism.AES_KEY_WRAP, "AES key wrap, RFC 3394"),
    "aes-gcm": Way(Mechanism.AES_GCM, "12 bytes of IV, then AES-GCM with 16 bytes of tag"),
    "rsa-oaep": Way(Mechanism.RSA_PKCS_OAEP, "RSA-OAEP with SHA-256, for short keys, by a public key"),
    "rsa-aes": Way(Mechanism.RSA_AES_KEY_WRAP, "an AES-256 key by RSA-OAEP, then RFC 5649 under it, by a public key"),
}


def wrap(session: Session, how: str, *, wrapping: int, key: int) -> bytes:
    """Refused, with the reason in words."""
    iv = os.urandom(IV) if how == "aes-gcm" else b""
    oaep = RsaPkcsOaepParams(int(Mechanism.SHA256), int(Mgf.MGF1_SHA256), 1)
    params: Any = {
        "aes-gcm": GcmParams(iv, 8 * IV, b"", 8 * TAG),
        "rsa-oaep": oaep,
        "rsa-aes": RsaAesKeyWrapParams(256, oaep),
    }.get(how)
    try:
        wrapped: bytes = session.call("C_WrapKey", MechanismArg(int(WAYS[how].mechanism), params), wrapping, key, MOST)
    except Refused as refused:
        reasons = list(_reasons(session, wrapping, key)) or [_FAULTS.get(refused.fault, "the token refuses it")]
        raise Refused(refused.fault, f"the key stays in the token: {reasons[0]}; docs/policy.md") from None
    return iv + wrapped


def _reasons(session: Session, wrapping: int, key: int) -> Iterator[str]:
    """What the attributes of the two keys tell."""
    wanted = session.read(key, (Attr.CLASS, Attr.EXTRACTABLE, Attr.WRAP_WITH_TRUSTED))
    asked = (Attr.CLASS, Attr.WRAP, Attr.TRUSTED, Attr.LOCAL, Attr.SENSITIVE, Attr.EXTRACTABLE, Attr.WRAP_TEMPLATE)
    by = session.read(wrapping, asked)
    if not wanted.get(Attr.EXTRACTABLE):
        yield "its CKA_EXTRACTABLE is false, and that never changes"
    if not by.get(Attr.WRAP):
        yield "the other key's CKA_WRAP is false: it is not for wrapping"
    if wanted.get(Attr.WRAP_WITH_TRUSTED) and not by.get(Attr.TRUSTED):
        yield "its CKA_WRAP_WITH_TRUSTED is true, and the SO has not marked the other key CKA_TRUSTED"
    if by[Attr.CLASS] == ObjectClass.PUBLIC_KEY and not (by.get(Attr.TRUSTED) or by.get(Attr.LOCAL)):
        yield "anybody may have the private half of the other key: the SO marks good ones CKA_TRUSTED"
    if by[Attr.CLASS] == ObjectClass.SECRET_KEY and by.get(Attr.EXTRACTABLE) and not by.get(Attr.SENSITIVE):
        yield "the other key can be read, and so could what it wraps"
    if by[Attr.CLASS] == ObjectClass.SECRET_KEY and not (by.get(Attr.LOCAL) or by.get(Attr.TRUSTED)):
        yield "the other key came from outside, where others may have it: the SO marks good ones CKA_TRUSTED"


_FAULTS = {
    Fault.KEY_FUNCTION_NOT_PERMITTED: "the other key, or one with its value, has served for data, or wraps in another "
    "way: one key has one such role",
    Fault.KEY_NOT_WRAPPABLE: "this way does not protect such a key",
    Fault.KEY_SIZE_RANGE: "it is too long for this way: take rsa-aes",
    Fault.KEY_HANDLE_INVALID: "it does not match CKA_WRAP_TEMPLATE of the other key",
    Fault.WRAPPING_KEY_TYPE_INCONSISTENT: "the other key is not of the type that this way needs",
    Fault.MECHANISM_INVALID: "the token's profile does not offer this way",
}
