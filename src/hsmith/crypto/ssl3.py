"""SSL 3.0 (section "SSL"; RFC 6101), which RFC 7568 forbids: for what was recorded with it. Chains of MD5 and SHA-1."""

from hmac import compare_digest
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes

from hsmith.crypto.engine import Buffer, Engine, Signer, Verifier
from hsmith.crypto.key import Key
from hsmith.crypto.streams import WholeSigner, WholeVerifier, bad_parameter, wrong_length
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused

_HASHED: Final = 16  # bytes of an MD5 hash
_ROUNDS: Final = 26  # one for each letter
_INNER, _OUTER = b"\x36", b"\x5c"
_SHORTEST: Final = 4


def _md5(data: bytes) -> bytes:
    return hashes.Hash.hash(hashes.MD5(), data)


def ssl3(params: Any, secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """A block from a secret (RFC 6101, section 6.2.2): "A", "BB", "CCC" and so on take the place of labels."""
    if length > _HASHED * _ROUNDS:
        raise Refused(Fault.KEY_SIZE_RANGE, "SSL 3.0 makes blocks of at most 416 bytes")
    made = b""
    for round in range(-(-length // _HASHED)):
        letters = bytes((ord("A") + round,)) * (round + 1)
        made += _md5(secret + hashes.Hash.hash(hashes.SHA1(), letters + secret + seed))
    return made[:length]


class Mac(Engine):
    """CKM_SSL3_MD5_MAC, CKM_SSL3_SHA1_MAC: the predecessor of HMAC. The parameter is the length of the MAC."""

    def __init__(self, algorithm: hashes.HashAlgorithm, padding: int) -> None:
        self._algorithm = algorithm
        self._padding = padding  # bytes

    def _mac(self, key: Key, length: int) -> Any:
        if not _SHORTEST <= length <= self._algorithm.digest_size:
            raise bad_parameter(f"the length must be {_SHORTEST} to {self._algorithm.digest_size}")

        def mac(data: Buffer) -> bytes:
            inner = hashes.Hash.hash(self._algorithm, key.native + _INNER * self._padding + bytes(data))
            return hashes.Hash.hash(self._algorithm, key.native + _OUTER * self._padding + inner)[:length]

        return mac

    def sign(self, key: Key, params: Any) -> Signer:
        return WholeSigner(self._mac(key, params), params)

    def verify(self, key: Key, params: Any) -> Verifier:
        mac = self._mac(key, params)

        def verify(data: Buffer, signature: Buffer) -> None:
            if len(signature) != params:
                raise wrong_length(len(signature), params)
            if not compare_digest(mac(data), bytes(signature)):
                raise InvalidSignature

        return WholeVerifier(verify)
