"""A client of p11-kit's protocol for tests: it writes the bytes itself, so that what is tested is not its own judge."""

import socket
from collections.abc import Sequence
from struct import pack, unpack_from
from typing import Any

HANDSHAKE = b"PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1"
#: Functions with their call numbers and the signatures of request and reply, as p11-kit's own clients send them.
CALLS: dict[str, tuple[int, str, str]] = {
    "C_Initialize": (1, "ayyay", ""),
    "C_Finalize": (2, "", ""),
    "C_GetInfo": (3, "", "vsusv"),
    "C_GetSlotList": (4, "yfu", "au"),
    "C_GetSlotInfo": (5, "u", "ssuvv"),
    "C_GetTokenInfo": (6, "u", "ssssuuuuuuuuuuuvvs"),
    "C_GetMechanismList": (7, "ufu", "au"),
    "C_GetMechanismInfo": (8, "uu", "uuu"),
    "C_InitToken": (9, "uayz", ""),
    "C_OpenSession": (10, "uu", "u"),
    "C_CloseSession": (11, "u", ""),
    "C_GetSessionInfo": (13, "u", "uuuu"),
    "C_InitPIN": (14, "uay", ""),
    "C_SetPIN": (15, "uayay", ""),
    "C_GetOperationState": (16, "ufy", "ay"),
    "C_SetOperationState": (17, "uayuu", ""),
    "C_Login": (18, "uuay", ""),
    "C_Logout": (19, "u", ""),
    "C_CreateObject": (20, "uaA", "u"),
    "C_CopyObject": (21, "uuaA", "u"),
    "C_GetAttributeValue": (24, "uufA", "aAu"),
    "C_SetAttributeValue": (25, "uuaA", ""),
    "C_FindObjectsInit": (26, "uaA", ""),
    "C_FindObjects": (27, "ufu", "au"),
    "C_FindObjectsFinal": (28, "u", ""),
    "C_EncryptInit": (29, "uMu", ""),
    "C_Encrypt": (30, "uayfy", "ay"),
    "C_DecryptInit": (33, "uMu", ""),
    "C_Decrypt": (34, "uayfy", "ay"),
    "C_DigestInit": (37, "uM", ""),
    "C_DigestFinal": (41, "ufy", "ay"),
    "C_Sign": (43, "uayfy", "ay"),
    "C_Verify": (49, "uayay", ""),
    "C_DecryptVerifyUpdate": (57, "uayfy", "ay"),
    "C_GenerateKey": (58, "uMaA", "u"),
    "C_GenerateKeyPair": (59, "uMaAaA", "uu"),
    "C_WrapKey": (60, "uMuufy", "ay"),
    "C_UnwrapKey": (61, "uMuayaA", "u"),
    "C_DeriveKey": (62, "uMuaA", "u"),
    "C_GenerateRandom": (64, "ufy", "ay"),
    "C_WaitForSlotEvent": (65, "u", "u"),
    "C_LoginUser": (66, "uuayay", ""),
    "C_SessionCancel": (67, "uu", ""),
    "C_EncryptMessage": (69, "uayayayfy", "ay"),
    "C_InitToken2": (88, "uays", ""),
    "C_DeriveKey2": (89, "uMuaA", "uPu"),
}


class Error(Exception):
    """The reply is an error; rv is its return value."""

    def __init__(self, rv: int) -> None:
        super().__init__(hex(rv))
        self.rv = rv


def u(value: int) -> bytes:
    return pack(">Q", value)


def string(value: bytes) -> bytes:
    return pack(">I", len(value)) + value


def ay(value: bytes | None) -> bytes:
    return b"\0\0\0\0\0" if value is None else b"\1" + string(value)


def room(length: int) -> bytes:
    """fy and fu."""
    return pack(">I", length)


def attributes(*pairs: tuple[int, bytes, int]) -> bytes:
    """aA of (type, encoded value, length in memory)."""
    return pack(">I", len(pairs)) + b"".join(pack(">IBI", kind, 1, length) + value for kind, value, length in pairs)


def truth(kind: int, value: bool) -> tuple[int, bytes, int]:
    return kind, bytes([value]), 1


def number(kind: int, value: int) -> tuple[int, bytes, int]:
    return kind, u(value), 8


def text(kind: int, value: bytes) -> tuple[int, bytes, int]:
    return kind, string(value), len(value)


def wanted(*pairs: tuple[int, int]) -> bytes:
    """fA of (type, room)."""
    return pack(">I", len(pairs)) + b"".join(pack(">II", *pair) for pair in pairs)


class Rpc:
    """One conversation. ``answered``: the version that the other end chose."""

    def __init__(self, connection: socket.socket, version: int) -> None:
        self.connection = connection
        self.version = version
        self._code = 0
        connection.settimeout(30)
        connection.sendall(bytes([version]))
        self.answered = self.exactly(1)[0]

    def exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            got = self.connection.recv(length - len(data))
            if not got:
                raise EOFError
            data += got
        return data

    def initialize(self) -> None:
        self.call("C_Initialize", ay(HANDSHAKE), b"\0", ay(None))

    def mechanism(self, kind: int, parameter: bytes | None = None, *, formed: bool = False) -> bytes:
        """M. ``formed``: p11-kit has a form for this mechanism's parameter."""
        head = pack(">I", kind)
        if not formed:
            return head + (b"" if self.version >= 2 else b"\xff\xff\xff\xff")
        if self.version < 2:
            assert parameter is not None
            return head + parameter
        return head + (b"\0" if parameter is None else b"\1" + parameter)

    def raw(self, message: bytes) -> bytes:
        self._code += 1
        self.connection.sendall(pack(">III", self._code, 3, len(message)) + b"any" + message)
        code, options, length = unpack_from(">III", self.exactly(12))
        assert (code, options) == (self._code, 0)
        return self.exactly(length)

    def call(self, name: str, *arguments: bytes) -> bytes:
        """The results, encoded. Raises Error."""
        number, request, reply = CALLS[name]
        answer = self.raw(pack(">I", number) + string(request.encode()) + b"".join(arguments))
        given = unpack_from(">I", answer)[0]
        if given == 0:
            assert answer[4:9] == string(b"u")
            raise Error(unpack_from(">Q", answer, 9)[0])
        head = pack(">I", number) + string(reply.encode())
        assert answer.startswith(head)
        return answer[len(head) :]

    def ulong(self, name: str, *arguments: bytes) -> int:
        (value,) = self.ulongs(self.call(name, *arguments))
        return value

    @staticmethod
    def ulongs(data: bytes) -> Sequence[int]:
        return unpack_from(f">{len(data) // 8}Q", data)

    @staticmethod
    def array(data: bytes) -> bytes | int:
        """The value of a reply ay, or its length alone."""
        there, length = unpack_from(">BI", data)
        assert len(data) == 5 + (length if there else 0)
        return data[5:] if there else int(length)

    @staticmethod
    def values(data: bytes) -> tuple[list[Any], int]:
        """A reply aAu whose attributes are byte arrays or not there: their values, and the return value."""
        count, at, found = unpack_from(">I", data)[0], 4, []
        for _ in range(count):
            valid = data[at + 4]
            at += 5
            value = None
            if valid:
                length, again = unpack_from(">II", data, at)
                assert length == again
                value, at = data[at + 8 : at + 8 + length], at + 8 + length
            found.append(value)
        assert len(data) == at + 8
        return found, unpack_from(">Q", data, at)[0]
