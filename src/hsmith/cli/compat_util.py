"""softhsm2-util: initialise, show and delete tokens, import keys and certificates."""

from typing import Any

from hsmith.cli import compat_slots
from hsmith.cli.compat_import import import_file
from hsmith.cli.compat_tools import Failed, check_module, parsed, user_pin
from hsmith.cli.output import complain, say
from hsmith.spec.constants import Fault, TokenFlag, UserType
from hsmith.spec.faults import Refused
from hsmith.wire.client import Client
from hsmith.wire.session import Session

TAKES = "file-pin id import import-type label module pin serial show-config slot so-pin token"
FLAGS = "aes delete-token force free init-token no-public-key show-slots"
ACTIONS = ("init-token", "show-slots", "import", "delete-token")
USAGE = """Support tool for PKCS#11 (of hsmith, with the options of SoftHSM's)
Usage: softhsm2-util [ACTION] [OPTIONS]
Action:
  --delete-token    Delete a token with all that is in it: --token or --serial.
  -h, --help        Show this.
  --import <path>   Import an object from a file: --import-type, --slot, --token
                    or --serial, --file-pin, --label, --id, --no-public-key, --pin.
  --import-type <type>
                    keypair: PKCS#8 in PEM (default); aes: the key itself;
                    cert: X.509 in PEM.
  --init-token      Initialize a token, erasing what is in it: --slot, --token,
                    --serial or --free, --label, --so-pin, --pin.
  --show-slots      Show all slots.
  --show-config <var>
                    default-pkcs11-lib: the path of the PKCS#11 library.
  -v, --version     Show the version of SoftHSM whose options these are.
Options:
  --aes             The same as --import-type aes.
  --file-pin <PIN>  The passphrase of the file.
  --force           Import although the ID is taken.
  --free            Use the first free/uninitialized token.
  --id <hex>        The ID of the object.
  --label <text>    The label of the object or the token.
  --module <path>   hsmith's PKCS#11 library.
  --no-public-key   Do not import the public key.
  --pin <PIN>       The PIN of the normal user (or HSMITH_PIN, or a prompt).
  --serial <number> The token with this serial number.
  --slot <number>   The slot where the token is.
  --so-pin <PIN>    The PIN of the Security Officer (or HSMITH_SO_PIN, or a prompt).
  --token <label>   The token with this label."""


def run(words: list[str]) -> int:
    given = parsed("softhsm2-util", words, takes=TAKES, flags=FLAGS, usage=USAGE)
    if given is None:
        return 0
    if given["show-config"] is not None:
        return _show_config(given["show-config"])
    actions = [action for action in ACTIONS if given[action] is not None]
    if len(actions) != 1:
        say(USAGE)
        return 1
    check_module(given["module"])
    with Client() as client:
        return _RUN[actions[0]](client, given)


def _show_config(name: str) -> int:
    from hsmith.cli.module import path

    if name != "default-pkcs11-lib":
        raise Failed(f"ERROR: Invalid configuration key '{name}'")
    say(str(path()))
    return 0


def _init(client: Client, given: dict[str, Any]) -> int:
    slot = compat_slots.find(client, given, free=True)
    if given["label"] is None:
        raise Failed("ERROR: A label for the token must be supplied. Use --label <text>")
    label = given["label"].encode("utf-8", "surrogateescape")
    if len(label) > 32:
        raise Failed("ERROR: The token label must not have a length greater than 32 chars.")
    so_pin, pin = user_pin(given["so-pin"], so=True), user_pin(given["pin"])
    before = next((one for one in compat_slots.slots(client) if one.number == slot), None)
    try:
        client.call("C_InitToken", slot, so_pin, label.ljust(32))
    except Refused as refused:
        raise Failed(_not_initialised(refused, slot)) from None
    with Session(client, slot, rw=True) as session:
        session.login(so_pin, UserType.SO)
        session.call("C_InitPIN", pin)
    # A new token's slot has another number in SoftHSM, and scripts read it from this sentence.
    how = "on slot" if before is not None and before.initialised else "and is reassigned to slot"
    say(f"The token has been initialized {how} {slot}")
    return 0


def _not_initialised(refused: Refused, slot: int) -> str:
    if refused.fault == Fault.SLOT_ID_INVALID:
        return f"CKR_SLOT_ID_INVALID: Slot {slot} does not exist."
    if refused.fault == Fault.PIN_INCORRECT:
        return (
            "CKR_PIN_INCORRECT: The given SO PIN does not match the one in the token. "
            "Needed when reinitializing the token."
        )
    name = f"CKR_{refused.fault.name}"
    return f"ERROR rv=0x{int(refused.fault):08X}: Could not initialize the token.\n{refused.reason or name}"


def _show(client: Client, given: dict[str, Any]) -> int:
    say("Available slots:")
    for slot in compat_slots.slots(client):
        about, token = slot.about, slot.token
        lines = [
            f"Slot {slot.number}",
            "    Slot info:",
            f"        Description:      {about['slotDescription']:64}",
            f"        Manufacturer ID:  {about['manufacturerID']:32}",
            f"        Hardware version: {_version(about['hardwareVersion'])}",
            f"        Firmware version: {_version(about['firmwareVersion'])}",
            "        Token present:    yes",
            "    Token info:",
            f"        Manufacturer ID:  {token['manufacturerID']:32}",
            f"        Model:            {token['model']:16}",
            f"        Hardware version: {_version(token['hardwareVersion'])}",
            f"        Firmware version: {_version(token['firmwareVersion'])}",
            f"        Serial number:    {token['serialNumber']:16}",
            f"        Initialized:      {'yes' if slot.initialised else 'no'}",
            f"        User PIN init.:   {'yes' if token['flags'] & TokenFlag.USER_PIN_INITIALIZED else 'no'}",
            f"        Label:            {token['label']:32}",
        ]
        say("\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines))
    return 0


def _version(pair: tuple[int, int]) -> str:
    return f"{pair[0]}.{pair[1]}"


def _import(client: Client, given: dict[str, Any]) -> int:
    kind = given["import-type"] or ("aes" if given["aes"] else "keypair")
    if kind not in ("keypair", "aes", "cert"):
        complain(f"ERROR: Invalid import type '{kind}'")
        kind = "keypair"
    return import_file(client, given, kind)


def _delete(client: Client, given: dict[str, Any]) -> int:
    serial, label = given["serial"], given["token"]
    if serial is None and label is None:
        raise Failed("ERROR: A token must be supplied. Use --serial <serial> or --token <label>")
    found = [
        slot
        for slot in compat_slots.slots(client)
        if slot.initialised and serial in (None, slot.serial) and label in (None, slot.label)
    ]
    words = " and ".join([*(["serial"] if serial is not None else []), *(["token label"] if label is not None else [])])
    for slot in found:
        say(f"Found token ({slot.serial}) with matching {words}.")
    if len(found) > 1:
        raise Failed("ERROR: Found multiple matching tokens.")
    if not found:
        raise Failed("ERROR: Could not find a token using --serial or --token.")
    try:
        client.admin("token.remove", slot=found[0].number, so_pin=given["so-pin"])
    except Refused as refused:
        raise Failed(f"ERROR: The token was not deleted: {refused.reason or refused.fault.name}") from None
    say(f"The token ({found[0].serial}) has been deleted.")
    return 0


_RUN = {"init-token": _init, "show-slots": _show, "import": _import, "delete-token": _delete}
