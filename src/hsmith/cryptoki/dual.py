"""Two operations over the same data in one call (chapter "Dual-function cryptographic functions").

The results are those of the two single functions called one after the other; the output's length is known before either
moves, so that CKR_BUFFER_TOO_SMALL leaves both as they were.
"""

from hsmith.cryptoki import ciphers, digests, operations, signatures
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import handles
from hsmith.spec.functions import Operation

ENCRYPT, DECRYPT = Operation.ENCRYPT, Operation.DECRYPT


def _second(session: Session, second: Operation, part: bytes | None) -> None:
    if second is Operation.DIGEST:
        digests.update(session, part)
    else:
        signatures.update(second, session, part)


@handles("C_DigestEncryptUpdate", Operation.DIGEST)
@handles("C_SignEncryptUpdate", Operation.SIGN)
def encrypt_update(second: Operation, session: Session, part: bytes | None, capacity: int | None) -> bytes | int:
    _both_active(session, ENCRYPT, second)
    result = ciphers.update(ENCRYPT, session, part, capacity)
    if capacity is not None:
        _second(session, second, part)
    return result


@handles("C_DecryptDigestUpdate", Operation.DIGEST)
@handles("C_DecryptVerifyUpdate", Operation.VERIFY)
def decrypt_update(second: Operation, session: Session, part: bytes | None, capacity: int | None) -> bytes | int:
    _both_active(session, DECRYPT, second)
    result = ciphers.update(DECRYPT, session, part, capacity)
    if isinstance(result, bytes):
        _second(session, second, result)
    return result


def _both_active(session: Session, *wanted: Operation) -> None:
    for operation in wanted:
        operations.keep(session, operation, operations.take_part(session, operation))
