"""ML-KEM and ML-DSA keys (sections "ML-KEM", "ML-DSA"; FIPS 203, FIPS 204): seeds, expanded keys, public keys.

Both are the second library's alone: the first has neither ML-KEM-512 nor private keys without their seed.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from hsmith.crypto.key import Attributes, Key, invalid, need
from hsmith.crypto.later import Later
from hsmith.crypto.material.base import Material, class_of
from hsmith.spec.constants import Attr, Fault, KeyType, MlDsaParameterSet, MlKemParameterSet, ObjectClass
from hsmith.spec.faults import Refused

MLDSA: Final[Any] = Later("Crypto.PublicKey.MLDSA")
MLKEM: Final[Any] = Later("Crypto.PublicKey.MLKEM")


@dataclass(frozen=True, slots=True)
class Lattice:
    """One of the two. ``private``, ``public``: what the library calls CKA_VALUE of the halves."""

    key_type: KeyType
    library: Any
    sets: Mapping[int, str]
    seed: int
    private: str
    public: str

    def construct(self, *, param_set: str, **parts: Any) -> Any:
        """The library's key. ValueError."""
        return self.library.construct(param_set=getattr(self.library, param_set), **parts)

    def parse(self, encoded: bytes) -> Any:
        """The library's key of a PKCS #8 or SubjectPublicKeyInfo. ValueError."""
        return self.library.import_key(encoded)


ML_KEM: Final = Lattice(
    KeyType.ML_KEM,
    MLKEM,
    {
        MlKemParameterSet.ML_KEM_512: "ML_KEM_512",
        MlKemParameterSet.ML_KEM_768: "ML_KEM_768",
        MlKemParameterSet.ML_KEM_1024: "ML_KEM_1024",
    },
    seed=64,
    private="expanded_dk",
    public="ek",
)
ML_DSA: Final = Lattice(
    KeyType.ML_DSA,
    MLDSA,
    {
        MlDsaParameterSet.ML_DSA_44: "ML_DSA_44",
        MlDsaParameterSet.ML_DSA_65: "ML_DSA_65",
        MlDsaParameterSet.ML_DSA_87: "ML_DSA_87",
    },
    seed=32,
    private="sk",
    public="pk",
)


def parameter_set(attributes: Attributes, sets: Mapping[int, Any]) -> Any:
    """The entry of CKA_PARAMETER_SET in ``sets``."""
    number = need(attributes, Attr.PARAMETER_SET)
    if number not in sets:
        raise Refused(Fault.PARAMETER_SET_NOT_SUPPORTED, f"PARAMETER_SET {number} is not one of this type of key")
    return sets[number]


class LatticeMaterial(Material):
    """CKK_ML_KEM, CKK_ML_DSA. ``size`` of a Key is that of its public key in bytes, as the mechanisms' sizes are."""

    def __init__(self, lattice: Lattice) -> None:
        self._lattice = lattice

    def _native(self, attributes: Attributes) -> Any:
        lattice = self._lattice
        chosen = parameter_set(attributes, lattice.sets)
        parts: dict[str, bytes] = {}
        if class_of(attributes) == ObjectClass.PUBLIC_KEY:
            parts[lattice.public] = need(attributes, Attr.VALUE)
        else:
            given = {"seed": attributes.get(Attr.SEED), lattice.private: attributes.get(Attr.VALUE)}
            parts |= {name: value for name, value in given.items() if value}
            if not parts:
                raise Refused(Fault.TEMPLATE_INCOMPLETE, "SEED or VALUE is missing: one of them makes the key")
        try:
            return lattice.construct(param_set=chosen, **parts)
        except ValueError:
            raise invalid(f"the value is not a {lattice.key_type.name} key of this parameter set") from None

    def load(self, attributes: Attributes) -> Key:
        native = self._native(attributes)
        return Key(class_of(attributes), self._lattice.key_type, len(getattr(native, self._lattice.public)), native)

    def complete(self, attributes: Attributes) -> dict[int, Any]:
        native = self._native(attributes)
        name = self._lattice.public if class_of(attributes) == ObjectClass.PUBLIC_KEY else self._lattice.private
        return {Attr.VALUE: getattr(native, name), Attr.PUBLIC_KEY_INFO: public_info(native)}

    def encode(self, attributes: Attributes) -> bytes:
        """PrivateKeyInfo with the seed where it is known (RFC 9881, RFC 9935)."""
        return bytes(self._native(attributes).export_key(format="DER"))

    def decode(self, key_type: KeyType, encoded: bytes) -> dict[int, Any]:
        native = self._lattice.parse(encoded)
        library, sets = self._lattice.library, self._lattice.sets
        numbers = [number for number, chosen in sets.items() if getattr(library, chosen) == native.param_set]
        if not native.has_private() or not numbers:
            raise ValueError("not a private key of this type")
        return {Attr.PARAMETER_SET: int(numbers[0])} | private_values(self._lattice, native)

    def public(self, attributes: Attributes) -> dict[int, Any]:
        value = getattr(self._native(attributes), self._lattice.public)
        return {Attr.PARAMETER_SET: attributes[Attr.PARAMETER_SET], Attr.VALUE: value}


def public_info(native: Any) -> bytes:
    """DER SubjectPublicKeyInfo."""
    return bytes(native.public_key().export_key(format="DER"))


def private_values(lattice: Lattice, native: Any) -> dict[int, Any]:
    """CKA_VALUE, and CKA_SEED where it is known."""
    values: dict[int, Any] = {Attr.VALUE: getattr(native, lattice.private)}
    with suppress(ValueError):  # made of the expanded key alone
        values[Attr.SEED] = native.seed
    return values
