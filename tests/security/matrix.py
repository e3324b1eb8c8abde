"""Every mechanism with every shape of parameter and every key through the module, a process for each pair.

    python tests/security/matrix.py MODULE SLOT PIN [HOW_MANY [SEED]]

HOW_MANY of the pairs are tried, drawn by SEED; all of them without. Prints a line for each call that crashed, hung, or
answered what says nothing; then how many calls were made.
"""

import ctypes as C
import mmap
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hsmith.spec.constants import Attr, Fault, Mechanism, MechanismFlag
from hsmith.spec.mechanisms import MECHANISMS
from hsmith.spec.params import BY_CLASS
from p11 import P11, P11Error, Session
from p11_structs import STRUCTS, make
from p11_values import c_template

#: What no call here may answer: it names no cause, or says that the connection broke.
SENSELESS: Final = {
    Fault.GENERAL_ERROR, Fault.FUNCTION_FAILED, Fault.DEVICE_ERROR, Fault.DEVICE_REMOVED, Fault.HOST_MEMORY,
    Fault.CRYPTOKI_NOT_INITIALIZED, Fault.SESSION_HANDLE_INVALID, Fault.PENDING,
}  # fmt: skip
NUMBERS: Final = (0, 1, 16, 128, 1 << 31, 1 << 63, (1 << 64) - 1)
SECONDS: Final = 120
DATA: Final = bytes(48)
#: Behind every pointer: zeros, so that a structure read there has no pointers, and room for what is given back.
MEMORY: Final = C.create_string_buffer(1 << 16)


class Shape(NamedTuple):
    """A parameter as the caller gives it. ``keep``: what must stay while it is used."""

    name: str
    pointer: int
    length: int
    keep: Any = None


# --- Parameters


def plain_shapes() -> Iterator[Shape]:
    here = C.addressof(MEMORY)
    yield Shape("none", 0, 0)
    yield Shape("empty", here, 0)
    yield Shape("NULL, 16 bytes", 0, 16)
    yield Shape("NULL, endless", 0, (1 << 64) - 1)
    yield Shape("endless", here, (1 << 64) - 1)
    for length in (1, 7, 8, 12, 16, 33, 65536):
        yield Shape(f"{length} bytes", here, length)


def struct_shapes(mechanism: int) -> Iterator[Shape]:
    """The mechanism's structures, and one of another's, with each pointer NULL or not, each number the same."""
    own = [BY_CLASS[cls].struct[3:] for cls in MECHANISMS[Mechanism(mechanism)].params if cls in BY_CLASS]
    for name in [*own, "RSA_PKCS_OAEP_PARAMS"]:
        for pointer in (None, C.addressof(MEMORY)):
            for number in NUMBERS if name in own else (0, 16, NUMBERS[-1]):
                struct = filled(STRUCTS[name], pointer, number)
                text = f"{name}, pointers {'NULL' if pointer is None else 'good'}, numbers {number:#x}"
                yield Shape(text, C.addressof(struct), C.sizeof(struct), struct)
        struct = filled(STRUCTS[name], None, 0)
        yield Shape(f"{name}, a byte short", C.addressof(struct), C.sizeof(struct) - 1, struct)


def filled(cls: Any, pointer: int | None, number: int) -> Any:
    struct = cls()
    for name, kind in cls._fields_:
        if issubclass(kind, C.Structure):
            setattr(struct, name, filled(kind, pointer, number))
        elif kind is C.c_void_p:
            setattr(struct, name, pointer)
        elif not issubclass(kind, C.Array):
            setattr(struct, name, number & (1 << 8 * C.sizeof(kind)) - 1)
    return struct


def pairs() -> list[tuple[int, Shape]]:
    return [(row, shape) for row in MECHANISMS for shape in (*plain_shapes(), *struct_shapes(row))]


# --- Operations


def _template() -> tuple[Any, int]:
    array, count, kept = c_template({Attr.CLASS: 4, Attr.KEY_TYPE: 0x10, Attr.VALUE_LEN: 16})
    array.kept = kept
    return array, count


def _output() -> tuple[Any, Any]:
    return C.create_string_buffer(8192), C.c_ulong(8192)


def _whole(begin: str, *then: str) -> Callable[[Session, Any, int], Iterator[int]]:
    """An operation with one piece of data, begun with a key."""

    def run(session: Session, mechanism: Any, key: int) -> Iterator[int]:
        rv = session.rv(begin, mechanism, *(() if begin == "C_DigestInit" else (key,)))
        yield rv
        for function in then if rv == 0 else ():
            last = () if function == "C_VerifyFinal" else _output()
            middle = () if function.endswith("Final") and function != "C_VerifyFinal" else (DATA, len(DATA))
            yield session.rv(function, *middle, *last)
        if rv == 0 and not then:
            yield session.rv("C_SessionCancel", 0xFFFFFFFF)

    return run


def _once(function: str, *arguments: Callable[[], Any], key: int = 1) -> Callable[[Session, Any, int], Iterator[int]]:
    def run(session: Session, mechanism: Any, handle: int) -> Iterator[int]:
        given = [part for made in (argument() for argument in arguments) for part in made]
        yield session.rv(function, mechanism, *[handle] * key, *given)

    return run


def _data() -> tuple[bytes, int]:
    return DATA, len(DATA)


