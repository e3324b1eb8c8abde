"""ML-KEM and ML-DSA (sections "ML-KEM", "ML-DSA"; FIPS 203, FIPS 204)."""

import os
from typing import Any, Final

from cryptography.exceptions import InvalidSignature

from hsmith.crypto.engine import Attributes, Buffer, Engine, Signer, Verifier, Wanted
from hsmith.crypto.fitting import first
from hsmith.crypto.hashes import SHA3_224, SHA3_256, SHA3_384, SHA3_512, SHA224, SHA256, SHA384, SHA512
from hsmith.crypto.key import Key
from hsmith.crypto.later import Later
from hsmith.crypto.material.lattice import Lattice, parameter_set, private_values, public_info
from hsmith.crypto.streams import WholeSigner, WholeVerifier, bad_parameter, wrong, wrong_length
from hsmith.spec.constants import Attr, Fault, Hedge, Mechanism
from hsmith.spec.faults import Refused

SHAKE128: Final[Any] = Later("Crypto.Hash.SHAKE128")
SHAKE256: Final[Any] = Later("Crypto.Hash.SHAKE256")
mldsa: Final[Any] = Later("Crypto.Signature.mldsa")

CONTEXT_MAXIMUM: Final = 255  # bytes (FIPS 204, FIPS 205)


class KeyPairGen(Engine):
    """CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_DSA_KEY_PAIR_GEN: the private half keeps its seed."""

    library = "pycryptodome"

    def __init__(self, lattice: Lattice) -> None:
        self._lattice = lattice

    def generate_pair(
        self, params: Any, public: Attributes, private: Attributes
    ) -> tuple[dict[int, Any], dict[int, Any]]:
        chosen = parameter_set(public, self._lattice.sets)
        native = self._lattice.construct(param_set=chosen, seed=os.urandom(self._lattice.seed))
        both: dict[int, Any] = {
            Attr.KEY_TYPE: self._lattice.key_type,
            Attr.PARAMETER_SET: public[Attr.PARAMETER_SET],
            Attr.PUBLIC_KEY_INFO: public_info(native),
        }
        value = getattr(native, self._lattice.public)
        return both | {Attr.VALUE: value}, both | private_values(self._lattice, native)


_CIPHERTEXTS: Final = {800: 768, 1184: 1088, 1568: 1568}  # bytes, by those of the public key (FIPS 203, table 3)


class MlKem(Engine):
    """CKM_ML_KEM: 32 uniformly random bytes of secret (FIPS 203), or the first of them for a shorter key."""

    library = "pycryptodome"

    def encapsulate(self, key: Key, params: Any, wanted: Wanted) -> tuple[bytes, bytes]:
        secret, ciphertext = key.native._encaps()
        return ciphertext, first(secret, wanted)[Attr.VALUE]

    def decapsulate(self, key: Key, params: Any, ciphertext: Buffer, wanted: Wanted) -> bytes:
        due = _CIPHERTEXTS[key.size]
        if len(ciphertext) != due:
            raise Refused(Fault.WRAPPED_KEY_LEN_RANGE, f"a ciphertext of {len(ciphertext)} bytes where {due} are due")
        return bytes(first(key.native._decaps(bytes(ciphertext)), wanted)[Attr.VALUE])

    def ciphertext_size(self, key: Key, params: Any) -> int:
        return _CIPHERTEXTS[key.size]


#: The hash functions before HashML-DSA and HashSLH-DSA: by name in the mechanism, (module, bytes of the pre-hash).
PRE_HASHES: Final[dict[str, tuple[Any, int]]] = {
    "SHA224": (SHA224, 28),
    "SHA256": (SHA256, 32),
    "SHA384": (SHA384, 48),
    "SHA512": (SHA512, 64),
    "SHA3_224": (SHA3_224, 28),
    "SHA3_256": (SHA3_256, 32),
    "SHA3_384": (SHA3_384, 48),
    "SHA3_512": (SHA3_512, 64),
    "SHAKE128": (SHAKE128, 32),
    "SHAKE256": (SHAKE256, 64),
}
_SIGNATURES: Final = {1312: 2420, 1952: 3309, 2592: 4627}  # bytes, by those of the public key (FIPS 204, table 2)


def context_of(params: Any) -> bytes:
    context: bytes = b"" if params is None else params.context
    if len(context) > CONTEXT_MAXIMUM:
        raise bad_parameter(f"a context has at most {CONTEXT_MAXIMUM} bytes")
    return context


