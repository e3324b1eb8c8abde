"""After a logout no key and no PIN is in the files, in the log, or in the memory of the keeper."""

import ctypes as C
import json
import os
import re
import secrets
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from harness import BIN, keepers_of
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass, UserType
from p11 import P11, P256, refused
from p11_values import c_gcm, c_mechanism

PROCESS = Path("/proc")


def found_in_files(home: Path, needles: dict[str, bytes]) -> set[str]:
    """The needles that some file of the home, or a temporary one made meanwhile, holds, in any usual encoding."""
    folders = [home, Path(tempfile.gettempdir())]
    files = {path for folder in folders for path in folder.glob("**/*" if folder == home else "*") if path.is_file()}
    found = set()
    for path in files:
        try:
            content = path.read_bytes()
        except OSError:
            continue
        found |= {f"{name} in {path}" for name, needle in needles.items() for form in forms(needle) if form in content}
    return found


def forms(needle: bytes) -> list[bytes]:
    """As it is, in hexadecimal, and as libraries keep numbers: the lowest part first."""
    return [needle, needle.hex().encode(), needle.hex().upper().encode(), needle[::-1]]


def found_in_memory(pid: int, needles: dict[str, bytes]) -> list[str]:
    """The needles in the memory of a process, as often as they are there."""
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            matched = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if matched is None or "[v" in line:
                continue
            start, end = (int(part, 16) for part in matched.groups())
            memory.seek(start)
            try:
                content = memory.read(end - start)
            except OSError:
                continue
            for name, needle in needles.items():
                found += [name] * sum(content.count(form) for form in forms(needle))
    return found


@pytest.fixture
def needles() -> dict[str, bytes]:
    """Values that nothing else in the world has."""
    return {
        "user PIN": b"pin-" + secrets.token_hex(12).encode(),
        "SO PIN": b"so-pin-" + secrets.token_hex(12).encode(),
        "wrong PIN": b"wrong-" + secrets.token_hex(12).encode(),
        "AES key": secrets.token_bytes(32),
        "HMAC key": secrets.token_bytes(32),
        "EC key": b"\x11" + secrets.token_bytes(31),
        "session key": secrets.token_bytes(32),
    }


def rsa_key(needles: dict[str, bytes]) -> dict[int, Any]:
    """A private key; its parts are needles from now on."""
    numbers = rsa.generate_private_key(65537, 2048).private_numbers()
    parts = {Attr.PRIVATE_EXPONENT: numbers.d, Attr.PRIME_1: numbers.p, Attr.PRIME_2: numbers.q}
    values: dict[int, Any] = {
        attr: number.to_bytes((number.bit_length() + 7) // 8, "big") for attr, number in parts.items()
    }
    needles |= {f"RSA {attr.name}": values[attr] for attr in parts}
    public: dict[int, Any] = {
        Attr.MODULUS: numbers.public_numbers.n.to_bytes(256, "big"),
        Attr.PUBLIC_EXPONENT: b"\x01\x00\x01",
    }
    kind: dict[int, Any] = {
        Attr.CLASS: ObjectClass.PRIVATE_KEY,
        Attr.KEY_TYPE: KeyType.RSA,
        Attr.TOKEN: True,
        Attr.SENSITIVE: True,
    }
    return {**kind, **public, **values, Attr.SIGN: True, Attr.PRIVATE: True}


def use_all(p11: P11, needles: dict[str, bytes]) -> None:
    """Import, use and leave keys of known values."""
    text = {name: needle.decode("latin-1") for name, needle in needles.items() if "PIN" in name}
    slot = p11.init_token("secret", so_pin=text["SO PIN"], pin=text["user PIN"])
    secret = {Attr.CLASS: ObjectClass.SECRET_KEY, Attr.SENSITIVE: True, Attr.PRIVATE: True}
    with p11.open(slot) as session:
        with refused(Fault.PIN_INCORRECT):
            session.login(text["wrong PIN"])
        session.login(text["user PIN"])
        keys = [
            session.create(secret | {Attr.KEY_TYPE: kind, Attr.VALUE: needles[name], Attr.TOKEN: token, usage: True})
            for name, kind, token, usage in (
                ("AES key", KeyType.AES, True, Attr.ENCRYPT),
                ("session key", KeyType.AES, False, Attr.ENCRYPT),
                ("HMAC key", KeyType.GENERIC_SECRET, True, Attr.SIGN),
            )
        ]
        private = session.create(
            {Attr.CLASS: ObjectClass.PRIVATE_KEY, Attr.KEY_TYPE: KeyType.EC, Attr.TOKEN: True, Attr.SENSITIVE: True}
            | {Attr.EC_PARAMS: P256, Attr.VALUE: needles["EC key"], Attr.SIGN: True, Attr.PRIVATE: True}
        )
        rsa_private = session.create(rsa_key(needles))
        uses: list[tuple[str, int, Any]] = [
            *(("Encrypt", key, Mechanism.AES_ECB) for key in keys[:2]),
            *(("Encrypt", key, c_gcm(secrets.token_bytes(12))) for key in keys[:2]),
            ("Sign", keys[2], Mechanism.SHA256_HMAC),
            ("Sign", private, Mechanism.ECDSA),
            ("Sign", rsa_private, Mechanism.SHA256_RSA_PKCS),
        ]
        for operation, key, mechanism in uses:
            for _ in range(12):  # so often that native code gets what it has
                session.call(f"C_{operation}Init", c_mechanism(mechanism), key)
                session.call(f"C_{operation}", bytes(32), 32, C.create_string_buffer(256), C.c_ulong(256))
        with refused(Fault.ATTRIBUTE_SENSITIVE):
            session.get(keys[0], [Attr.VALUE])
        with refused(Fault.TEMPLATE_INCOMPLETE, Fault.TEMPLATE_INCONSISTENT, Fault.ATTRIBUTE_VALUE_INVALID):
            session.create(secret | {Attr.VALUE: needles["AES key"]})
        session.logout()
        session.login(text["SO PIN"], UserType.SO)
        session.logout()
        session.login(text["user PIN"])
        (found,) = session.find({Attr.KEY_TYPE: KeyType.EC})
        session.sign(found, Mechanism.ECDSA, bytes(32))
        session.logout()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the keeper's memory")
def test_nothing_is_left(p11: P11, home: Path, needles: dict[str, bytes]) -> None:
    with (home / "config.toml").open("a") as file:
        file.write('[log]\nlevel = "debug"\n')
    p11.rv("C_Finalize", None)
    subprocess.run([BIN / "hsmith", "keeper", "stop"], capture_output=True)
    p11.initialize()
    use_all(p11, needles)
    (pid,) = keepers_of(home)
    stats = json.loads(subprocess.run([BIN / "hsmith", "keeper", "stats", "--json"], capture_output=True).stdout)
    assert stats["native"] > 20
    assert found_in_files(home, needles) == set()
    assert found_in_memory(pid, needles) == []
