"""Calls and their answers as the payloads of frames, for both ends, compiled once from the function rows.

The keeper uses ``decode_call`` and ``encode_reply`` (with ``encode_too_small`` and ``encode_refusal``), a client
``encode_call`` and ``decode_reply``. The payload of a request is what follows its function and flags, that of a reply
what follows its rv.

Arguments and results are tuples in the order of the row, as the comments of hsmith.spec.functions.Kind say: RESERVED
and IGNORED are not among the arguments, nor are outputs that carry nothing in (ULONG_OUT, ULONG_LIST, the info
structures); a result is there for each output but ASYNC_BUFFER. An info structure is a tuple of its fields: int, bytes
(or str, padded with blanks on encoding), and (major, minor) for a CK_VERSION.

Parameters with output fields: the params object among the arguments carries the caller's room, and the handler fills
it (see hsmith.spec.params). ``encode_reply`` takes the arguments as ``writeback`` and sends what is filled;
``decode_reply`` takes those of ``encode_call`` and fills them.

Every decoded payload encodes to the same bytes again; what would not is Undecodable. Nothing is allocated for a count
or a length before it is held against the bytes that remain.
"""

from collections.abc import Callable, Sequence
from functools import cache
from struct import Struct
from types import ModuleType
from typing import Any, Final

from hsmith.spec.constants import Fault
from hsmith.spec.functions import FIND, FUNCTIONS, FunctionRow, Kind
from hsmith.spec.infos import INFOS, InfoRow
from hsmith.spec.values import MechanismArg, OtpSignatureInfo
from hsmith.wire import values as v
from hsmith.wire.values import Decode, Encode, Parts, Received, Undecodable

__all__ = [
    "MAX_FRAME",
    "NO_OUTPUT",
    "Undecodable",
    "data_reply",
    "decode_call",
    "decode_data_call",
    "decode_reply",
    "encode_call",
    "encode_refusal",
    "encode_reply",
    "encode_too_small",
]

MAX_FRAME: Final = v.MAX_FRAME
MAX_NAME: Final = 64
#: Bytes from which data is not copied needlessly.
LARGE: Final = 1 << 14
LABEL_SIZE: Final = 32
#: The capacity when C_SignMessageNext is called for no signature: pulSignatureLen is NULL. The result is b"".
NO_OUTPUT: Final = -1
QUERY_FAULTS: Final = frozenset({Fault.OK, Fault.ATTRIBUTE_SENSITIVE, Fault.ATTRIBUTE_TYPE_INVALID})

#: What follows in place of bytes: a structure of pointers, which the module lays out in the caller's memory.
INFO: Final = 2

_length_only: Final = Struct("<BQ")
_info: Final = Struct("<BI")
_data_call: Final = Struct("<QI")
_capacity: Final = Struct("<Q")
#: Head of the reply, the byte that says that a result follows, its length.
_data_reply: Final = Struct("<IIBI")
#: A mechanism without a parameter: that it is there, its type, and that nothing follows.
_plain_mechanism: Final = Struct("<BQB")


# --- Arguments


@cache
def _p() -> ModuleType:
    """The codec of parameters, of which making the structures takes longer than all the rest of a command's start: a
    client without parameters never needs it. The keeper loads it when it starts (hsmith.wire.connection)."""
    from hsmith.wire import parameters

    return parameters


def _decode_mechanism(data: Received, at: int) -> tuple[MechanismArg | None, int]:
    mechanism: tuple[MechanismArg | None, int] = _p().decode_mechanism(data, at)
    return mechanism


def _encode_mechanism(parts: Parts, argument: MechanismArg | None) -> None:
    if argument is not None and argument.params is None:
        parts.append(_plain_mechanism.pack(1, argument.mechanism, 0))
    else:
        _p().encode_mechanism(parts, argument)


def _decode_parameter(data: Received, at: int) -> tuple[Any, int]:
    parameter: tuple[Any, int] = _p().decode_parameter(data, at)
    return parameter


def _encode_parameter(parts: Parts, params: Any) -> None:
    _p().encode_parameter(parts, params)


