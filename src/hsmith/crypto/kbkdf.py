"""Derivation in counter, feedback and double pipeline mode (section "SP800-108 Key Derivation").

The library has the first of them in three fixed layouts; the standard lets the caller lay out the input of the
pseudo-random function, and derive several keys at once. The functions themselves are the library's HMAC and CMAC.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hmac import HMAC

from hsmith.crypto.blocks import AES_CIPHER, DES3_CIPHER, BlockCipher, algorithm_of
from hsmith.crypto.engine import Engine, Ordered, Wanted
from hsmith.crypto.fitting import first, wanted_length
from hsmith.crypto.hashes import HASHES, Hash
from hsmith.crypto.key import Key
from hsmith.crypto.streams import bad_parameter
from hsmith.spec.constants import DkmLengthMethod, Fault, KeyType, Mechanism, PrfDataType
from hsmith.spec.faults import Refused
from hsmith.spec.params import PrfDataParam, Sp800108CounterFormat
from hsmith.spec.values import Template

Prf: TypeAlias = Callable[[bytes], bytes]

_HMACS: Final[dict[int, Hash]] = {
    Mechanism[f"{row.mechanism.name}_HMAC"]: row for row in HASHES.values() if row.name != "MD5"
}
_CMACS: Final[dict[int, tuple[BlockCipher, frozenset[KeyType]]]] = {
    Mechanism.AES_CMAC: (AES_CIPHER, frozenset({KeyType.AES})),
    Mechanism.DES3_CMAC: (DES3_CIPHER, frozenset({KeyType.DES2, KeyType.DES3})),
}
_ITERATIONS_MAXIMUM: Final = 1 << 16  # more output than a key can have


def _prf(key: Key, mechanism: int) -> tuple[Prf, int]:
    """The function, and the bytes that it gives."""
    if mechanism in _HMACS:
        row = _HMACS[mechanism]
        return _finalized(lambda: HMAC(key.native, row.algorithm)), row.size
    if mechanism not in _CMACS:
        raise bad_parameter(f"0x{mechanism:x} is not a pseudo-random function that is offered")
    cipher, types = _CMACS[mechanism]
    if key.type not in types:
        raise Refused(Fault.KEY_TYPE_INCONSISTENT, "this CMAC does not work with this type of key")
    return _finalized(lambda: CMAC(algorithm_of(cipher, key))), cipher.block


def _finalized(make: Callable[[], Any]) -> Prf:
    def prf(data: bytes) -> bytes:
        context = make()
        context.update(data)
        return bytes(context.finalize())

    return prf


def _number(value: int, width: int, *, little: bool) -> bytes:
    if not 8 <= width <= 64 or width % 8:
        raise bad_parameter("the width of a number must be 8 to 64 bits, in whole bytes")
    if value >> width:
        raise bad_parameter(f"{value} does not fit the {width} bits of its place")
    return value.to_bytes(width // 8, "little" if little else "big")


def _counter(place: Sp800108CounterFormat, count: int) -> bytes:
    return _number(count, place.width_in_bits, little=place.little_endian)


class _Kdf(Engine):
    """What the three modes share."""

    #: Whether the iteration variable is a counter with a format, or a value without one.
    counts: bool

    @abstractmethod
    def _segments(self, prf: Prf, params: Any, layout: "_Layout", count: int) -> bytes:
        """``count`` outputs of the function, one after the other."""

    def orders(self, params: Any, template: Template) -> Sequence[Ordered]:
        if any(not each.key.capacity for each in params.additional_derived_keys):
            raise bad_parameter("a further key lacks the place for its handle")
        further = (Ordered(each.template, each.key) for each in params.additional_derived_keys)
        return (Ordered(template), *further)

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        return self.derive_all(key, params, (wanted,))[0]

    def derive_all(self, key: Key, params: Any, wanted: Sequence[Wanted]) -> list[dict[int, Any]]:
        prf, size = _prf(key, params.prf_type)
        lengths = [_needed_length(each) for each in wanted]
        # "No key can be created using part of a segment that was used for another": each begins with a new one.
        counts = [-(-length // size) for length in lengths]
        total = sum(counts)
        if total > _ITERATIONS_MAXIMUM:
            raise Refused(Fault.KEY_SIZE_RANGE, "this is more than can be derived at once")
        dkm = {
            DkmLengthMethod.SUM_OF_KEYS: 8 * sum(lengths),
            DkmLengthMethod.SUM_OF_SEGMENTS: 8 * size * total,
        }
        output = self._segments(prf, params, _Layout(params.data_params, dkm, wanted[0], counts=self.counts), total)
        made, start = [], 0
        for each, length, count in zip(wanted, lengths, counts, strict=True):
            made.append(first(output[start : start + length], each))
            start += count * size
        return made


def _needed_length(wanted: Wanted) -> int:
    length = wanted_length(wanted)
    if length is None:
        raise Refused(Fault.TEMPLATE_INCOMPLETE, "VALUE_LEN must be given: the derivation gives keys of any length")
    return length


class _Layout:
    """The input of the pseudo-random function, as the array of CK_PRF_DATA_PARAM lays it out."""

    def __init__(self, items: Sequence[PrfDataParam], dkm: dict[Any, int], wanted: Wanted, *, counts: bool) -> None:
        self._dkm = dkm
        self._wanted = wanted
        kinds = [item.type for item in items]
        single = (PrfDataType.ITERATION_VARIABLE, PrfDataType.COUNTER, PrfDataType.DKM_LENGTH)
        if kinds.count(PrfDataType.ITERATION_VARIABLE) != 1 or any(kinds.count(kind) > 1 for kind in single):
            raise bad_parameter("the iteration variable is due once, a counter and a length at most once")
        if counts and PrfDataType.COUNTER in kinds:
            raise bad_parameter("in counter mode the iteration variable is the counter: there is no other")
        formatted = any(i.type == PrfDataType.ITERATION_VARIABLE and i.value is not None for i in items)
        if formatted is not counts:
            raise bad_parameter("the iteration variable has a format in counter mode, and there alone")
        #: None for what changes in each iteration, or its bytes.
        self._parts = [(item, self._fixed(item)) for item in items]

    def _fixed(self, item: PrfDataParam) -> bytes | None:
        if item.type in (PrfDataType.ITERATION_VARIABLE, PrfDataType.COUNTER):
            if item.type == PrfDataType.COUNTER and item.value is None:
                raise bad_parameter("the counter lacks its format")
            return None
        if not item.value:
            raise bad_parameter("an item of the input has no value")
        if item.type == PrfDataType.BYTE_ARRAY:
            return bytes(item.value)
        if item.type == PrfDataType.KEY_HANDLE:
            return bytes(self._wanted.key(item.value).native)
        if item.type != PrfDataType.DKM_LENGTH or item.value.dkm_length_method not in self._dkm:
            raise bad_parameter("an item of the input is of a type that is not offered")
        place = item.value
        return _number(self._dkm[place.dkm_length_method], place.width_in_bits, little=place.little_endian)

    def fixed(self) -> bytes:
        return b"".join(part for _, part in self._parts if part is not None)

    def whole(self, count: int, variable: bytes | None = None) -> bytes:
        """The input of iteration ``count``; ``variable``: the iteration variable where it is no counter."""

        def changing(item: PrfDataParam) -> bytes:
            if item.type == PrfDataType.ITERATION_VARIABLE and variable is not None:
                return variable
            return _counter(item.value, count)

        return b"".join(changing(item) if part is None else part for item, part in self._parts)


class CounterKdf(_Kdf):
    """CKM_SP800_108_COUNTER_KDF."""

    counts = True

    def _segments(self, prf: Prf, params: Any, layout: _Layout, count: int) -> bytes:
        return b"".join([prf(layout.whole(i)) for i in range(1, count + 1)])


class FeedbackKdf(_Kdf):
    """CKM_SP800_108_FEEDBACK_KDF: K(i) goes into the next iteration, K(0) is the IV."""

    counts = False

    def _segments(self, prf: Prf, params: Any, layout: _Layout, count: int) -> bytes:
        made, last = b"", params.iv
        for i in range(1, count + 1):
            last = prf(layout.whole(i, last))
            made += last
        return made


class DoublePipelineKdf(_Kdf):
    """CKM_SP800_108_DOUBLE_PIPELINE_KDF: A(i) goes into iteration i, A(0) is the input without what changes."""

    counts = False

    def _segments(self, prf: Prf, params: Any, layout: _Layout, count: int) -> bytes:
        made, last = b"", layout.fixed()
        for i in range(1, count + 1):
            last = prf(last)
            made += prf(layout.whole(i, last))
        return made
