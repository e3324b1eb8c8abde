"""Calls of the functions by name, without a socket: what the keeper's server does with a decoded call."""

from typing import Any

from hsmith.core.hsm import Hsm
from hsmith.cryptoki.application import Application
from hsmith.cryptoki.dispatch import HANDLERS
from hsmith.spec.constants import Attr, KeyType, Mechanism, ObjectClass, SessionFlag, UserType
from hsmith.spec.functions import BY_NAME
from hsmith.spec.values import MechanismArg, Template

SO_PIN, PIN = b"12345678", b"1234"
RW = SessionFlag.SERIAL_SESSION | SessionFlag.RW_SESSION
RO = SessionFlag.SERIAL_SESSION
P256 = bytes.fromhex("06082a8648ce3d030107")


class Caller:
    """One application. ``call`` gives the single result as itself."""

    def __init__(self, hsm: Hsm) -> None:
        self.app = Application(hsm)

    def call(self, name: str, *args: Any) -> Any:
        results = HANDLERS[BY_NAME[name].number](self.app, *args)
        return results[0] if len(results) == 1 else results or None

    def session(self, slot: int, *, rw: bool = True, user: UserType | None = None) -> int:
        session: int = self.call("C_OpenSession", slot, RW if rw else RO)
        if user is not None:
            self.call("C_Login", session, user, SO_PIN if user == UserType.SO else PIN)
        return session

    def aes(self, session: int, **more: Any) -> int:
        template = attributes(VALUE_LEN=32, ENCRYPT=True, DECRYPT=True, **more)
        key: int = self.call("C_GenerateKey", session, MechanismArg(Mechanism.AES_KEY_GEN), template)
        return key

    def data(self, session: int, **more: Any) -> int:
        handle: int = self.call("C_CreateObject", session, attributes(CLASS=ObjectClass.DATA, **more))
        return handle

    def p256(self, session: int, **more: Any) -> tuple[int, int]:
        public = attributes(EC_PARAMS=P256, VERIFY=True, **{k: v for k, v in more.items() if k == "TOKEN"})
        pair: tuple[int, int] = self.call(
            "C_GenerateKeyPair", session, MechanismArg(Mechanism.EC_KEY_PAIR_GEN), public, attributes(SIGN=True, **more)
        )
        return pair


def attributes(**values: Any) -> Template:
    return tuple((Attr[name], int(v) if isinstance(v, (ObjectClass, KeyType)) else v) for name, v in values.items())


def make_token(hsm: Hsm, label: bytes = b"test") -> int:
    """A token with both PINs set. Returns its slot."""
    caller = Caller(hsm)
    slot = hsm.slots()[-1]
    caller.call("C_InitToken", slot, SO_PIN, label.ljust(32))
    session = caller.session(slot, user=UserType.SO)
    caller.call("C_InitPIN", session, PIN)
    caller.app.close()
    return slot
