"""RC4, for data that exists. Its key stream begins anew with each operation, so two under one key tell each other."""

from typing import Any, Final

from hsmith.crypto.blocks import CounterStream
from hsmith.crypto.engine import Engine, Stream
from hsmith.crypto.feedback import ANY_LENGTH, Updating
from hsmith.crypto.key import Key
from hsmith.crypto.later import Later

ARC4: Final[Any] = Later("Crypto.Cipher.ARC4")


class Rc4(Engine):
    """CKM_RC4."""

    library = "pycryptodome"

    def encrypt(self, key: Key, params: Any) -> Stream:
        return CounterStream(Updating(ARC4.new(key.native).encrypt), ANY_LENGTH)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return self.encrypt(key, params)
