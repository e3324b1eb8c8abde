"""Keys of one-time passwords: a value of bytes, and what the passwords shall be (section "OATH HOTP")."""

from typing import Any, Final

from hsmith.crypto.key import Attributes, Key, invalid, need
from hsmith.crypto.material.base import Material
from hsmith.crypto.material.secret import check_length
from hsmith.crypto.otp import COUNTER, DIGITS
from hsmith.spec.constants import Attr, KeyType, ObjectClass, OtpFormat, OtpRequirement

#: What the engine asks of a key.
_ASKED: Final = (Attr.OTP_LENGTH, Attr.OTP_USER_FRIENDLY_MODE, Attr.OTP_COUNTER_REQUIREMENT)
#: What HOTP is not made of: a key that demands it would promise what nobody keeps.
_UNUSED: Final = (Attr.OTP_PIN_REQUIREMENT, Attr.OTP_CHALLENGE_REQUIREMENT, Attr.OTP_TIME_REQUIREMENT)


class HotpMaterial(Material):
    """CKK_HOTP."""

    def load(self, attributes: Attributes) -> Key:
        value = bytes(need(attributes, Attr.VALUE))
        asked = {attr.name: attributes[attr] for attr in _ASKED}
        return Key(ObjectClass.OTP_KEY, KeyType.HOTP, len(value), value, asked)

    def complete(self, attributes: Attributes) -> dict[int, Any]:
        value = need(attributes, Attr.VALUE)
        check_length(KeyType.HOTP, len(value))
        if attributes[Attr.OTP_FORMAT] != OtpFormat.DECIMAL:
            raise invalid("CKA_OTP_FORMAT: HOTP makes decimal digits and nothing else")
        if attributes[Attr.OTP_LENGTH] not in DIGITS:
            raise invalid(f"CKA_OTP_LENGTH: HOTP makes {DIGITS.start} to {DIGITS.stop - 1} digits")
        for attr in _UNUSED:
            if attributes[attr] == OtpRequirement.MANDATORY:
                raise invalid(f"CKA_{attr.name}: HOTP is made of a key and a counter alone")
        counter = attributes[Attr.OTP_COUNTER] or bytes(COUNTER)
        if len(counter) != COUNTER:
            raise invalid(f"CKA_OTP_COUNTER: {len(counter)} bytes, where HOTP has {COUNTER}")
        return {Attr.VALUE_LEN: len(value), Attr.OTP_COUNTER: counter}

    def encode(self, attributes: Attributes) -> bytes:
        return bytes(need(attributes, Attr.VALUE))
