"""A small PKCS#11 client for tests, over ctypes: any module, every function, names from hsmith.spec.

    p = P11("/path/of/module.so")
    p.initialize()
    with p.open(p.init_token("test")) as s:
        s.login("1234")
        public, private = s.generate_pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256}, {Attr.SIGN: True})
        signature = s.sign(private, Mechanism.ECDSA_SHA256, b"text")
        with refused(Fault.KEY_HANDLE_INVALID):
            s.sign(4711, Mechanism.ECDSA, bytes(32))

Values of templates are bool, int, bytes, str, tuples of int, dicts (templates), None (empty) or ``Raw``. A mechanism is
a number or a pair (number, parameter); a parameter is bytes, int (a CK_ULONG), or a struct of ``make``. Data may be
bytes, or a list of bytes: then Update and Final are used. A return value other than CKR_OK raises ``P11Error``;
``rv`` returns it instead. ``call`` and ``rv`` reach every function with arguments as in C.
"""

import ctypes as C
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from hsmith.spec.constants import Attr, Fault, SessionFlag, UserType
from hsmith.spec.functions import FUNCTIONS
from p11_structs import STRUCTS, make, text_of
from p11_values import (
    UNAVAILABLE,
    Data,
    MechanismLike,
    P11Error,
    Raw,
    TemplateLike,
    argument,
    c_mechanism,
    c_template,
    decoded,
    fault_name,
    refused,
)

#: DER of the named curves that tests use most.
P256 = bytes.fromhex("06082a8648ce3d030107")
P384 = bytes.fromhex("06052b81040022")
P521 = bytes.fromhex("06052b81040023")
ED25519 = b"\x13\x0cedwards25519"
X25519 = b"\x13\x0acurve25519"


