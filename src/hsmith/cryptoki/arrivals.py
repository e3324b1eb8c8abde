"""Tokens that come from another HSM, for ``hsmith import``: begun, added to, and stored at once or not at all.

One at a time for each connection's application; what was gathered is forgotten when it ends.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

from hsmith.core.arrivals import Arrival
from hsmith.core.policy.profiles import Profile
from hsmith.cryptoki.application import Application
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.store import codec

Arguments = dict[str, Any]
Result = dict[str, Any]

_arrivals: Final[WeakKeyDictionary[Application, Arrival]] = WeakKeyDictionary()


def begin(app: Application, arguments: Arguments) -> Result:
    """``import.begin`` {label, serial, profile}: ``label`` as 64 hexadecimal digits; ``serial`` empty: a new one is
    made; ``profile`` null: as configured."""
    name = arguments.get("profile")
    if name is not None and name not in (profile.value for profile in Profile):
        raise Refused(Fault.ARGUMENTS_BAD, f"a profile is {', '.join(profile.value for profile in Profile)}")
    durable = app.hsm.durable
    profile = durable.settings.profile if name is None else Profile(name)
    label = _decoded(_argument(arguments, "label", str), bytes.fromhex)
    serial = _argument(arguments, "serial", str).encode()
    arrival = Arrival(label=label, serial=serial, profile=profile, durable=durable)
    app.hsm.check_unknown(arrival.serial)
    _arrivals[app] = arrival
    return {"serial": arrival.serial.decode()}


def add(app: Application, arguments: Arguments) -> Result:
    """``import.add`` {objects}: each in Base64, as hsmith.store.codec writes attributes. Of each the answer says
    ``refused``, a sentence, or ``changed``, the numbers of the attributes that it has otherwise than was given."""
    arrival = _arrival(app)
    return {"objects": [_added(arrival, text) for text in _argument(arguments, "objects", list)]}


def _added(arrival: Arrival, text: Any) -> Result:
    try:
        attributes = codec.decode(_decoded(text, lambda given: base64.b64decode(given, validate=True)))
    except ValueError as error:
        raise Refused(Fault.ARGUMENTS_BAD, f"an object cannot be read: {error}") from None
    try:
        return {"changed": arrival.add(tuple(attributes.items()))}
    except Refused as refused:
        return {"refused": refused.reason}


def finish(app: Application, arguments: Arguments) -> Result:
    """``import.finish`` {so_pin, pin}: store what was added; ``pin`` null: the user has none."""
    so_pin = _argument(arguments, "so_pin", str).encode("utf-8", "surrogateescape")
    pin = arguments.get("pin")
    if pin is not None:
        pin = _argument(arguments, "pin", str).encode("utf-8", "surrogateescape")
    token = app.hsm.admit(_arrival(app), so_pin=so_pin, pin=pin)
    del _arrivals[app]
    return {"slot": token.slot, "serial": token.serial.decode(), "objects": token.shelf.count()}


def forget(app: Application, arguments: Arguments) -> Result:
    """``import.forget``: what was added is dropped."""
    _arrivals.pop(app, None)
    return {}


COMMANDS: Final[dict[str, Callable[[Application, Arguments], Result]]] = {
    "import.begin": begin,
    "import.add": add,
    "import.finish": finish,
    "import.forget": forget,
}


def _arrival(app: Application) -> Arrival:
    found = _arrivals.get(app)
    if found is None:
        raise Refused(Fault.OPERATION_NOT_INITIALIZED, "import.begin comes first")
    return found


def _argument(arguments: Arguments, name: str, kind: type) -> Any:
    value = arguments.get(name)
    if type(value) is not kind:
        raise Refused(Fault.ARGUMENTS_BAD, f"the command needs {name!r}")
    return value


def _decoded(text: Any, decode: Callable[[str], bytes]) -> bytes:
    try:
        return decode(text)
    except (TypeError, ValueError, binascii.Error):
        raise Refused(Fault.ARGUMENTS_BAD, "the command's arguments cannot be decoded") from None
