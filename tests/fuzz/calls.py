"""Any calls of a logged-in client, from the bytes of their requests to the core and the engines, in one process.

Input: a byte for the profile, then calls: a byte for the function, two for the length of its payload, the payload.
Handles in it count through the keys of a stock, made afresh for each input; the session is always the right one. What
is not a refusal in words is a fault of ours.
"""

import contextlib
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import key_stock
import mechanism_stock
from cryptoki.calling import Caller, make_token
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.core.policy.profiles import Profile
from hsmith.cryptoki.application import Application
from hsmith.cryptoki.dispatch import HANDLERS
from hsmith.spec.constants import Attr, KeyType, MechanismFlag, UserType
from hsmith.spec.faults import Refused
from hsmith.spec.functions import FUNCTIONS, FunctionRow, Kind, Needs
from hsmith.spec.mechanisms import MECHANISMS
from hsmith.spec.params import Pkcs5Pbkd2Params2
from hsmith.spec.values import MechanismArg
from hsmith.wire import codec

#: What ends or changes the state that all inputs share, waits, or takes long.
LEFT_OUT: Final = {
    "C_InitToken", "C_InitPIN", "C_SetPIN", "C_Login", "C_LoginUser", "C_Logout", "C_CloseAllSessions", "C_OpenSession",
    "C_CloseSession", "C_WaitForSlotEvent",
}  # fmt: skip
CALLABLE: Final = [row for row in FUNCTIONS if row.needs is not Needs.LOCAL and row.name not in LEFT_OUT]
HANDLES: Final = {name for row in CALLABLE for name, kind in row.arguments if kind is Kind.ULONG and name[0] == "h"}
MOST_CALLS: Final = 6
CORPUS: Final = Path(__file__).with_name("corpus_calls.txt")


class Bench:
    """A token of each profile, and pairs that all inputs share: making them takes long."""

    def __init__(self, folder: Path) -> None:
        self.tokens: list[tuple[Caller, int, list[int]]] = []
        for profile in (Profile.DEFAULT, Profile.COMPAT):
            hsm = Hsm.opened(folder / profile.value, Settings(kdf_milliseconds=1, profile=profile))
            slot = make_token(hsm)
            caller = Caller(hsm)
            session = caller.session(slot, user=UserType.USER)
            self.tokens.append((caller, slot, list(_pairs(caller, session))))

    def try_calls(self, data: bytes) -> None:
        caller, slot, pairs = self.tokens[data[0] % 2 if data else 0]
        session = caller.session(slot)
        stock = _Stock(caller, session, pairs)
        try:
            for row, payload in itertools.islice(_calls(data[1:]), MOST_CALLS):
                with contextlib.suppress(codec.Undecodable, Refused):
                    _try(caller.app, row, payload, session, stock)
        finally:
            caller.call("C_CloseSession", session)


class _Stock:
    """Keys by number: the shared pairs, then a secret key of each type, made when it is wanted."""

    def __init__(self, caller: Caller, session: int, pairs: list[int]) -> None:
        self.made: dict[int, int] = dict(enumerate(pairs))
        self.size = len(pairs) + len(key_stock.VALUE_TYPES)
        self._first = len(pairs)
        self._caller, self._session = caller, session

    def __getitem__(self, number: int) -> int:
        number %= self.size
        if number not in self.made:
            template = key_stock.secret(key_stock.VALUE_TYPES[number - self._first])
            self.made[number] = self._caller.call("C_CreateObject", self._session, tuple(template.items()))
        return self.made[number]


def _pairs(caller: Caller, session: int) -> Iterator[int]:
    for _, mechanism, public in key_stock.pairs():
        halves = (tuple((public | key_stock.PUBLIC).items()), tuple(key_stock.PRIVATE.items()))
        yield from caller.call("C_GenerateKeyPair", session, MechanismArg(mechanism), *halves)


def _calls(data: bytes) -> Iterator[tuple[FunctionRow, bytes]]:
    while len(data) > 2:
        row, end = CALLABLE[data[0] % len(CALLABLE)], 3 + int.from_bytes(data[1:3], "little")
        yield row, data[3:end]
        data = data[end:]


def _try(app: Application, row: FunctionRow, payload: bytes, session: int, stock: _Stock) -> None:
    arguments = list(codec.decode_call(row, memoryview(payload)))
    for at, (name, kind) in enumerate(_inward(row)):
        if name == "hSession":
            arguments[at] = session
        elif name in HANDLES and kind is Kind.ULONG and arguments[at] < stock.size:
            arguments[at] = stock[arguments[at]]
        elif kind is Kind.FILL:
            arguments[at] %= 4096
        elif kind is Kind.MECHANISM and _slow(arguments[at]):
            return
    codec.encode_reply(row, HANDLERS[row.number](app, *arguments), arguments)


