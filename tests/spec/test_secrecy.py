"""Every mechanism that wraps or derives keys has its place in the tables of hsmith.spec.secrecy."""

from hsmith.spec.constants import MechanismFlag
from hsmith.spec.mechanisms import MECHANISMS
from hsmith.spec.secrecy import DERIVING, WRAPPING


def test_wrapping() -> None:
    wrapping = {row.mechanism for row in MECHANISMS.values() if row.flags & (MechanismFlag.WRAP | MechanismFlag.UNWRAP)}
    assert wrapping <= WRAPPING.keys()


def test_deriving() -> None:
    assert {row.mechanism for row in MECHANISMS.values() if row.flags & MechanismFlag.DERIVE} <= DERIVING.keys()