def _decode_label(data: Received, at: int) -> tuple[bytes | None, int]:
    label, at = v.decode_bytes(data, at)
    if label is not None and len(label) != LABEL_SIZE:
        raise Undecodable("a label is not 32 bytes")
    return label, at


def _decode_name(data: Received, at: int) -> tuple[str | None, int]:
    name, at = v.decode_bytes(data, at)
    if name is not None and len(name) > MAX_NAME:
        raise Undecodable("a function's name is longer than 64 bytes")
    return None if name is None else name.decode("latin-1"), at


def _encode_name(parts: Parts, name: str | None) -> None:
    v.encode_bytes(parts, None if name is None else name.encode("latin-1"))


def _decode_capacity(data: Received, at: int) -> tuple[int | None, int]:
    capacity, at = v.decode_u64(data, at)
    if capacity < v.ONES - 1:
        return capacity, at
    return None if capacity == v.ONES else NO_OUTPUT, at


def _encode_capacity(parts: Parts, capacity: int | None) -> None:
    v.encode_u64(parts, v.ONES if capacity is None else v.ONES - 1 if capacity == NO_OUTPUT else capacity)


def _decode_fill(data: Received, at: int) -> tuple[int, int]:
    length, at = v.decode_u64(data, at)
    if length > MAX_FRAME - 64:
        raise Undecodable("more bytes are asked for than a frame holds")
    return length, at


_ARGUMENTS: Final[dict[Kind, tuple[Decode, Encode]]] = {
    Kind.ULONG: (v.decode_u64, v.encode_u64),
    Kind.BOOL: (v.decode_bool, v.encode_bool),
    Kind.BYTES: (v.decode_bytes, v.encode_bytes),
    Kind.LABEL: (_decode_label, v.encode_bytes),
    Kind.NAME: (_decode_name, _encode_name),
    Kind.MECHANISM: (_decode_mechanism, _encode_mechanism),
    Kind.TEMPLATE: (v.decode_template, v.encode_template),
    Kind.MESSAGE_PARAMETER: (_decode_parameter, _encode_parameter),
    Kind.BUFFER: (_decode_capacity, _encode_capacity),
    Kind.ASYNC_BUFFER: (_decode_capacity, _encode_capacity),
    Kind.FILL: (_decode_fill, v.encode_u64),
    Kind.FOUND: (v.decode_u64, v.encode_u64),
    Kind.QUERY: (v.decode_ulongs, v.encode_ulongs),
}


# --- Results


def _decode_buffer(data: Received, at: int) -> tuple[bytes | int | OtpSignatureInfo, int]:
    if data[at] == INFO:
        return _decode_info(data, at + 1)
    given, at = v.decode_bool(data, at)
    return v.decode_data(data, at) if given else v.decode_u64(data, at)


def _decode_info(data: Received, at: int) -> tuple[OtpSignatureInfo, int]:
    count, at = v.decode_count(data, at, 12)
    params = []
    for _ in range(count):
        kind, at = v.decode_u64(data, at)
        value, at = v.decode_data(data, at)
        params.append((kind, value))
    return OtpSignatureInfo(tuple(params)), at


def _encode_buffer(parts: Parts, result: bytes | int | OtpSignatureInfo) -> None:
    if isinstance(result, int):
        parts.append(_length_only.pack(0, result))
    elif isinstance(result, OtpSignatureInfo):
        parts.append(_info.pack(INFO, len(result.params)))
        for kind, value in result.params:
            v.encode_u64(parts, kind)
            v.encode_data(parts, value)
    else:
        parts.append(b"\x01")
        v.encode_data(parts, result)


def _decode_async(data: Received, at: int) -> tuple[tuple[int, bytes, int, int], int]:
    version, at = v.decode_u64(data, at)
    value, at = v.decode_data(data, at)
    handle, at = v.decode_u64(data, at)
    additional, at = v.decode_u64(data, at)
    return (version, value, handle, additional), at


def _encode_async(parts: Parts, result: tuple[int, bytes, int, int]) -> None:
    version, value, handle, additional = result
    v.encode_u64(parts, version)
    v.encode_data(parts, value)
    v.encode_u64(parts, handle)
    v.encode_u64(parts, additional)


