"""Objects that every token has by itself: a CKO_MECHANISM object for each mechanism, a CKO_PROFILE object for each
profile that is met (chapters "Mechanism objects", "Profile objects").

There are no CKO_VALIDATION objects: nobody has validated hsmith.
"""

from typing import Any, Final

from hsmith.core.objects import Object
from hsmith.spec.constants import Attr, ObjectClass, ProfileId
from hsmith.spec.mechanisms import MECHANISMS
from hsmith.spec.values import Template

#: Handles of built-in objects: above all token objects, below all session objects.
FIRST: Final = 0x7F000000

#: Of the profiles for providers not Complete Provider, since not every mechanism of the text is offered, and not Public
#: Certificates Token, whose conditions are about what users put on a token: they may make a certificate private. Nor
#: HKDF TLS Token, though its conditions are met: what knows the profiles of 3.0 alone takes its number for an error.
PROFILES: Final = (
    ProfileId.BASELINE_PROVIDER,
    ProfileId.EXTENDED_PROVIDER,
    ProfileId.AUTHENTICATION_TOKEN,
)


def _described() -> list[dict[int, Any]]:
    classes = (
        (ObjectClass.MECHANISM, Attr.MECHANISM_TYPE, sorted(MECHANISMS)),
        (ObjectClass.PROFILE, Attr.PROFILE_ID, PROFILES),
    )
    return [{Attr.CLASS: int(cls), attr: int(value)} for cls, attr, values in classes for value in values]


def _objects() -> dict[int, Object]:
    found = {}
    for number, attributes in enumerate(_described(), FIRST):
        attributes[Attr.UNIQUE_ID] = f"built-in-{number - FIRST}".encode()
        found[number] = Object(number, attributes)
    return found


OBJECTS: Final = _objects()
#: Classes of objects of which there are no others.
CLASSES: Final = frozenset(object.cls for object in OBJECTS.values())


def find(template: Template) -> list[int]:
    """Handles of the built-in objects that match; none unless the template names their class: a program that asks for
    all objects means those that somebody made."""
    if dict(template).get(Attr.CLASS) not in CLASSES:
        return []
    return [
        number
        for number, object in OBJECTS.items()
        if all(object.attributes.get(type) == value for type, value in template)
    ]
