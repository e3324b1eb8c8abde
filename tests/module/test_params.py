"""Parameters of mechanisms: every class from the caller's structure to the keeper, and its outputs back again.

The structures are filled member by member as the tables say, in layouts that tests/p11_structs.py has from the
standard's text.
"""

import ctypes as C
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_keeper import FakeKeeper
from hsmith.spec.constants import Attr, Fault, Mechanism
from hsmith.spec.faults import Refused
from hsmith.spec.mechanisms import MECHANISMS
from hsmith.spec.params import (
    BY_CLASS,
    PARAMS,
    CcmMessageParams,
    Field,
    FieldKind,
    GcmMessageParams,
    GcmParams,
    GcmWrapParams,
    Out,
    ParamsRow,
    Pkcs5Pbkd2Params2,
    PrfDataParam,
    RsaAesKeyWrapParams,
    RsaPkcsOaepParams,
    Salsa20Chacha20Poly1305Params,
    Sp800108CounterFormat,
    Sp800108KdfParams,
    Ssl3KeyMatOut,
    Ssl3MasterKeyDeriveParams,
    Tls12KeyMatParams,
    TlsPrfParams,
    Unit,
)
from hsmith.spec.values import Malformed, MechanismArg
from p11 import P11
from p11_structs import STRUCTS, make

#: Those that are parameters by themselves; a structure whose lengths are in the one around it is not.
ALONE = [row for row in PARAMS if not any(field.outer for field in row.fields)]
IDS = [row.struct for row in ALONE]


@pytest.fixture
def classes(every_class: Path, keeper: FakeKeeper) -> Iterator[P11]:
    loaded = P11(every_class)
    loaded.initialize()
    yield loaded
    loaded.finalize()


def c_struct(row: ParamsRow) -> type[C.Structure]:
    """The layout from the standard's text; of the few that are not there, the tables' own."""
    name = row.struct.removeprefix("CK_")
    if name not in STRUCTS:
        fields = [(member, _type(field, member)) for field in row.fields for member in field.members]
        STRUCTS[name] = type(row.struct, (C.Structure,), {"_fields_": fields})
    return STRUCTS[name]


def _type(field: Field, member: str) -> Any:
    if member == field.length or field.kind is FieldKind.ULONG:
        return C.c_ulong
    if field.kind is FieldKind.ARRAY:
        return C.c_ubyte * field.size
    if field.kind is FieldKind.STRUCT:
        return c_struct(BY_CLASS[field.of])
    return {FieldKind.BOOL: C.c_ubyte, FieldKind.BYTE: C.c_ubyte}.get(field.kind, C.c_void_p)