def _info_codec(row: InfoRow) -> tuple[Decode, Encode]:
    words = [word for _, word in row.members]
    packed = Struct("<" + "".join("2s" if word == "V" else word for word in words))

    def decode(data: Received, at: int) -> tuple[tuple[Any, ...], int]:
        fields = zip(words, packed.unpack_from(data, at), strict=True)
        return tuple(tuple(value) if word == "V" else value for word, value in fields), at + packed.size

    def encode(parts: Parts, fields: Sequence[Any]) -> None:
        parts.append(packed.pack(*(_flat(word, value) for word, value in zip(words, fields, strict=True))))

    return decode, encode


def _flat(word: str, value: Any) -> Any:
    if word == "V":
        return bytes(value)
    if not word.endswith("s"):
        return value
    text = value.encode() if isinstance(value, str) else bytes(value)
    size = int(word[:-1])
    if len(text) > size:
        raise ValueError(f"a field of {size} bytes has {len(text)}")
    return text.ljust(size, b" ")


_RESULTS: Final[dict[Kind, tuple[Decode, Encode]]] = {
    Kind.ULONG_OUT: (v.decode_u64, v.encode_u64),
    Kind.BUFFER: (_decode_buffer, _encode_buffer),
    Kind.FILL: (v.decode_data, v.encode_data),
    Kind.ULONG_LIST: (v.decode_ulongs, v.encode_ulongs),
    Kind.FOUND: (v.decode_ulongs, v.encode_ulongs),
    Kind.QUERY: (v.decode_query_values, v.encode_query_values),
    Kind.ASYNC_DATA: (_decode_async, _encode_async),
    **{kind: _info_codec(row) for kind, row in INFOS.items()},
}


# --- Compiled rows


class _Compiled:
    """What a row needs at run time: its codecs in order, and where the parameters are among the arguments."""

    __slots__ = ("decoders", "encoders", "parameters", "plain", "result_decoders", "result_encoders", "too_small")

    def __init__(self, row: FunctionRow) -> None:
        inward = [kind for _, kind in row.arguments if kind in _ARGUMENTS]
        outward = [kind for _, kind in row.arguments if kind in _RESULTS]
        self.decoders = [_ARGUMENTS[kind][0] for kind in inward]
        self.encoders = [_ARGUMENTS[kind][1] for kind in inward]
        self.result_decoders = [_RESULTS[kind][0] for kind in outward]
        self.result_encoders = [_RESULTS[kind][1] for kind in outward]
        self.parameters = [at for at, kind in enumerate(inward) if kind in (Kind.MECHANISM, Kind.MESSAGE_PARAMETER)]
        self.too_small = Kind.BUFFER in outward
        self.plain = inward == [Kind.ULONG, Kind.BYTES, Kind.BUFFER] and outward == [Kind.BUFFER]


_COMPILED: Final = {row.number: _Compiled(row) for row in (*FUNCTIONS, FIND)}


def _params(argument: Any) -> Any:
    return argument.params if isinstance(argument, MechanismArg) else argument


def decode_call(row: FunctionRow, payload: Received) -> tuple[Any, ...]:
    """The handler's arguments. Raises Undecodable."""
    at = 0
    arguments = []
    try:
        for decode in _COMPILED[row.number].decoders:
            value, at = decode(payload, at)
            arguments.append(value)
    except (v.TRUNCATED, IndexError) as error:
        raise Undecodable("the arguments are cut short") from error
    if at != len(payload):
        raise Undecodable("bytes follow the arguments")
    return tuple(arguments)


def decode_data_call(row: FunctionRow, payload: Received) -> tuple[Any, ...]:
    """decode_call() for what is called most: a session, bytes, and a buffer for the result. Large data is not copied:
    it is a part of ``payload``."""
    if _COMPILED[row.number].plain and len(payload) >= 20:
        session, length = _data_call.unpack_from(payload)
        if len(payload) == length + 20:
            capacity = _capacity.unpack_from(payload, length + 12)[0]
            if capacity < v.ONES - 1:
                data = payload[12 : length + 12]
                return session, bytes(data) if length < LARGE else data, capacity
    return decode_call(row, payload)


