"""Every function: its arguments reach the keeper, its results the caller; what is said of NULL and of lengths."""

import ctypes as C
from typing import Any

import pytest

from fake_keeper import FakeKeeper, Reply
from hsmith.spec.constants import Attr, Fault, Mechanism, MechanismFlag
from hsmith.spec.faults import Refused
from hsmith.spec.functions import BY_NAME, FUNCTIONS, FunctionRow, Kind, Needs
from hsmith.spec.infos import INFOS
from hsmith.spec.params import GcmMessageParams
from hsmith.spec.values import Malformed, MechanismArg
from hsmith.wire import codec
from p11 import P11, c_mechanism, c_template
from p11_structs import STRUCTS, make

REMOTE = [row for row in FUNCTIONS if row.needs is not Needs.LOCAL]
IDS = [row.name for row in REMOTE]
TEMPLATE = {Attr.TOKEN: True, Attr.CLASS: 3, Attr.LABEL: b"label"}
SENT_TEMPLATE = ((Attr.TOKEN, True), (Attr.CLASS, 3), (Attr.LABEL, b"label"))


class Sample:
    """Arguments of one call in C, what the keeper should decode from them, and how to see what came back."""

    def __init__(self, row: FunctionRow) -> None:
        self.arguments: list[Any] = []
        self.sent: list[Any] = []
        self.outputs: list[tuple[Kind, Any]] = []
        self.kept: list[Any] = []
        for at, (_, kind) in enumerate(row.arguments):
            self._add(kind, at)

    def _add(self, kind: Kind, at: int) -> None:
        plain: dict[Kind, tuple[list[Any], list[Any]]] = {
            Kind.ULONG: ([100 + at], [100 + at]),
            Kind.BOOL: ([True], [True]),
            Kind.BYTES: ([b"bytes %d" % at, 7], [b"bytes %d" % at]),
            Kind.LABEL: ([b"l" * 32], [b"l" * 32]),
            Kind.NAME: ([b"C_Sign\0"], ["C_Sign"]),
            Kind.RESERVED: ([None], []),
            Kind.IGNORED: ([None], []),
        }
        if kind in plain:
            arguments, sent = plain[kind]
            self.arguments += arguments
            self.sent += sent
        else:
            getattr(self, f"_{kind.name.lower()}", self._info)(kind)

    def _out(self, kind: Kind, value: Any) -> Any:
        self.outputs.append((kind, value))
        return value

    def _mechanism(self, kind: Kind) -> None:
        self.arguments.append(c_mechanism(Mechanism.SHA256))
        self.sent.append(MechanismArg(Mechanism.SHA256))

    def _template(self, kind: Kind) -> None:
        array, count, kept = c_template(TEMPLATE)
        self.kept.append(kept)
        self.arguments += [array, count]
        self.sent.append(SENT_TEMPLATE)

    def _message_parameter(self, kind: Kind) -> None:
        self.arguments += [None, 0]
        self.sent.append(None)

    def _ulong_out(self, kind: Kind) -> None:
        self.arguments.append(self._out(kind, C.c_ulong()))

    def _buffer(self, kind: Kind) -> None:
        data, length = C.create_string_buffer(20), C.c_ulong(20)
        self._out(kind, (data, length))
        self.arguments += [data, length]
        self.sent.append(20)

    def _fill(self, kind: Kind) -> None:
        data = self._out(kind, C.create_string_buffer(16))
        self.arguments += [data, 16]
        self.sent.append(16)

    def _ulong_list(self, kind: Kind) -> None:
        items, count = (C.c_ulong * 4)(), C.c_ulong(4)
        self._out(kind, (items, count))
        self.arguments += [items, count]

    def _found(self, kind: Kind) -> None:
        items, count = (C.c_ulong * 4)(), C.c_ulong()
        self._out(kind, (items, count))
        self.arguments += [items, 4, count]
        self.sent.append(4)

    def _query(self, kind: Kind) -> None:
        room = C.create_string_buffer(10)
        array = (STRUCTS["ATTRIBUTE"] * 1)()
        array[0].type, array[0].pValue, array[0].ulValueLen = Attr.LABEL, C.addressof(room), 10
        self._out(kind, (array, room))
        self.arguments += [array, 1]
        self.sent.append((Attr.LABEL,))

    def _async_buffer(self, kind: Kind) -> None:
        self.kept.append(C.create_string_buffer(8))
        self.arguments += [self.kept[-1], 8]
        self.sent.append(8)

    def _async_data(self, kind: Kind) -> None:
        self.arguments.append(self._out(kind, STRUCTS["ASYNC_DATA"]()))

    def _info(self, kind: Kind) -> None:
        self.arguments.append(self._out(kind, STRUCTS[kind.name]()))

    def results(self) -> list[Any]:
        return [RESULT.get(kind, lambda value: _members(value))(value) for kind, value in self.outputs]


