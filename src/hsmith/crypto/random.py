"""New secret keys, and random bytes."""

import os
from typing import Any

from hsmith.crypto.engine import Attributes, Engine
from hsmith.crypto.fitting import odd_parity
from hsmith.crypto.key import need
from hsmith.crypto.material.secret import check_length
from hsmith.spec.constants import Attr, KeyType


class SecretKeyGen(Engine):
    """CKM_AES_KEY_GEN, CKM_GENERIC_SECRET_KEY_GEN, CKM_HKDF_KEY_GEN, CKM_<hash>_KEY_GEN: VALUE_LEN random bytes.

    ``size``: the length where the template may leave VALUE_LEN out.
    """

    library = "the system"

    def __init__(self, key_type: KeyType, size: int | None = None) -> None:
        self._type = key_type
        self._size = size

    def generate(self, params: Any, template: Attributes) -> dict[int, Any]:
        length = template.get(Attr.VALUE_LEN, self._size)
        if length is None:
            length = need(template, Attr.VALUE_LEN)
        key_type = template.get(Attr.KEY_TYPE, self._type)
        check_length(key_type, length)
        return {Attr.KEY_TYPE: key_type, Attr.VALUE: os.urandom(length), Attr.VALUE_LEN: length}


class DesKeyGen(Engine):
    """CKM_DES_KEY_GEN, CKM_DES2_KEY_GEN, CKM_DES3_KEY_GEN: with odd parity, and no VALUE_LEN."""

    library = "the system"

    def __init__(self, key_type: KeyType, size: int) -> None:
        self._type = key_type
        self._size = size

    def generate(self, params: Any, template: Attributes) -> dict[int, Any]:
        value = odd_parity(os.urandom(self._size))
        while len({value[i : i + 8] for i in range(0, self._size, 8)}) < self._size // 8:
            value = odd_parity(os.urandom(self._size))  # equal halves would make it single DES
        return {Attr.KEY_TYPE: self._type, Attr.VALUE: value}
