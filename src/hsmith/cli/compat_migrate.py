"""softhsm2-migrate: the objects of a SoftHSM 1 database, into a token that there is.

``hsmith import softhsm`` takes the token itself, with its PINs, and attributes such as CKA_LOCAL.
"""

from pathlib import Path
from typing import Any

from hsmith.cli import compat_slots
from hsmith.cli.compat_import import create
from hsmith.cli.compat_tools import Failed, check_module, parsed
from hsmith.cli.output import complain, say
from hsmith.spec.constants import Attr, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.wire.client import Client

USAGE = """SoftHSM migration tool. From SoftHSM v1 database to PKCS#11.
Usage: softhsm2-migrate [OPTIONS]
Options:
  -h, --help        Show this.
  --db <path>       The SoftHSM v1 database that is to be migrated.
  --module <path>   hsmith's PKCS#11 library.
  --no-public-key   Do not migrate the public key.
  --pin <PIN>       The PIN of the normal user (or HSMITH_PIN, or a prompt).
  --serial <number> The token with this serial number.
  --slot <number>   The slot where the token is.
  --token <label>   The token with this label.
  -v, --version     Show the version of SoftHSM whose options these are."""
#: What C_CreateObject leaves to the token.
_ITS_OWN = (
    Attr.LOCAL, Attr.KEY_GEN_MECHANISM, Attr.ALWAYS_SENSITIVE, Attr.NEVER_EXTRACTABLE, Attr.MODULUS_BITS, Attr.TRUSTED,
)  # fmt: skip


def run(words: list[str]) -> int:
    if not words:
        say(USAGE)
        return 0
    takes = "db module pin serial slot token"
    given = parsed("softhsm2-migrate", words, takes=takes, flags="no-public-key", usage=USAGE)
    if given is None:
        return 0
    check_module(given["module"])
    with Client() as client:
        slot = compat_slots.find(client, given)
        if given["db"] is None:
            raise Failed("ERROR: A path to the database must be supplied. Use --db <path>")
        objects = _objects(given["db"])
        with compat_slots.session(client, slot, given["pin"]) as session:
            wrong = [_migrate(session, number, one, given) for number, one in enumerate(objects, start=1)]
    if any(wrong):
        raise Failed("ERROR: Unable to migrate all of the objects.")
    say("The database has been migrated to the new HSM")
    return 0


def _objects(path: str) -> list[dict[int, Any]]:
    from hsmith.softhsm import databases
    from hsmith.softhsm.stored import Unreadable

    if not Path(path).is_file():
        raise Failed(f"ERROR: Could not open token database. Probably wrong path or privileges: {path}")
    try:
        token = databases.read_version_1(Path(path))
    except Unreadable as error:
        raise Failed(f"ERROR: {error}") from None
    if not token.objects:
        raise Failed("ERROR: Could not find any objects in the database.")
    return [dict(one.attributes) for one in token.objects]


def _migrate(session: Any, number: int, attributes: dict[int, Any], given: dict[str, Any]) -> bool:
    """Whether it could not be."""
    cls = attributes.get(Attr.CLASS)
    if not attributes.get(Attr.TOKEN, True) or (cls == ObjectClass.PUBLIC_KEY and given["no-public-key"]):
        return False
    template = {attr: value for attr, value in attributes.items() if attr not in _ITS_OWN}
    try:
        create(session, [template])
    except Refused as refused:
        complain(f"ERROR {int(refused.fault):X}: Could not save the object in the token. Skipping object {number}")
        return True
    say(f"Object {number} has been migrated")
    return False
