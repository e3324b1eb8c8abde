"""Keys that the keeper's innermost loop uses by itself, without Python: docs/decisions/0023.

They are made of the same values as the keys of the first library, for the system's OpenSSL, which native/library.c
finds when the keeper starts. Each is tried before it is let loose, against what the first library made of the same
data.
"""

import ctypes
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from hsmith.crypto.engine import Buffer
from hsmith.crypto.key import Attributes, Key
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import Attr, Mechanism, Mgf, ObjectClass
from hsmith.spec.faults import Refused

log = logging.getLogger("hsmith.crypto")

#: The keeper's native code, of which native/library.c is a part; a system without a compiler has none.
LIBRARY: Final = Path(__file__).resolve().parent.parent / "libchannel.so"
_OPENSSL: Final = b"libcrypto.so.3"

_TAG: Final = 16  # bytes
_PKCS1: Final = -1  # in place of the length of a salt
_HASHES: Final = ("SHA224", "SHA256", "SHA384", "SHA512")
_CURVES: Final = {"secp256r1": b"P-256", "secp384r1": b"P-384", "secp521r1": b"P-521"}
_MASKS: Final = {Mgf[f"MGF1_{name}"]: name for name in _HASHES}
_EDWARDS: Final = {255: (b"ED25519", 64), 448: (b"ED448", 114)}
_RSA_PARTS: Final = (
    (b"n", Attr.MODULUS),
    (b"e", Attr.PUBLIC_EXPONENT),
    (b"d", Attr.PRIVATE_EXPONENT),
    (b"rsa-factor1", Attr.PRIME_1),
    (b"rsa-factor2", Attr.PRIME_2),
    (b"rsa-exponent1", Attr.EXPONENT_1),
    (b"rsa-exponent2", Attr.EXPONENT_2),
    (b"rsa-coefficient1", Attr.COEFFICIENT),
)


class _Part(ctypes.Structure):
    """struct part of native/library.c."""

    _fields_ = (("name", ctypes.c_char_p), ("bytes", ctypes.c_char_p), ("length", ctypes.c_uint64))


class _Task(ctypes.Structure):
    """struct task of native/library.h."""

    _fields_ = (
        ("iv", ctypes.c_char_p),
        ("data", ctypes.c_char_p),
        ("iv_length", ctypes.c_size_t),
        ("length", ctypes.c_size_t),
        ("out", ctypes.c_void_p),
        ("room", ctypes.c_size_t),
    )


class _Library:
    """The functions of native/library.c, once there is an OpenSSL behind them."""

    native: ctypes.CDLL | None = None


def open_library() -> str | None:
    """Find the system's OpenSSL; before the keeper confines itself, and has threads. Returns why there is none."""
    if _Library.native is not None:
        return None
    try:
        native = ctypes.CDLL(str(LIBRARY))
    except OSError:
        return "the keeper's native code was not built: install hsmith again, with a C compiler"
    native.library_open.argtypes, native.library_open.restype = (ctypes.c_char_p,), ctypes.c_char_p
    problem: bytes | None = native.library_open(_OPENSSL)
    if problem is not None:
        return f"{_OPENSSL.decode()} is {problem.decode()}: install OpenSSL 3 (Debian: apt-get install libssl3)"
    pointer, text, number, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint64
    native.work_rsa.argtypes = (ctypes.POINTER(_Part), size, size, text, number, text)
    native.work_ecdsa.argtypes = (text, ctypes.POINTER(_Part), size, text)
    native.work_eddsa.argtypes = (text, text, size, size)
    native.work_gcm.argtypes = (text, size, size, text, size, number)
    for function in (native.work_rsa, native.work_ecdsa, native.work_eddsa, native.work_gcm):
        function.restype = pointer
    native.work_try.argtypes, native.work_try.restype = (pointer, ctypes.POINTER(_Task)), ctypes.c_int64
    native.work_discard.argtypes, native.work_discard.restype = (pointer,), None
    _Library.native = native
    return None


def native() -> ctypes.CDLL | None:
    """The keeper's native code, with an OpenSSL behind it; None where open_library() found none."""
    return _Library.native


class Work:
    """A key with a mechanism, ready for native code. ``pointer``: struct work; whoever takes it, frees it."""

    __slots__ = ("pointer",)

    def __init__(self, pointer: int) -> None:
        self.pointer = pointer

    def take(self) -> int:
        pointer, self.pointer = self.pointer, 0
        return pointer

    def __del__(self) -> None:
        if self.pointer and _Library.native is not None:
            _Library.native.work_discard(self.pointer)

    def tried(self, iv: bytes, data: bytes, room: int) -> bytes | None:
        """What it makes of the data."""
        assert _Library.native is not None
        out = ctypes.create_string_buffer(room)
        task = _Task(iv, data, len(iv), len(data), ctypes.addressof(out), room)
        size: int = _Library.native.work_try(self.pointer, ctypes.byref(task))
        return out.raw[:size] if size >= 0 else None


