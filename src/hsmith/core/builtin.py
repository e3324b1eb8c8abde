"""Objects that every token has by itself: one CKO_MECHANISM object for each mechanism (chapter "Mechanism objects")."""

from typing import Any, Final

from hsmith.core.objects import Object
from hsmith.spec.constants import Attr, ObjectClass
from hsmith.spec.mechanisms import MECHANISMS
from hsmith.spec.values import Template

#: Handles of built-in objects: above all token objects, below all session objects.
FIRST: Final = 0x7F000000


def _mechanism_object(number: int, mechanism: int) -> Object:
    attributes: dict[int, Any] = {Attr.CLASS: ObjectClass.MECHANISM, Attr.MECHANISM_TYPE: int(mechanism)}
    return Object(number, attributes)


OBJECTS: Final = {
    FIRST + index: _mechanism_object(FIRST + index, mechanism) for index, mechanism in enumerate(sorted(MECHANISMS))
}


def find(template: Template) -> list[int]:
    """Handles of the built-in objects that match; none unless the template names their class, as the chapter says."""
    wanted = dict(template)
    if wanted.get(Attr.CLASS) != ObjectClass.MECHANISM:
        return []
    return [
        number
        for number, object in OBJECTS.items()
        if all(object.attributes.get(type) == value for type, value in template)
    ]
