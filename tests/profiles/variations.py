"""Where an answer may differ from the case, and by which words of the text. Nothing else may.

Two things need no row. Symbolic identifiers take the value that the token gives ("Conformance Test Cases"). And the
key of AUTH-M-1-32 is replaced in the case itself, before it runs: tokens.py says by which words.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from hsmith.spec.constants import MechanismFlag, TokenFlag
from p11_values import UNAVAILABLE


class Variation(NamedTuple):
    """``permits`` takes the value of the case and that of the token. ``words`` are those of the text."""

    permits: Callable[[Any, Any], bool]
    words: str


_ITEMS: Final = (
    '"Variable Items": "An implementation conformant to a Profile MAY vary the following values (expressed using the '
    'XML name for the items): Provider specific information within the Info, SlotInfo and TokenInfo elements"; it is '
    "one of the ten names that follow"
)
_LISTS: Final = (
    '"Variable behavior": "The number of entries and order of entries in the list returned in the C_GetSlotList, '
    "C_GetMechanismList, and C_GetInterfaceList functions may vary, provided that at least one entry within the list "
    'matches the logical context of the test case."'
)
_OPTIONAL: Final = (
    '"Baseline Provider" 8, "Extended Provider" 9: "Optionally supports any clause within [PKCS11_Spec] that is not '
    'listed above"; '
)
_STATES: Final = _OPTIONAL + (
    "listed are neither C_SetOperationState nor the dual-function calls nor asynchronous sessions, which these flags "
    "of CK_TOKEN_INFO tell of"
)
_MEMORY: Final = _OPTIONAL + (
    "the CK_TOKEN_INFO Note: the fields on memory can have the special value CK_UNAVAILABLE_INFORMATION"
)
_USES: Final = _OPTIONAL + (
    "listed are neither C_SignRecover nor C_MessageSign nor C_EncapsulateKey nor their counterparts, which these flags "
    "of CK_MECHANISM_INFO tell of"
)
_SIZES: Final = (
    _OPTIONAL
    + '"Extended Provider" 7: "Supports the following mechanisms: None specified"; so what is supported of one, '
    "down to nothing, is the provider's choice"
)

_TOKEN_FLAGS: Final = (
    TokenFlag.RESTORE_KEY_NOT_NEEDED | TokenFlag.DUAL_CRYPTO_OPERATIONS | TokenFlag.ASYNC_SESSION_SUPPORTED
)
_RECOVER: Final = MechanismFlag.SIGN_RECOVER | MechanismFlag.VERIFY_RECOVER
_MESSAGES: Final = MechanismFlag.MESSAGE_SIGN | MechanismFlag.MESSAGE_VERIFY
_KEM: Final = MechanismFlag.ENCAPSULATE | MechanismFlag.DECAPSULATE


def _text(written: bytes, given: bytes) -> bool:
    """A string of the same length, padded with blanks and without NUL (section "General information")."""
    return len(written) == len(given) and b"\0" not in given


def _version(written: tuple[int, int], given: tuple[int, int]) -> bool:
    return True


def _some(written: list[int], given: list[int]) -> bool:
    """All that is written is there, whatever else is."""
    return set(written) <= set(given)


def _unavailable(written: int, given: int) -> bool:
    return given == UNAVAILABLE


def _from(written: int, given: int) -> bool:
    """The least size is not below the one written, nor above that of the key with which AUTH-M-1-32 signs."""
    return 0 < written <= given <= 2048


def _up_to(written: int, given: int) -> bool:
    return 2048 <= given <= written


def _only(flags: int) -> Callable[[int, int], bool]:
    """The values differ in these flags alone."""
    return lambda written, given: (written ^ given) & ~int(flags) == 0


def _more(flags: int) -> Callable[[int, int], bool]:
    """The token has all that is written, and of these flags some more."""
    return lambda written, given: given & ~int(flags) == written


#: By element and item.
VARIATIONS: Final = {
    "Info.ManufacturerID": Variation(_text, _ITEMS),
    "Info.LibraryDescription": Variation(_text, _ITEMS),
    "Info.LibraryVersion": Variation(_version, _ITEMS),
    "SlotInfo.SlotDescription": Variation(_text, _ITEMS),
    "SlotInfo.ManufacturerID": Variation(_text, _ITEMS),
    "SlotInfo.HardwareVersion": Variation(_version, _ITEMS),
    "SlotInfo.FirmwareVersion": Variation(_version, _ITEMS),
    "TokenInfo.ManufacturerID": Variation(_text, _ITEMS),
    "TokenInfo.model": Variation(_text, _ITEMS),
    "TokenInfo.serialNumber": Variation(_text, _ITEMS),
    "TokenInfo.HardwareVersion": Variation(_version, _ITEMS),
    "TokenInfo.FirmwareVersion": Variation(_version, _ITEMS),
    "TokenInfo.utcTime": Variation(_text, _ITEMS),
    "SlotList": Variation(_some, _LISTS),
    "MechanismList": Variation(_some, _LISTS),
    "TokenInfo.Flags": Variation(_only(_TOKEN_FLAGS), _STATES),
    "TokenInfo.TotalPublicMemory": Variation(_unavailable, _MEMORY),
    "TokenInfo.FreePublicMemory": Variation(_unavailable, _MEMORY),
    "TokenInfo.TotalPrivateMemory": Variation(_unavailable, _MEMORY),
    "TokenInfo.FreePrivateMemory": Variation(_unavailable, _MEMORY),
    "MechanismInfo.Flags": Variation(_more(_RECOVER | _MESSAGES | _KEM), _USES),
    "MechanismInfo.MinKeySize": Variation(_from, _SIZES),
    "MechanismInfo.MaxKeySize": Variation(_up_to, _SIZES),
}
