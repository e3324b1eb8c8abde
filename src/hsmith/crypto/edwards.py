"""EdDSA (section 6.3, RFC 8032): pure by the first library, with a context or pre-hashed by the second."""

from typing import Any, Final

from cryptography.exceptions import InvalidSignature

from hsmith.crypto.ec import generate_pair
from hsmith.crypto.engine import Attributes, Buffer, Engine, Signer, Verifier
from hsmith.crypto.key import Key, need
from hsmith.crypto.later import Later
from hsmith.crypto.material.base import pkcs8, spki
from hsmith.crypto.streams import WholeSigner, WholeVerifier, bad_parameter, wrong_length
from hsmith.spec.constants import Attr, KeyType, ObjectClass
from hsmith.spec.params import EddsaParams

SHA512: Final[Any] = Later("Crypto.Hash.SHA512")
SHAKE256: Final[Any] = Later("Crypto.Hash.SHAKE256")
ECC: Final[Any] = Later("Crypto.PublicKey.ECC")
eddsa: Final[Any] = Later("Crypto.Signature.eddsa")


def _size(key: Key) -> int:
    return 64 if key.size == 255 else 114  # 2b / 8


def _scheme(key: Key, context: bytes) -> Any:
    other = key.prepared.get("other")
    if other is None:
        encoded = pkcs8(key.native) if key.cls == ObjectClass.PRIVATE_KEY else spki(key.native)
        other = key.prepared["other"] = ECC.import_key(encoded)
    return eddsa.new(other, "rfc8032", context or None)


def _message(key: Key, params: EddsaParams, data: Buffer) -> Any:
    """What the second library signs: the data, or the pre-hash that it recognises by its type (PH of RFC 8032)."""
    if not params.ph_flag:
        return bytes(data)
    return (SHA512 if key.size == 255 else SHAKE256).new(bytes(data))


def _plain(params: EddsaParams | None) -> bool:
    """Whether it is what the first library has: no parameter, or one of Ed448 that asks for nothing."""
    return params is None or not (params.ph_flag or params.context_data)


class Eddsa(Engine):
    """CKM_EDDSA. It also generates key pairs: GnuTLS 3.7 passes it to C_GenerateKeyPair."""

    library = "cryptography, pycryptodome"

    def _checked(self, key: Key, params: EddsaParams | None) -> None:
        if params is None:
            return
        if len(params.context_data) > 255:
            raise bad_parameter("a context has at most 255 bytes")
        if key.size == 255 and _plain(params):
            # It would be Ed25519ctx, which is another scheme than Ed25519; and no library has it without a context,
            # which "SHOULD NOT be empty" there (RFC 8032 section 5.1).
            raise bad_parameter("Ed25519ctx wants a context; Ed25519 itself has no parameter")

    def sign(self, key: Key, params: Any) -> Signer:
        self._checked(key, params)
        if _plain(params):
            return WholeSigner(key.native.sign, _size(key))
        scheme = _scheme(key, params.context_data)
        return WholeSigner(lambda data: bytes(scheme.sign(_message(key, params, data))), _size(key))

    def verify(self, key: Key, params: Any) -> Verifier:
        self._checked(key, params)
        size = _size(key)

        def verify(data: Buffer, signature: Buffer) -> None:
            if len(signature) != size:
                raise wrong_length(len(signature), size)
            if _plain(params):
                key.native.verify(bytes(signature), data)
                return
            try:
                _scheme(key, params.context_data).verify(_message(key, params, data), bytes(signature))
            except ValueError:
                raise InvalidSignature from None

        return WholeVerifier(verify)

    def generate_pair(
        self, params: Any, public: Attributes, private: Attributes
    ) -> tuple[dict[int, Any], dict[int, Any]]:
        return generate_pair(KeyType.EC_EDWARDS, need(public, Attr.EC_PARAMS))
