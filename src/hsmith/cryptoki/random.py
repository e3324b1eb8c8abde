"""Random numbers (chapter "Random number generation functions")."""

from hsmith.crypto import primitives
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import handles
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused


@handles("C_SeedRandom")
def seed_random(session: Session, seed: bytes | None) -> None:
    """The generator is the system's, which needs and takes no seed from a client."""
    raise Refused(Fault.RANDOM_SEED_NOT_SUPPORTED, "the system's generator seeds itself")


@handles("C_GenerateRandom")
def generate_random(session: Session, length: int) -> bytes:
    return primitives.random_bytes(length)
