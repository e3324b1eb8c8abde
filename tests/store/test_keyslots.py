"""Keyslots open with their PIN alone, with their store's secret alone, and cost what they say and no more."""

import threading
import time
from typing import Any

import pytest

from hsmith.crypto import primitives
from hsmith.store import keyslots
from hsmith.store.keyslots import Cost, WrongPin
from hsmith.store.sealing import Damaged

MASTER = bytes(range(32))
SECRET = bytes(range(100, 132))
CHEAP = Cost(memory_kib=8)
PLACE: dict[str, Any] = {"secret": SECRET, "token": 3, "name": "user"}


def _make(pin: bytes = b"1234", **other: Any) -> bytes:
    return keyslots.make(pin, MASTER, **(PLACE | {"cost": CHEAP} | other))


@pytest.mark.parametrize("pin", [b"1234", b"\0\0\0\0", bytes(range(255)), b"p" * 255, "gr\u00fcn".encode()])
def test_the_right_pin_opens(pin: bytes) -> None:
    assert keyslots.open(pin, _make(pin), **PLACE) == MASTER


@pytest.mark.parametrize("pin", [b"", b"123", b"1235", b"1234\0", b"12345"])
def test_another_pin_does_not(pin: bytes) -> None:
    with pytest.raises(WrongPin):
        keyslots.open(pin, _make(), **PLACE)


@pytest.mark.parametrize("other", [{"token": 4}, {"name": "so"}, {"secret": bytes(32)}])
def test_in_another_place_it_is_damaged(other: dict[str, Any]) -> None:
    with pytest.raises(Damaged):
        keyslots.open(b"1234", _make(), **(PLACE | other))


def test_every_flipped_bit_is_noticed_before_a_pin_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    blob = _make()
    monkeypatch.setattr(primitives, "argon2id", lambda *_, **__: pytest.fail("a PIN was tried"))
    for bit in range(len(blob) * 8):
        altered = bytearray(blob)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Damaged, match="'user' of token 3"):
            keyslots.open(b"1234", bytes(altered), **PLACE)
    for length in (0, 1, 16, 20, len(blob) - 1):
        with pytest.raises(Damaged):
            keyslots.open(b"1234", blob[:length], **PLACE)


@pytest.mark.parametrize(
    "cost",
    [
        Cost(memory_kib=2**30),
        Cost(memory_kib=4),
        Cost(memory_kib=8, lanes=2),
        Cost(lanes=0),
        Cost(lanes=200),
        Cost(iterations=0),
        Cost(iterations=60_000),
    ],
)
def test_a_cost_out_of_bounds_is_neither_written_nor_paid(cost: Cost, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        _make(cost=cost)
    # Even if the MAC is right, as an attacker with the store's secret could make it.
    monkeypatch.setattr(Cost, "check", lambda _self: None)
    monkeypatch.setattr(primitives, "argon2id", lambda *_, **__: bytes(32))
    blob = _make(cost=cost)
    monkeypatch.undo()
    monkeypatch.setattr(primitives, "argon2id", lambda *_, **__: pytest.fail("the cost was paid"))
    with pytest.raises(Damaged, match="out of bounds"):
        keyslots.open(b"1234", blob, **PLACE)


def test_the_master_key_is_not_in_it_and_no_two_are_alike() -> None:
    assert MASTER not in _make()
    assert _make() != _make()


def test_the_store_secret_is_needed_to_try_a_pin() -> None:
    """Even with the MAC left aside: the wrapping key is made of the PIN and the secret."""
    blob = _make()
    other = keyslots._mac(bytes(32), 3, "user", blob[:-16])
    with pytest.raises(WrongPin):
        keyslots.open(b"1234", blob[:-16] + other, **(PLACE | {"secret": bytes(32)}))


def test_a_calibrated_cost_is_at_least_64_mib_and_works() -> None:
    cost = keyslots.calibrate(150)
    assert cost.memory_kib == 64 * 1024
    assert cost.iterations >= 1
    assert keyslots.open(b"1234", _make(cost=cost), **PLACE) == MASTER


def test_other_threads_run_while_a_pin_is_tried() -> None:
    """The key derivation leaves the interpreter to others: a login must not stop every other client."""
    thread = threading.Thread(target=_make, kwargs={"cost": Cost(iterations=3)})
    thread.start()
    turns = 0
    while thread.is_alive():
        time.sleep(0.001)
        turns += 1
    assert turns > 20
