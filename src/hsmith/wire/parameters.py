"""Mechanism parameters as bytes (docs/wire.md, "Parameters"), compiled from the rows of hsmith.spec.params."""

from collections.abc import Callable
from typing import Any, Final

from hsmith.spec.params import BY_CLASS, PARAMS, Field, FieldKind, Out, ParamsRow
from hsmith.spec.values import Malformed, MechanismArg
from hsmith.wire import values as v
from hsmith.wire.values import Decode, Encode, Parts, Received, Undecodable

NONE, BYTES, ULONG, STRUCT, MALFORMED = range(5)


def _decode_out(data: Received, at: int) -> tuple[Out, int]:
    capacity, at = v.decode_u64(data, at)
    if capacity > v.MAX_FRAME:
        raise Undecodable("the room for an output exceeds a frame")
    return Out(capacity), at


def _encode_out(parts: Parts, out: Out) -> None:
    v.encode_u64(parts, out.capacity)


def _decode_handle_out(data: Received, at: int) -> tuple[Out, int]:
    present, at = v.decode_u64(data, at)
    if present > 1:
        raise Undecodable("the room for a handle is neither 0 nor 1")
    return Out(present), at


def _array_codec(size: int) -> tuple[Decode, Encode]:
    def decode(data: Received, at: int) -> tuple[bytes, int]:
        if at + size > len(data):
            raise Undecodable("an array exceeds the bytes that follow")
        return bytes(data[at : at + size]), at + size

    def encode(parts: Parts, value: bytes) -> None:
        if len(value) != size:
            raise ValueError(f"an array of {size} bytes has {len(value)}")
        parts.append(value)

    return decode, encode


def _pointer_codec(of: type[Any]) -> tuple[Decode, Encode]:
    def decode(data: Received, at: int) -> tuple[Any, int]:
        present, at = v.decode_bool(data, at)
        return _DECODE[of](data, at) if present else (None, at)

    def encode(parts: Parts, value: Any) -> None:
        v.encode_bool(parts, value is not None)
        if value is not None:
            _ENCODE[of](parts, value)

    return decode, encode


def _structs_codec(of: type[Any]) -> tuple[Decode, Encode]:
    def decode(data: Received, at: int) -> tuple[tuple[Any, ...], int]:
        count, at = v.decode_count(data, at, 8)
        items = []
        for _ in range(count):
            item, at = _DECODE[of](data, at)
            items.append(item)
        return tuple(items), at

    def encode(parts: Parts, items: Any) -> None:
        v.encode_count(parts, len(items))
        for item in items:
            _ENCODE[of](parts, item)

    return decode, encode


def _field_codec(field: Field) -> tuple[Decode, Encode]:
    made: dict[FieldKind, Callable[[], tuple[Decode, Encode]]] = {
        FieldKind.ULONG: lambda: (v.decode_u64, v.encode_u64),
        FieldKind.BYTE: lambda: (v.decode_u8, v.encode_u8),
        FieldKind.BOOL: lambda: (v.decode_bool, v.encode_bool),
        FieldKind.ARRAY: lambda: _array_codec(field.size),
        FieldKind.DATA: lambda: (v.decode_data, v.encode_data),
        FieldKind.INOUT: lambda: (v.decode_data, v.encode_data),
        FieldKind.OUT: lambda: (_decode_out, _encode_out),
        FieldKind.OUT_HANDLE: lambda: (_decode_handle_out, _encode_out),
        FieldKind.STRUCT: lambda: (_DECODE[field.of], _ENCODE[field.of]),
        FieldKind.POINTER: lambda: _pointer_codec(field.of),
        FieldKind.STRUCTS: lambda: _structs_codec(field.of),
        FieldKind.TEMPLATE: lambda: (v.decode_template, v.encode_template),
        FieldKind.VARIANT: lambda: (_variant_decoder(field), encode_parameter),
    }
    return made[field.kind]()


def _variant_decoder(field: Field) -> Decode:
    allowed = {BY_CLASS[shape].number for _, shape in field.of if shape in BY_CLASS}

    def decode(data: Received, at: int) -> tuple[Any, int]:
        # Looked at first, so that structures cannot nest without end.
        if data[at] == STRUCT and int.from_bytes(data[at + 1 : at + 3], "little") not in allowed:
            raise Undecodable("a value's structure is not one of its types")
        return decode_parameter(data, at)

    return decode


def _variant_fits(shapes: tuple[tuple[int, Any], ...], kind: int, value: Any) -> bool:
    if value is None:
        return True
    shape = next((shape for type_, shape in shapes if type_ == kind), None)
    return shape is not None and isinstance(value, shape)


def _struct_codec(row: ParamsRow) -> tuple[Decode, Encode]:
    codecs = [_field_codec(field) for field in row.fields]
    decoders = [decode for decode, _ in codecs]
    encoders = [(field.name, encode) for field, (_, encode) in zip(row.fields, codecs, strict=True)]
    variant = next((field.of for field in row.fields if field.kind is FieldKind.VARIANT), None)
    make = row.cls

    def decode(data: Received, at: int) -> tuple[Any, int]:
        values = []
        for decoder in decoders:
            value, at = decoder(data, at)
            values.append(value)
        if variant is not None and not _variant_fits(variant, values[0], values[1]):
            raise Undecodable("a value's shape is not that of its type")
        return make(*values), at

    def encode(parts: Parts, params: Any) -> None:
        for name, encoder in encoders:
            encoder(parts, getattr(params, name))

    return decode, encode


