"""RSA for TPM 1.1 and 1.2 (section "TPM 1.1b and TPM 1.2 PKCS #1 RSA OAEP")."""

from typing import Any, Final

from hsmith.crypto.key import Key
from hsmith.crypto.rsa_encryption import Oaep
from hsmith.spec.constants import DataSource, Mechanism, Mgf
from hsmith.spec.params import RsaPkcsOaepParams

_FIXED: Final = RsaPkcsOaepParams(Mechanism.SHA_1, Mgf.MGF1_SHA1, DataSource.DATA_SPECIFIED, b"TCPA")
_VERSION: Final = b"\1\1\0\0"
_BIND: Final = b"\2"  # TPM_PT_BIND


class TpmOaep(Oaep):
    """CKM_RSA_PKCS_OAEP_TPM_1_1: OAEP whose parameters are fixed, of a TPM_BOUND_DATA."""

    def _room(self, key: Key, params: Any) -> int:
        return super()._room(key, _FIXED) - len(_VERSION + _BIND)

    def _encrypt(self, key: Key, params: Any, data: bytes) -> bytes:
        return super()._encrypt(key, _FIXED, _VERSION + _BIND + data)

    def _decrypt(self, key: Key, params: Any, data: bytes) -> bytes:
        bound = super()._decrypt(key, _FIXED, data)
        if bound[:2] != _VERSION[:2] or bound[4:5] != _BIND:
            raise ValueError("not a TPM_BOUND_DATA")
        return bound[5:]
