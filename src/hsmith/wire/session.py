"""Sessions of the Python client: what programs do with a token most, over the functions of the standard."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from hsmith.spec.constants import Attr, Fault, SessionFlag, UserType
from hsmith.spec.faults import Partly, Refused, TooSmall
from hsmith.wire.client import Client

#: Objects that one C_FindObjects asks for.
FOUND_AT_ONCE = 1000
#: After these there is no keeper to ask, or it would not say.
_WITHOUT_REASON = frozenset({Fault.DEVICE_REMOVED, Fault.PIN_INCORRECT, Fault.PIN_LOCKED})


class Session:
    """An open session with the token in ``slot``; a context manager that closes it."""

    def __init__(self, client: Client, slot: int, *, rw: bool = False) -> None:
        self.client = client
        flags = SessionFlag.SERIAL_SESSION | (SessionFlag.RW_SESSION if rw else SessionFlag(0))
        self.handle: int = client.call("C_OpenSession", slot, int(flags))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.call("C_CloseSession", self.handle)

    def call(self, name: str, *arguments: Any) -> Any:
        """Client.call with this session's handle first. What is refused says why, where the keeper knows."""
        try:
            return self.client.call(name, self.handle, *arguments)
        except (Partly, TooSmall):
            raise
        except Refused as refused:
            if not refused.reason and refused.fault not in _WITHOUT_REASON:
                refused.reason = str(self.client.admin("reason")["reason"])
            raise

    def login_user(self, pin: bytes, name: str) -> None:
        """Log in as a named user."""
        self.call("C_LoginUser", int(UserType.USER), pin, name.encode("utf-8", "surrogateescape"))

    def login(self, pin: bytes, user: UserType = UserType.USER) -> None:
        self.call("C_Login", int(user), pin)

    def logout(self) -> None:
        self.call("C_Logout")

    def find(self, template: Mapping[int, Any]) -> list[int]:
        """The handles of all objects that match."""
        self.call("C_FindObjectsInit", tuple(template.items()))
        handles: list[int] = []
        while found := self.call("C_FindObjects", FOUND_AT_ONCE):
            handles += found
        self.call("C_FindObjectsFinal")
        return handles

    def read(self, handle: int, attributes: Iterable[Attr]) -> dict[Attr, Any]:
        """The attributes that the object has and shows; others are left out."""
        wanted = list(attributes)
        try:
            values = self.call("C_GetAttributeValue", handle, [int(attr) for attr in wanted])
        except Partly as partly:
            if partly.fault not in (Fault.ATTRIBUTE_SENSITIVE, Fault.ATTRIBUTE_TYPE_INVALID):
                raise
            values = partly.results[0]
        return {attr: value for attr, value in zip(wanted, values, strict=True) if value is not None}
