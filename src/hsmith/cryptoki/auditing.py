"""The audit log for the command ``hsmith audit``: who may use the keeper as its own user, or as root, reads it."""

import os
from collections.abc import Callable
from typing import Any, Final

from hsmith.core.durable import Durable
from hsmith.cryptoki.application import Application
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused

Arguments = dict[str, Any]
Result = dict[str, Any]

#: Records in one answer.
MOST: Final = 1000


def records(app: Application, arguments: Arguments) -> Result:
    """``audit.list`` {after}: the next records with a number greater than ``after``, and the store's public key."""
    durable, after = _permitted(app), arguments.get("after")
    if type(after) is not int:
        raise Refused(Fault.ARGUMENTS_BAD, "the command needs 'after', which is a number")
    found = durable.audit_records(after=after, limit=MOST)
    return {
        "records": [{"number": one.number, "text": one.text, "chain": one.chain.hex()} for one in found],
        "last": durable.store.audited()[0],
        "public": _audit(durable).signer.public.hex(),
    }


def sign(app: Application, arguments: Arguments) -> Result:
    """``audit.sign``: write a checkpoint, which vouches for all records before it."""
    durable = _permitted(app)
    _audit(durable).sign()
    return {"last": durable.store.audited()[0]}


def verify(app: Application, arguments: Arguments) -> Result:
    """``audit.verify``: the first thing that is wrong with the log, or null."""
    durable = _permitted(app)
    _audit(durable).flush()
    return {"wrong": durable.verify_audit(), "last": durable.store.audited()[0]}


COMMANDS: Final[dict[str, Callable[[Application, Arguments], Result]]] = {
    "audit.list": records,
    "audit.sign": sign,
    "audit.verify": verify,
}


def _permitted(app: Application) -> Durable:
    if app.uid not in (0, os.geteuid()):
        raise Refused(Fault.ACTION_PROHIBITED, "only the keeper's own user reads the audit log")
    return app.hsm.durable


def _audit(durable: Durable) -> Any:
    if durable.audit is None:
        raise Refused(Fault.FUNCTION_NOT_SUPPORTED, "this keeper has no audit log")
    return durable.audit
