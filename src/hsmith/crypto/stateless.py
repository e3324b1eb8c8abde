"""SLH-DSA (section "SLH-DSA"; FIPS 205). The library hashes by itself and always hedges."""

from typing import Any

from cryptography.exceptions import InvalidSignature
from pqcrypto import pqcrypto

from hsmith.crypto.engine import Attributes, Buffer, Engine, Signer, Verifier
from hsmith.crypto.key import Key
from hsmith.crypto.lattices import context_of, hedge_of
from hsmith.crypto.material.lattice import parameter_set
from hsmith.crypto.material.stateless import SLH_SETS, SlhSet, public_info
from hsmith.crypto.streams import WholeSigner, WholeVerifier, bad_parameter, wrong_length
from hsmith.spec.constants import Attr, Hedge, KeyType


class KeyPairGen(Engine):
    """CKM_SLH_DSA_KEY_PAIR_GEN."""

    library = "pqcrypto"

    def generate_pair(
        self, params: Any, public: Attributes, private: Attributes
    ) -> tuple[dict[int, Any], dict[int, Any]]:
        row: SlhSet = parameter_set(public, SLH_SETS)
        public_value, private_value = row.library.keygen()
        both: dict[int, Any] = {
            Attr.KEY_TYPE: KeyType.SLH_DSA,
            Attr.PARAMETER_SET: int(row.number),
            Attr.PUBLIC_KEY_INFO: public_info(row, public_value),
        }
        return both | {Attr.VALUE: public_value}, both | {Attr.VALUE: private_value}


class SlhDsa(Engine):
    """CKM_SLH_DSA; with a hash, CKM_HASH_SLH_DSA_<hash>."""

    library = "pqcrypto"

    def __init__(self, hash_name: str = "") -> None:
        # SHA3_256 in the standard is Sha3_256 there.
        self._hash = getattr(pqcrypto.HashAlgorithm, hash_name.capitalize()) if hash_name else None

    def sign(self, key: Key, params: Any) -> Signer:
        context, library = context_of(params), key.prepared["set"].library
        if hedge_of(params) == Hedge.DETERMINISTIC_REQUIRED:
            raise bad_parameter("deterministic SLH-DSA signatures are not offered: the library hedges them all")
        return WholeSigner(
            lambda data: bytes(library.sign(key.native, bytes(data), context, self._hash)), library.SIG_SIZE
        )

    def verify(self, key: Key, params: Any) -> Verifier:
        context, library = context_of(params), key.prepared["set"].library

        def verify(data: Buffer, signature: Buffer) -> None:
            if len(signature) != library.SIG_SIZE:
                raise wrong_length(len(signature), library.SIG_SIZE)
            try:
                library.verify(key.native, bytes(data), bytes(signature), context, self._hash)
            except (ValueError, pqcrypto.InvalidSignatureError):
                raise InvalidSignature from None

        return WholeVerifier(verify)
