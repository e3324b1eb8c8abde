"""Calls of every function that gives something back, with buffers whose last bytes nobody may write."""

import ctypes as C
from typing import Any

from hsmith.spec.constants import Attr, Mechanism
from hsmith.spec.functions import FUNCTIONS, FunctionRow, Kind, Needs
from hsmith.spec.infos import INFOS
from p11 import c_mechanism
from p11_structs import STRUCTS, make

GIVING = {Kind.ULONG_OUT, Kind.BUFFER, Kind.FILL, Kind.ULONG_LIST, Kind.FOUND, Kind.QUERY, Kind.ASYNC_DATA, *INFOS}
GIVING |= {Kind.MESSAGE_PARAMETER, Kind.MECHANISM}
OUTPUTS = [row for row in FUNCTIONS if row.needs is not Needs.LOCAL and GIVING & {kind for _, kind in row.arguments}]


class _Call:
    def __init__(self) -> None:
        self.arguments: list[Any] = []
        self.guards: list[Any] = []

    def guarded(self, size: int) -> Any:
        room = C.create_string_buffer(bytes(size) + b"guarded!", size + 8)
        self.guards.append(room)
        return room

    def add(self, kind: Kind) -> None:
        if kind is Kind.MESSAGE_PARAMETER:
            struct = make("GCM_MESSAGE_PARAMS", ulTagBits=128)
            struct.pIv, struct.ulIvLen = C.addressof(self.guarded(12)), 12
            struct.pTag = C.addressof(self.guarded(16))
            self.arguments += [struct, C.sizeof(struct)]
        elif kind is Kind.QUERY:
            self._query()
        elif kind in INFOS:
            self.arguments.append(self.guarded(C.sizeof(STRUCTS[kind.name])))
        else:
            self.arguments += _plain(self, kind)

    def _query(self) -> None:
        inner = (STRUCTS["ATTRIBUTE"] * 2)()
        for entry in inner:
            entry.pValue, entry.ulValueLen = C.addressof(self.guarded(5)), 5
        array = (STRUCTS["ATTRIBUTE"] * 4)()
        kinds = (Attr.LABEL, Attr.CLASS, Attr.WRAP_TEMPLATE, Attr.ALLOWED_MECHANISMS)
        for entry, kind in zip(array, kinds, strict=True):
            entry.type, entry.pValue, entry.ulValueLen = kind, C.addressof(self.guarded(16)), 16
        array[2].pValue, array[2].ulValueLen = C.addressof(inner), C.sizeof(inner)
        self.guards[0].kept = inner
        self.arguments += [array, 4]


def _plain(call: _Call, kind: Kind) -> list[Any]:
    made: dict[Kind, Any] = {
        Kind.ULONG: lambda: [1],
        Kind.BOOL: lambda: [True],
        Kind.BYTES: lambda: [b"bytes", 5],
        Kind.LABEL: lambda: [b"l" * 32],
        Kind.NAME: lambda: [b"C_Sign\0"],
        Kind.MECHANISM: lambda: [c_mechanism(Mechanism.SHA256)],
        Kind.TEMPLATE: lambda: [None, 0],
        Kind.RESERVED: lambda: [None],
        Kind.IGNORED: lambda: [None],
        Kind.ULONG_OUT: lambda: [call.guarded(8)],
        Kind.BUFFER: lambda: [call.guarded(20), C.c_ulong(20)],
        Kind.FILL: lambda: [call.guarded(16), 16],
        Kind.ULONG_LIST: lambda: [call.guarded(16), C.c_ulong(2)],
        Kind.FOUND: lambda: [call.guarded(16), 2, C.c_ulong()],
        Kind.ASYNC_BUFFER: lambda: [call.guarded(8), 8],
        Kind.ASYNC_DATA: lambda: [call.guarded(40)],
    }
    arguments: list[Any] = made[kind]()
    return arguments


def sample_call(row: FunctionRow) -> tuple[list[Any], list[Any]]:
    """C arguments, and the buffers that end in b"guarded!"."""
    call = _Call()
    for _, kind in row.arguments:
        call.add(kind)
    return call.arguments, call.guards
