"""structure() makes what dataclass(frozen=True, slots=True) makes."""

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from hsmith.spec.structure import structure


@dataclass(frozen=True, slots=True)
class Usual:
    number: int
    secret: bytes = field(default=b"", repr=False)


@structure
class Quick:
    number: int
    secret: bytes = field(default=b"", repr=False)


def test_it_is_the_same() -> None:
    usual, quick = Usual(1, b"hidden"), Quick(1, b"hidden")
    assert repr(quick) == repr(usual).replace("Usual", "Quick") == "Quick(number=1)"
    assert hash(quick) == hash(usual)
    assert quick == Quick(1, b"hidden") and quick != Quick(2, b"hidden") and quick != Quick(1, b"other")
    other: object = usual
    assert quick != other
    assert replace(quick, number=2) == Quick(2, b"hidden")


def test_it_does_not_change() -> None:
    quick = Quick(1)
    with pytest.raises(FrozenInstanceError):
        quick.number = 2  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        quick.another = 2  # type: ignore[attr-defined]
