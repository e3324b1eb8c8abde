"""The counters of one-time password keys (section "OATH HOTP").

A value is given to one signature and to no other: the next one is in the store, durably, before the first is used. A
crash in between skips a value, which whoever verifies looks ahead for (RFC 4226, section 7.4).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hsmith.spec.constants import Attr, Fault
from hsmith.spec.faults import Refused

if TYPE_CHECKING:
    from hsmith.cryptoki.application import Session

_BYTES: Final = 8


def take(session: "Session", handle: int, step: int) -> int:
    """The key's counter plus ``step``; what follows it is the key's counter from now on.

    Refused(FUNCTION_FAILED) when the counter is at its end, else as the store refuses.
    """
    taken = 0

    def advanced(attributes: Mapping[int, Any]) -> Mapping[int, Any]:
        nonlocal taken
        taken = int.from_bytes(attributes[Attr.OTP_COUNTER], "big") + step
        if taken + 1 >= 1 << 8 * _BYTES:
            raise Refused(Fault.FUNCTION_FAILED, "the key's counter is at its end: no value is left")
        return {**attributes, Attr.OTP_COUNTER: (taken + 1).to_bytes(_BYTES, "big")}

    key = session.key(handle)
    change = session.token.shelf.change if key.on_token else session.app.change_object
    change(key, advanced)
    return taken