class Sample:
    """A structure in C and the instance that should be decoded from it."""

    def __init__(self, row: ParamsRow, outer: C.Structure | None = None) -> None:
        self.struct = c_struct(row)()
        self.kept: list[Any] = []
        self.outputs: list[tuple[Out, Any]] = []
        self._outer = outer
        values = [self._field(field, at) for at, field in enumerate(row.fields)]
        self.params = row.cls(*values)

    def _keep(self, value: Any) -> int:
        self.kept.append(value)
        return C.addressof(value)

    def _nested(self, cls: type[Any]) -> "Sample":
        sample = Sample(BY_CLASS[cls], self.struct)
        self.kept.append(sample)
        self.outputs += sample.outputs
        return sample

    def _field(self, field: Field, at: int) -> Any:
        name = field.kind.name.lower()
        return getattr(self, f"_{name}")(field, at)

    def _ulong(self, field: Field, at: int) -> int:
        # A length in bits that an earlier field has set stays.
        value = getattr(self.struct, field.holder) or (16 if field.holder == "ulIVSizeInBits" else 1000 + at)
        setattr(self.struct, field.holder, value)
        return int(value)

    def _byte(self, field: Field, at: int) -> int:
        setattr(self.struct, field.holder, 200 + at)
        return 200 + at

    def _bool(self, field: Field, at: int) -> bool:
        setattr(self.struct, field.holder, 1)
        return True

    def _array(self, field: Field, at: int) -> bytes:
        value = bytes(range(field.size))
        setattr(self.struct, field.holder, (C.c_ubyte * field.size)(*value))
        return value

    def _data(self, field: Field, at: int) -> bytes:
        value = (b"data of %s" % field.name.encode())[: field.limit or 100].ljust(field.size, b".")
        value = value[: field.size or 100]
        if field.unit is Unit.NONCE:
            value = value[:12].ljust(12, b".")
        setattr(self.struct, field.holder, self._keep(C.create_string_buffer(value, len(value))))
        if field.length:
            setattr(self.struct, field.length, len(value) * (1 if field.unit is Unit.BYTES else 8))
        return value

    _inout = _data

    def _out(self, field: Field, at: int) -> Out:
        size = field.size or 2
        room = C.create_string_buffer(b"?" * size, size)
        setattr(self.struct, field.holder, self._keep(room))
        if field.unit is Unit.POINTED:
            setattr(self.struct, field.length, self._keep(C.c_ulong(size)))
        out = Out(size)
        self.outputs.append((out, room))
        return out

    def _out_handle(self, field: Field, at: int) -> Out:
        out = Out(1)
        place = C.c_ulong(0)
        if field.pointed:
            setattr(self.struct, field.holder, self._keep(place))
        else:
            offset = getattr(type(self.struct), field.holder).offset
            place = C.c_ulong.from_buffer(self.struct, offset)
        self.outputs.append((out, place))
        return out

    def _struct(self, field: Field, at: int) -> Any:
        sample = self._nested(field.of)
        setattr(self.struct, field.holder, sample.struct)
        return sample.params

    def _pointer(self, field: Field, at: int) -> Any:
        sample = self._nested(field.of)
        setattr(self.struct, field.holder, C.addressof(sample.struct))
        return sample.params

    def _structs(self, field: Field, at: int) -> tuple[Any, ...]:
        samples = [self._nested(field.of) for _ in range(3)]
        array = (type(samples[0].struct) * 3)(*(sample.struct for sample in samples))
        setattr(self.struct, field.holder, self._keep(array))
        setattr(self.struct, field.length, 3)
        return tuple(sample.params for sample in samples)

    def _template(self, field: Field, at: int) -> tuple[Any, ...]:
        value = C.c_ulong(4)
        array = (STRUCTS["ATTRIBUTE"] * 1)()
        array[0].type, array[0].pValue, array[0].ulValueLen = Attr.CLASS, self._keep(value), 8
        setattr(self.struct, field.holder, self._keep(array))
        setattr(self.struct, field.length, 1)
        return ((Attr.CLASS, 4),)

    def _variant(self, field: Field, at: int) -> None:
        """The type before it is none of the table, so only nothing is a value."""
        return


def init(p11: P11, keeper: FakeKeeper, number: int, struct: Any, size: int | None = None) -> Any:
    """What the keeper sees of a parameter."""
    length = C.sizeof(struct) if size is None else size
    mechanism = make("MECHANISM", mechanism=number, pParameter=C.addressof(struct), ulParameterLen=length)
    assert p11.rv("C_DigestInit", 1, mechanism) == Fault.OK
    argument = keeper.last()[1]
    assert argument.mechanism == number
    return argument.params


@pytest.mark.parametrize("row", ALONE, ids=IDS)
def test_every_class_arrives(classes: P11, keeper: FakeKeeper, row: ParamsRow) -> None:
    sample = Sample(row)
    assert init(classes, keeper, 0x80000000 + row.number, sample.struct) == sample.params


@pytest.mark.parametrize("row", ALONE, ids=IDS)
def test_wrong_lengths_are_told_and_nothing_is_sent(classes: P11, keeper: FakeKeeper, row: ParamsRow) -> None:
    sample = Sample(row)
    size = C.sizeof(sample.struct)
    shorter = {40} if row.cls is GcmParams else set()
    for length in {1, size - 1, size + 1, size * 2, 2**32, 2**64 - 1} - shorter - {size}:
        assert init(classes, keeper, 0x80000000 + row.number, sample.struct, length) == Malformed(length)
    assert init(classes, keeper, 0x80000000 + row.number, sample.struct, 0) is None
    mechanism = make("MECHANISM", mechanism=0x80000000 + row.number, ulParameterLen=size)
    assert classes.rv("C_DigestInit", 1, mechanism) == Fault.OK
    assert keeper.last()[1].params == Malformed(size)


@pytest.mark.parametrize("row", ALONE, ids=IDS)
def test_structures_of_zeros_and_of_ones(classes: P11, keeper: FakeKeeper, row: ParamsRow) -> None:
    """Every pointer NULL, then every length enormous with a NULL pointer."""
    struct = c_struct(row)()
    params = init(classes, keeper, 0x80000000 + row.number, struct)
    assert type(params) in (row.cls, Malformed)
    for field in row.fields:
        if field.length and field.length in {entry[0] for entry in struct._fields_} and field.length.startswith("ul"):
            setattr(struct, field.length, 2**64 - 1)
            assert init(classes, keeper, 0x80000000 + row.number, struct) == Malformed(C.sizeof(struct))
            setattr(struct, field.length, 0)