_DECODE: Final[dict[type[Any], Decode]] = {}
_ENCODE: Final[dict[type[Any], Encode]] = {}
_BY_NUMBER: Final[dict[int, Decode]] = {}
_HEADER: Final[dict[type[Any], bytes]] = {}


def decode_parameter(data: Received, at: int) -> tuple[Any, int]:
    """None, bytes, int, an instance of a class of hsmith.spec.params, or Malformed."""
    form = data[at]
    at += 1
    if form == NONE:
        return None, at
    if form == STRUCT:
        number = int.from_bytes(data[at : at + 2], "little")
        decode = _BY_NUMBER.get(number)
        if decode is None:
            raise Undecodable("a parameter's class is unknown")
        return decode(data, at + 2)
    if form == BYTES:
        value, at = v.decode_data(data, at)
        if not value:
            raise Undecodable("an empty parameter is not sent as none")
        return value, at
    if form == ULONG:
        return v.decode_u64(data, at)
    if form == MALFORMED:
        length, at = v.decode_u64(data, at)
        return Malformed(length), at
    raise Undecodable("a parameter's form is unknown")


def encode_parameter(parts: Parts, params: Any) -> None:
    if params is None:
        parts.append(b"\x00")
    elif isinstance(params, bytes):
        parts.append(b"\x01")
        v.encode_data(parts, params)
    elif isinstance(params, int):
        parts.append(b"\x02")
        v.encode_u64(parts, params)
    elif isinstance(params, Malformed):
        parts.append(b"\x04")
        v.encode_u64(parts, params.length)
    else:
        parts.append(_HEADER[type(params)])
        _ENCODE[type(params)](parts, params)


def decode_mechanism(data: Received, at: int) -> tuple[MechanismArg | None, int]:
    present, at = v.decode_bool(data, at)
    if not present:
        return None, at
    mechanism, at = v.decode_u64(data, at)
    params, at = decode_parameter(data, at)
    return MechanismArg(mechanism, params), at


def encode_mechanism(parts: Parts, argument: MechanismArg | None) -> None:
    if argument is None:
        parts.append(b"\x00")
        return
    parts.append(b"\x01")
    v.encode_u64(parts, argument.mechanism)
    encode_parameter(parts, argument.params)


# --- Write-back: output fields, in the order of the structure. All ones: the caller's memory is left alone.


def gives_back(cls: type[Any]) -> bool:
    """Whether the class has output fields, its own or in structures within it."""
    return cls in _OUTPUTS


def _outputs(row: ParamsRow) -> tuple[Field, ...]:
    own = (FieldKind.INOUT, FieldKind.OUT, FieldKind.OUT_HANDLE)
    return tuple(field for field in row.fields if field.kind in own or field.of in _OUTPUTS)


def encode_outputs(parts: Parts, params: Any) -> None:
    for field in _OUTPUTS[type(params)]:
        value = getattr(params, field.name)
        if field.kind is FieldKind.OUT_HANDLE:
            v.encode_u64(parts, v.ONES if value.value is None else value.value)
        elif field.kind is FieldKind.OUT:
            v.encode_bytes(parts, value.value)
        elif field.kind is FieldKind.INOUT:
            v.encode_bytes(parts, value)
        else:
            for item in value if isinstance(value, tuple) else (value,):
                if item is not None:
                    encode_outputs(parts, item)


def decode_outputs(data: Received, at: int, params: Any) -> int:
    """Fill the outputs of ``params``; gives the offset behind them."""
    for field in _OUTPUTS[type(params)]:
        value = getattr(params, field.name)
        if field.kind is FieldKind.OUT_HANDLE:
            handle, at = v.decode_u64(data, at)
            value.value = None if handle == v.ONES else handle
        elif field.kind is FieldKind.OUT:
            value.value, at = v.decode_bytes(data, at)
            _check_room(value.value, value.capacity)
        elif field.kind is FieldKind.INOUT:
            given, at = v.decode_bytes(data, at)
            _check_room(given, len(value))
            if given is not None:
                setattr(params, field.name, given)
        else:
            for item in value if isinstance(value, tuple) else (value,):
                at = at if item is None else decode_outputs(data, at, item)
    return at


def filled(params: Any) -> bool:
    """Whether a handler has set one of the cells of ``params``."""
    for field in _OUTPUTS.get(type(params), ()):
        value = getattr(params, field.name)
        if isinstance(value, Out):
            if value.value is not None:
                return True
        elif any(filled(item) for item in (value if isinstance(value, tuple) else (value,))):
            return True
    return False


def _check_room(value: bytes | None, capacity: int) -> None:
    if value is not None and len(value) > capacity:
        raise Undecodable("an output exceeds the room for it")


_OUTPUTS: Final[dict[type[Any], tuple[Field, ...]]] = {}

for _row in PARAMS:  # the rows of embedded structures come before those that embed them
    _DECODE[_row.cls], _ENCODE[_row.cls] = _struct_codec(_row)
    _BY_NUMBER[_row.number] = _DECODE[_row.cls]
    _HEADER[_row.cls] = b"\x03" + _row.number.to_bytes(2, "little")
    if _fields := _outputs(BY_CLASS[_row.cls]):
        _OUTPUTS[_row.cls] = _fields
