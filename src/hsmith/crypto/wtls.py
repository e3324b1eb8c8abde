"""WTLS, the TLS of WAP 1 (section "WTLS"): TLS 1.0 with one hash of the caller's choice, a block for each direction,
and master secrets of 20 bytes."""

import os
from collections.abc import Sequence
from typing import Any, Final

from hsmith.crypto.engine import Attributes, Engine, Ordered, Wanted
from hsmith.crypto.fitting import first
from hsmith.crypto.hashes import hash_of
from hsmith.crypto.key import Key
from hsmith.crypto.streams import bad_parameter
from hsmith.crypto.tls import MasterKey, key_template, mac_template, prf, put, randoms, whole_bytes
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism
from hsmith.spec.faults import Refused
from hsmith.spec.values import Template

MASTER: Final = 20  # bytes


def wtls(params: Any, secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    if params.digest_mechanism == Mechanism.TLS_PRF:
        raise bad_parameter("DigestMechanism must be a hash")
    return prf(params.digest_mechanism, secret, label + seed, length)


class PreMasterKeyGen(Engine):
    """CKM_WTLS_PRE_MASTER_KEY_GEN: the client's version, one byte, and random bytes."""

    def generate(self, params: Any, template: Attributes) -> dict[int, Any]:
        if len(params) != 1:
            raise bad_parameter("the parameter is one CK_BYTE, the client's version")
        length = template.get(Attr.VALUE_LEN, MASTER)
        if not MASTER <= length <= 255:
            raise Refused(Fault.KEY_SIZE_RANGE, f"a pre-master secret has {MASTER} to 255 bytes")
        value = bytes(params) + os.urandom(length - 1)
        return {Attr.KEY_TYPE: KeyType.GENERIC_SECRET, Attr.VALUE: value, Attr.VALUE_LEN: length}


class WtlsMasterKey(MasterKey):
    """CKM_WTLS_MASTER_KEY_DERIVE, CKM_WTLS_MASTER_KEY_DERIVE_DH_ECC."""

    size = MASTER
    version = 1


def _mac_size(params: Any) -> int:
    """There is always a MAC key ("two distinct keys"): where its size is left open it has that of the hash."""
    return whole_bytes(params.mac_size_in_bits) or hash_of(params.digest_mechanism).size


class WtlsKeyBlock(Engine):
    """CKM_WTLS_SERVER_KEY_AND_MAC_DERIVE, CKM_WTLS_CLIENT_KEY_AND_MAC_DERIVE."""

    def __init__(self, side: bytes) -> None:
        self._side = side

    def orders(self, params: Any, template: Template) -> Sequence[Ordered]:
        out = params.returned_key_material
        if out is None or params.is_export:
            raise bad_parameter("pReturnedKeyMaterial is missing, or bIsExport is true")
        mac, key = _mac_size(params), whole_bytes(params.key_size_in_bits)
        wanted = ((out.mac_secret, mac_template(template, mac), mac), (out.key, key_template(template, key), key))
        for cell, _, size in wanted:
            cell.value = None if size else 0  # CK_INVALID_HANDLE where there is no such key
        return [Ordered(attributes, cell) for cell, attributes, size in wanted if size]

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        return self.derive_all(key, params, (wanted,))[0]

    def derive_all(self, key: Key, params: Any, wanted: Sequence[Wanted]) -> list[dict[int, Any]]:
        mac, size, iv = _mac_size(params), whole_bytes(params.key_size_in_bits), whole_bytes(params.iv_size_in_bits)
        client, server = randoms(params.random_info)
        if params.sequence_number > 0xFFFF:
            raise bad_parameter("ulSequenceNumber has 16 bits")
        seed = params.sequence_number.to_bytes(2, "big") + server + client
        block = wtls(params, key.native, self._side + b" expansion", seed, mac + size + iv)
        made, start = [], 0
        for each, length in zip(wanted, [length for length in (mac, size) if length], strict=True):
            made.append(first(block[start : start + length], each))
            start += length
        if iv:
            put(params.returned_key_material.iv, block[start:])
        return made