@pytest.mark.parametrize("row", [row for row in ALONE if Sample(row).outputs], ids=lambda row: row.struct)
def test_outputs_are_written_back(classes: P11, keeper: FakeKeeper, row: ParamsRow) -> None:
    sample = Sample(row)
    expected: list[Any] = []

    def derive(session: int, mechanism: MechanismArg, *rest: Any) -> tuple[int]:
        for at, (kind, out) in enumerate(_outs(mechanism.params)):
            handle = kind is FieldKind.OUT_HANDLE
            out.value = 500 + at if handle else bytes([64 + at]) * out.capacity
            expected.append(out.value)
        return (4712,)

    keeper.answers["C_DeriveKey"] = derive
    mechanism = make("MECHANISM", mechanism=0x80000000 + row.number, pParameter=C.addressof(sample.struct))
    mechanism.ulParameterLen = C.sizeof(sample.struct)
    given = C.c_ulong()
    assert classes.rv("C_DeriveKey", 1, mechanism, 2, None, 0, given) == Fault.OK
    assert given.value == 4712
    assert expected
    assert [_seen(sample, place) for _, place in sample.outputs] == expected
    # What is made in the parameter needs no place for a handle.
    without = classes.rv("C_DeriveKey", 1, mechanism, 2, None, 0, None)
    assert without == (Fault.OK if row.names_keys else Fault.ARGUMENTS_BAD)


def _outs(params: Any) -> list[tuple[FieldKind, Out]]:
    found: list[tuple[FieldKind, Out]] = []
    for field in BY_CLASS[type(params)].fields:
        value = getattr(params, field.name)
        if isinstance(value, Out):
            found.append((field.kind, value))
        for item in value if isinstance(value, tuple) else (value,):
            if type(item) in BY_CLASS:
                found += _outs(item)
    return found


def _seen(sample: Sample, place: Any) -> Any:
    return place.value if isinstance(place, C.c_ulong) else place.raw


def test_outputs_that_are_not_set_leave_the_memory_alone(classes: P11, keeper: FakeKeeper) -> None:
    row = BY_CLASS[Tls12KeyMatParams]
    sample = Sample(row)
    material = sample.params.returned_key_material
    assert isinstance(material, Ssl3KeyMatOut)
    mechanism = make("MECHANISM", mechanism=0x80000000 + row.number, pParameter=C.addressof(sample.struct))
    mechanism.ulParameterLen = C.sizeof(sample.struct)
    assert classes.rv("C_DeriveKey", 1, mechanism, 2, None, 0, None) == Fault.OK
    assert [_seen(sample, place) for _, place in sample.outputs] == [0, 0, 0, 0, b"??", b"??"]


def test_prf_output_sets_its_length(classes: P11, keeper: FakeKeeper) -> None:
    row = BY_CLASS[TlsPrfParams]
    room, length = C.create_string_buffer(b"????????", 8), C.c_ulong(8)
    struct = c_struct(row)()
    struct.pOutput, struct.pulOutputLen = C.addressof(room), C.addressof(length)

    def derive(session: int, mechanism: MechanismArg, *rest: Any) -> tuple[int]:
        mechanism.params.output.value = b"short"
        return (0,)

    keeper.answers["C_DeriveKey"] = derive
    mechanism = make("MECHANISM", mechanism=0x80000000 + row.number, pParameter=struct, ulParameterLen=C.sizeof(struct))
    assert classes.rv("C_DeriveKey", 1, mechanism, 2, None, 0, None) == Fault.OK
    assert (room.raw, length.value) == (b"short???", 5)


def test_failed_derivation_names_the_template_at_fault(classes: P11, keeper: FakeKeeper) -> None:
    sample = Sample(BY_CLASS[Sp800108KdfParams])
    for _, place in sample.outputs:
        place.value = 99

    def derive(session: int, mechanism: MechanismArg, *rest: Any) -> tuple[int]:
        mechanism.params.additional_derived_keys[1].key.value = 0
        raise Refused(Fault.TEMPLATE_INCONSISTENT)

    keeper.answers["C_DeriveKey"] = derive
    mechanism = make("MECHANISM", mechanism=0x80000000 + 42, pParameter=C.addressof(sample.struct))
    mechanism.ulParameterLen = C.sizeof(sample.struct)
    assert classes.rv("C_DeriveKey", 1, mechanism, 2, None, 0, C.c_ulong()) == Fault.TEMPLATE_INCONSISTENT
    assert [place.value for _, place in sample.outputs] == [99, 0, 99]