class P11:
    """A loaded module. ``interface`` picks a version ("2.40", "3.0", "3.2"); None takes the newest it has."""

    def __init__(self, module: str | Path, interface: str | None = None) -> None:
        self.path = str(module)
        self.lib = C.CDLL(self.path)
        self.version, pointers = self._function_list(interface)
        self._pointers = dict(zip((row.name for row in FUNCTIONS), pointers, strict=False))

    def _function_list(self, interface: str | None) -> tuple[str, list[int]]:
        address = self._interface(interface)
        if address is None:
            if interface not in (None, "2.40"):
                raise LookupError(f"{self.path} has no interface {interface}")
            pointer = C.c_void_p()
            self._check("C_GetFunctionList", self.lib.C_GetFunctionList(C.byref(pointer)))
            address = pointer.value or 0
        version = STRUCTS["VERSION"].from_address(address)
        text = f"{version.major}.{version.minor}"
        since = {"2": ("2.40",), "3.0": ("2.40", "3.0"), "3.1": ("2.40", "3.0")}.get(text[:3], ("2.40", "3.0", "3.2"))
        if version.major == 2:
            since = ("2.40",)
        count = sum(row.since in since for row in FUNCTIONS)
        first = address + C.sizeof(C.c_void_p)
        return text, list((C.c_size_t * count).from_address(first))

    def _interface(self, wanted: str | None) -> int | None:
        """The function list that C_GetInterface gives; None when the module has no such function or version."""
        if not hasattr(self.lib, "C_GetInterface"):
            return None
        for version in (wanted,) if wanted else ("3.2", "3.0"):
            major, minor = map(int, version.split("."))
            asked = make("VERSION", major=major, minor=minor)
            found = C.POINTER(STRUCTS["INTERFACE"])()
            rv = self.lib.C_GetInterface(b"PKCS 11", C.byref(asked), C.byref(found), C.c_ulong(0))
            if rv == 0:
                return int(found.contents.pFunctionList)
        return None

    @staticmethod
    def _check(function: str, rv: int) -> None:
        if rv != 0:
            raise P11Error(function, rv)

    def rv(self, function: str, *arguments: Any) -> int:
        """Call ``function``; its return value. None is NULL, int CK_ULONG, bool CK_BBOOL, the rest an address."""
        parts = [argument(value) for value in arguments]
        prototype = C.CFUNCTYPE(C.c_ulong, *(part[0] for part in parts))
        return int(prototype(self._pointers[function])(*(part[1] for part in parts)))

    def call(self, function: str, *arguments: Any) -> None:
        """``rv``, raising P11Error for all but CKR_OK."""
        self._check(function, self.rv(function, *arguments))

    def initialize(self, *, threads: bool = True) -> None:
        """C_Initialize with CKF_OS_LOCKING_OK, or with NULL."""
        self.call("C_Initialize", make("C_INITIALIZE_ARGS", flags=2) if threads else None)

    def finalize(self) -> None:
        self.call("C_Finalize", None)

    def slots(self, *, token_present: bool = True) -> list[int]:
        return self.ulongs("C_GetSlotList", token_present)

    def mechanisms(self, slot: int) -> list[int]:
        return self.ulongs("C_GetMechanismList", slot)

    def ulongs(self, function: str, *arguments: Any) -> list[int]:
        """A list by the two-call convention."""
        count = C.c_ulong()
        self.call(function, *arguments, None, count)
        array = (C.c_ulong * max(1, count.value))()
        self.call(function, *arguments, array, count)
        return list(array[: count.value])

    def info(self, name: str, function: str, *arguments: Any) -> Any:
        """An info struct, as ``p.info("TOKEN_INFO", "C_GetTokenInfo", slot)``."""
        struct = STRUCTS[name]()
        self.call(function, *arguments, struct)
        return struct

    def token_info(self, slot: int) -> Any:
        return self.info("TOKEN_INFO", "C_GetTokenInfo", slot)

    def mechanism_info(self, slot: int, mechanism: int) -> Any:
        return self.info("MECHANISM_INFO", "C_GetMechanismInfo", slot, mechanism)

    def find_slot(self, label: str) -> int:
        """The slot of the initialised token with this label."""
        for slot in self.slots():
            info = self.token_info(slot)
            if info.flags & 0x400 and text_of(info.label) == label:
                return slot
        raise LookupError(f"no token labelled {label!r}")

    def init_token(
        self, label: str, *, so_pin: str = "12345678", pin: str | None = "1234", slot: int | None = None
    ) -> int:
        """Make a token in ``slot`` (default: the first uninitialised one) and give it a user PIN; its slot."""
        if slot is None:
            slot = next(s for s in self.slots() if not self.token_info(s).flags & 0x400)
        self.call("C_InitToken", slot, so_pin, len(so_pin.encode()), label.ljust(32).encode())
        slot = self.find_slot(label)
        if pin is not None:
            with self.open(slot, rw=True) as session:
                session.login(so_pin, UserType.SO)
                session.call("C_InitPIN", pin, len(pin.encode()))
        return slot

    def open(self, slot: int, *, rw: bool = True) -> "Session":
        flags = SessionFlag.SERIAL_SESSION | (SessionFlag.RW_SESSION if rw else 0)
        handle = C.c_ulong()
        self.call("C_OpenSession", slot, int(flags), None, None, handle)
        return Session(self, handle.value)


