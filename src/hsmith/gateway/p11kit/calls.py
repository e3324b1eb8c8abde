"""The calls of p11-kit's protocol: a number for each, and its signature, which follows from the function's row.

A request carries the signature of its arguments, a reply that of its results: the two ends check each other's with it.
"""

from dataclasses import dataclass
from typing import Final

from hsmith.spec.functions import BY_NAME, FunctionRow, Kind

#: The versions of the protocol that are spoken. 1: with functions of PKCS#11 3.0. 2: a mechanism's parameter may be
#: missing, two calls are better formed, and attributes of 3.2 have their types.
VERSIONS: Final = (0, 1, 2)
#: The first argument of the first call.
HANDSHAKE: Final = b"PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1"
ERROR: Final = 0
ERROR_SIGNATURE: Final = "u"

#: The calls by number, from 1; a name with a 2 is a second form of the same function.
_NAMES: Final = """
    Initialize Finalize GetInfo GetSlotList GetSlotInfo GetTokenInfo GetMechanismList GetMechanismInfo InitToken
    OpenSession CloseSession CloseAllSessions GetSessionInfo InitPIN SetPIN GetOperationState SetOperationState Login
    Logout CreateObject CopyObject DestroyObject GetObjectSize GetAttributeValue SetAttributeValue FindObjectsInit
    FindObjects FindObjectsFinal EncryptInit Encrypt EncryptUpdate EncryptFinal DecryptInit Decrypt DecryptUpdate
    DecryptFinal DigestInit Digest DigestUpdate DigestKey DigestFinal SignInit Sign SignUpdate SignFinal SignRecoverInit
    SignRecover VerifyInit Verify VerifyUpdate VerifyFinal VerifyRecoverInit VerifyRecover DigestEncryptUpdate
    DecryptDigestUpdate SignEncryptUpdate DecryptVerifyUpdate GenerateKey GenerateKeyPair WrapKey UnwrapKey DeriveKey
    SeedRandom GenerateRandom WaitForSlotEvent LoginUser SessionCancel MessageEncryptInit EncryptMessage
    EncryptMessageBegin EncryptMessageNext MessageEncryptFinal MessageDecryptInit DecryptMessage DecryptMessageBegin
    DecryptMessageNext MessageDecryptFinal MessageSignInit SignMessage SignMessageBegin SignMessageNext MessageSignFinal
    MessageVerifyInit VerifyMessage VerifyMessageBegin VerifyMessageNext MessageVerifyFinal InitToken2 DeriveKey2
"""

#: How an argument is written in a request, and a result in a reply. What is in neither is not sent.
REQUEST: Final = {
    Kind.ULONG: "u",
    Kind.BOOL: "y",
    Kind.BYTES: "ay",
    Kind.LABEL: "z",
    Kind.MECHANISM: "M",
    Kind.TEMPLATE: "aA",
    Kind.MESSAGE_PARAMETER: "ay",
    Kind.BUFFER: "fy",
    Kind.FILL: "fy",
    Kind.ULONG_LIST: "fu",
    Kind.FOUND: "fu",
    Kind.QUERY: "fA",
}
REPLY: Final = {
    Kind.ULONG_OUT: "u",
    Kind.BUFFER: "ay",
    Kind.FILL: "ay",
    Kind.ULONG_LIST: "au",
    Kind.FOUND: "au",
    Kind.QUERY: "aAu",
    Kind.SLOT_INFO: "ssuvv",
    Kind.TOKEN_INFO: "ssssuuuuuuuuuuuvvs",
    Kind.MECHANISM_INFO: "uuu",
    Kind.SESSION_INFO: "uuuu",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its number, its signatures, and the function's row. None: answered here, without the keeper.

    ``updates``: the reply also has the mechanism's parameter and a return value. ``served``: False for functions whose
    parameter travels as raw memory, with the client's pointers in it.
    """

    number: int
    name: str
    request: str
    reply: str
    row: FunctionRow | None = None
    updates: bool = False
    served: bool = True


_SPECIAL: Final = {"Initialize": ("ayyay", ""), "Finalize": ("", ""), "GetInfo": ("", "vsusv")}


def _call(number: int, name: str) -> Call:
    if name in _SPECIAL:
        return Call(number, f"C_{name}", *_SPECIAL[name])
    row = BY_NAME[f"C_{name.removesuffix('2')}"]
    kinds = [kind for _, kind in row.arguments]
    request = "".join(REQUEST.get(kind, "") for kind in kinds)
    reply = "".join(REPLY.get(kind, "") for kind in kinds)
    if name == "InitToken2":
        request = request.replace("z", "s")
    if name == "SignMessageNext":
        request = "uayayyfy"  # Whether the signature is asked for is a byte of its own
    return Call(
        number,
        f"C_{name}",
        request,
        "uPu" if name == "DeriveKey2" else reply,
        row,
        updates=name == "DeriveKey2",
        served=row.since == "2.40" or name in ("LoginUser", "SessionCancel"),
    )


CALLS: Final = {number: _call(number, name) for number, name in enumerate(_NAMES.split(), 1)}