def _members(struct: C.Structure) -> list[Any]:
    found: list[Any] = []
    for name, *_ in struct._fields_:
        value = getattr(struct, name)
        if isinstance(value, C.Structure):
            found.append((value.major, value.minor))
        else:
            found.append(value if isinstance(value, int) else bytes(value))
    return found


RESULT: dict[Kind, Any] = {
    Kind.ULONG_OUT: lambda value: value.value,
    Kind.BUFFER: lambda value: value[0].raw[: value[1].value],
    Kind.FILL: lambda value: value.raw,
    Kind.ULONG_LIST: lambda value: list(value[0])[: value[1].value],
    Kind.FOUND: lambda value: list(value[0])[: value[1].value],
    Kind.QUERY: lambda value: value[1].raw[: value[0][0].ulValueLen],
    Kind.ASYNC_DATA: lambda value: (value.ulVersion, value.ulValue, value.hObject, value.hAdditionalObject),
}
EXPECTED: dict[Kind, Any] = {
    Kind.ULONG_OUT: 4711,
    Kind.BUFFER: b"nine byte",
    Kind.FILL: b"r" * 16,
    Kind.ULONG_LIST: [5, 6, 7],
    Kind.FOUND: [8, 9],
    Kind.QUERY: b"value",
    Kind.ASYNC_DATA: (1, 4, 12, 13),
}


def _expected(kind: Kind) -> Any:
    if kind not in INFOS:
        return EXPECTED[kind]
    words = [word for _, word in INFOS[kind].members]
    return [
        at + 1 if word == "Q" else (3, at) if word == "V" else f"text {at}".ljust(int(word[:-1])).encode()
        for at, word in enumerate(words)
    ]


@pytest.mark.parametrize("row", REMOTE, ids=IDS)
def test_arguments_and_results_arrive(ready: P11, keeper: FakeKeeper, row: FunctionRow) -> None:
    sample = Sample(row)
    assert ready.rv(row.name, *sample.arguments) == Fault.OK
    assert keeper.calls == [(row.name, tuple(sample.sent))]
    assert sample.results() == [_expected(kind) for kind, _ in sample.outputs]


@pytest.mark.parametrize("row", REMOTE, ids=IDS)
def test_before_initialisation(fresh: P11, keeper: FakeKeeper, row: FunctionRow) -> None:
    assert fresh.rv(row.name, *Sample(row).arguments) == Fault.CRYPTOKI_NOT_INITIALIZED
    assert not keeper.calls


@pytest.mark.parametrize("row", REMOTE, ids=IDS)
def test_all_pointers_null(ready: P11, keeper: FakeKeeper, row: FunctionRow) -> None:
    """No shape of NULL crashes; a NULL with a length, or for a fixed result, never reaches the keeper."""
    everything = [value if type(value) in (int, bool) else None for value in Sample(row).arguments]
    without_lengths = [0 if type(value) is int else value for value in everything]
    must_give = {kind for _, kind in row.arguments} & MUST_GIVE
    with_length = {kind for _, kind in row.arguments} & WITH_LENGTH
    rv = ready.rv(row.name, *everything)
    assert (rv == Fault.ARGUMENTS_BAD) == bool(must_give or with_length), hex(rv)
    rv = ready.rv(row.name, *without_lengths)
    assert (rv == Fault.ARGUMENTS_BAD) == bool(must_give and row.name != "C_SignMessageNext"), hex(rv)