def test_prf_data_is_sent_by_its_type(classes: P11, keeper: FakeKeeper) -> None:
    counter = make("SP800_108_COUNTER_FORMAT", bLittleEndian=1, ulWidthInBits=32)
    handle = C.c_ulong(77)
    array = (STRUCTS["PRF_DATA_PARAM"] * 3)()
    label = C.create_string_buffer(b"label", 5)
    for entry, (kind, value, size) in zip(array, [(1, counter, 16), (4, label, 5), (5, handle, 8)], strict=True):
        entry.type, entry.pValue, entry.ulValueLen = kind, C.addressof(value), size
    struct = make("SP800_108_KDF_PARAMS", prfType=9, pDataParams=C.addressof(array), ulNumberOfDataParams=3)
    params = init(classes, keeper, 0x80000000 + 42, struct)
    assert params.data_params == (
        PrfDataParam(1, Sp800108CounterFormat(True, 32)),
        PrfDataParam(4, b"label"),
        PrfDataParam(5, 77),
    )
    array[2].ulValueLen = 7
    assert init(classes, keeper, 0x80000000 + 42, struct) == Malformed(C.sizeof(struct))


def test_null_where_nothing_need_be(classes: P11, keeper: FakeKeeper) -> None:
    wrap = make("RSA_AES_KEY_WRAP_PARAMS", ulAESKeyBits=256)
    assert init(classes, keeper, 0x80000000 + 4, wrap) == RsaAesKeyWrapParams(256, None)
    master = c_struct(BY_CLASS[Ssl3MasterKeyDeriveParams])()
    assert init(classes, keeper, 0x80000000 + 46, master).version == Out(0)
    oaep = make("RSA_PKCS_OAEP_PARAMS", hashAlg=1, mgf=2, source=1, ulSourceDataLen=5)
    assert init(classes, keeper, 0x80000000 + 2, oaep) == Malformed(C.sizeof(oaep))


def test_nonce_lengths_are_bytes_or_bits(classes: P11, keeper: FakeKeeper) -> None:
    for length in (12, 96):
        struct = make("SALSA20_CHACHA20_POLY1305_PARAMS", pNonce=b"n" * 12, ulNonceLen=length)
        assert init(classes, keeper, 0x80000000 + 30, struct) == Salsa20Chacha20Poly1305Params(b"n" * 12)


def test_unaligned_structure(classes: P11, keeper: FakeKeeper) -> None:
    sample = Sample(BY_CLASS[Pkcs5Pbkd2Params2])
    size = C.sizeof(sample.struct)
    memory = C.create_string_buffer(size + 1)
    C.memmove(C.addressof(memory) + 1, C.addressof(sample.struct), size)
    mechanism = make("MECHANISM", mechanism=0x80000000 + 37, pParameter=C.addressof(memory) + 1, ulParameterLen=size)
    assert classes.rv("C_DigestInit", 1, mechanism) == Fault.OK
    assert keeper.last()[1].params == sample.params


# --- The mechanisms that are offered


@pytest.mark.parametrize("function", ["C_EncryptInit", "C_MessageEncryptInit"])
def test_gcm_structure_is_chosen_for_the_function(ready: P11, keeper: FakeKeeper, function: str) -> None:
    """CK_GCM_PARAMS and CK_GCM_MESSAGE_PARAMS have one size."""
    gcm = MECHANISMS[Mechanism.AES_GCM].params
    struct = make("GCM_PARAMS", pIv=b"i" * 12, ulIvBits=96, pAAD=b"aad", ulTagBits=128)
    mechanism = make("MECHANISM", mechanism=Mechanism.AES_GCM, pParameter=struct)
    assert ready.rv(function, 1, mechanism, 2) == Fault.OK
    if function == "C_EncryptInit" or GcmMessageParams not in gcm:
        assert keeper.last()[1].params == GcmParams(b"i" * 12, 96, b"aad", 128)
    else:  # of the same size, and no pointer in it followed: there the caller may have taken one for the other
        params = keeper.last()[1].params
        assert (type(params), params.iv, params.tag, params.tag_bits) == (GcmMessageParams, b"", b"", 128)


