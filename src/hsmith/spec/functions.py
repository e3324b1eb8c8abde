"""The 104 functions of PKCS#11 3.2, one row each.

From these rows come the C stubs and their prototypes (tools/gen.py), the decoder and encoder of calls in
the keeper (hsmith.wire.codec), the Python client, the check before dispatch, and the fuzz seeds. The order
is the wire protocol: a row's number is the function's number in a frame, so rows are only ever appended.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Kind(Enum):
    """How an argument (or a pointer with its length) travels. The comment says what the handler gets -> gives."""

    ULONG = auto()  # in: CK_ULONG, handle, flags                       int ->
    BOOL = auto()  # in: CK_BBOOL                                      bool ->
    BYTES = auto()  # in: pointer + length                              bytes, or None for NULL with length 0 ->
    LABEL = auto()  # in: 32 bytes, blank padded                        bytes or None ->
    NAME = auto()  # in: NUL-terminated function name                  str or None ->
    MECHANISM = auto()  # in: CK_MECHANISM*                                 MechanismArg or None for NULL ->
    TEMPLATE = auto()  # in: CK_ATTRIBUTE* + count                         Template ->
    MESSAGE_PARAMETER = auto()  # in and out: per-message parameter, by its size Params or None ->
    RESERVED = auto()  # must be NULL (checked in the module)          (not passed)
    IGNORED = auto()  # pApplication, Notify                          (not passed)
    ULONG_OUT = auto()  # out: one CK_ULONG                             (not passed) -> int
    BUFFER = (
        auto()
    )  # out: pointer + pointer to length              int capacity, None for a length query -> bytes | int
    FILL = auto()  # out: exactly ulRandomLen bytes                int length -> bytes
    ULONG_LIST = auto()  # out: two-call list, lengths in the module     (not passed) -> list[int]
    FOUND = auto()  # out: phObject, ulMaxObjectCount, pulCount     int maximum -> list[int]
    QUERY = auto()  # in and out: C_GetAttributeValue               list[int] types -> list of values, None unavailable
    ASYNC_BUFFER = auto()  # out: C_AsyncJoin pData + ulData               int capacity, None for NULL -> (not given)
    INFO = auto()  # out: fixed structs, each a tuple of its fields
    SLOT_INFO = auto()
    TOKEN_INFO = auto()
    MECHANISM_INFO = auto()
    SESSION_INFO = auto()
    ASYNC_DATA = auto()


class Needs(Enum):
    """What must hold before a handler is called."""

    LOCAL = auto()  # answered in the module, never on the wire
    NOTHING = auto()
    SESSION = auto()  # the first argument is an open session of this application


class Operation(Enum):
    """The operations that a session can have active, at most one of each."""

    __hash__ = object.__hash__  # quicker than by its name; there is one of each

    FIND = auto()
    ENCRYPT = auto()
    DECRYPT = auto()
    DIGEST = auto()
    SIGN = auto()
    SIGN_RECOVER = auto()
    VERIFY = auto()
    VERIFY_RECOVER = auto()
    VERIFY_SIGNATURE = auto()
    MESSAGE_ENCRYPT = auto()
    MESSAGE_DECRYPT = auto()
    MESSAGE_SIGN = auto()
    MESSAGE_VERIFY = auto()


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """One function: its number on the wire, name, first version, needs, arguments and the operation it drives."""

    number: int
    name: str
    since: str
    needs: Needs
    arguments: tuple[tuple[str, Kind], ...]
    operation: Operation | None = None


ASYNC_BUFFER: Final = Kind.ASYNC_BUFFER
ASYNC_DATA: Final = Kind.ASYNC_DATA
BOOL: Final = Kind.BOOL
BUFFER: Final = Kind.BUFFER
BYTES: Final = Kind.BYTES
FILL: Final = Kind.FILL
FOUND: Final = Kind.FOUND
IGNORED: Final = Kind.IGNORED
LABEL: Final = Kind.LABEL
MECHANISM: Final = Kind.MECHANISM
MECHANISM_INFO: Final = Kind.MECHANISM_INFO
MESSAGE_PARAMETER: Final = Kind.MESSAGE_PARAMETER
NAME: Final = Kind.NAME
QUERY: Final = Kind.QUERY
RESERVED: Final = Kind.RESERVED
SESSION_INFO: Final = Kind.SESSION_INFO
SLOT_INFO: Final = Kind.SLOT_INFO
TEMPLATE: Final = Kind.TEMPLATE
TOKEN_INFO: Final = Kind.TOKEN_INFO
ULONG: Final = Kind.ULONG
ULONG_LIST: Final = Kind.ULONG_LIST
ULONG_OUT: Final = Kind.ULONG_OUT
LOCAL, NOTHING, SESSION = Needs.LOCAL, Needs.NOTHING, Needs.SESSION

# fmt: off
FUNCTIONS: Final[tuple[FunctionRow, ...]] = (
    FunctionRow(0, "C_Initialize", "2.40", LOCAL, ()),
    FunctionRow(1, "C_Finalize", "2.40", LOCAL, ()),
    FunctionRow(2, "C_GetInfo", "2.40", LOCAL, ()),
    FunctionRow(3, "C_GetFunctionList", "2.40", LOCAL, ()),
    FunctionRow(4, "C_GetSlotList", "2.40", NOTHING, (("tokenPresent", BOOL), ("pSlotList", ULONG_LIST))),
    FunctionRow(5, "C_GetSlotInfo", "2.40", NOTHING, (("slotID", ULONG), ("pInfo", SLOT_INFO))),
    FunctionRow(6, "C_GetTokenInfo", "2.40", NOTHING, (("slotID", ULONG), ("pInfo", TOKEN_INFO))),
    FunctionRow(7, "C_GetMechanismList", "2.40", NOTHING, (("slotID", ULONG), ("pMechanismList", ULONG_LIST))),
    FunctionRow(8, "C_GetMechanismInfo", "2.40", NOTHING, (("slotID", ULONG), ("type", ULONG), ("pInfo", MECHANISM_INFO))),
    FunctionRow(9, "C_InitToken", "2.40", NOTHING, (("slotID", ULONG), ("pPin", BYTES), ("pLabel", LABEL))),
    FunctionRow(10, "C_InitPIN", "2.40", SESSION, (("hSession", ULONG), ("pPin", BYTES))),
    FunctionRow(11, "C_SetPIN", "2.40", SESSION, (("hSession", ULONG), ("pOldPin", BYTES), ("pNewPin", BYTES))),
    FunctionRow(12, "C_OpenSession", "2.40", NOTHING, (("slotID", ULONG), ("flags", ULONG), ("pApplication", IGNORED), ("Notify", IGNORED), ("phSession", ULONG_OUT))),
    FunctionRow(13, "C_CloseSession", "2.40", SESSION, (("hSession", ULONG),)),
    FunctionRow(14, "C_CloseAllSessions", "2.40", NOTHING, (("slotID", ULONG),)),
    FunctionRow(15, "C_GetSessionInfo", "2.40", SESSION, (("hSession", ULONG), ("pInfo", SESSION_INFO))),
    FunctionRow(16, "C_GetOperationState", "2.40", SESSION, (("hSession", ULONG), ("pOperationState", BUFFER))),
    FunctionRow(17, "C_SetOperationState", "2.40", SESSION, (("hSession", ULONG), ("pOperationState", BYTES), ("hEncryptionKey", ULONG), ("hAuthenticationKey", ULONG))),
    FunctionRow(18, "C_Login", "2.40", SESSION, (("hSession", ULONG), ("userType", ULONG), ("pPin", BYTES))),
    FunctionRow(19, "C_Logout", "2.40", SESSION, (("hSession", ULONG),)),
    FunctionRow(20, "C_CreateObject", "2.40", SESSION, (("hSession", ULONG), ("pTemplate", TEMPLATE), ("phObject", ULONG_OUT))),
    FunctionRow(21, "C_CopyObject", "2.40", SESSION, (("hSession", ULONG), ("hObject", ULONG), ("pTemplate", TEMPLATE), ("phNewObject", ULONG_OUT))),
    FunctionRow(22, "C_DestroyObject", "2.40", SESSION, (("hSession", ULONG), ("hObject", ULONG))),
    FunctionRow(23, "C_GetObjectSize", "2.40", SESSION, (("hSession", ULONG), ("hObject", ULONG), ("pulSize", ULONG_OUT))),
    FunctionRow(24, "C_GetAttributeValue", "2.40", SESSION, (("hSession", ULONG), ("hObject", ULONG), ("pTemplate", QUERY))),
    FunctionRow(25, "C_SetAttributeValue", "2.40", SESSION, (("hSession", ULONG), ("hObject", ULONG), ("pTemplate", TEMPLATE))),
    FunctionRow(26, "C_FindObjectsInit", "2.40", SESSION, (("hSession", ULONG), ("pTemplate", TEMPLATE)), Operation.FIND),
    FunctionRow(27, "C_FindObjects", "2.40", SESSION, (("hSession", ULONG), ("phObject", FOUND)), Operation.FIND),
    FunctionRow(28, "C_FindObjectsFinal", "2.40", SESSION, (("hSession", ULONG),), Operation.FIND),
    FunctionRow(29, "C_EncryptInit", "2.40", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hKey", ULONG)), Operation.ENCRYPT),
    FunctionRow(30, "C_Encrypt", "2.40", SESSION, (("hSession", ULONG), ("pData", BYTES), ("pEncryptedData", BUFFER)), Operation.ENCRYPT),
    FunctionRow(31, "C_EncryptUpdate", "2.40", SESSION, (("hSession", ULONG), ("pPart", BYTES), ("pEncryptedPart", BUFFER)), Operation.ENCRYPT),
    FunctionRow(32, "C_EncryptFinal", "2.40", SESSION, (("hSession", ULONG), ("pLastEncryptedPart", BUFFER)), Operation.ENCRYPT),
    FunctionRow(33, "C_DecryptInit", "2.40", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hKey", ULONG)), Operation.DECRYPT),
    FunctionRow(34, "C_Decrypt", "2.40", SESSION, (("hSession", ULONG), ("pEncryptedData", BYTES), ("pData", BUFFER)), Operation.DECRYPT),
    FunctionRow(35, "C_DecryptUpdate", "2.40", SESSION, (("hSession", ULONG), ("pEncryptedPart", BYTES), ("pPart", BUFFER)), Operation.DECRYPT),
    FunctionRow(36, "C_DecryptFinal", "2.40", SESSION, (("hSession", ULONG), ("pLastPart", BUFFER)), Operation.DECRYPT),
    FunctionRow(37, "C_DigestInit", "2.40", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM)), Operation.DIGEST),
    FunctionRow(38, "C_Digest", "2.40", SESSION, (("hSession", ULONG), ("pData", BYTES), ("pDigest", BUFFER)), Operation.DIGEST),
    FunctionRow(39, "C_DigestUpdate", "2.40", SESSION, (("hSession", ULONG), ("pPart", BYTES)), Operation.DIGEST),
    FunctionRow(40, "C_DigestKey", "2.40", SESSION, (("hSession", ULONG), ("hKey", ULONG)), Operation.DIGEST),
    FunctionRow(41, "C_DigestFinal", "2.40", SESSION, (("hSession", ULONG), ("pDigest", BUFFER)), Operation.DIGEST),
    FunctionRow(42, "C_SignInit", "2.40", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hKey", ULONG)), Operation.SIGN),
    FunctionRow(43, "C_Sign", "2.40", SESSION, (("hSession", ULONG), ("pData", BYTES), ("pSignature", BUFFER)), Operation.SIGN),
    FunctionRow(44, "C_SignUpdate", "2.40", SESSION, (("hSession", ULONG), ("pPart", BYTES)), Operation.SIGN),
    FunctionRow(45, "C_SignFinal", "2.40", SESSION, (("hSession", ULONG), ("pSignature", BUFFER)), Operation.SIGN),
    FunctionRow(46, "C_SignRecoverInit", "2.40", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hKey", ULONG)), Operation.SIGN_RECOVER),
    FunctionRow(47, "C_SignRecover", "2.40", SESSION, (("hSession", ULONG), ("pData", BYTES), ("pSignature", BUFFER)), Operation.SIGN_RECOVER),
    FunctionRow(48, "C_VerifyInit", "2.40", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hKey", ULONG)), Operation.VERIFY),
    FunctionRow(49, "C_Verify", "2.40", SESSION, (("hSession", ULONG), ("pData", BYTES), ("pSignature", BYTES)), Operation.VERIFY),
    FunctionRow(50, "C_VerifyUpdate", "2.40", SESSION, (("hSession", ULONG), ("pPart", BYTES)), Operation.VERIFY),
    FunctionRow(51, "C_VerifyFinal", "2.40", SESSION, (("hSession", ULONG), ("pSignature", BYTES)), Operation.VERIFY),
    FunctionRow(52, "C_VerifyRecoverInit", "2.40", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hKey", ULONG)), Operation.VERIFY_RECOVER),
    FunctionRow(53, "C_VerifyRecover", "2.40", SESSION, (("hSession", ULONG), ("pSignature", BYTES), ("pData", BUFFER)), Operation.VERIFY_RECOVER),
    FunctionRow(54, "C_DigestEncryptUpdate", "2.40", SESSION, (("hSession", ULONG), ("pPart", BYTES), ("pEncryptedPart", BUFFER))),
    FunctionRow(55, "C_DecryptDigestUpdate", "2.40", SESSION, (("hSession", ULONG), ("pEncryptedPart", BYTES), ("pPart", BUFFER))),
    FunctionRow(56, "C_SignEncryptUpdate", "2.40", SESSION, (("hSession", ULONG), ("pPart", BYTES), ("pEncryptedPart", BUFFER))),
    FunctionRow(57, "C_DecryptVerifyUpdate", "2.40", SESSION, (("hSession", ULONG), ("pEncryptedPart", BYTES), ("pPart", BUFFER))),
    FunctionRow(58, "C_GenerateKey", "2.40", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("pTemplate", TEMPLATE), ("phKey", ULONG_OUT))),
    FunctionRow(59, "C_GenerateKeyPair", "2.40", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("pPublicKeyTemplate", TEMPLATE), ("pPrivateKeyTemplate", TEMPLATE), ("phPublicKey", ULONG_OUT), ("phPrivateKey", ULONG_OUT))),
    FunctionRow(60, "C_WrapKey", "2.40", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hWrappingKey", ULONG), ("hKey", ULONG), ("pWrappedKey", BUFFER))),
    FunctionRow(61, "C_UnwrapKey", "2.40", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hUnwrappingKey", ULONG), ("pWrappedKey", BYTES), ("pTemplate", TEMPLATE), ("phKey", ULONG_OUT))),
    FunctionRow(62, "C_DeriveKey", "2.40", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hBaseKey", ULONG), ("pTemplate", TEMPLATE), ("phKey", ULONG_OUT))),
    FunctionRow(63, "C_SeedRandom", "2.40", SESSION, (("hSession", ULONG), ("pSeed", BYTES))),
    FunctionRow(64, "C_GenerateRandom", "2.40", SESSION, (("hSession", ULONG), ("RandomData", FILL))),
    FunctionRow(65, "C_GetFunctionStatus", "2.40", NOTHING, (("hSession", ULONG),)),
    FunctionRow(66, "C_CancelFunction", "2.40", NOTHING, (("hSession", ULONG),)),
    FunctionRow(67, "C_WaitForSlotEvent", "2.40", NOTHING, (("flags", ULONG), ("pSlot", ULONG_OUT), ("pRserved", RESERVED))),
    FunctionRow(68, "C_GetInterfaceList", "3.0", LOCAL, ()),
    FunctionRow(69, "C_GetInterface", "3.0", LOCAL, ()),
    FunctionRow(70, "C_LoginUser", "3.0", SESSION, (("hSession", ULONG), ("userType", ULONG), ("pPin", BYTES), ("pUsername", BYTES))),
    FunctionRow(71, "C_SessionCancel", "3.0", SESSION, (("hSession", ULONG), ("flags", ULONG))),
    FunctionRow(72, "C_MessageEncryptInit", "3.0", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hKey", ULONG)), Operation.MESSAGE_ENCRYPT),
    FunctionRow(73, "C_EncryptMessage", "3.0", SESSION, (("hSession", ULONG), ("pParameter", MESSAGE_PARAMETER), ("pAssociatedData", BYTES), ("pPlaintext", BYTES), ("pCiphertext", BUFFER)), Operation.MESSAGE_ENCRYPT),
    FunctionRow(74, "C_EncryptMessageBegin", "3.0", SESSION, (("hSession", ULONG), ("pParameter", MESSAGE_PARAMETER), ("pAssociatedData", BYTES)), Operation.MESSAGE_ENCRYPT),
    FunctionRow(75, "C_EncryptMessageNext", "3.0", SESSION, (("hSession", ULONG), ("pParameter", MESSAGE_PARAMETER), ("pPlaintextPart", BYTES), ("pCiphertextPart", BUFFER), ("flags", ULONG)), Operation.MESSAGE_ENCRYPT),
    FunctionRow(76, "C_MessageEncryptFinal", "3.0", SESSION, (("hSession", ULONG),), Operation.MESSAGE_ENCRYPT),
    FunctionRow(77, "C_MessageDecryptInit", "3.0", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hKey", ULONG)), Operation.MESSAGE_DECRYPT),
    FunctionRow(78, "C_DecryptMessage", "3.0", SESSION, (("hSession", ULONG), ("pParameter", MESSAGE_PARAMETER), ("pAssociatedData", BYTES), ("pCiphertext", BYTES), ("pPlaintext", BUFFER)), Operation.MESSAGE_DECRYPT),
    FunctionRow(79, "C_DecryptMessageBegin", "3.0", SESSION, (("hSession", ULONG), ("pParameter", MESSAGE_PARAMETER), ("pAssociatedData", BYTES)), Operation.MESSAGE_DECRYPT),
    FunctionRow(80, "C_DecryptMessageNext", "3.0", SESSION, (("hSession", ULONG), ("pParameter", MESSAGE_PARAMETER), ("pCiphertextPart", BYTES), ("pPlaintextPart", BUFFER), ("flags", ULONG)), Operation.MESSAGE_DECRYPT),
    FunctionRow(81, "C_MessageDecryptFinal", "3.0", SESSION, (("hSession", ULONG),), Operation.MESSAGE_DECRYPT),
    FunctionRow(82, "C_MessageSignInit", "3.0", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hKey", ULONG)), Operation.MESSAGE_SIGN),
    FunctionRow(83, "C_SignMessage", "3.0", SESSION, (("hSession", ULONG), ("pParameter", MESSAGE_PARAMETER), ("pData", BYTES), ("pSignature", BUFFER)), Operation.MESSAGE_SIGN),
    FunctionRow(84, "C_SignMessageBegin", "3.0", SESSION, (("hSession", ULONG), ("pParameter", MESSAGE_PARAMETER)), Operation.MESSAGE_SIGN),
    FunctionRow(85, "C_SignMessageNext", "3.0", SESSION, (("hSession", ULONG), ("pParameter", MESSAGE_PARAMETER), ("pData", BYTES), ("pSignature", BUFFER)), Operation.MESSAGE_SIGN),
    FunctionRow(86, "C_MessageSignFinal", "3.0", SESSION, (("hSession", ULONG),), Operation.MESSAGE_SIGN),
    FunctionRow(87, "C_MessageVerifyInit", "3.0", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hKey", ULONG)), Operation.MESSAGE_VERIFY),
    FunctionRow(88, "C_VerifyMessage", "3.0", SESSION, (("hSession", ULONG), ("pParameter", MESSAGE_PARAMETER), ("pData", BYTES), ("pSignature", BYTES)), Operation.MESSAGE_VERIFY),
    FunctionRow(89, "C_VerifyMessageBegin", "3.0", SESSION, (("hSession", ULONG), ("pParameter", MESSAGE_PARAMETER)), Operation.MESSAGE_VERIFY),
    FunctionRow(90, "C_VerifyMessageNext", "3.0", SESSION, (("hSession", ULONG), ("pParameter", MESSAGE_PARAMETER), ("pData", BYTES), ("pSignature", BYTES)), Operation.MESSAGE_VERIFY),
    FunctionRow(91, "C_MessageVerifyFinal", "3.0", SESSION, (("hSession", ULONG),), Operation.MESSAGE_VERIFY),
    FunctionRow(92, "C_EncapsulateKey", "3.2", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hPublicKey", ULONG), ("pTemplate", TEMPLATE), ("pCiphertext", BUFFER), ("phKey", ULONG_OUT))),
    FunctionRow(93, "C_DecapsulateKey", "3.2", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hPrivateKey", ULONG), ("pTemplate", TEMPLATE), ("pCiphertext", BYTES), ("phKey", ULONG_OUT))),
    FunctionRow(94, "C_VerifySignatureInit", "3.2", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hKey", ULONG), ("pSignature", BYTES)), Operation.VERIFY_SIGNATURE),
    FunctionRow(95, "C_VerifySignature", "3.2", SESSION, (("hSession", ULONG), ("pData", BYTES)), Operation.VERIFY_SIGNATURE),
    FunctionRow(96, "C_VerifySignatureUpdate", "3.2", SESSION, (("hSession", ULONG), ("pPart", BYTES)), Operation.VERIFY_SIGNATURE),
    FunctionRow(97, "C_VerifySignatureFinal", "3.2", SESSION, (("hSession", ULONG),), Operation.VERIFY_SIGNATURE),
    FunctionRow(98, "C_GetSessionValidationFlags", "3.2", SESSION, (("hSession", ULONG), ("type", ULONG), ("pFlags", ULONG_OUT))),
    FunctionRow(99, "C_AsyncComplete", "3.2", SESSION, (("hSession", ULONG), ("pFunctionName", NAME), ("pResult", ASYNC_DATA))),
    FunctionRow(100, "C_AsyncGetID", "3.2", SESSION, (("hSession", ULONG), ("pFunctionName", NAME), ("pulID", ULONG_OUT))),
    FunctionRow(101, "C_AsyncJoin", "3.2", SESSION, (("hSession", ULONG), ("pFunctionName", NAME), ("ulID", ULONG), ("pData", ASYNC_BUFFER))),
    FunctionRow(102, "C_WrapKeyAuthenticated", "3.2", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hWrappingKey", ULONG), ("hKey", ULONG), ("pAssociatedData", BYTES), ("pWrappedKey", BUFFER))),
    FunctionRow(103, "C_UnwrapKeyAuthenticated", "3.2", SESSION, (("hSession", ULONG), ("pMechanism", MECHANISM), ("hUnwrappingKey", ULONG), ("pWrappedKey", BYTES), ("pTemplate", TEMPLATE), ("pAssociatedData", BYTES), ("phKey", ULONG_OUT))),
)
# fmt: on

#: Not of the standard: C_FindObjectsInit that gives the handles too when there are at most so many, and then has ended the
#: search (docs/wire.md, "FIND").
FIND: Final = FunctionRow(
    0xFF03,
    "C_FindObjectsInit",
    "2.40",
    SESSION,
    (("hSession", ULONG), ("pTemplate", TEMPLATE), ("most", ULONG), ("complete", ULONG_OUT), ("found", ULONG_LIST)),
    Operation.FIND,
)

BY_NAME: Final = {row.name: row for row in FUNCTIONS}