class Session:
    """An open session; leaving the ``with`` block closes it."""

    def __init__(self, p11: P11, handle: int) -> None:
        self.p11 = p11
        self.handle = handle

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.p11.rv("C_CloseSession", self.handle)

    def call(self, function: str, *arguments: Any) -> None:
        """Call a function whose first argument is the session."""
        self.p11.call(function, self.handle, *arguments)

    def rv(self, function: str, *arguments: Any) -> int:
        return self.p11.rv(function, self.handle, *arguments)

    def close(self) -> None:
        self.call("C_CloseSession")

    def login(self, pin: str | bytes | None, user: int = UserType.USER) -> None:
        data = pin.encode() if isinstance(pin, str) else pin
        self.call("C_Login", int(user), data, len(data or b""))

    def logout(self) -> None:
        self.call("C_Logout")

    def info(self) -> Any:
        return self.p11.info("SESSION_INFO", "C_GetSessionInfo", self.handle)

    # Objects

    def create(self, template: TemplateLike) -> int:
        return self._made("C_CreateObject", *self._template(template))

    def copy(self, key: int, template: TemplateLike = ()) -> int:
        return self._made("C_CopyObject", key, *self._template(template))

    def destroy(self, key: int) -> None:
        self.call("C_DestroyObject", key)

    def generate(self, mechanism: MechanismLike, template: TemplateLike) -> int:
        return self._made("C_GenerateKey", c_mechanism(mechanism), *self._template(template))

    def generate_pair(
        self, mechanism: MechanismLike, public: TemplateLike = (), private: TemplateLike = ()
    ) -> tuple[int, int]:
        """(public, private)"""
        keys = C.c_ulong(), C.c_ulong()
        templates = (*self._template(public), *self._template(private))
        self.call("C_GenerateKeyPair", c_mechanism(mechanism), *templates, *keys)
        return keys[0].value, keys[1].value

    def find(self, template: TemplateLike = (), *, at_once: int = 100) -> list[int]:
        self.call("C_FindObjectsInit", *self._template(template))
        found: list[int] = []
        array, count = (C.c_ulong * at_once)(), C.c_ulong()
        try:
            while True:
                self.call("C_FindObjects", array, at_once, count)
                found += array[: count.value]
                if count.value == 0:
                    return found
        finally:
            self.call("C_FindObjectsFinal")

    def get(self, key: int, attrs: Any) -> Any:
        """The value of one attribute, or a list of values for a list of attributes, typed by the attribute table."""
        if isinstance(attrs, int):
            return self.get(key, [attrs])[0]
        rv, values = self.attributes(key, attrs)
        P11._check("C_GetAttributeValue", rv)
        return values

    def attributes(self, key: int, attrs: Sequence[int]) -> tuple[int, list[Any]]:
        """Return value and values (None where ulValueLen says unavailable) of a C_GetAttributeValue."""
        array, count, _ = c_template([(attr, None) for attr in attrs])
        rv = self.rv("C_GetAttributeValue", key, array, count)
        buffers = []
        for entry in array[:count]:
            size = 0 if entry.ulValueLen == UNAVAILABLE else entry.ulValueLen
            buffers.append(C.create_string_buffer(max(1, size)))
            entry.pValue, entry.ulValueLen = C.addressof(buffers[-1]), size
        if rv in (Fault.OK, Fault.ATTRIBUTE_SENSITIVE, Fault.ATTRIBUTE_TYPE_INVALID):
            rv = self.rv("C_GetAttributeValue", key, array, count)
        lengths = [None if entry.ulValueLen == UNAVAILABLE else entry.ulValueLen for entry in array[:count]]
        triples = zip(attrs, buffers, lengths, strict=True)
        return rv, [None if n is None else decoded(attr, buffer.raw[:n]) for attr, buffer, n in triples]

    def set(self, key: int, template: TemplateLike) -> None:
        self.call("C_SetAttributeValue", key, *self._template(template))

    # Operations

    def encrypt(self, key: int, mechanism: MechanismLike, data: Data) -> bytes:
        return self._crypt("Encrypt", key, mechanism, data)

    def decrypt(self, key: int, mechanism: MechanismLike, data: Data) -> bytes:
        return self._crypt("Decrypt", key, mechanism, data)

    def sign(self, key: int, mechanism: MechanismLike, data: Data) -> bytes:
        self.call("C_SignInit", c_mechanism(mechanism), key)
        if isinstance(data, bytes | bytearray):
            return self.output("C_Sign", data, len(data))
        for part in data:
            self.call("C_SignUpdate", part, len(part))
        return self.output("C_SignFinal")

    def verify(self, key: int, mechanism: MechanismLike, data: Data, signature: bytes) -> None:
        """Raises CKR_SIGNATURE_INVALID or CKR_SIGNATURE_LEN_RANGE for a wrong one."""
        self.call("C_VerifyInit", c_mechanism(mechanism), key)
        if isinstance(data, bytes | bytearray):
            self.call("C_Verify", data, len(data), signature, len(signature))
            return
        for part in data:
            self.call("C_VerifyUpdate", part, len(part))
        self.call("C_VerifyFinal", signature, len(signature))

    def digest(self, mechanism: MechanismLike, data: Data) -> bytes:
        self.call("C_DigestInit", c_mechanism(mechanism))
        if isinstance(data, bytes | bytearray):
            return self.output("C_Digest", data, len(data))
        for part in data:
            self.call("C_DigestUpdate", part, len(part))
        return self.output("C_DigestFinal")

    def wrap(self, wrapping: int, mechanism: MechanismLike, key: int) -> bytes:
        return self.output("C_WrapKey", c_mechanism(mechanism), wrapping, key)

    def unwrap(self, unwrapping: int, mechanism: MechanismLike, blob: bytes, template: TemplateLike) -> int:
        arguments = (c_mechanism(mechanism), unwrapping, blob, len(blob))
        return self._made("C_UnwrapKey", *arguments, *self._template(template))

    def derive(self, base: int, mechanism: MechanismLike, template: TemplateLike) -> int:
        return self._made("C_DeriveKey", c_mechanism(mechanism), base, *self._template(template))

    def encapsulate(self, public: int, mechanism: MechanismLike, template: TemplateLike) -> tuple[bytes, int]:
        """(ciphertext, shared secret key); 3.2."""
        head = (c_mechanism(mechanism), public, *self._template(template))
        length, key = C.c_ulong(), C.c_ulong()
        self.call("C_EncapsulateKey", *head, None, length, key)
        out = C.create_string_buffer(max(1, length.value))
        self.call("C_EncapsulateKey", *head, out, length, key)
        return out.raw[: length.value], key.value

    def decapsulate(self, private: int, mechanism: MechanismLike, blob: bytes, template: TemplateLike) -> int:
        head = (c_mechanism(mechanism), private, *self._template(template))
        return self._made("C_DecapsulateKey", *head, blob, len(blob))

    def random(self, count: int) -> bytes:
        out = C.create_string_buffer(max(1, count))
        self.call("C_GenerateRandom", out, count)
        return out.raw[:count]

    def output(self, function: str, *arguments: Any, capacity: int | None = None) -> bytes:
        """What ``function`` writes to its last two arguments; asks for the length unless ``capacity`` is given."""
        length = C.c_ulong(capacity or 0)
        if capacity is None:
            self.call(function, *arguments, None, length)
        out = C.create_string_buffer(max(1, length.value))
        self.call(function, *arguments, out, length)
        return out.raw[: length.value]

    def _crypt(self, verb: str, key: int, mechanism: MechanismLike, data: Data) -> bytes:
        self.call(f"C_{verb}Init", c_mechanism(mechanism), key)
        if isinstance(data, bytes | bytearray):
            return self.output(f"C_{verb}", data, len(data))
        parts = [self.output(f"C_{verb}Update", part, len(part)) for part in data]
        return b"".join(parts) + self.output(f"C_{verb}Final")

    def _made(self, function: str, *arguments: Any) -> int:
        handle = C.c_ulong()
        self.call(function, *arguments, handle)
        return handle.value

    @staticmethod
    def _template(template: TemplateLike) -> tuple[Any, int]:
        array, count, kept = c_template(template)
        array.kept = kept
        return array, count


__all__ = [
    "ED25519",
    "P11",
    "P256",
    "P384",
    "P521",
    "X25519",
    "Attr",
    "P11Error",
    "Raw",
    "Session",
    "c_mechanism",
    "c_template",
    "fault_name",
    "make",
    "refused",
    "text_of",
]
