"""Random numbers (chapter "Random number generation functions")."""

from hsmith.crypto import primitives
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import handles


@handles("C_SeedRandom")
def seed_random(session: Session, seed: bytes | None) -> None:
    """Mixed into the system's generator, which counts it for nothing and loses nothing by it (random(4))."""
    primitives.mix_random(seed or b"")


@handles("C_GenerateRandom")
def generate_random(session: Session, length: int) -> bytes:
    return primitives.random_bytes(length)
