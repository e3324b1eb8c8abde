"""What is remembered of a key's value: what it was used for, and what became of it. One bit each, never taken back."""

from enum import IntFlag
from typing import Final

from hsmith.spec.secrecy import Wrapping


class Mark(IntFlag):
    """Numbers are in every store: they are only ever added."""

    NONE = 0

    # Roles: what the value was used for.
    ENCRYPT = 1 << 0  # secret keys: encrypted what the caller chose, or wrapped a key that may be read
    DECRYPT = 1 << 1  # decrypted, or did what can act as decryption
    MAC = 1 << 2  # made or checked a MAC, or other data that can be read
    DERIVE = 1 << 3  # derived a key that cannot be read
    AGREE = 1 << 4  # agreed on a secret that can be read
    UNWRAP = 1 << 5  # unwrapped a key that cannot be read
    WRAP_BLOCK = 1 << 6  # wrapped sensitive keys, by this Wrapping
    WRAP_KEY_WRAP = 1 << 7
    WRAP_GCM = 1 << 8
    WRAP_CCM = 1 << 9
    WRAP_PUBLIC = 1 << 10  # of a key pair: by its public half

    # Facts: what became of it.
    SENSITIVE = 1 << 16  # some object with it was sensitive
    UNEXTRACTABLE = 1 << 17
    KNOWN = 1 << 18  # somebody outside knows it, or chose what it comes from
    READABLE = 1 << 19  # some object with it could be read
    WRAPPED = 1 << 20  # a sensitive key that was wrapped here
    MIXED = 1 << 21  # parts of it are known or chosen
    ENCODING = 1 << 22  # not a key but what wrapping makes of a private key
    PROTECTED = 1 << 23  # a token with a profile other than compat had it: its marks hold in compat, too
    USED = 1 << 24  # not a key but an IV that served
    TRUSTED_ONLY = 1 << 25  # some object with it had CKA_WRAP_WITH_TRUSTED
    PIN_EACH_TIME = 1 << 26  # some object with it had CKA_ALWAYS_AUTHENTICATE
    BROUGHT = 1 << 27  # somebody brought it in clear (C_CreateObject), and knows it
    SERVED = 1 << 28  # a one-time key that made its MAC


DATA: Final = Mark.ENCRYPT | Mark.DECRYPT | Mark.MAC
WRAPS: Final = Mark.WRAP_BLOCK | Mark.WRAP_KEY_WRAP | Mark.WRAP_GCM | Mark.WRAP_CCM | Mark.WRAP_PUBLIC
TRANSPORT: Final = WRAPS | Mark.UNWRAP
OUTSIDE: Final = Mark.KNOWN | Mark.READABLE

#: By the wrapping of a mechanism the role that wrapping a sensitive key is; the others wrap none.
WRAP_ROLES: Final = {
    Wrapping.BLOCK: Mark.WRAP_BLOCK,
    Wrapping.KEY_WRAP: Mark.WRAP_KEY_WRAP,
    Wrapping.GCM: Mark.WRAP_GCM,
    Wrapping.CCM: Mark.WRAP_CCM,
    Wrapping.PUBLIC: Mark.WRAP_PUBLIC,
}

#: The roles that exclude each other, each pair once: see docs/policy.md.
_EXCLUSIVE: Final = (
    (DATA, TRANSPORT),
    (DATA, Mark.DERIVE),
    (Mark.AGREE, TRANSPORT),
    (Mark.AGREE, Mark.DERIVE),
    (Mark.DERIVE, TRANSPORT),
    *((one, WRAPS & ~one) for one in Mark if one & WRAPS and one.bit_count() == 1),
)

#: By role, the roles that it excludes.
CLOSES: Final[dict[Mark, Mark]] = {}
for _left, _right in _EXCLUSIVE:
    for _one in Mark:
        if _one.bit_count() == 1:
            for _mine, _other in ((_left, _right), (_right, _left)):
                if _one & _mine:
                    CLOSES[_one] = CLOSES.get(_one, Mark.NONE) | _other

#: As a refusal names them.
NAMES: Final = {
    Mark.ENCRYPT: "encrypted data",
    Mark.DECRYPT: "decrypted",
    Mark.MAC: "made MACs",
    Mark.DERIVE: "derived sensitive keys",
    Mark.AGREE: "agreed on secrets that were read",
    Mark.UNWRAP: "unwrapped sensitive keys",
    **dict.fromkeys((one for one in Mark if one & WRAPS and one.bit_count() == 1), "wrapped sensitive keys"),
}


def names(roles: Mark) -> str:
    """The roles in words."""
    return ", ".join(sorted({NAMES[role] for role in NAMES if role & roles}))
