"""Overwriting secrets in memory, as far as Python permits it.

A ``bytes`` is immutable, and so is never overwritten by Python itself: what it held stays in freed memory. Here it is
overwritten in place, which is sound only for an object that nothing else refers to: the caller vouches for it, or
``if_alone`` finds it so. Only CPython lays objects out as this expects; elsewhere nothing is done.
"""

import ctypes
import sys
from typing import Any, Final

_HEAD: Final = bytes.__basicsize__ - 1
_CPYTHON: Final = sys.implementation.name == "cpython"
#: The shortest that is overwritten: shorter ones may be shared by the whole interpreter.
_SHORTEST: Final = 4


def wipe(secret: Any) -> None:
    """Overwrite ``bytes`` that the caller made and that nobody else has or will look at; a ``bytearray`` likewise."""
    if type(secret) is bytearray:
        secret[:] = bytes(len(secret))
    elif type(secret) is bytes and _CPYTHON and len(secret) >= _SHORTEST:
        ctypes.memset(id(secret) + _HEAD, 0, len(secret))


def wipe_value(attributes: dict[int, Any], attribute: int) -> None:
    """Take a value out of an object that is no more, and overwrite it unless another object has it as well."""
    secret = attributes.get(attribute)
    if type(secret) is bytes and secret:
        attributes[attribute] = b""
        # Left are the name here, and the argument of getrefcount.
        if sys.getrefcount(secret) <= 2:
            wipe(secret)