def _parts(parts: Sequence[tuple[bytes, bytes]]) -> Any:
    return (_Part * len(parts))(*(_Part(name, value, len(value)) for name, value in parts))


Maker = Callable[[Any, Key, Attributes, Any], int | None]


def _rsa(digest: str = "", *, pss: bool = False) -> Maker:
    def make(native: Any, key: Key, attributes: Attributes, params: Any) -> int | None:
        values = [(name, attributes.get(attr)) for name, attr in _RSA_PARTS]
        if not all(value for _, value in values):
            return None
        salt, mask = _PKCS1, ""
        if pss:
            salt, mask = params.s_len, _MASKS.get(params.mgf, "")
            if not mask:
                return None
        size = (key.size + 7) // 8
        hashed = digest.encode() or None
        made: int | None = native.work_rsa(_parts(values), len(values), size, hashed, salt, mask.encode())  # type: ignore[arg-type]
        return made

    return make


def _ecdsa(digest: str = "") -> Maker:
    def make(native: Any, key: Key, attributes: Attributes, params: Any) -> int | None:
        curve, value = _CURVES.get(key.native.curve.name), attributes.get(Attr.VALUE)
        if not curve or not value:
            return None
        size = 2 * ((key.size + 7) // 8)
        made: int | None = native.work_ecdsa(curve, _parts([(b"priv", value)]), size, digest.encode() or None)
        return made

    return make


def _eddsa(native: Any, key: Key, attributes: Attributes, params: Any) -> int | None:
    value = attributes.get(Attr.VALUE)
    if params is not None or not value or key.size not in _EDWARDS:
        return None
    name, size = _EDWARDS[key.size]
    made: int | None = native.work_eddsa(name, value, len(value), size)
    return made


def _gcm(*, seals: bool) -> Maker:
    def make(native: Any, key: Key, attributes: Attributes, params: Any) -> int | None:
        if params.tag_bits != 8 * _TAG:
            return None
        aad = params.aad or b""
        made: int | None = native.work_gcm(key.native, key.size, len(params.iv), aad, len(aad), int(seals))
        return made

    return make


_MAKERS: Final[dict[tuple[str, int], Maker]] = {
    ("encrypt", Mechanism.AES_GCM): _gcm(seals=True),
    ("decrypt", Mechanism.AES_GCM): _gcm(seals=False),
    ("sign", Mechanism.EDDSA): _eddsa,
    ("sign", Mechanism.ECDSA): _ecdsa(),
    ("sign", Mechanism.RSA_PKCS): _rsa(),
    **{("sign", Mechanism[f"ECDSA_{name}"]): _ecdsa(name) for name in _HASHES},
    **{("sign", Mechanism[f"{name}_RSA_PKCS"]): _rsa(name) for name in _HASHES},
    **{("sign", Mechanism[f"{name}_RSA_PKCS_PSS"]): _rsa(name, pss=True) for name in _HASHES},
}


def offers(method: str, mechanism: int) -> bool:
    """Whether native code may have it."""
    return (method, mechanism) in _MAKERS and _Library.native is not None


def prepare(
    method: str, mechanism: int, key: Key, attributes: Attributes, *, params: Any, data: Buffer, made: bytes
) -> Work | None:
    """The same for native code as the engine's ``method`` with this key and parameter, which made ``made`` of ``data``.
    ``attributes``: of the key's object. None: native code does not have it, or does not make the same."""
    maker = _MAKERS.get((method, mechanism))
    if maker is None or _Library.native is None:
        return None
    pointer = maker(_Library.native, key, attributes, params)
    if not pointer:
        return None
    work, data = Work(pointer), bytes(data)
    result = work.tried(getattr(params, "iv", b""), data, len(made) + _TAG)
    if result == made or (result is not None and method == "sign" and _verifies(mechanism, key, params, data, result)):
        return work
    log.error("OpenSSL makes something else of a %s than the first library: it is not used", Mechanism(mechanism).name)
    return None


def _verifies(mechanism: int, key: Key, params: Any, data: bytes, signature: bytes) -> bool:
    public = Key(ObjectClass.PUBLIC_KEY, key.type, key.size, key.native.public_key())
    try:
        ENGINES[mechanism].verify(public, params).once(data, signature)
    except Refused:
        return False
    return True
