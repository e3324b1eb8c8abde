"""What softhsm2-util --import and softhsm2-migrate do: objects by C_CreateObject, as SoftHSM's tools make them."""

import os
from collections.abc import Iterable
from typing import Any

from hsmith.cli import compat_slots
from hsmith.cli.compat_tools import Failed
from hsmith.cli.output import say
from hsmith.spec.constants import Attr, KeyType, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.wire.client import Client
from hsmith.wire.session import Session

LARGEST = 1 << 20
UNSAVED = "ERROR: Could not save the private key in the token. Maybe the algorithm is not supported."


def import_file(client: Client, given: dict[str, Any], kind: str) -> int:
    slot = compat_slots.find(client, given)
    if given["label"] is None:
        raise Failed("ERROR: A label for the object must be supplied. Use --label <text>")
    if given["id"] is None:
        raise Failed("ERROR: An ID for the object must be supplied. Use --id <hex>")
    names = {Attr.TOKEN: True, Attr.LABEL: os.fsencode(given["label"]), Attr.ID: _id(given["id"])}
    with compat_slots.session(client, slot, given["pin"]) as session:
        return _KINDS[kind](session, given, names)


def _id(text: str) -> bytes:
    if len(text) < 2 or len(text) % 2:
        raise Failed("ERROR: Invalid length on hex string.\nPlease edit --id <hex> to correct error.")
    if not all(char in "0123456789abcdefABCDEF" for char in text):
        raise Failed("ERROR: Invalid character in hex string.\nPlease edit --id <hex> to correct error.")
    return bytes.fromhex(text)


def _check_free(session: Session, cls: ObjectClass, given: dict[str, Any], names: dict[Attr, Any]) -> None:
    if not given["force"] and session.find({Attr.CLASS: int(cls), Attr.ID: names[Attr.ID]}):
        raise Failed("ERROR: The ID is already assigned to another object. Use --force to override this message.")


def _content(path: str, complaint: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST)
    except OSError:
        raise Failed(complaint) from None


def create(session: Session, templates: Iterable[dict[int, Any]]) -> None:
    """All of them or none. Refused."""
    made: list[int] = []
    try:
        made.extend(session.call("C_CreateObject", tuple(template.items())) for template in templates)
    except Refused:
        for handle in made:
            session.call("C_DestroyObject", handle)
        raise


def _key_pair(session: Session, given: dict[str, Any], names: dict[Attr, Any]) -> int:
    from hsmith.crypto.files.items import public_half

    _check_free(session, ObjectClass.PRIVATE_KEY, given, names)
    item = _private_key(given)
    rsa = item.attributes[Attr.KEY_TYPE] == KeyType.RSA
    both = {int(attr): value for attr, value in names.items()}
    secrecy = {Attr.SENSITIVE: True, Attr.PRIVATE: True, Attr.EXTRACTABLE: False}
    agrees = item.attributes[Attr.KEY_TYPE] in (KeyType.EC, KeyType.EC_MONTGOMERY)
    uses = {Attr.SIGN: item.attributes[Attr.KEY_TYPE] != KeyType.EC_MONTGOMERY, Attr.DERIVE: agrees}
    uses |= {Attr.DECRYPT: rsa, Attr.UNWRAP: rsa}
    templates = [{**item.attributes, **both, **secrecy, **uses}]
    half = None if given["no-public-key"] else public_half(item)
    if half is not None:
        uses = {Attr.VERIFY: uses[Attr.SIGN], Attr.ENCRYPT: rsa, Attr.WRAP: rsa}
        templates.append({**half.attributes, **both, **uses})
    for template in templates:
        template.pop(Attr.PUBLIC_KEY_INFO, None)
    try:
        create(session, templates)
    except Refused:
        raise Failed(UNSAVED) from None
    say("The key pair has been imported.")
    return 0


def _private_key(given: dict[str, Any]) -> Any:
    """The one private key of the file. Failed, in the words of SoftHSM."""
    from hsmith.crypto.files import reading
    from hsmith.crypto.files.items import Unreadable, WrongPassphrase

    data = _content(given["import"], f"ERROR: Could open the PKCS#8 file: {given['import']}")
    asked = []

    def passphrase() -> bytes:
        asked.append(True)
        if given["file-pin"] is None:
            raise Failed("ERROR: Could not read the PKCS#8 file. Maybe it is encypted (--file-pin <PIN>)")
        return os.fsencode(given["file-pin"])

    try:
        found = [item for item in reading.read(data, passphrase) if item.cls == ObjectClass.PRIVATE_KEY]
    except WrongPassphrase:
        raise Failed("ERROR: Could not decrypt the PKCS#8 file. Maybe wrong PIN to file (--file-pin <PIN>)") from None
    except Unreadable as error:
        raise Failed(f"ERROR: Could not read the PKCS#8 file: {error}.") from None
    if not found:
        raise Failed("ERROR: Could not read the PKCS#8 file: it has no private key.")
    if given["file-pin"] is not None and not asked:
        raise Failed("ERROR: Could not read the PKCS#8 file. Maybe the file is not encrypted.")
    return found[0]


def _aes(session: Session, given: dict[str, Any], names: dict[Attr, Any]) -> int:
    value = _content(given["import"], "ERROR: Could not open the secret key file.")
    if not value:
        raise Failed("ERROR: Could not read the secret key file.")
    about = {Attr.CLASS: int(ObjectClass.SECRET_KEY), Attr.KEY_TYPE: int(KeyType.AES), Attr.VALUE: value}
    uses = {Attr.ENCRYPT: True, Attr.DECRYPT: True, Attr.SENSITIVE: True}
    try:
        create(session, [{int(attr): one for attr, one in {**names, **about, **uses}.items()}])
    except Refused:
        words = "Could not save the secret key in the token. Maybe the algorithm is not supported."
        raise Failed(f"ERROR: {words}") from None
    return 0


def _certificate(session: Session, given: dict[str, Any], names: dict[Attr, Any]) -> int:
    from hsmith.crypto.files import reading
    from hsmith.crypto.files.items import Unreadable

    _check_free(session, ObjectClass.CERTIFICATE, given, names)
    data = _content(given["import"], f"ERROR: Could open the PKCS#8 file: {given['import']}")
    complaint = f"ERROR: Could not read the certificate file: {given['import']}"
    try:
        found = [item for item in reading.read(data, lambda: b"") if item.cls == ObjectClass.CERTIFICATE]
    except Unreadable:
        raise Failed(complaint) from None
    if not found:
        raise Failed(complaint)
    both = {int(attr): value for attr, value in names.items()}
    try:
        create(session, [{**found[0].attributes, **both, int(Attr.PRIVATE): False}])
    except Refused:
        raise Failed("ERROR: Could not save the certificate in the token.") from None
    say(f"The certificate with label={given['label']} has been imported.")
    return 0


_KINDS = {"keypair": _key_pair, "aes": _aes, "cert": _certificate}
