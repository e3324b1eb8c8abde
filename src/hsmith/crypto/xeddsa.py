"""XEdDSA (section "XEdDSA"): signatures by the keys of X25519, hedged as the scheme has it."""

from typing import Any, Final

from cryptography.exceptions import InvalidSignature

from hsmith.crypto.engine import Buffer, Engine, Signer, Verifier
from hsmith.crypto.key import Key
from hsmith.crypto.later import Later
from hsmith.crypto.streams import WholeSigner, WholeVerifier, bad_parameter, wrong_length
from hsmith.spec.constants import Mechanism

LIBRARY: Final[Any] = Later("xeddsa")
SIZE: Final = 64  # bytes of a signature
#: The scheme signs with the private key whose Edwards point has sign 0, and a public key stands for that point.
_SIGN: Final = False


class Xeddsa(Engine):
    """CKM_XEDDSA. The library has curve25519, and SHA-512 as its hash."""

    library = "xeddsa"

    def _check(self, key: Key, params: Any) -> None:
        if key.size != 255:
            raise bad_parameter("XEdDSA is offered with curve25519: no library has it with curve448")
        if params.hash != Mechanism.SHA512:
            raise bad_parameter("the hash of XEdDSA is CKM_SHA512: the library has no other")

    def sign(self, key: Key, params: Any) -> Signer:
        self._check(key, params)
        private = LIBRARY.priv_force_sign(key.native.private_bytes_raw(), _SIGN)
        return WholeSigner(lambda data: bytes(LIBRARY.ed25519_priv_sign(private, bytes(data))), SIZE)

    def verify(self, key: Key, params: Any) -> Verifier:
        self._check(key, params)
        public = LIBRARY.curve25519_pub_to_ed25519_pub(key.native.public_bytes_raw(), _SIGN)

        def verify(data: Buffer, signature: Buffer) -> None:
            if len(signature) != SIZE:
                raise wrong_length(len(signature), SIZE)
            if not LIBRARY.ed25519_verify(bytes(signature), public, bytes(data)):
                raise InvalidSignature

        return WholeVerifier(verify)
