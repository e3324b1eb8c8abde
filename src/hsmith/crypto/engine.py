"""What the core asks of a mechanism's engine. One Engine instance serves one mechanism and keeps no state.

An engine raises Refused with the return value of the standard: MECHANISM_PARAM_INVALID for a bad parameter,
DATA_LEN_RANGE, ENCRYPTED_DATA_INVALID, SIGNATURE_INVALID and so on. The core has already checked, from the
mechanism's row, the operation, the key's class, type and size, the key's usage attributes and the parameter's class.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from hsmith.crypto.key import Key
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.spec.params import Out
from hsmith.spec.values import Template

Buffer: TypeAlias = bytes | bytearray | memoryview
Attributes: TypeAlias = Mapping[int, Any]


class Gathering:
    """What runs over several calls. ``again``: once() leaves nothing behind in it, so it may be called more than once;
    then with the same parameter, as what was made of that is kept."""

    __slots__ = ()
    again: ClassVar[bool] = False

    @property
    def kept(self) -> int:
        """Bytes of data that it keeps until its end."""
        return 0


class Stream(Gathering, ABC):
    """A running encryption or decryption."""

    @abstractmethod
    def update(self, data: Buffer) -> bytes: ...

    @abstractmethod
    def finish(self) -> bytes: ...

    @abstractmethod
    def update_size(self, length: int) -> int:
        """Exact number of bytes that update() returns for ``length`` more bytes."""

    @abstractmethod
    def finish_size(self) -> int:
        """Upper bound of what finish() returns now."""

    @abstractmethod
    def once_size(self, length: int) -> int:
        """Upper bound of what once() returns for ``length`` bytes."""

    def once(self, data: Buffer) -> bytes:
        return self.update(data) + self.finish()


class Signer(Gathering, ABC):
    """A running signature or MAC. ``size`` is the exact length in bytes of the result (an upper bound is permitted)."""

    size: int

    @abstractmethod
    def update(self, data: Buffer) -> None: ...

    @abstractmethod
    def finish(self) -> bytes: ...

    def once(self, data: Buffer) -> bytes:
        self.update(data)
        return self.finish()


class Verifier(Gathering, ABC):
    """A running verification; a wrong signature is Refused(SIGNATURE_INVALID) or Refused(SIGNATURE_LEN_RANGE)."""

    @abstractmethod
    def update(self, data: Buffer) -> None: ...

    @abstractmethod
    def finish(self, signature: Buffer) -> None: ...

    def once(self, data: Buffer, signature: Buffer) -> None:
        self.update(data)
        self.finish(signature)


class Digest(ABC):
    """A running digest. ``size``: length in bytes of the result. ``again``: as above."""

    size: int
    again: ClassVar[bool] = False

    @abstractmethod
    def update(self, data: Buffer) -> None: ...

    @abstractmethod
    def finish(self) -> bytes: ...

    def once(self, data: Buffer) -> bytes:
        self.update(data)
        return self.finish()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a derivation is to make: the target's class and type, its length in bytes (None: the natural one),
    how to get the key behind a handle in the mechanism's parameter (refused if it may not be used), and the attributes
    of the key derived from."""

    cls: int
    key_type: int
    length: int | None
    key: Callable[[int], Key]
    base: Attributes = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A key that a derivation is to make: its template, and the cell of the parameter that receives its handle (None:
    it is the function's own result)."""

    template: Template
    cell: Out | None = None


def _missing() -> Refused:
    return Refused(Fault.MECHANISM_INVALID, "the mechanism does not offer this operation")


class Engine:
    """One mechanism. Overrides what its row offers; a test holds the row's flags against the overridden methods."""

    #: Whose code does the work.
    library: str = "cryptography"

    def digest(self, params: Any) -> Digest:
        raise _missing()

    def encrypt(self, key: Key, params: Any) -> Stream:
        raise _missing()

    def decrypt(self, key: Key, params: Any) -> Stream:
        raise _missing()

    def sign(self, key: Key, params: Any) -> Signer:
        raise _missing()

    def verify(self, key: Key, params: Any) -> Verifier:
        raise _missing()

    def sign_recover(self, key: Key, params: Any) -> Signer:
        raise _missing()

    def verify_recover(self, key: Key, params: Any, signature: Buffer) -> bytes:
        raise _missing()

    def generate(self, params: Any, template: Attributes) -> dict[int, Any]:
        """The value attributes (VALUE, PRIME, ...) of a new secret key or of domain parameters."""
        raise _missing()

    def generate_pair(
        self, params: Any, public: Attributes, private: Attributes
    ) -> tuple[dict[int, Any], dict[int, Any]]:
        """The value attributes of the two halves, KEY_TYPE included."""
        raise _missing()

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        """Wrap the encoded key (hsmith.crypto.keys.encode)."""
        raise _missing()

    def unwrap(self, key: Key, params: Any, wrapped: Buffer, length: int | None = None) -> bytes:
        """The encoded key.

        ``length``: bytes that the new secret key must have, where its template or its type tells (None for a private
        key): mechanisms that pad with zeros cut to it; RSA v1.5 goes on with a random key of that length.
        """
        raise _missing()

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        """The value attributes of the derived object: usually {VALUE: bytes}."""
        raise _missing()

    def orders(self, params: Any, template: Template) -> Sequence[Ordered]:
        """The keys that a derivation makes, in order: the one of the template, unless the parameter asks for more."""
        return (Ordered(template),)

    def derive_all(self, key: Key, params: Any, wanted: Sequence[Wanted]) -> list[dict[int, Any]]:
        """The value attributes of each of the keys of orders()."""
        return [self.derive(key, params, each) for each in wanted]

    def encapsulate(self, key: Key, params: Any, wanted: Wanted) -> tuple[bytes, bytes]:
        """(ciphertext, shared secret)."""
        raise _missing()

    def decapsulate(self, key: Key, params: Any, ciphertext: Buffer, wanted: Wanted) -> bytes:
        raise _missing()

    def ciphertext_size(self, key: Key, params: Any) -> int:
        """Length in bytes of an encapsulation, known without making one."""
        raise _missing()
