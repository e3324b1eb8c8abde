"""The structures by which C_Get*Info answers: the C structure and its members, in order, for each argument kind.

A member is a number (``Q``), a blank-padded string of that many bytes (``32s``) or a CK_VERSION (``V``).
"""

from dataclasses import dataclass
from typing import Final

from hsmith.spec.functions import Kind


@dataclass(frozen=True, slots=True)
class InfoRow:
    """One structure. ``members``: name and type of each."""

    struct: str
    members: tuple[tuple[str, str], ...]


INFOS: Final[dict[Kind, InfoRow]] = {
    Kind.INFO: InfoRow(
        "CK_INFO",
        (
            ("cryptokiVersion", "V"),
            ("manufacturerID", "32s"),
            ("flags", "Q"),
            ("libraryDescription", "32s"),
            ("libraryVersion", "V"),
        ),
    ),
    Kind.SLOT_INFO: InfoRow(
        "CK_SLOT_INFO",
        (
            ("slotDescription", "64s"),
            ("manufacturerID", "32s"),
            ("flags", "Q"),
            ("hardwareVersion", "V"),
            ("firmwareVersion", "V"),
        ),
    ),
    Kind.TOKEN_INFO: InfoRow(
        "CK_TOKEN_INFO",
        (
            ("label", "32s"),
            ("manufacturerID", "32s"),
            ("model", "16s"),
            ("serialNumber", "16s"),
            ("flags", "Q"),
            ("ulMaxSessionCount", "Q"),
            ("ulSessionCount", "Q"),
            ("ulMaxRwSessionCount", "Q"),
            ("ulRwSessionCount", "Q"),
            ("ulMaxPinLen", "Q"),
            ("ulMinPinLen", "Q"),
            ("ulTotalPublicMemory", "Q"),
            ("ulFreePublicMemory", "Q"),
            ("ulTotalPrivateMemory", "Q"),
            ("ulFreePrivateMemory", "Q"),
            ("hardwareVersion", "V"),
            ("firmwareVersion", "V"),
            ("utcTime", "16s"),
        ),
    ),
    Kind.MECHANISM_INFO: InfoRow("CK_MECHANISM_INFO", (("ulMinKeySize", "Q"), ("ulMaxKeySize", "Q"), ("flags", "Q"))),
    Kind.SESSION_INFO: InfoRow(
        "CK_SESSION_INFO", (("slotID", "Q"), ("state", "Q"), ("flags", "Q"), ("ulDeviceError", "Q"))
    ),
}