def _inward(row: FunctionRow) -> list[tuple[str, Kind]]:
    return [(name, kind) for name, kind in row.arguments if kind in codec._ARGUMENTS]


def _slow(arg: MechanismArg | None) -> bool:
    if arg is None:
        return False
    row = MECHANISMS.get(arg.mechanism)
    many = isinstance(arg.params, Pkcs5Pbkd2Params2) and arg.params.iterations < 1000
    return row is not None and row.slow and not many


# --- Seeds


def seeds() -> Iterator[bytes]:
    """What failed once; and each mechanism with a parameter that suits it, in each function that takes it, with a key
    that it takes."""
    for line in CORPUS.read_text().splitlines():
        yield bytes.fromhex(line.split("#")[0])
    for row in MECHANISMS.values():
        for params in _parameters(row.mechanism, row.params):
            arg = MechanismArg(row.mechanism, params)
            for flag, names in FLOWS.items():
                if row.flags & flag and not _slow(arg):
                    yield b"\1" + b"".join(_encoded(name, arg, row.key_types) for name in names)


FLOWS: Final[dict[MechanismFlag, tuple[str, ...]]] = {
    MechanismFlag.ENCRYPT: ("C_EncryptInit", "C_EncryptUpdate", "C_EncryptFinal"),
    MechanismFlag.DECRYPT: ("C_DecryptInit", "C_Decrypt"),
    MechanismFlag.SIGN: ("C_SignInit", "C_Sign"),
    MechanismFlag.VERIFY: ("C_VerifyInit", "C_VerifyUpdate", "C_VerifyFinal"),
    MechanismFlag.DIGEST: ("C_DigestInit", "C_DigestUpdate", "C_GetOperationState", "C_DigestFinal"),
    MechanismFlag.WRAP: ("C_WrapKey",),
    MechanismFlag.UNWRAP: ("C_UnwrapKey",),
    MechanismFlag.DERIVE: ("C_DeriveKey",),
    MechanismFlag.GENERATE: ("C_GenerateKey", "C_GetAttributeValue"),
    MechanismFlag.ENCAPSULATE: ("C_EncapsulateKey",),
    MechanismFlag.DECAPSULATE: ("C_DecapsulateKey",),
    MechanismFlag.MESSAGE_ENCRYPT: ("C_MessageEncryptInit", "C_EncryptMessage", "C_MessageEncryptFinal"),
    MechanismFlag.MESSAGE_SIGN: ("C_MessageSignInit", "C_SignMessage"),
}


def _parameters(mechanism: int, classes: tuple[Any, ...]) -> Iterator[Any]:
    if mechanism in mechanism_stock.PARAMS:
        yield mechanism_stock.PARAMS[mechanism]
    for cls in classes:
        yield None if cls is None else cls()


#: Where the keys of a type begin in the stock: two halves for each pair, then the secret keys.
PAIR_TYPES: Final = (
    KeyType.RSA, KeyType.EC, KeyType.EC_EDWARDS, KeyType.EC_MONTGOMERY, KeyType.DSA, KeyType.DH, KeyType.X9_42_DH,
    KeyType.ML_KEM, KeyType.ML_DSA, KeyType.SLH_DSA,
)  # fmt: skip
PUBLIC_FUNCTIONS: Final = {"C_EncryptInit", "C_VerifyInit", "C_WrapKey", "C_EncapsulateKey"}


def _number(name: str, key_types: tuple[KeyType, ...]) -> int:
    first = key_types[0] if key_types else KeyType.AES
    if first in PAIR_TYPES:
        return 2 * PAIR_TYPES.index(first) + (name not in PUBLIC_FUNCTIONS)
    return 2 * len(PAIR_TYPES) + key_stock.VALUE_TYPES.index(first)


def _encoded(name: str, arg: MechanismArg, key_types: tuple[KeyType, ...]) -> bytes:
    row = next(row for row in CALLABLE if row.name == name)
    key = _number(name, key_types)
    template = ((Attr.CLASS, 4), (Attr.KEY_TYPE, int(KeyType.GENERIC_SECRET)), (Attr.VALUE_LEN, 16))
    values: dict[Kind, Any] = {
        Kind.BYTES: bytes(32), Kind.MECHANISM: arg, Kind.TEMPLATE: template, Kind.BUFFER: 1024, Kind.FILL: 8,
        Kind.MESSAGE_PARAMETER: None, Kind.QUERY: [Attr.VALUE, Attr.LABEL], Kind.NAME: "C_Sign", Kind.FOUND: 4,
    }  # fmt: skip
    payload = codec.encode_call(row, [key if kind is Kind.ULONG else values[kind] for _, kind in _inward(row)])
    return bytes([CALLABLE.index(row)]) + len(payload).to_bytes(2, "little") + payload


def bench() -> Bench:
    return Bench(Path(tempfile.mkdtemp(prefix="hs-")))
