"""TLS: master secrets, key blocks, exporters, finished messages (sections "TLS 1.2 Mechanisms", "SSL"; RFC 5246).

The pseudo-random function is a chain of the library's HMACs; with CKM_TLS_PRF as its hash it is that of TLS 1.0.
"""

import os
from collections.abc import Callable, Sequence
from hmac import compare_digest
from typing import Any, Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from hsmith.crypto.engine import Attributes, Buffer, Engine, Ordered, Signer, Verifier, Wanted
from hsmith.crypto.fitting import first, wanted_length
from hsmith.crypto.hashes import hash_of
from hsmith.crypto.kdf import xor
from hsmith.crypto.key import Key
from hsmith.crypto.streams import WholeSigner, WholeVerifier, bad_parameter, wrong_length
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.params import Out, Ssl3RandomData
from hsmith.spec.values import Template

MASTER: Final = 48  # bytes of a master secret, and of an RSA pre-master secret
_OUTPUT_MAXIMUM: Final = 1 << 20  # bytes
_FINISHED: Final = 12  # bytes of verify_data, unless a longer one was negotiated
_FINISHED_MAXIMUM: Final = 64


def p_hash(algorithm: hashes.HashAlgorithm, secret: bytes, seed: bytes, length: int) -> bytes:
    """P_hash of RFC 5246, section 5."""

    def mac(data: bytes) -> bytes:
        context = HMAC(secret, algorithm)
        context.update(data)
        return context.finalize()

    made, chain = b"", seed
    while len(made) < length:
        chain = mac(chain)
        made += mac(chain + seed)
    return made[:length]


def prf(mechanism: int, secret: bytes, seed: bytes, length: int) -> bytes:
    """``length`` bytes from the secret; ``seed``: label and seed. ``mechanism``: the hash, or CKM_TLS_PRF."""
    if length > _OUTPUT_MAXIMUM:
        raise Refused(Fault.KEY_SIZE_RANGE, "this is more than can be derived at once")
    if mechanism != Mechanism.TLS_PRF:
        return p_hash(hash_of(mechanism).algorithm, secret, seed, length)
    half = (len(secret) + 1) // 2  # RFC 2246: the halves share the middle byte of an odd length
    left = p_hash(hashes.MD5(), secret[:half], seed, length)
    right = p_hash(hashes.SHA1(), secret[len(secret) - half :], seed, length)
    return xor(left, right)


def randoms(data: Ssl3RandomData) -> tuple[bytes, bytes]:
    if not data.client_random or not data.server_random:
        raise bad_parameter("RandomInfo must have the randoms of client and server")
    return data.client_random, data.server_random


#: How a protocol stretches a secret: (the mechanism's parameter, the secret, a label, a seed, bytes wanted).
Stretch: TypeAlias = Callable[[Any, bytes, bytes, bytes, int], bytes]


