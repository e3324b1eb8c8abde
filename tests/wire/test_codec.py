"""The codec: what one end encodes the other decodes, and whatever decodes encodes to the same bytes again."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, Fault
from hsmith.spec.functions import BY_NAME, FUNCTIONS, FunctionRow, Kind, Needs
from hsmith.spec.infos import INFOS
from hsmith.spec.params import BY_CLASS, PARAMS, DerivedKey, Field, FieldKind, GcmMessageParams, Out, Sp800108KdfParams
from hsmith.spec.values import Malformed, MechanismArg, OtpSignatureInfo, ValueKind
from hsmith.wire import codec
from hsmith.wire.codec import Undecodable, decode_call, decode_reply, encode_call, encode_reply

REMOTE = [row for row in FUNCTIONS if row.needs is not Needs.LOCAL]
each_row = pytest.mark.parametrize("row", REMOTE, ids=[row.name for row in REMOTE])

u64 = st.integers(0, 2**64 - 1)
some_bytes = st.binary(max_size=40)
handles = st.integers(0, 2**64 - 2)


# --- Arguments of every kind

malformed = st.builds(Malformed, st.integers(1, 2**64 - 1))


def values(kind: ValueKind, depth: int = 0) -> st.SearchStrategy[Any]:
    made: dict[ValueKind, st.SearchStrategy[Any]] = {
        ValueKind.BOOL: st.booleans() | st.just(Malformed()),
        ValueKind.ULONG: u64 | st.just(Malformed()),
        ValueKind.BYTES: some_bytes,
        ValueKind.DATE: some_bytes,
        ValueKind.ULONGS: st.lists(u64, max_size=4).map(tuple),
        ValueKind.TEMPLATE: templates(depth + 1) if depth < 4 else st.just(()),
    }
    return made[kind] | malformed


def templates(depth: int = 0) -> st.SearchStrategy[Any]:
    known = st.sampled_from(sorted(ATTRIBUTES, key=int)).flatmap(
        lambda attr: st.tuples(st.just(int(attr)), values(ATTRIBUTES[attr].kind, depth))
    )
    unknown = st.tuples(u64.filter(lambda attr: attr not in ATTRIBUTES), some_bytes | malformed)
    return st.lists(known | unknown, max_size=3 if depth else 6).map(tuple)


def field_values(field: Field) -> st.SearchStrategy[Any]:
    made: dict[FieldKind, Any] = {
        FieldKind.ULONG: lambda: u64,
        FieldKind.BYTE: lambda: st.integers(0, 255),
        FieldKind.BOOL: st.booleans,
        FieldKind.ARRAY: lambda: st.binary(min_size=field.size, max_size=field.size),
        FieldKind.DATA: lambda: some_bytes,
        FieldKind.INOUT: lambda: some_bytes,
        FieldKind.OUT: lambda: st.builds(Out, st.integers(0, 100)),
        FieldKind.OUT_HANDLE: lambda: st.builds(Out, st.integers(0, 1)),
        FieldKind.STRUCT: lambda: instances(field.of),
        FieldKind.POINTER: lambda: st.none() | instances(field.of),
        FieldKind.STRUCTS: lambda: st.lists(instances(field.of), max_size=3).map(tuple),
        FieldKind.TEMPLATE: templates,
    }
    strategy: st.SearchStrategy[Any] = made[field.kind]()
    return strategy


def instances(cls: type[Any]) -> st.SearchStrategy[Any]:
    fields = BY_CLASS[cls].fields
    if fields[-1].kind is FieldKind.VARIANT:
        shapes: dict[Any, st.SearchStrategy[Any]] = {bytes: st.binary(min_size=1, max_size=9), int: u64}
        return st.sampled_from(fields[-1].of).flatmap(
            lambda one: st.builds(
                cls, st.just(int(one[0])), st.none() | (shapes[one[1]] if one[1] in shapes else instances(one[1]))
            )
        )
    return st.builds(cls, *map(field_values, fields))


params = (
    st.none()
    | st.binary(min_size=1, max_size=40)
    | u64
    | st.builds(Malformed, u64)
    | st.sampled_from(PARAMS).flatmap(lambda row: instances(row.cls))
)
capacities = st.none() | st.just(codec.NO_OUTPUT) | st.integers(0, 2**64 - 3)

ARGUMENTS: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.ULONG: u64,
    Kind.BOOL: st.booleans(),
    Kind.BYTES: st.none() | some_bytes,
    Kind.LABEL: st.none() | st.binary(min_size=32, max_size=32),
    Kind.NAME: st.none() | st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=64),
    Kind.MECHANISM: st.none() | st.builds(MechanismArg, u64, params),
    Kind.TEMPLATE: templates(),
    Kind.MESSAGE_PARAMETER: params,
    Kind.BUFFER: capacities,
    Kind.ASYNC_BUFFER: capacities,
    Kind.FILL: st.integers(0, codec.MAX_FRAME - 64),
    Kind.FOUND: u64,
    Kind.QUERY: st.lists(u64, max_size=5).map(tuple),
}
ulongs = st.lists(u64, min_size=1, max_size=3).map(tuple)
query_value = st.none() | st.booleans() | u64 | some_bytes | ulongs | templates(1).filter(bool)
QUERY_VALUES = st.lists(query_value, max_size=4).map(tuple)
INFO_WORDS: dict[str, st.SearchStrategy[Any]] = {"Q": u64, "V": st.tuples(st.integers(0, 255), st.integers(0, 255))}


def info_values(kind: Kind) -> st.SearchStrategy[Any]:
    words = [word for _, word in INFOS[kind].members]
    return st.tuples(
        *(INFO_WORDS[w] if w in INFO_WORDS else st.binary(min_size=int(w[:-1]), max_size=int(w[:-1])) for w in words)
    )


signature_infos = st.lists(st.tuples(u64, some_bytes), max_size=3).map(tuple).map(OtpSignatureInfo)
RESULTS: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.ULONG_OUT: u64,
    Kind.BUFFER: u64 | some_bytes | signature_infos,
    Kind.FILL: some_bytes,
    Kind.ULONG_LIST: st.lists(u64, max_size=4).map(tuple),
    Kind.FOUND: st.lists(u64, max_size=4).map(tuple),
    Kind.QUERY: QUERY_VALUES,
    Kind.ASYNC_DATA: st.tuples(u64, some_bytes, u64, u64),
    **{kind: info_values(kind) for kind in INFOS},
}


def arguments_of(row: FunctionRow) -> st.SearchStrategy[Any]:
    return st.tuples(*(ARGUMENTS[kind] for _, kind in row.arguments if kind in ARGUMENTS))


def results_of(row: FunctionRow) -> st.SearchStrategy[Any]:
    return st.tuples(*(RESULTS[kind] for _, kind in row.arguments if kind in RESULTS))


# --- Round trips


@each_row
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_calls_round_trip(row: FunctionRow, data: st.DataObject) -> None:
    arguments = data.draw(arguments_of(row))
    payload = encode_call(row, arguments)
    assert decode_call(row, payload) == arguments
    assert decode_call(row, memoryview(bytearray(payload))) == arguments


@each_row
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_replies_round_trip(row: FunctionRow, data: st.DataObject) -> None:
    results = data.draw(results_of(row))
    payload = encode_reply(row, results)
    decoded = decode_reply(row, Fault.OK, payload)
    assert decoded == results
    assert encode_reply(row, decoded) == payload


@each_row
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_changed_bytes_are_refused_or_canonical(row: FunctionRow, data: st.DataObject) -> None:
    """Flip, cut and insert: what still decodes encodes to exactly these bytes."""
    payload = bytearray(encode_call(row, data.draw(arguments_of(row))))
    at = data.draw(st.integers(0, len(payload)))
    change = data.draw(st.sampled_from(["flip", "cut", "insert", "large"]))
    if change == "flip" and at < len(payload):
        payload[at] ^= 1 << data.draw(st.integers(0, 7))
    elif change == "cut":
        del payload[at:]
    elif change == "insert":
        payload[at:at] = data.draw(some_bytes)
    else:
        payload[at : at + 4] = b"\xff\xff\xff\x7f"
    _refused_or_canonical(row, bytes(payload))


@settings(max_examples=400, deadline=None)
@given(row=st.sampled_from(REMOTE), payload=st.binary(max_size=120))
def test_any_bytes_are_refused_or_canonical(row: FunctionRow, payload: bytes) -> None:
    _refused_or_canonical(row, payload)


def _refused_or_canonical(row: FunctionRow, payload: bytes) -> None:
    try:
        arguments = decode_call(row, payload)
    except Undecodable:
        return
    assert encode_call(row, arguments) == payload


@settings(max_examples=400, deadline=None)
@given(row=st.sampled_from(REMOTE), payload=st.binary(max_size=120), rv=st.sampled_from([0, 0x150, 0x11, 0x12, 5]))
def test_any_answer_is_refused_or_canonical(row: FunctionRow, payload: bytes, rv: int) -> None:
    try:
        results = decode_reply(row, rv, payload)
    except Undecodable:
        return
    if rv == Fault.OK:
        assert encode_reply(row, results) == payload


# --- Parameters with outputs


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_outputs_come_back(data: st.DataObject) -> None:
    """What a handler fills in the decoded parameters arrives in those of the caller."""
    row = BY_NAME["C_DeriveKey"]
    cls = data.draw(st.sampled_from(PARAMS)).cls
    mine = (1, MechanismArg(2, data.draw(instances(cls))), 3, ())
    theirs = decode_call(row, encode_call(row, mine))
    _fill(theirs[1].params, data)
    payload = encode_reply(row, (4,), theirs)
    assert decode_reply(row, Fault.OK, payload, mine) == (4,)
    assert mine[1] == theirs[1]


def _fill(params: Any, data: st.DataObject) -> None:
    for field in BY_CLASS[type(params)].fields:
        value = getattr(params, field.name)
        if field.kind is FieldKind.OUT:
            value.value = data.draw(st.none() | st.binary(max_size=value.capacity))
        elif field.kind is FieldKind.OUT_HANDLE:
            value.value = data.draw(st.none() | handles)
        elif field.kind is FieldKind.INOUT:
            setattr(params, field.name, data.draw(st.binary(max_size=len(value))))
        for item in value if isinstance(value, tuple) else (value,):
            if type(item) in BY_CLASS:
                _fill(item, data)


def test_outputs_larger_than_the_room_are_refused() -> None:
    row = BY_NAME["C_EncryptMessageBegin"]
    mine = (1, GcmMessageParams(b"i" * 12, 0, 0, b"t" * 16, 128), b"")
    theirs = decode_call(row, encode_call(row, mine))
    theirs[1].tag = b"t" * 17
    with pytest.raises(Undecodable):
        decode_reply(row, Fault.OK, encode_reply(row, (), theirs), mine)


def test_a_failed_derivation_may_name_the_template_at_fault() -> None:
    row = BY_NAME["C_DeriveKey"]
    params = Sp800108KdfParams(1, (), (DerivedKey((), Out(1)), DerivedKey((), Out(1))))
    arguments = (1, MechanismArg(2, params), 3, ())
    assert codec.encode_refusal(row, arguments) == b""
    theirs = decode_call(row, encode_call(row, arguments))
    theirs[1].params.additional_derived_keys[1].key.value = 0
    payload = codec.encode_refusal(row, theirs)
    assert decode_reply(row, Fault.TEMPLATE_INCONSISTENT, payload, arguments) == ()
    assert [key.key.value for key in params.additional_derived_keys] == [None, 0]


# --- The forms of refusal


def test_too_small_tells_the_length() -> None:
    for row in REMOTE:
        if Kind.BUFFER in {kind for _, kind in row.arguments}:
            payload = codec.encode_too_small(row, 77)
            assert decode_reply(row, Fault.BUFFER_TOO_SMALL, payload) == (77,)


def test_query_values_come_with_two_faults() -> None:
    row = BY_NAME["C_GetAttributeValue"]
    payload = encode_reply(row, ((None, b"x"),))
    for fault in (Fault.ATTRIBUTE_SENSITIVE, Fault.ATTRIBUTE_TYPE_INVALID):
        assert decode_reply(row, fault, payload) == ((None, b"x"),)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("C_Logout", ""),
        ("C_Logout", "00" * 9),
        ("C_GetSlotList", "02"),
        ("C_FindObjectsInit", "00" * 8 + "ffffffff"),
        ("C_FindObjectsInit", "00" * 8 + "01000000" + "0300000000000000" + "01" + "00000000"),  # empty, but BYTES
        ("C_FindObjectsInit", "00" * 8 + "01000000" + "0300000000000000" + "02" + "00" * 8),  # a label that is a number
        ("C_FindObjectsInit", "00" * 8 + "01000000" + "0300000000000000" + "06" + "00" * 8),  # malformed of length 0
        ("C_FindObjectsInit", "00" * 8 + "01000000" + "0300000000000000" + "07"),  # unavailable
        ("C_DigestInit", "00" * 8 + "02"),
        ("C_DigestInit", "00" * 8 + "01" + "00" * 8 + "03" + "ffff"),
        ("C_DigestInit", "00" * 8 + "01" + "00" * 8 + "05"),
        ("C_DigestInit", "00" * 8 + "01" + "00" * 8 + "01" + "00000000"),
        ("C_GenerateRandom", "00" * 8 + "ffffffffffffffff"),
        ("C_InitToken", "00" * 8 + "ffffffff" + "03000000" + "616263"),
    ],
)
def test_what_no_sender_makes(name: str, payload: str) -> None:
    with pytest.raises(Undecodable):
        decode_call(BY_NAME[name], bytes.fromhex(payload))


def test_templates_nest_four_deep() -> None:
    row = BY_NAME["C_FindObjectsInit"]
    template: Any = ((Attr.ID, b"x"),)
    for _ in range(4):
        template = ((Attr.WRAP_TEMPLATE, template),)
    assert decode_call(row, encode_call(row, (1, template))) == (1, template)
    with pytest.raises(Undecodable):
        decode_call(row, encode_call(row, (1, ((Attr.WRAP_TEMPLATE, template),))))


def test_structures_do_not_nest_without_end() -> None:
    """A value in a structure that claims to be such a structure again, a thousand times over."""
    outer = bytes.fromhex("03 2a00") + bytes(8) + b"\x01\0\0\0" + (4).to_bytes(8, "little")
    payload = bytes(8) + b"\x01" + bytes(8) + outer * 1000
    with pytest.raises(Undecodable):
        decode_call(BY_NAME["C_DigestInit"], payload)


def test_a_call_decodes_in_microseconds() -> None:
    row = BY_NAME["C_Sign"]
    payload = memoryview(encode_call(row, (1, b"x" * 32, 64)))
    best = 1.0
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(1000):
            decode_call(row, payload)
        best = min(best, time.perf_counter() - begin)
    assert best / 1000 < 30e-6


def test_reprs_have_no_passwords() -> None:
    for row in PARAMS:
        for field in row.fields:
            if field.name == "password":
                assert "hunter2" not in repr(row.cls(**{field.name: b"hunter2"}))
