"""How objects look in lists and when they are shown: rows, and all that can be read of one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hsmith.cli import uri
from hsmith.cli.attributes import shown, spelt
from hsmith.cli.keytypes import CLASS_NAMES, TELLING, bits_of, standard_name, type_name
from hsmith.spec.constants import Attr, CertificateType, ObjectClass

if TYPE_CHECKING:
    from hsmith.wire.session import Session

COLUMNS: Final = {"class": "CLASS", "type": "TYPE", "label": "LABEL", "id": "ID"}
#: Every column that --columns knows.
ALL_COLUMNS: Final = {
    **COLUMNS, "bits": "BITS", "uses": "USES", "sensitive": "SENSITIVE", "extractable": "EXTRACTABLE", "local": "LOCAL",
    "private": "PRIVATE", "trusted": "TRUSTED", "start": "START", "end": "END", "subject": "SUBJECT", "uri": "URI",
}  # fmt: skip
_KEY_USES: Final = (
    Attr.SIGN, Attr.VERIFY, Attr.ENCRYPT, Attr.DECRYPT, Attr.WRAP, Attr.UNWRAP, Attr.DERIVE, Attr.ENCAPSULATE,
    Attr.DECAPSULATE,
)  # fmt: skip
_FLAGS: Final = (Attr.SENSITIVE, Attr.EXTRACTABLE, Attr.LOCAL, Attr.PRIVATE, Attr.TRUSTED)
LISTED: Final = (
    Attr.CLASS, Attr.LABEL, Attr.ID, *TELLING, *_KEY_USES, *_FLAGS, Attr.START_DATE, Attr.END_DATE, Attr.SUBJECT,
    Attr.CERTIFICATE_TYPE, Attr.APPLICATION,
)  # fmt: skip
_CLASS_WORDS: Final = {int(cls): cls.name.lower().replace("_", "-") for cls in ObjectClass} | CLASS_NAMES
_CERTIFICATES: Final = {
    CertificateType.X_509: "x509",
    CertificateType.X_509_ATTR_CERT: "attribute",
    CertificateType.WTLS: "wtls",
}


def described(session: "Session", handle: int, token: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A row of a list: every column that is known of the object. ``token``: what its URI names."""
    values = session.read(handle, LISTED)
    label, identity = values.get(Attr.LABEL, b""), values.get(Attr.ID, b"")
    row: dict[str, Any] = {
        "class": _CLASS_WORDS.get(values[Attr.CLASS], f"{values[Attr.CLASS]:#x}"),
        "type": _type(values),
        "label": label.decode("utf-8", "replace"),
        "id": identity.hex(),
    }
    if bits := bits_of(values):
        row["bits"] = bits
    if Attr.KEY_TYPE in values:
        row["uses"] = [spelt(attr) for attr in _KEY_USES if values.get(attr)]
    row |= {attr.name.lower(): values[attr] for attr in _FLAGS if attr in values}
    dates = {"start": Attr.START_DATE, "end": Attr.END_DATE}
    row |= {name: shown(attr, values[attr]) for name, attr in dates.items() if values.get(attr)}
    if values.get(Attr.SUBJECT):
        row["subject"] = _name(values[Attr.SUBJECT])
    if token is not None:
        row["uri"] = uri.of_object(token, cls=values[Attr.CLASS], label=label, identity=identity)
    return row


def _type(values: Mapping[Attr, Any]) -> str:
    if Attr.CERTIFICATE_TYPE in values:
        number = values[Attr.CERTIFICATE_TYPE]
        return _CERTIFICATES.get(number, f"{number:#x}")
    if Attr.KEY_TYPE not in values:
        return str(values.get(Attr.APPLICATION, b""), "utf-8", "replace")
    if values[Attr.CLASS] == ObjectClass.DOMAIN_PARAMETERS:
        return standard_name(values[Attr.KEY_TYPE])
    return type_name(values)


def _name(der: bytes) -> str:
    from hsmith.crypto.x509 import name_text

    return name_text(der)


def everything(session: "Session", handle: int, token: Mapping[str, Any]) -> dict[str, Any]:
    """All attributes of an object that can be read, the URI, and of a key what it did so far."""
    from hsmith.spec.attributes import ATTRIBUTES
    from hsmith.spec.objects import OBJECTS, SUBTYPE

    cls = session.read(handle, [Attr.CLASS])[Attr.CLASS]
    subtype = session.read(handle, [SUBTYPE[cls]]).get(SUBTYPE[cls]) if cls in SUBTYPE else None
    schema = OBJECTS.get((cls, subtype), {})
    values = session.read(handle, [Attr(attr) for attr in schema if attr in ATTRIBUTES])
    row = described(session, handle, token)
    chosen = {
        name: row[name] for name in ("class", "type", "label", "id", "bits", "uses", "subject", "uri") if name in row
    }
    told = {Attr.CLASS, Attr.LABEL, Attr.ID, Attr.KEY_TYPE, Attr.CERTIFICATE_TYPE, Attr.SUBJECT}
    found = chosen | {attr.name.lower(): shown(attr, value) for attr, value in values.items() if attr not in told}
    if cls in CLASS_NAMES:
        known = session.client.admin("key.roles", session=session.handle, handle=handle)
        found |= {"roles": known["roles"], "facts": known["facts"]}
    return found
