"""The cases as they are written: a sequence of calls and answers (chapter "PKCS#11 XML Representation")."""

import os
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

#: A version has its two numbers as attributes; "XML Element Attributes" has the others.
_ATTRIBUTES: Final = {"type", "value", "length", "rv", "major", "minor"}
_NAMESPACE: Final = "{urn:oasis:tc:pkcs11:xmlns}"


class Malformed(ValueError):
    """The text of a case is not what the chapter on its representation prescribes, or beyond this interpreter."""


class Step(NamedTuple):
    """One call with its input parameters, and the answer with its return value and output parameters."""

    call: Element
    answer: Element


def folder() -> Path | None:
    """Where the cases are: HSMITH_PROFILES, or beside the checkout."""
    given = os.environ.get("HSMITH_PROFILES")
    path = Path(given) if given else Path(__file__).resolve().parents[3] / "shared" / "pkcs11" / "profiles"
    return path if any(path.glob("*.xml")) else None


def steps(text: str) -> list[Step]:
    """The calls of a case in their order."""
    root = ET.fromstring(text)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        if unknown := set(element.attrib) - _ATTRIBUTES:
            raise Malformed(f"{element.tag} has the attributes {sorted(unknown)}")
    if root.tag != "PKCS11" or len(root) == 0:
        raise Malformed(f"the root element is {root.tag} with {len(root)} elements, not PKCS11 with some")
    if len(root) % 2:
        raise Malformed(f"the last call, {root[-1].tag}, has no answer")
    return [_step(call, answer) for call, answer in zip(root[::2], root[1::2], strict=True)]


def _step(call: Element, answer: Element) -> Step:
    if call.tag != answer.tag or "rv" in call.attrib or "rv" not in answer.attrib:
        raise Malformed(f"{call.tag} is not followed by its answer, but by {answer.tag}")
    return Step(call, answer)
