"""Dataclasses that are made in half of the time: the keeper has a hundred of them, and each of their methods is compiled."""

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


def _values(one: Any) -> tuple[Any, ...]:
    return tuple([getattr(one, name) for name in one.__match_args__])


def _equal(one: Any, other: Any) -> bool:
    return _values(one) == _values(other) if type(other) is type(one) else NotImplemented


def _hash(one: Any) -> int:
    return hash(_values(one))


def _repr(one: Any) -> str:
    shown = ", ".join(
        [f"{one_field.name}={getattr(one, one_field.name)!r}" for one_field in fields(one) if one_field.repr]
    )
    return f"{type(one).__qualname__}({shown})"


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def structure(cls: type[T]) -> type[T]:
    """As dataclass(frozen=True, slots=True). Of the methods, those that are rarely called are the same for all classes.
    For classes without fields that are kept out of comparing or of the constructor."""
    cls.__doc__ = cls.__doc__ or cls.__name__  # or else a signature is made for it
    cls.__eq__, cls.__hash__, cls.__repr__ = _equal, _hash, _repr  # type: ignore[assignment, method-assign]
    made: type[T] = dataclass(frozen=True, slots=True, eq=False, repr=False)(cls)
    return made
