"""Random numbers (chapter "Random number generation functions")."""

from hsmith.crypto import primitives
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import handles
from hsmith.cryptoki.memory import Charge


@handles("C_SeedRandom")
def seed_random(session: Session, seed: bytes | None) -> None:
    """Mixed into the system's generator, which counts it for nothing and loses nothing by it (random(4))."""
    primitives.mix_random(seed or b"")


@handles("C_GenerateRandom")
def generate_random(session: Session, length: int) -> bytes:
    weight = Charge(session.app.memory, length)
    try:
        return primitives.random_bytes(length)
    finally:
        del weight  # the answer is counted from here on
