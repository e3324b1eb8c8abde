"""HOTP one-time passwords (section "OATH HOTP"; RFC 4226)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from hsmith.crypto.engine import Buffer, Engine, Signer, Verifier
from hsmith.crypto.key import Key
from hsmith.crypto.streams import WholeVerifier, bad_parameter
from hsmith.spec.constants import Fault, OtpFlag, OtpFormat, OtpParam, OtpRequirement
from hsmith.spec.faults import Refused
from hsmith.spec.params import OtpParams
from hsmith.spec.values import OtpSignatureInfo

DIGITS: Final = range(6, 9)  # that the library makes (RFC 4226, section 5.3)
COUNTER: Final = 8  # bytes
_TAKEN: Final = frozenset(OtpParam) - {OtpParam.VALUE}
_FLAGS: Final = sum(OtpFlag)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a key's attributes and the parameter come to. ``counter``: the one that the caller gives; ``step``: how far
    behind it, or behind the key's own, the wanted value is."""

    counter: int | None
    step: int
    digits: int


def _given(params: OtpParams | None) -> dict[int, Any]:
    given: dict[int, Any] = {}
    for param in params.params if params is not None else ():
        if param.type not in _TAKEN or param.type in given:
            raise bad_parameter(f"an OTP parameter of type {param.type:#x} is not taken, or is there twice")
        given[param.type] = param.value
    return given


def _flags(given: Mapping[int, Any], key: Key) -> int:
    flags: int = given.get(OtpParam.FLAGS) or 0
    if flags & ~_FLAGS:
        raise bad_parameter("CK_OTP_FLAGS has bits that mean nothing")
    if flags & OtpFlag.EXCLUDE_COUNTER:
        raise bad_parameter("HOTP without a counter would be one password for ever")
    if flags & OtpFlag.USER_FRIENDLY_OTP and not key.prepared["OTP_USER_FRIENDLY_MODE"]:
        raise bad_parameter("CKF_USER_FRIENDLY_OTP, and the key's CKA_OTP_USER_FRIENDLY_MODE is CK_FALSE")
    return flags


def _digits(given: Mapping[int, Any], key: Key) -> int:
    digits: int = given.get(OtpParam.OUTPUT_LENGTH) or key.prepared["OTP_LENGTH"]
    if digits not in DIGITS:
        raise bad_parameter(f"a password has {DIGITS.start} to {DIGITS.stop - 1} digits, not {digits}")
    if (given.get(OtpParam.OUTPUT_FORMAT) or OtpFormat.DECIMAL) != OtpFormat.DECIMAL:
        raise bad_parameter("HOTP makes decimal digits and nothing else")
    return digits


def _counter(given: Mapping[int, Any]) -> int | None:
    value: bytes | None = given.get(OtpParam.COUNTER)
    if value is not None and len(value) != COUNTER:
        raise bad_parameter(f"a counter of {len(value)} bytes: HOTP has {COUNTER}")
    return None if value is None else int.from_bytes(value, "big")


def _asked(key: Key, params: OtpParams | None) -> _Asked:
    given = _given(params)
    step = int(bool(_flags(given, key) & OtpFlag.NEXT_OTP))
    return _Asked(_counter(given), step, _digits(given, key))


def _library(key: Key, digits: int) -> HOTP:
    return HOTP(key.native, digits, SHA1())


def _no_data(data: Buffer) -> None:
    if len(data):
        raise Refused(Fault.DATA_LEN_RANGE, "a one-time password is not made of data: pData is NULL")


def _at(counter: int, step: int) -> int:
    if counter + step >= 1 << 8 * COUNTER:
        raise bad_parameter("there is no counter after that one")
    return counter + step


class HotpSigner(Signer):
    """``count(step)``: takes a value of the key's own counter (hsmith.cryptoki.counting)."""

    __slots__ = ("_asked", "_key", "count", "size")

    def __init__(self, key: Key, asked: _Asked) -> None:
        self._key = key
        self._asked = asked
        self.count: Callable[[int], int] | None = None
        self.size = _info(bytes(asked.digits), 0).size

    def update(self, data: Buffer) -> None:
        _no_data(data)

    def finish(self) -> OtpSignatureInfo:  # type: ignore[override]  # A structure of pointers: the module lays it out.
        asked = self._asked
        if asked.counter is not None:
            counter = _at(asked.counter, asked.step)
        else:
            assert self.count is not None
            counter = self.count(asked.step)
        return _info(_library(self._key, asked.digits).generate(counter), counter)


def _info(password: bytes, counter: int) -> OtpSignatureInfo:
    return OtpSignatureInfo(((OtpParam.VALUE, password), (OtpParam.COUNTER, counter.to_bytes(COUNTER, "big"))))


class Hotp(Engine):
    """CKM_HOTP."""

    def sign(self, key: Key, params: Any) -> Signer:
        asked, wants = _asked(key, params), key.prepared["OTP_COUNTER_REQUIREMENT"]
        if wants == OtpRequirement.MANDATORY and asked.counter is None:
            raise bad_parameter("the key's CKA_OTP_COUNTER_REQUIREMENT wants a CK_OTP_COUNTER")
        if wants == OtpRequirement.IGNORED:
            asked = _Asked(None, asked.step, asked.digits)
        return HotpSigner(key, asked)

    def verify(self, key: Key, params: Any) -> Verifier:
        """ "For verify operations, the counter value CK_OTP_COUNTER must be provided"."""
        asked = _asked(key, params)
        if asked.counter is None:
            raise bad_parameter("a password is verified against the CK_OTP_COUNTER that the parameter gives")
        library, counter = _library(key, asked.digits), _at(asked.counter, asked.step)

        def verify(data: Buffer, signature: Buffer) -> None:
            _no_data(data)
            if len(signature) != asked.digits:
                raise Refused(Fault.SIGNATURE_LEN_RANGE, f"a password of {len(signature)} bytes, not {asked.digits}")
            try:
                library.verify(bytes(signature), counter)
            except InvalidToken:
                raise InvalidSignature from None

        return WholeVerifier(verify)