MUST_GIVE = {Kind.ULONG_OUT, Kind.ULONG_LIST, Kind.FOUND, Kind.BUFFER, *INFOS} - {Kind.INFO}
WITH_LENGTH = {Kind.BYTES, Kind.TEMPLATE, Kind.QUERY, Kind.FILL}


def test_sign_message_next_may_ask_for_nothing(ready: P11, keeper: FakeKeeper) -> None:
    assert ready.rv("C_SignMessageNext", 1, None, 0, b"data", 4, None, None) == Fault.OK
    assert keeper.last() == (1, None, b"data", codec.NO_OUTPUT)


def test_reserved_must_be_null(ready: P11, keeper: FakeKeeper) -> None:
    assert ready.rv("C_WaitForSlotEvent", 1, C.c_ulong(), b"x") == Fault.ARGUMENTS_BAD
    assert ready.rv("C_Finalize", b"x") == Fault.ARGUMENTS_BAD
    assert not keeper.calls


# --- The two-call convention (section 5.2)


@pytest.mark.parametrize(
    "row", [row for row in REMOTE if Kind.BUFFER in dict(row.arguments).values()], ids=lambda r: r.name
)
def test_length_query_and_small_buffer(ready: P11, keeper: FakeKeeper, row: FunctionRow) -> None:
    sample = Sample(row)
    at = next(at for at, value in enumerate(sample.arguments) if isinstance(value, C.Array) and len(value) == 20)
    length = sample.arguments[at + 1]
    sample.arguments[at] = None
    assert ready.rv(row.name, *sample.arguments) == Fault.OK
    assert length.value == 9
    sample.arguments[at], length.value = C.create_string_buffer(b"untouched", 20), 8
    assert ready.rv(row.name, *sample.arguments) == Fault.BUFFER_TOO_SMALL
    assert length.value == 9
    assert sample.arguments[at].value == b"untouched"
    length.value = 9
    assert ready.rv(row.name, *sample.arguments) == Fault.OK


def test_encapsulate_needs_a_place_for_the_key_with_a_ciphertext(ready: P11) -> None:
    mechanism = c_mechanism(Mechanism.ML_KEM)
    length = C.c_ulong(20)
    assert ready.rv("C_EncapsulateKey", 1, mechanism, 2, None, 0, None, length, None) == Fault.OK
    assert length.value == 9
    text = C.create_string_buffer(20)
    assert ready.rv("C_EncapsulateKey", 1, mechanism, 2, None, 0, text, length, None) == Fault.ARGUMENTS_BAD


def test_lists_in_two_calls(ready: P11, keeper: FakeKeeper) -> None:
    count = C.c_ulong(77)
    assert ready.rv("C_GetSlotList", True, None, count) == Fault.OK
    assert count.value == 3
    items, count = (C.c_ulong * 2)(1, 1), C.c_ulong(2)
    assert ready.rv("C_GetSlotList", True, items, count) == Fault.BUFFER_TOO_SMALL
    assert (list(items), count.value) == ([1, 1], 3)


@pytest.mark.parametrize(
    ("function", "arguments", "fault"),
    [
        ("C_Verify", (1, b"data", 4, b"s"), Fault.SIGNATURE_LEN_RANGE),
        ("C_VerifyRecover", (1, b"s"), Fault.SIGNATURE_LEN_RANGE),
        ("C_Decrypt", (1, b"d"), Fault.ENCRYPTED_DATA_LEN_RANGE),
        ("C_Encrypt", (1, b"d"), Fault.DATA_LEN_RANGE),
    ],
)
def test_input_that_no_frame_holds(ready: P11, function: str, arguments: tuple[Any, ...], fault: Fault) -> None:
    """By the fault that the function has for the length of this argument; the length of the room comes after it."""
    room = () if function == "C_Verify" else (C.create_string_buffer(9), C.c_ulong(9))
    for length in (2**26 + 1, 2**63, 2**64 - 1):
        assert ready.rv(function, *arguments, length, *room) == fault