def hedge_of(params: Any) -> Hedge:
    try:
        return Hedge.HEDGE_PREFERRED if params is None else Hedge(params.hedge_variant)
    except ValueError:
        raise bad_parameter("hedgeVariant is none of the CKH_ values") from None


def _scheme(key: Key, context: bytes | None, params: Any = None) -> Any:
    return mldsa.new(key.native, context, deterministic=hedge_of(params) == Hedge.DETERMINISTIC_REQUIRED)


class _ObjectSigner(Signer):
    """Signs what has run through a hash object of the library."""

    __slots__ = ("_hash", "_scheme", "size")

    def __init__(self, scheme: Any, hash_object: Any, size: int) -> None:
        self._scheme = scheme
        self._hash = hash_object
        self.size = size

    def update(self, data: Buffer) -> None:
        self._hash.update(data)

    def finish(self) -> bytes:
        return bytes(self._scheme.sign(self._hash))


class _ObjectVerifier(Verifier):
    __slots__ = ("_hash", "_scheme", "_size")

    def __init__(self, scheme: Any, hash_object: Any, size: int) -> None:
        self._scheme = scheme
        self._hash = hash_object
        self._size = size

    def update(self, data: Buffer) -> None:
        self._hash.update(data)

    def finish(self, signature: Buffer) -> None:
        if len(signature) != self._size:
            raise wrong_length(len(signature), self._size)
        try:
            self._scheme.verify(self._hash, bytes(signature))
        except ValueError:
            raise wrong() from None


class MlDsa(Engine):
    """CKM_ML_DSA, by way of the message representative: no message is held."""

    library = "pycryptodome"

    def sign(self, key: Key, params: Any) -> Signer:
        message = mldsa.MLDSAMuHash(key.native, context=context_of(params))
        return _ObjectSigner(_scheme(key, None, params), message, _SIGNATURES[key.size])

    def verify(self, key: Key, params: Any) -> Verifier:
        message = mldsa.MLDSAMuHash(key.native, context=context_of(params))
        return _ObjectVerifier(_scheme(key, None), message, _SIGNATURES[key.size])


class HashMlDsa(Engine):
    """CKM_HASH_ML_DSA_<hash>."""

    library = "pycryptodome"

    def __init__(self, name: str) -> None:
        self._module = PRE_HASHES[name][0]

    def sign(self, key: Key, params: Any) -> Signer:
        return _ObjectSigner(_scheme(key, context_of(params), params), self._module.new(), _SIGNATURES[key.size])

    def verify(self, key: Key, params: Any) -> Verifier:
        return _ObjectVerifier(_scheme(key, context_of(params)), self._module.new(), _SIGNATURES[key.size])


class _Hashed:
    """A pre-hash that the caller made, in the shape of a hash object of the library."""

    def __init__(self, oid: str, value: bytes) -> None:
        self.oid = oid
        self._value = value

    def digest(self) -> bytes:
        return self._value


#: Mechanisms that CK_HASH_SIGN_ADDITIONAL_CONTEXT.hash names: no CKM_ value is that of a SHAKE digest.
_BY_MECHANISM: Final[dict[int, tuple[Any, int]]] = {
    Mechanism[name]: PRE_HASHES[name] for name in PRE_HASHES if not name.startswith("SHAKE")
}


class PreHashedMlDsa(Engine):
    """CKM_HASH_ML_DSA: the data is the hash."""

    library = "pycryptodome"

    def _hash(self, params: Any) -> tuple[Any, int]:
        found = _BY_MECHANISM.get(params.hash)
        if found is None:
            raise bad_parameter(f"0x{params.hash:x} is not a hash function that is offered before ML-DSA")
        return found

    def _hashed(self, module: Any, size: int, data: Buffer) -> _Hashed:
        if len(data) != size:
            raise Refused(Fault.DATA_LEN_RANGE, f"the data must be a hash of {size} bytes")
        return _Hashed(module.new().oid, bytes(data))

    def sign(self, key: Key, params: Any) -> Signer:
        module, size = self._hash(params)
        scheme = _scheme(key, context_of(params), params)
        return WholeSigner(lambda data: bytes(scheme.sign(self._hashed(module, size, data))), _SIGNATURES[key.size])

    def verify(self, key: Key, params: Any) -> Verifier:
        module, size = self._hash(params)
        scheme, due = _scheme(key, context_of(params)), _SIGNATURES[key.size]

        def verify(data: Buffer, signature: Buffer) -> None:
            if len(signature) != due:
                raise wrong_length(len(signature), due)
            try:
                scheme.verify(self._hashed(module, size, data), bytes(signature))
            except ValueError:
                raise InvalidSignature from None

        return WholeVerifier(verify)
