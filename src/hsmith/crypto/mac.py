"""HMAC and CMAC, whole and cut (sections "HMAC mechanisms", "AES CMAC")."""

from abc import abstractmethod
from hmac import compare_digest
from typing import Any

from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hmac import HMAC

from hsmith.crypto.blocks import BlockCipher, algorithm_of
from hsmith.crypto.engine import Buffer, Engine, Signer, Verifier
from hsmith.crypto.hashes import Hash
from hsmith.crypto.key import Key
from hsmith.crypto.streams import bad_parameter, wrong, wrong_length


class MacSigner(Signer):
    __slots__ = ("_context", "size")

    def __init__(self, context: Any, size: int) -> None:
        self._context = context
        self.size = size

    def update(self, data: Buffer) -> None:
        self._context.update(data)

    def finish(self) -> bytes:
        return bytes(self._context.finalize()[: self.size])


class MacVerifier(Verifier):
    __slots__ = ("_context", "_size")

    def __init__(self, context: Any, size: int) -> None:
        self._context = context
        self._size = size

    def update(self, data: Buffer) -> None:
        self._context.update(data)

    def finish(self, signature: Buffer) -> None:
        if len(signature) != self._size:
            raise wrong_length(len(signature), self._size)
        if not compare_digest(self._context.finalize()[: self._size], bytes(signature)):
            raise wrong()


class _Mac(Engine):
    """``general``: the length of the result is the parameter."""

    def __init__(self, full: int, *, general: bool) -> None:
        self._full = full
        self._general = general

    @abstractmethod
    def _context(self, key: Key) -> Any: ...

    def _size(self, params: int | None) -> int:
        if not self._general:
            return self._full
        if params is None or not 1 <= params <= self._full:
            raise bad_parameter(f"the length of the MAC must be 1 to {self._full} bytes")
        return params

    def sign(self, key: Key, params: Any) -> Signer:
        return MacSigner(self._context(key), self._size(params))

    def verify(self, key: Key, params: Any) -> Verifier:
        return MacVerifier(self._context(key), self._size(params))


class Hmac(_Mac):
    """CKM_<hash>_HMAC and CKM_<hash>_HMAC_GENERAL."""

    def __init__(self, row: Hash, *, general: bool = False) -> None:
        super().__init__(row.size, general=general)
        self._algorithm = row.algorithm

    def _context(self, key: Key) -> Any:
        return HMAC(key.native, self._algorithm)


class Cmac(_Mac):
    """CKM_AES_CMAC, CKM_DES3_CMAC and their _GENERAL forms."""

    def __init__(self, cipher: BlockCipher, *, general: bool = False) -> None:
        super().__init__(cipher.block, general=general)
        self._cipher = cipher

    def _context(self, key: Key) -> Any:
        return CMAC(algorithm_of(self._cipher, key))