def test_largest_counts_do_not_allocate(ready: P11, keeper: FakeKeeper) -> None:
    array, _, kept = c_template({})
    for count in (4097, 2**32, 2**64 - 1):
        assert ready.rv("C_FindObjectsInit", 1, array, count) == Fault.ARGUMENTS_BAD
        assert ready.rv("C_GetAttributeValue", 1, 2, array, count) == Fault.ARGUMENTS_BAD
    for length in (2**26 + 1, 2**32, 2**64 - 1):
        assert ready.rv("C_SeedRandom", 1, b"data", length) == Fault.DATA_LEN_RANGE
        assert ready.rv("C_GenerateRandom", 1, b"data", length) == Fault.ARGUMENTS_BAD
    assert not keeper.calls
    assert kept is not None


def test_found_handles_are_as_many_as_asked_for(ready: P11, keeper: FakeKeeper) -> None:
    items, count = (C.c_ulong * 1)(), C.c_ulong()
    assert ready.rv("C_FindObjects", 1, items, 2**63, count) == Fault.OK or keeper.last()[1] < 2**32


@pytest.mark.parametrize(
    ("function", "arguments", "flag"),
    [
        ("C_Encrypt", (None, 4, None, C.c_ulong()), MechanismFlag.ENCRYPT),
        ("C_DecryptUpdate", (b"data", 4, None, None), MechanismFlag.DECRYPT),
        ("C_DigestUpdate", (None, 4), MechanismFlag.DIGEST),
        ("C_SignFinal", (None, None), MechanismFlag.SIGN),
        ("C_SignRecover", (b"data", 4, None, None), MechanismFlag.SIGN_RECOVER),
        ("C_Verify", (b"data", 4, None, 4), MechanismFlag.VERIFY),
        ("C_VerifySignatureUpdate", (None, 4), MechanismFlag.VERIFY),
    ],
)
@pytest.mark.parametrize("answer", [Fault.OK, Fault.SESSION_HANDLE_INVALID])
def test_a_refused_argument_ends_the_operation(
    ready: P11, keeper: FakeKeeper, function: str, arguments: tuple[Any, ...], flag: MechanismFlag, answer: Fault
) -> None:
    keeper.answers["C_SessionCancel"] = lambda session, flags: Reply.of(answer)
    assert ready.rv(function, 7, *arguments) == Fault.ARGUMENTS_BAD
    assert keeper.calls == [("C_SessionCancel", (7, flag))]
    ready.call("C_CloseSession", 7)  # The connection is as good as before.


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 100_000, 3_000_000])
def test_data_of_any_size(ready: P11, keeper: FakeKeeper, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    keeper.answers["C_Encrypt"] = lambda session, text, room: (text[::-1],)
    out, length = C.create_string_buffer(size + 1), C.c_ulong(size + 1)
    assert ready.rv("C_Encrypt", 1, data, size, out, length) == Fault.OK
    assert length.value == size
    assert out.raw[:size] == data[:size][::-1]
    assert keeper.last()[1] == data[:size]


def test_refusals_arrive_with_their_value(ready: P11, keeper: FakeKeeper) -> None:
    def refuse(*arguments: Any) -> Any:
        raise Refused(Fault.KEY_HANDLE_INVALID)

    keeper.answers["C_Sign"] = refuse
    length = C.c_ulong(5)
    assert ready.rv("C_Sign", 1, b"d", 1, C.create_string_buffer(5), length) == Fault.KEY_HANDLE_INVALID
    assert length.value == 5
    keeper.answers["C_Sign"] = lambda *arguments: Reply.of(0x80001234)
    assert ready.rv("C_Sign", 1, b"d", 1, C.create_string_buffer(5), length) == 0x80001234


# --- Templates


def test_values_travel_by_their_kind(ready: P11, keeper: FakeKeeper) -> None:
    template = {
        Attr.TOKEN: True,
        Attr.CLASS: 2**64 - 1,
        Attr.LABEL: b"",
        Attr.ALLOWED_MECHANISMS: (1, 2, 3),
        Attr.WRAP_TEMPLATE: {Attr.SIGN: False, Attr.WRAP_TEMPLATE: {Attr.ID: b"x"}},
        Attr.START_DATE: b"20260101",
        0x80000001: b"vendor",
        Attr.VALUE: b"v" * 5000,
    }
    array, count, _ = c_template(template)
    assert ready.rv("C_FindObjectsInit", 1, array, count) == Fault.OK
    inner = ((Attr.SIGN, False), (Attr.WRAP_TEMPLATE, ((Attr.ID, b"x"),)))
    expected = {**template, Attr.WRAP_TEMPLATE: inner}
    assert keeper.last()[1] == tuple(expected.items())


def _attribute(kind: int, length: int, value: Any = None) -> Any:
    array = (STRUCTS["ATTRIBUTE"] * 1)()
    array[0].type, array[0].ulValueLen = kind, length
    array[0].pValue = None if value is None else C.addressof(value)
    return array


@pytest.mark.parametrize(
    ("attribute", "length", "given", "expected"),
    [
        (Attr.CLASS, 0, True, Malformed()),
        (Attr.CLASS, 4, True, Malformed(4)),
        (Attr.CLASS, 8, False, Malformed(8)),
        (Attr.CLASS, 2**64 - 1, True, Malformed(2**64 - 1)),
        (Attr.TOKEN, 0, False, Malformed()),
        (Attr.TOKEN, 8, True, Malformed(8)),
        (Attr.LABEL, 0, True, b""),
        (Attr.LABEL, 0, False, b""),
        (Attr.LABEL, 3, False, Malformed(3)),
        (Attr.LABEL, 2**40, True, Malformed(2**40)),
        (Attr.ALLOWED_MECHANISMS, 0, False, ()),
        (Attr.ALLOWED_MECHANISMS, 9, True, Malformed(9)),
        (Attr.WRAP_TEMPLATE, 0, False, ()),
        (Attr.WRAP_TEMPLATE, 25, True, Malformed(25)),
        (Attr.WRAP_TEMPLATE, 24 * 5000, True, Malformed(24 * 5000)),
    ],
)
def test_lengths_that_do_not_fit(
    ready: P11, keeper: FakeKeeper, attribute: int, length: int, given: bool, expected: Any
) -> None:
    array = _attribute(attribute, length, C.create_string_buffer(64) if given else None)
    assert ready.rv("C_FindObjectsInit", 1, array, 1) == Fault.OK
    assert keeper.last()[1] == ((attribute, expected),)


def test_templates_nested_too_deeply(ready: P11, keeper: FakeKeeper) -> None:
    array = _attribute(Attr.LABEL, 0)
    arrays = [array]
    for _ in range(6):
        array = _attribute(Attr.WRAP_TEMPLATE, 24, array)
        arrays.append(array)
    array[0].pValue = C.addressof(array)  # and one that contains itself
    for start in arrays[-2:]:
        assert ready.rv("C_FindObjectsInit", 1, start, 1) == Fault.OK
        value: Any = keeper.last()[1]
        for _ in range(5):
            value = value[0][1]
        assert value == Malformed(24)


# --- C_GetAttributeValue


def _query(*wanted: tuple[int, int | None]) -> tuple[Any, list[Any]]:
    """(type, room) for each; None asks for the length."""
    array = (STRUCTS["ATTRIBUTE"] * len(wanted))()
    rooms = []
    for at, (kind, room) in enumerate(wanted):
        buffer = None if room is None else C.create_string_buffer(b"\xee" * room, max(room, 1))
        rooms.append(buffer)
        array[at].type, array[at].ulValueLen = kind, 12345 if room is None else room
        array[at].pValue = None if buffer is None else C.addressof(buffer)
    return array, rooms


UNAVAILABLE = 2**64 - 1


def test_values_lengths_and_what_is_unavailable(ready: P11, keeper: FakeKeeper) -> None:
    keeper.answers["C_GetAttributeValue"] = lambda *_: (
        (b"label", 3, True, (1, 2), b"", None, b"long value", b"exact"),
    )
    kinds = [Attr.LABEL, Attr.CLASS, Attr.TOKEN, Attr.ALLOWED_MECHANISMS, Attr.ID, Attr.VALUE, Attr.SUBJECT, Attr.OWNER]
    array, rooms = _query(*zip(kinds, [None, 8, 1, 16, 0, 9, 3, 5], strict=True))
    assert ready.rv("C_GetAttributeValue", 1, 2, array, 8) == Fault.BUFFER_TOO_SMALL
    assert [a.ulValueLen for a in array] == [5, 8, 1, 16, 0, UNAVAILABLE, UNAVAILABLE, 5]
    assert rooms[1].raw == (3).to_bytes(8, "little")
    assert rooms[2].raw == b"\x01"
    assert rooms[3].raw == (1).to_bytes(8, "little") + (2).to_bytes(8, "little")
    assert rooms[6].raw == b"\xee" * 3
    assert rooms[7].raw == b"exact"


@pytest.mark.parametrize("fault", [Fault.ATTRIBUTE_SENSITIVE, Fault.ATTRIBUTE_TYPE_INVALID])
def test_values_come_with_the_two_faults(ready: P11, keeper: FakeKeeper, fault: Fault) -> None:
    row = BY_NAME["C_GetAttributeValue"]
    payload = codec.encode_reply(row, ((None, b"label"),))
    keeper.answers[row.name] = lambda *_: Reply.of(fault, payload)
    array, rooms = _query((Attr.VALUE, 9), (Attr.LABEL, 9))
    assert ready.rv(row.name, 1, 2, array, 2) == fault
    assert [a.ulValueLen for a in array] == [UNAVAILABLE, 5]
    assert rooms[1].raw[:5] == b"label"


def test_nested_values(ready: P11, keeper: FakeKeeper) -> None:
    keeper.answers["C_GetAttributeValue"] = lambda *_: ((((Attr.LABEL, b"label"), (Attr.TOKEN, True)),),)
    outer, _ = _query((Attr.WRAP_TEMPLATE, None))
    assert ready.rv("C_GetAttributeValue", 1, 2, outer, 1) == Fault.OK
    assert outer[0].ulValueLen == 48
    inner, rooms = _query((0, None), (0, 1))
    outer[0].pValue, outer[0].ulValueLen = C.addressof(inner), 48
    assert ready.rv("C_GetAttributeValue", 1, 2, outer, 1) == Fault.OK
    assert [(a.type, a.ulValueLen) for a in inner] == [(Attr.LABEL, 5), (Attr.TOKEN, 1)]
    assert rooms[1].raw == b"\x01"
    inner, rooms = _query((0, 4), (0, 1))
    outer[0].pValue, outer[0].ulValueLen = C.addressof(inner), 48
    assert ready.rv("C_GetAttributeValue", 1, 2, outer, 1) == Fault.BUFFER_TOO_SMALL
    assert [(a.type, a.ulValueLen) for a in inner] == [(Attr.LABEL, UNAVAILABLE), (Attr.TOKEN, 1)]


# --- Asynchronous calls


def test_async_result_goes_to_the_buffer_of_the_call(ready: P11, keeper: FakeKeeper) -> None:
    keeper.answers["C_Sign"] = lambda *_: Reply.of(Fault.PENDING)
    data, length = C.create_string_buffer(20), C.c_ulong(20)
    assert ready.rv("C_Sign", 1, b"data", 4, data, length) == Fault.PENDING
    result = STRUCTS["ASYNC_DATA"]()
    keeper.answers["C_AsyncComplete"] = lambda *_: Reply.of(Fault.PENDING)
    assert ready.rv("C_AsyncComplete", 1, b"C_Sign\0", result) == Fault.PENDING
    assert not result.pValue
    del keeper.answers["C_AsyncComplete"]
    assert ready.rv("C_AsyncComplete", 1, b"C_Sign\0", result) == Fault.OK
    assert (result.pValue, result.ulValue, data.raw[:4]) == (C.addressof(data), 4, b"late")


def test_async_join_gives_a_new_buffer(ready: P11, keeper: FakeKeeper) -> None:
    data, result = C.create_string_buffer(20), STRUCTS["ASYNC_DATA"]()
    assert ready.rv("C_AsyncJoin", 1, b"C_Sign\0", 7, data, 20) == Fault.OK
    assert ready.rv("C_AsyncComplete", 1, b"C_Sign\0", result) == Fault.OK
    assert (result.pValue, data.raw[:4]) == (C.addressof(data), b"late")
    assert ready.rv("C_AsyncComplete", 1, b"C_SignInit\0", None) == Fault.OK


# --- Locally answered


def test_info_says_the_version_of_the_interface(ready: P11, module: Any) -> None:
    for version, expected in (("2.40", (2, 40)), ("3.0", (3, 0)), ("3.2", (3, 2))):
        info = P11(module, version).info("INFO", "C_GetInfo")
        assert (info.cryptokiVersion.major, info.cryptokiVersion.minor) == expected
        assert bytes(info.manufacturerID) == b"hsmith".ljust(32)
    assert ready.rv("C_GetInfo", None) == Fault.ARGUMENTS_BAD


def test_interfaces(fresh: P11) -> None:
    get = fresh.lib.C_GetInterface
    count = C.c_ulong()
    assert fresh.lib.C_GetInterfaceList(None, C.byref(count)) == Fault.OK
    assert count.value == 3
    found = (STRUCTS["INTERFACE"] * 3)()
    assert fresh.lib.C_GetInterfaceList(found, C.byref(C.c_ulong(2))) == Fault.BUFFER_TOO_SMALL
    assert fresh.lib.C_GetInterfaceList(found, C.byref(count)) == Fault.OK
    assert fresh.lib.C_GetInterfaceList(found, None) == Fault.ARGUMENTS_BAD
    one = C.c_void_p()
    assert get(None, None, C.byref(one), C.c_ulong(0)) == Fault.OK
    assert get(b"PKCS 11", None, C.byref(one), C.c_ulong(0)) == Fault.OK
    assert get(b"PKCS 12", None, C.byref(one), C.c_ulong(0)) == Fault.ARGUMENTS_BAD
    assert (
        get(b"PKCS 11", C.byref(make("VERSION", major=4, minor=0)), C.byref(one), C.c_ulong(0)) == Fault.ARGUMENTS_BAD
    )
    assert get(b"PKCS 11", None, C.byref(one), C.c_ulong(1)) == Fault.ARGUMENTS_BAD
    assert get(None, None, None, C.c_ulong(0)) == Fault.ARGUMENTS_BAD
    assert fresh.lib.C_GetFunctionList(None) == Fault.ARGUMENTS_BAD


@pytest.mark.parametrize("given", range(16))
def test_mutex_callbacks_are_all_or_none(fresh: P11, given: int) -> None:
    address = C.cast(fresh.lib.C_GetInfo, C.c_void_p).value  # never called
    names = ("CreateMutex", "DestroyMutex", "LockMutex", "UnlockMutex")
    args = make("C_INITIALIZE_ARGS", flags=given & 2)
    for at, name in enumerate(names):
        setattr(args, name, address if given >> at & 1 else None)
    expected = Fault.OK if given in (0, 15) else Fault.ARGUMENTS_BAD
    assert fresh.rv("C_Initialize", args) == expected


def test_initialize_arguments(fresh: P11) -> None:
    assert fresh.rv("C_Initialize", make("C_INITIALIZE_ARGS", flags=2, pReserved=b"x")) == Fault.ARGUMENTS_BAD
    assert fresh.rv("C_Initialize", make("C_INITIALIZE_ARGS", flags=3)) == Fault.OK
    assert fresh.rv("C_Initialize", None) == Fault.CRYPTOKI_ALREADY_INITIALIZED
    assert fresh.rv("C_Finalize", None) == Fault.OK
    assert fresh.rv("C_Finalize", None) == Fault.CRYPTOKI_NOT_INITIALIZED


def test_message_parameter_is_written_back(ready: P11, keeper: FakeKeeper) -> None:
    def encrypt(session: int, params: GcmMessageParams, aad: bytes, text: bytes, room: int) -> tuple[bytes]:
        assert params == GcmMessageParams(b"i" * 12, 32, 1, bytes(16), 128)
        params.iv, params.tag = b"I" * 12, b"T" * 16
        return (text,)

    keeper.answers["C_EncryptMessage"] = encrypt
    iv, tag = C.create_string_buffer(b"i" * 12, 12), C.create_string_buffer(b"secret of caller", 16)
    params = make("GCM_MESSAGE_PARAMS", pIv=iv, ulIvFixedBits=32, ivGenerator=1, pTag=tag, ulTagBits=128)
    params.ulIvLen = 12
    out, length = C.create_string_buffer(5), C.c_ulong(5)
    size = C.sizeof(params)
    assert ready.rv("C_EncryptMessage", 1, params, size, b"aad", 3, b"plain", 5, out, length) == Fault.OK
    assert (iv.raw, tag.raw) == (b"I" * 12, b"T" * 16)