def tls12(params: Any, secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    return prf(params.prf_hash_mechanism, secret, label + seed, length)


def tls10(params: Any, secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    return prf(Mechanism.TLS_PRF, secret, label + seed, length)


class Prf(Engine):
    """CKM_TLS_PRF, CKM_WTLS_PRF: the pseudo-random function itself; its output is no key and comes in the parameter."""

    def __init__(self, function: Stretch) -> None:
        self._function = function

    def orders(self, params: Any, template: Template) -> Sequence[Ordered]:
        if template:  # whoever asks for a key must not take the handle 0 for one
            raise Refused(Fault.TEMPLATE_INCONSISTENT, "this makes no key, only pOutput: leave the template out")
        return ()

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        raise bad_parameter("this makes no key")

    def derive_all(self, key: Key, params: Any, wanted: Sequence[Wanted]) -> list[dict[int, Any]]:
        if not params.output.capacity or not params.seed:
            raise bad_parameter("pOutput and pSeed must be given")
        params.output.value = self._function(params, key.native, params.label, params.seed, params.output.capacity)
        return []


class PreMasterKeyGen(Engine):
    """CKM_TLS_PRE_MASTER_KEY_GEN, and CKM_SSL3_PRE_MASTER_KEY_GEN, which is the same: the client's version, and 46
    random bytes."""

    def generate(self, params: Any, template: Attributes) -> dict[int, Any]:
        if template.get(Attr.VALUE_LEN, MASTER) != MASTER:
            raise Refused(Fault.TEMPLATE_INCONSISTENT, f"VALUE_LEN is {MASTER} with this mechanism: leave it out")
        value = bytes((params.major, params.minor)) + os.urandom(MASTER - 2)
        return {Attr.KEY_TYPE: KeyType.GENERIC_SECRET, Attr.VALUE: value, Attr.VALUE_LEN: MASTER}


#: What a master secret may be used for: all that TLS makes of it ("The mechanism also contributes ...").
OF_MASTER: Final = tuple(
    int(Mechanism[name])
    for name in (
        "TLS12_KEY_AND_MAC_DERIVE", "TLS12_KEY_SAFE_DERIVE", "TLS_KDF", "TLS_MAC", "TLS12_KDF", "TLS12_MAC"
    )
)  # fmt: skip


class MasterKey(Engine):
    """CKM_TLS12_MASTER_KEY_DERIVE, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, and those of TLS 1.0 and SSL 3.0;
    ``diffie_hellman``: their _DH forms, whose pre-master secrets have any length and no version. ``seed_of``: label and
    seed, of the parameter."""

    size = MASTER
    version = 2  # bytes

    def __init__(
        self,
        seed_of: Callable[[Any], tuple[bytes, bytes]],
        stretch: Stretch = tls12,
        *,
        diffie_hellman: bool = False,
        uses: tuple[int, ...] = (),
    ) -> None:
        self._seed_of = seed_of
        self._stretch = stretch
        self._diffie_hellman = diffie_hellman
        self._uses = uses

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        if wanted.key_type != KeyType.GENERIC_SECRET or wanted.length not in (None, self.size):
            raise Refused(Fault.TEMPLATE_INCONSISTENT, f"a master secret is a generic secret of {self.size} bytes")
        if self._diffie_hellman and params.version.capacity:
            raise bad_parameter("pVersion must be NULL: this pre-master secret has no version")
        value = self._stretch(params, key.native, *self._seed_of(params), self.size)
        if params.version.capacity:
            params.version.value = key.native[: self.version]
        made: dict[int, Any] = {Attr.VALUE: value, Attr.VALUE_LEN: self.size}
        return made | {Attr.ALLOWED_MECHANISMS: self._uses} if self._uses else made


def master_seed(params: Any) -> tuple[bytes, bytes]:
    return b"master secret", b"".join(randoms(params.random_info))


def extended_seed(params: Any) -> tuple[bytes, bytes]:
    """RFC 7627."""
    if not params.session_hash:
        raise bad_parameter("the session hash is missing")
    return b"extended master secret", bytes(params.session_hash)


class KeyBlock(Engine):
    """CKM_TLS12_KEY_AND_MAC_DERIVE, and those of TLS 1.0 and SSL 3.0; without ``ivs`` CKM_TLS12_KEY_SAFE_DERIVE, which
    gives out no byte of the block."""

    def __init__(self, stretch: Stretch = tls12, *, ivs: bool = True) -> None:
        self._stretch = stretch
        self._ivs = ivs

    def orders(self, params: Any, template: Template) -> Sequence[Ordered]:
        out = params.returned_key_material
        if out is None or params.is_export:
            raise bad_parameter("pReturnedKeyMaterial is missing, or bIsExport is true")
        mac, key = whole_bytes(params.mac_size_in_bits), whole_bytes(params.key_size_in_bits)
        wanted = (
            *((cell, mac_template(template, mac), mac) for cell in (out.client_mac_secret, out.server_mac_secret)),
            *((cell, key_template(template, key), key) for cell in (out.client_key, out.server_key)),
        )
        for cell, _, size in wanted:
            cell.value = None if size else 0  # CK_INVALID_HANDLE where there is no such key
        return [Ordered(attributes, cell) for cell, attributes, size in wanted if size]

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        return self.derive_all(key, params, (wanted,))[0]

    def derive_all(self, key: Key, params: Any, wanted: Sequence[Wanted]) -> list[dict[int, Any]]:
        mac, size = whole_bytes(params.mac_size_in_bits), whole_bytes(params.key_size_in_bits)
        lengths = [length for length in (mac, mac, size, size) if length]
        iv = whole_bytes(params.iv_size_in_bits) if self._ivs else 0
        client, server = randoms(params.random_info)
        block = self._stretch(params, key.native, b"key expansion", server + client, sum(lengths) + 2 * iv)
        made, start = [], 0
        for each, length in zip(wanted, lengths, strict=True):
            made.append(first(block[start : start + length], each))
            start += length
        if iv:
            out = params.returned_key_material
            put(out.iv_client, block[start : start + iv])
            put(out.iv_server, block[start + iv :])
        return made


def whole_bytes(bits: int) -> int:
    if bits % 8 or bits > 8 * 1024:
        raise bad_parameter("sizes are whole bytes, given in bits")
    return bits // 8


def put(cell: Out, value: bytes) -> None:
    if cell.capacity < len(value):
        raise bad_parameter("there is no room for the IVs")
    cell.value = value


_BY_CALLER: Final = (Attr.TOKEN, Attr.PRIVATE, Attr.SENSITIVE, Attr.EXTRACTABLE)


def mac_template(template: Template, size: int) -> Template:
    """ "Always given a type of CKK_GENERIC_SECRET ... flagged as valid for signing and verification"."""
    given = tuple((attr, value) for attr, value in template if attr in _BY_CALLER)
    return (
        *given,
        (Attr.CLASS, int(ObjectClass.SECRET_KEY)),
        (Attr.KEY_TYPE, int(KeyType.GENERIC_SECRET)),
        (Attr.VALUE_LEN, size),
        (Attr.SIGN, True),
        (Attr.VERIFY, True),
    )


def key_template(template: Template, size: int) -> Template:
    """ "By default, they are flagged as valid for encryption, decryption, and derivation operations"."""
    named = {attr for attr, _ in template}
    usual = ((Attr.ENCRYPT, True), (Attr.DECRYPT, True), (Attr.DERIVE, True), (Attr.VALUE_LEN, size))
    return (*template, *((attr, value) for attr, value in usual if attr not in named))


class Exporter(Engine):
    """CKM_TLS_KDF and its deprecated other name CKM_TLS12_KDF (RFC 5705)."""

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        length = wanted_length(wanted)
        if length is None:
            raise Refused(Fault.TEMPLATE_INCOMPLETE, "VALUE_LEN must be given: the derivation gives any length")
        seed = params.label + b"".join(randoms(params.random_info))
        if params.context_data:
            seed += len(params.context_data).to_bytes(2, "big") + params.context_data
        return first(prf(params.prf_mechanism, key.native, seed, length), wanted)


_LABELS: Final = {1: b"server finished", 2: b"client finished"}


class Finished(Engine):
    """CKM_TLS_MAC and its deprecated other name CKM_TLS12_MAC. The data is the hash of the handshake."""

    def _mac(self, key: Key, params: Any) -> Callable[[Buffer], bytes]:
        label, old = _LABELS.get(params.server_or_client), params.prf_hash_mechanism == Mechanism.TLS_PRF
        if label is None:
            raise bad_parameter("ulServerOrClient must be 1 or 2")
        if not _FINISHED <= params.mac_length <= (_FINISHED if old else _FINISHED_MAXIMUM):
            raise bad_parameter(f"ulMacLength must be {_FINISHED} to {_FINISHED_MAXIMUM}, and 12 before TLS 1.2")
        if not old:
            hash_of(params.prf_hash_mechanism)
        return lambda data: prf(params.prf_hash_mechanism, key.native, label + bytes(data), params.mac_length)

    def sign(self, key: Key, params: Any) -> Signer:
        return WholeSigner(self._mac(key, params), params.mac_length)

    def verify(self, key: Key, params: Any) -> Verifier:
        mac = self._mac(key, params)

        def verify(data: Buffer, signature: Buffer) -> None:
            if len(signature) != params.mac_length:
                raise wrong_length(len(signature), params.mac_length)
            if not compare_digest(mac(data), bytes(signature)):
                raise InvalidSignature

        return WholeVerifier(verify)
