"""What attacks are made with: sessions, keys to be stolen, and the question whether a call was refused."""

import contextlib
import hmac
import os
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from harness import PIN, SO_PIN
from hsmith.spec.constants import Attr, KeyType, Mechanism, ObjectClass, UserType
from p11 import P11, P11Error, Session, make

PROFILES = ("default", "strict", "compat")
M, A = Mechanism, Attr
SECRET, PRIVATE, PUBLIC = ObjectClass.SECRET_KEY, ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY
IV = bytes(range(16))
USES = ("ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "WRAP", "UNWRAP", "DERIVE")

#: An attack: gives what it holds to be the key, or is refused on its way.
Attack = Callable[["Bench"], bytes | None]


class Bench:
    """One token. ``s`` is the attacker's session; the key to be stolen is ``k``, its value ``value``."""

    s: Session

    def __init__(self, p11: P11, slot: int, profile: str) -> None:
        self.p11, self.slot, self.profile = p11, slot, profile

    def begin(self) -> None:
        self.s = self.p11.open(self.slot)
        self.s.login(PIN)
        self.value = os.urandom(16)
        self._k = 0

    def end(self) -> None:
        with contextlib.suppress(P11Error):
            self.s.logout()
        with contextlib.suppress(P11Error):
            self.s.login(PIN)
        for key in self.s.find():
            with contextlib.suppress(P11Error):
                self.s.destroy(key)
        self.p11.call("C_CloseAllSessions", self.slot)

    @property
    def k(self) -> int:
        """The key to be stolen: secret, sensitive, extractable."""
        if not self._k:
            self._k = self.victim()
        return self._k

    def victim(self, value: bytes | None = None, kind: int = KeyType.GENERIC_SECRET, **more: Any) -> int:
        template = {
            A.CLASS: SECRET, A.KEY_TYPE: kind, A.VALUE: value or self.value, A.SENSITIVE: True, A.EXTRACTABLE: True,
            **named(SIGN=True, VERIFY=True, ENCRYPT=False, DECRYPT=False, WRAP=False, UNWRAP=False),
        }  # fmt: skip
        if kind != KeyType.GENERIC_SECRET:
            template |= named(SIGN=False, VERIFY=False)
        if more.get("DERIVE"):
            template |= named(SIGN=False, VERIFY=False)
        return self.s.create(template | named(**more))

    def aes(self, *uses: str, size: int = 16, **more: Any) -> int:
        """A fresh AES key, sensitive and extractable, that may be used so and not otherwise."""
        template = {A.VALUE_LEN: size, A.SENSITIVE: True, A.EXTRACTABLE: True, **usage(uses)}
        return self.s.generate(M.AES_KEY_GEN, template | named(**more))

    def known(self, value: bytes, *uses: str, kind: int = KeyType.AES, **more: Any) -> int:
        """A key that the attacker has made."""
        template = {A.CLASS: SECRET, A.KEY_TYPE: kind, A.VALUE: value, A.SENSITIVE: True, A.EXTRACTABLE: True}
        return self.s.create(template | usage(uses) | named(**more))

    def rsa(self, public: tuple[str, ...], private: tuple[str, ...], bits: int = 2048) -> tuple[int, int]:
        return self.s.generate_pair(
            M.RSA_PKCS_KEY_PAIR_GEN,
            {A.MODULUS_BITS: bits, A.PUBLIC_EXPONENT: b"\1\0\1", **usage(public, ("ENCRYPT", "VERIFY", "WRAP"))},
            usage(private, ("DECRYPT", "SIGN", "SIGN_RECOVER", "UNWRAP")) | named(SENSITIVE=True, EXTRACTABLE=True),
        )

    def readable(self, kind: int = KeyType.GENERIC_SECRET, **more: Any) -> dict[int, Any]:
        """A template for a key that the attacker can read."""
        template = {A.CLASS: SECRET, A.KEY_TYPE: kind, A.SENSITIVE: False, A.EXTRACTABLE: True}
        return template | named(**more)

    def read(self, key: int) -> bytes:
        value: bytes = self.s.get(key, A.VALUE)
        return value

    def search(self, key: int, candidates: Iterator[bytes] | list[bytes], mechanism: int = M.SHA256_HMAC) -> bytes:
        """The candidate under which HMAC gives what ``key`` gives; LookupError."""
        made = self.s.sign(key, mechanism, b"text")
        for candidate in candidates:
            if hmac.digest(candidate, b"text", "sha256") == made:
                return candidate
        raise LookupError("none of the candidates")

    @contextlib.contextmanager
    def so(self) -> Iterator[Session]:
        """The SO's session; the user is logged out meanwhile."""
        self.s.logout()
        self.s.login(SO_PIN, UserType.SO)
        try:
            yield self.s
        finally:
            self.s.logout()
            self.s.login(PIN)

    def steals(self, attack: Attack) -> bool:
        """Whether the attack gets the key. A refusal on its way is a no, and so is a search in vain."""
        try:
            return attack(self) == self.value
        except (P11Error, LookupError):
            return False


def named(**values: Any) -> dict[int, Any]:
    return {A[name]: value for name, value in values.items()}


def usage(uses: tuple[str, ...], all_of: tuple[str, ...] = USES) -> dict[int, Any]:
    return {A[name]: name in uses for name in all_of}


def cbc(key: bytes, blob: bytes, iv: bytes = IV, *, encrypting: bool = False) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    context = cipher.encryptor() if encrypting else cipher.decryptor()
    return context.update(blob) + context.finalize()


def unpadded(data: bytes) -> bytes:
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(data) + unpadder.finalize()


def ecb(key: bytes, data: bytes, *, encrypting: bool = True) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.ECB())
    context = cipher.encryptor() if encrypting else cipher.decryptor()
    return context.update(data) + context.finalize()


def string(data: bytes) -> Any:
    """A CK_KEY_DERIVATION_STRING_DATA."""
    return make("KEY_DERIVATION_STRING_DATA", pData=data)
