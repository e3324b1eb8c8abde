"""Further modes of block ciphers: OFB, CFB, CBC with ciphertext stealing, XTS (sections "AES", "AES CBC with
CipherText Stealing", "AES XTS")."""

from collections.abc import Callable
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, modes

from hsmith.crypto.blocks import XTS_CIPHER, BlockCipher, CounterStream, Mode, algorithm_of, data_fault
from hsmith.crypto.engine import Buffer, Engine, Stream
from hsmith.crypto.key import Key
from hsmith.crypto.later import Later
from hsmith.crypto.streams import Whole, bad_parameter
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused

OTHER_AES: Final[Any] = Later("Crypto.Cipher.AES")

ANY_LENGTH: Final = 1 << 80  # these modes have no counter that could run out


class Feedback(Mode):
    """CKM_AES_OFB, CKM_AES_CFB8, CKM_AES_CFB128: as long as the data. The parameter is the IV, one block."""

    def __init__(self, cipher: BlockCipher, mode: Callable[[bytes], modes.Mode]) -> None:
        super().__init__(cipher)
        self._mode = mode

    def _library(self, key: Key, params: bytes) -> Any:
        if len(params) != self._cipher.block:
            raise bad_parameter(f"the IV has {len(params)} bytes where {self._cipher.block} are due")
        return Cipher(algorithm_of(self._cipher, key), self._mode(params))

    def encrypt(self, key: Key, params: Any) -> Stream:
        return CounterStream(self._library(key, params).encryptor(), ANY_LENGTH)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return CounterStream(self._library(key, params).decryptor(), ANY_LENGTH)

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        return self.encrypt(key, params).once(material)


class CryptOnly(Engine):
    """CKM_DES_OFB64, CKM_DES_CFB64, CKM_DES_CFB8, CKM_DES_ECB and the like: a mode that wraps no keys."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode

    def encrypt(self, key: Key, params: Any) -> Stream:
        return self._mode.encrypt(key, params)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return self._mode.decrypt(key, params)


class Updating:
    """A method of the second library's ciphers as the update() of the first library's."""

    __slots__ = ("update",)

    def __init__(self, update: Callable[[Buffer], bytes]) -> None:
        self.update = update


class Cfb64(Feedback):
    """CKM_AES_CFB64, by the second library: the first has segments of 8 and of 128 bits alone."""

    library = "pycryptodome"

    def __init__(self, cipher: BlockCipher) -> None:
        super().__init__(cipher, modes.CBC)

    def _other(self, key: Key, params: bytes) -> Any:
        if len(params) != self._cipher.block:
            raise bad_parameter(f"the IV has {len(params)} bytes where {self._cipher.block} are due")
        return OTHER_AES.new(key.native, OTHER_AES.MODE_CFB, iv=params, segment_size=64)

    def encrypt(self, key: Key, params: Any) -> Stream:
        return CounterStream(Updating(self._other(key, params).encrypt), ANY_LENGTH)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return CounterStream(Updating(self._other(key, params).decrypt), ANY_LENGTH)


class Cts(Mode):
    """CKM_AES_CTS: CBC-CS1 of the addendum to SP 800-38A. The last two blocks wait for the end of the data."""

    def _cbc(self, key: Key, params: bytes) -> Cipher[modes.CBC]:
        if len(params) != self._cipher.block:
            raise bad_parameter(f"the IV has {len(params)} bytes where {self._cipher.block} are due")
        return Cipher(algorithm_of(self._cipher, key), modes.CBC(params))

    def _checked(self, data: Buffer, *, encrypting: bool) -> bytes:
        if len(data) < self._cipher.block:
            raise _short(encrypting=encrypting)
        return bytes(data)

    def encrypt(self, key: Key, params: Any) -> Stream:
        library, block = self._cbc(key, params), self._cipher.block

        def transform(data: Buffer) -> bytes:
            data = self._checked(data, encrypting=True)
            rest = len(data) % block
            if not rest:
                return library.encryptor().update(data)
            whole = library.encryptor().update(data + bytes(block - rest))
            return whole[: len(data) - block] + whole[-block:]

        return Whole(transform, lambda length: length)

    def decrypt(self, key: Key, params: Any) -> Stream:
        library, block = self._cbc(key, params), self._cipher.block

        def transform(data: Buffer) -> bytes:
            data = self._checked(data, encrypting=False)
            rest = len(data) % block
            if not rest:
                return library.decryptor().update(data)
            # What was stolen from the last block but one: the end of the last block, decrypted.
            last = data[-block:]
            stolen = Cipher(algorithm_of(self._cipher, key), modes.ECB()).decryptor().update(last)[rest:]
            return library.decryptor().update(data[:-block] + stolen + last)[: len(data)]

        return Whole(transform, lambda length: length)

    def wrap(self, key: Key, params: Any, material: bytes) -> bytes:
        try:
            return self.encrypt(key, params).once(material)
        except Refused:
            raise Refused(Fault.KEY_SIZE_RANGE, "this mechanism wraps keys of at least one block") from None


def _short(*, encrypting: bool) -> Refused:
    return Refused(data_fault(encrypting).fault, "the data must have at least one block")


class Xts(Engine):
    """CKM_AES_XTS: the data is one data unit, the parameter its sequence number, 16 bytes."""

    def _unit(self, key: Key, params: bytes) -> Any:
        if len(params) != 16:
            raise bad_parameter(f"the data unit sequence number has {len(params)} bytes where 16 are due")
        half = len(key.native) // 2
        if key.native[:half] == key.native[half:]:
            raise Refused(Fault.KEY_FUNCTION_NOT_PERMITTED, "the halves of an XTS key must differ (SP 800-38E)")
        return Cipher(algorithm_of(XTS_CIPHER, key), modes.XTS(params))

    def _stream(self, context: Callable[[], Any], *, encrypting: bool) -> Stream:
        def transform(data: Buffer) -> bytes:
            if len(data) < XTS_CIPHER.block:
                raise _short(encrypting=encrypting)
            return bytes(context().update(data))

        return Whole(transform, lambda length: length)

    def encrypt(self, key: Key, params: Any) -> Stream:
        return self._stream(self._unit(key, params).encryptor, encrypting=True)

    def decrypt(self, key: Key, params: Any) -> Stream:
        return self._stream(self._unit(key, params).decryptor, encrypting=False)