def _handle() -> tuple[Any]:
    return (C.c_ulong(),)


OPERATIONS: Final[dict[MechanismFlag, tuple[Callable[[Session, Any, int], Iterator[int]], ...]]] = {
    MechanismFlag.ENCRYPT: (_whole("C_EncryptInit", "C_Encrypt"),),
    MechanismFlag.DECRYPT: (_whole("C_DecryptInit", "C_DecryptUpdate", "C_DecryptFinal"),),
    MechanismFlag.SIGN: (_whole("C_SignInit", "C_Sign"),),
    MechanismFlag.VERIFY: (_whole("C_VerifyInit", "C_VerifyFinal"), _once("C_VerifySignatureInit", _data)),
    MechanismFlag.SIGN_RECOVER: (_whole("C_SignRecoverInit", "C_SignRecover"),),
    MechanismFlag.VERIFY_RECOVER: (_whole("C_VerifyRecoverInit", "C_VerifyRecover"),),
    MechanismFlag.DIGEST: (_whole("C_DigestInit", "C_Digest"),),
    MechanismFlag.WRAP: (_once("C_WrapKey", _output, key=2), _once("C_WrapKeyAuthenticated", _data, _output, key=2)),
    MechanismFlag.UNWRAP: (
        _once("C_UnwrapKey", _data, _template, _handle),
        _once("C_UnwrapKeyAuthenticated", _data, _template, _data, _handle),
    ),
    MechanismFlag.DERIVE: (_once("C_DeriveKey", _template, _handle),),
    MechanismFlag.GENERATE: (_once("C_GenerateKey", _template, _handle, key=0),),
    MechanismFlag.GENERATE_KEY_PAIR: (_once("C_GenerateKeyPair", _template, _template, _handle, _handle, key=0),),
    MechanismFlag.ENCAPSULATE: (_once("C_EncapsulateKey", _template, _output, _handle),),
    MechanismFlag.DECAPSULATE: (_once("C_DecapsulateKey", _template, _data, _handle),),
    MechanismFlag.MESSAGE_ENCRYPT: (_whole("C_MessageEncryptInit"),),
    MechanismFlag.MESSAGE_DECRYPT: (_whole("C_MessageDecryptInit"),),
    MechanismFlag.MESSAGE_SIGN: (_whole("C_MessageSignInit"),),
    MechanismFlag.MESSAGE_VERIFY: (_whole("C_MessageVerifyInit"),),
}


def tried(mechanism: int) -> list[Callable[[Session, Any, int], Iterator[int]]]:
    """What the mechanism is for, and one operation that it is not for."""
    flags = MECHANISMS[Mechanism(mechanism)].flags
    fit = [run for flag, runs in OPERATIONS.items() if flags & flag for run in runs]
    unfit = [run for flag, runs in OPERATIONS.items() if not flags & flag for run in runs]
    return [*fit, unfit[mechanism % len(unfit)]]


# --- Processes


class Report:
    """Memory shared with the child: what it is doing, and how many calls it has made."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 4096)

    def says(self, text: str, calls: int) -> None:
        self._shared[:] = f"{calls} {text}".encode()[:4096].ljust(4096, b"\0")

    def read(self) -> tuple[int, str]:
        calls, _, text = self._shared[:].rstrip(b"\0").decode().partition(" ")
        return int(calls or 0), text


def child(report: Report, where: tuple[str, int, str], mechanism: int, shape: Shape, problems: int) -> None:
    signal.alarm(SECONDS)
    path, slot, pin = where
    p11, calls = P11(path), 0
    p11.initialize()
    with p11.open(slot) as session:
        try:
            session.login(pin)
        except P11Error as error:
            if error.rv != Fault.USER_ALREADY_LOGGED_IN:
                raise
        for key in (0, *session.find()):
            for number, run in enumerate(tried(mechanism)):
                report.says(f"{_label(mechanism, shape)}, key {key & 0xFFFFFFFF}, operation {number}", calls)
                given = make("MECHANISM", mechanism=int(mechanism), pParameter=shape.pointer or None,
                             ulParameterLen=shape.length)  # fmt: skip
                for rv in run(session, given, key):
                    calls += 1
                    if rv not in Fault._value2member_map_ or rv in SENSELESS:
                        os.write(problems, f"{report.read()[1]}: answered {rv:#x}\n".encode())
    report.says("", calls)
    p11.finalize()


def _label(mechanism: int, shape: Shape) -> str:
    return f"{Mechanism(mechanism).name} ({shape.name})"


def attempt(where: tuple[str, int, str], mechanism: int, shape: Shape) -> int:
    """All keys and operations in a process of their own. Returns the number of calls."""
    report = Report()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            child(report, where, mechanism, shape, sys.stdout.fileno())
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    calls, text = report.read()
    if status:
        code = os.waitstatus_to_exitcode(status)
        print(f"{text}: the process ended with {signal.Signals(-code).name if code < 0 else code}", flush=True)
    return calls


def main(module: str, slot: str, pin: str, many: str = "", seed: str = "0") -> None:
    chosen = pairs()
    if many:
        chosen = random.Random(int(seed)).sample(chosen, int(many))
    calls = sum(attempt((module, int(slot), pin), mechanism, shape) for mechanism, shape in chosen)
    print(f"{calls} calls in {len(chosen)} processes", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