def data_reply(results: Sequence[Any]) -> bytes | tuple[bytes, bytes] | None:
    """The whole reply, its head included, of such a call with these results; None when they are others. A large one
    is in two parts."""
    if len(results) != 1 or type(results[0]) is not bytes:
        return None
    result = results[0]
    head = _data_reply.pack(len(result) + 9, 0, 1, len(result))
    return head + result if len(result) < LARGE else (head, result)


def encode_call(row: FunctionRow, arguments: Sequence[Any]) -> bytes:
    """The payload of a request, from arguments as the handler gets them."""
    parts: Parts = []
    for encode, value in zip(_COMPILED[row.number].encoders, arguments, strict=True):
        encode(parts, value)
    return b"".join(parts)


def _encode_writeback(parts: Parts, compiled: _Compiled, writeback: Sequence[Any]) -> None:
    for at in compiled.parameters:
        params = _params(writeback[at]) if writeback else None
        if _p().gives_back(type(params)):
            parts.append(b"\x01")
            _p().encode_outputs(parts, params)
        else:
            parts.append(b"\x00")


def encode_reply(row: FunctionRow, results: Sequence[Any], writeback: Sequence[Any] = ()) -> bytes:
    """The payload of a reply with results: CKR_OK, and for C_GetAttributeValue the two faults that come with values."""
    compiled = _COMPILED[row.number]
    parts: Parts = []
    if compiled.parameters:
        _encode_writeback(parts, compiled, writeback)
    for encode, value in zip(compiled.result_encoders, results, strict=True):
        encode(parts, value)
    return b"".join(parts)


def encode_too_small(row: FunctionRow, length: int) -> bytes:
    """The payload of CKR_BUFFER_TOO_SMALL: the length that is needed; nothing is written back."""
    return b"\x00" * len(_COMPILED[row.number].parameters) + _length_only.pack(0, length)


def encode_refusal(row: FunctionRow, writeback: Sequence[Any] = ()) -> bytes:
    """The payload of any other refusal: empty, or the outputs that a handler has filled in spite of it (section
    6.42.8: the handle of the derived key whose template is at fault)."""
    compiled = _COMPILED[row.number]
    parts: Parts = []
    if any(_p().filled(_params(writeback[at])) for at in compiled.parameters if writeback):
        _encode_writeback(parts, compiled, writeback)
    return b"".join(parts)


def decode_reply(row: FunctionRow, rv: int, payload: Received, arguments: Sequence[Any] = ()) -> tuple[Any, ...]:
    """The results of a call, empty for a refusal; fills the parameters among ``arguments``. Raises Undecodable."""
    try:
        results, at = _decode_reply(_COMPILED[row.number], rv, payload, arguments)
    except (v.TRUNCATED, IndexError) as error:
        raise Undecodable("the results are cut short") from error
    if at != len(payload):
        raise Undecodable("bytes follow the results")
    return tuple(results)


def _decode_reply(compiled: _Compiled, rv: int, payload: Received, arguments: Sequence[Any]) -> tuple[list[Any], int]:
    decoders = _expected(compiled, rv)
    at = 0
    if decoders or payload or rv == Fault.OK:
        at = _decode_writeback(compiled, payload, arguments)
    results = []
    for decode in decoders:
        value, at = decode(payload, at)
        results.append(value)
    return results, at


def _expected(compiled: _Compiled, rv: int) -> Sequence[Callable[[Received, int], tuple[Any, int]]]:
    if rv == Fault.OK:
        return compiled.result_decoders
    if rv == Fault.BUFFER_TOO_SMALL and compiled.too_small:
        return (_decode_buffer,)
    if rv in QUERY_FAULTS and v.decode_query_values in compiled.result_decoders:
        return compiled.result_decoders
    return ()


def _decode_writeback(compiled: _Compiled, payload: Received, arguments: Sequence[Any]) -> int:
    at = 0
    for position in compiled.parameters:
        present, at = v.decode_bool(payload, at)
        if not present:
            continue
        params = _params(arguments[position]) if arguments else None
        if not _p().gives_back(type(params)):
            raise Undecodable("outputs are given for a parameter without any")
        at = _p().decode_outputs(payload, at, params)
    return at