def test_older_gcm_structure(classes: P11, keeper: FakeKeeper) -> None:
    class Short(C.Structure):
        _fields_ = [
            ("pIv", C.c_void_p),
            ("ulIvLen", C.c_ulong),
            ("pAAD", C.c_void_p),
            ("ulAADLen", C.c_ulong),
            ("ulTagBits", C.c_ulong),
        ]

    iv, aad = C.create_string_buffer(b"i" * 12, 12), C.create_string_buffer(b"aad", 3)
    struct = Short(C.addressof(iv), 12, C.addressof(aad), 3, 128)
    assert init(classes, keeper, 0x80000000 + 22, struct) == GcmParams(b"i" * 12, 0, b"aad", 128)


def test_plain_parameters(ready: P11, keeper: FakeKeeper) -> None:
    iv = C.create_string_buffer(b"i" * 16, 16)
    assert init(ready, keeper, Mechanism.AES_CBC, iv) == b"i" * 16
    assert init(ready, keeper, Mechanism.AES_CBC, iv, 70000) == Malformed(70000)
    assert init(ready, keeper, Mechanism.SHA256, iv) == Malformed(16)
    assert init(ready, keeper, 0x80001234, iv) == Malformed(16)
    oaep = make("RSA_PKCS_OAEP_PARAMS", hashAlg=1, mgf=2, source=1, pSourceData=b"label")
    assert init(ready, keeper, Mechanism.RSA_PKCS_OAEP, oaep) == RsaPkcsOaepParams(1, 2, 1, b"label")
    assert ready.rv("C_DigestInit", 1, None) == Fault.OK
    assert keeper.last() == (1, None)


@pytest.mark.parametrize("row", [row for row in PARAMS if row.message], ids=lambda row: row.struct)
def test_message_parameters_by_size(ready: P11, keeper: FakeKeeper, row: ParamsRow) -> None:
    sample = Sample(row)
    length = C.c_ulong(20)
    size = C.sizeof(sample.struct)
    arguments = (1, sample.struct, size, None, 0, b"text", 4, C.create_string_buffer(20), length)
    assert ready.rv("C_DecryptMessage", *arguments) == Fault.OK
    assert keeper.last()[1] == sample.params
    assert ready.rv("C_EncryptMessage", *arguments) == Fault.OK
    made = next(field.name for field in row.fields if field.made)
    assert getattr(keeper.last()[1], made) == bytes(len(getattr(sample.params, made)))
    for wrong in (1, size - 1, 2**64 - 1):
        arguments = (1, sample.struct, wrong, None, 0, b"text", 4, C.create_string_buffer(20), length)
        assert ready.rv("C_EncryptMessage", *arguments) == Fault.OK
        assert keeper.last()[1] == Malformed(wrong)


def test_tag_in_constant_memory_is_not_written(ready: P11, keeper: FakeKeeper) -> None:
    """A tag that decryption reads is written back unchanged by the keeper, and may be in constant memory."""
    import mmap

    page = mmap.mmap(-1, 4096)
    page[:16] = b"t" * 16
    place = C.addressof(C.c_ubyte.from_buffer(page))
    libc = C.CDLL(None)
    assert libc.mprotect(C.c_void_p(place), C.c_size_t(4096), 1) == 0
    struct = make("GCM_MESSAGE_PARAMS", pIv=b"i" * 12, pTag=place, ulTagBits=128)
    length = C.c_ulong(20)
    room = C.create_string_buffer(20)
    rv = ready.rv("C_DecryptMessage", 1, struct, C.sizeof(struct), None, 0, b"text", 4, room, length)
    assert libc.mprotect(C.c_void_p(place), C.c_size_t(4096), 3) == 0
    assert rv == Fault.OK
    assert keeper.last()[1].tag == b"t" * 16


def test_classes_without_tag_pointer(classes: P11, keeper: FakeKeeper) -> None:
    struct = make("CCM_MESSAGE_PARAMS", pNonce=b"n" * 12, ulMACLen=16)
    assert init(classes, keeper, 0x80000000 + 26, struct) == CcmMessageParams(0, b"n" * 12, 0, 0, b"", 16)
    wrap = make("GCM_WRAP_PARAMS", pIv=b"i" * 12, ulTagBits=128)
    assert init(classes, keeper, 0x80000000 + 24, wrap) == GcmWrapParams(b"i" * 12, 0, 0, b"", 128)
