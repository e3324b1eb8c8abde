"""Message-based encryption, decryption, signing and verifying, and wrapping with associated data."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from cryptoki.calling import Caller, attributes
from hsmith.cryptoki import messages
from hsmith.spec.constants import Fault, IvGenerator, KeyType, Mechanism, MessageFlag, ObjectClass, UserType
from hsmith.spec.faults import Refused, TooSmall
from hsmith.spec.params import CcmMessageParams, GcmMessageParams, GcmParams, Salsa20Chacha20Poly1305MsgParams
from hsmith.spec.values import MechanismArg
from hsmith.wire import codec

GCM, CCM, CHACHA = Mechanism.AES_GCM, Mechanism.AES_CCM, Mechanism.CHACHA20_POLY1305
END = MessageFlag.END_OF_MESSAGE
VALUE = bytes(range(32))
AAD, TEXT = b"header", b"some text that is longer than one block"


@pytest.fixture
def session(caller: Caller, slot: int) -> int:
    return caller.session(slot, user=UserType.USER)


def fault_of(caller: Caller, name: str, *args: object) -> Fault:
    with pytest.raises(Refused) as caught:
        caller.call(name, *args)
    return caught.value.fault


def known_key(caller: Caller, session: int, key_type: KeyType = KeyType.AES, **more: Any) -> int:
    template = attributes(
        CLASS=ObjectClass.SECRET_KEY, KEY_TYPE=key_type, VALUE=VALUE, ENCRYPT=True, DECRYPT=True, **more
    )
    handle: int = caller.call("C_CreateObject", session, template)
    return handle


def gcm(**fields: Any) -> GcmMessageParams:
    given: dict[str, Any] = {"iv": bytes(12), "tag": bytes(16), "tag_bits": 128}
    return GcmMessageParams(**given | fields)


def ccm(length: int, **fields: Any) -> CcmMessageParams:
    given: dict[str, Any] = {"data_len": length, "nonce": bytes(12), "mac": bytes(8), "mac_len": 8}
    return CcmMessageParams(**given | fields)


def begin(caller: Caller, session: int, mechanism: Mechanism = GCM, *, decrypt: bool = False) -> int:
    key = known_key(caller, session, KeyType.CHACHA20 if mechanism is CHACHA else KeyType.AES)
    arg = MechanismArg(mechanism, CASES[mechanism][0]())
    caller.call(f"C_Message{'Decrypt' if decrypt else 'Encrypt'}Init", session, arg, key)
    return key


CASES: dict[Mechanism, tuple[Callable[[], Any], str, Callable[[], bytes]]] = {
    GCM: (gcm, "tag", lambda: AESGCM(VALUE).encrypt(bytes(12), TEXT, AAD)),
    CCM: (lambda: ccm(len(TEXT)), "mac", lambda: AESCCM(VALUE, 8).encrypt(bytes(12), TEXT, AAD)),
    CHACHA: (
        lambda: Salsa20Chacha20Poly1305MsgParams(bytes(12), bytes(16)),
        "tag",
        lambda: ChaCha20Poly1305(VALUE).encrypt(bytes(12), TEXT, AAD),
    ),
}


@pytest.mark.parametrize("mechanism", CASES)
def test_messages_whole_and_in_parts_are_what_the_library_makes(
    caller: Caller, session: int, mechanism: Mechanism
) -> None:
    fresh, tag, expected = CASES[mechanism]
    begin(caller, session, mechanism)
    for _ in range(2):
        params = fresh()
        assert (
            caller.call("C_EncryptMessage", session, params, AAD, TEXT, len(TEXT)) + getattr(params, tag) == expected()
        )
    params = fresh()
    caller.call("C_EncryptMessageBegin", session, params, AAD)
    made = caller.call("C_EncryptMessageNext", session, params, TEXT[:17], 100, 0)
    made += caller.call("C_EncryptMessageNext", session, params, TEXT[17:], 100, END)
    assert made + getattr(params, tag) == expected()
    caller.call("C_MessageEncryptFinal", session)
    assert fault_of(caller, "C_MessageEncryptFinal", session) == Fault.OPERATION_NOT_INITIALIZED


@pytest.mark.parametrize("mechanism", CASES)
def test_decryption_gives_nothing_before_the_tag_is_checked(caller: Caller, session: int, mechanism: Mechanism) -> None:
    fresh, tag, expected = CASES[mechanism]
    begin(caller, session, mechanism, decrypt=True)
    sealed = expected()
    params = fresh()
    setattr(params, tag, sealed[len(TEXT) :])
    sealed = sealed[: len(TEXT)]
    assert caller.call("C_DecryptMessage", session, params, AAD, sealed, None) == len(TEXT)
    assert caller.call("C_DecryptMessage", session, params, AAD, sealed, 100) == TEXT
    assert fault_of(caller, "C_DecryptMessage", session, params, b"other", sealed, 100) == Fault.AEAD_DECRYPT_FAILED
    caller.call("C_DecryptMessageBegin", session, params, AAD)
    assert caller.call("C_DecryptMessageNext", session, params, sealed[:20], 0, 0) == b""
    with pytest.raises(TooSmall) as small:
        caller.call("C_DecryptMessageNext", session, params, sealed[20:], len(TEXT) - 1, END)
    assert small.value.length == len(TEXT)
    assert caller.call("C_DecryptMessageNext", session, params, sealed[20:], len(TEXT), END) == TEXT
    caller.call("C_DecryptMessageBegin", session, params, AAD)
    spoiled = bytes([sealed[0] ^ 1]) + sealed[1:]
    assert caller.call("C_DecryptMessageNext", session, params, spoiled, 0, 0) == b""
    assert fault_of(caller, "C_DecryptMessageNext", session, params, b"", 100, END) == Fault.AEAD_DECRYPT_FAILED
    assert fault_of(caller, "C_DecryptMessageNext", session, params, b"", 100, END) == Fault.OPERATION_NOT_INITIALIZED
    assert caller.call("C_DecryptMessage", session, params, AAD, sealed, 100) == TEXT  # The process goes on.


def test_the_states_of_a_process(caller: Caller, session: int) -> None:
    assert fault_of(caller, "C_EncryptMessage", session, gcm(), AAD, TEXT, 100) == Fault.OPERATION_NOT_INITIALIZED
    key = begin(caller, session)
    arg = MechanismArg(GCM, gcm())
    assert fault_of(caller, "C_MessageEncryptInit", session, arg, key) == Fault.OPERATION_ACTIVE
    next_ = ("C_EncryptMessageNext", session, gcm(), TEXT, 100, END)
    assert fault_of(caller, *next_) == Fault.OPERATION_NOT_INITIALIZED
    caller.call("C_EncryptMessageBegin", session, gcm(), AAD)
    assert fault_of(caller, "C_EncryptMessageBegin", session, gcm(), AAD) == Fault.OPERATION_ACTIVE
    assert fault_of(caller, "C_EncryptMessage", session, gcm(), AAD, TEXT, 100) == Fault.OPERATION_ACTIVE
    assert fault_of(caller, "C_MessageEncryptFinal", session) == Fault.OPERATION_ACTIVE
    assert caller.call("C_EncryptMessageNext", session, gcm(), TEXT, None, END) == len(TEXT)
    assert fault_of(caller, "C_EncryptMessageNext", session, gcm(), TEXT, 3, END) == Fault.BUFFER_TOO_SMALL
    caller.call(*next_)
    caller.call("C_EncryptMessageBegin", session, gcm(), AAD)
    caller.call("C_MessageEncryptInit", session, None, 0)  # Ends all, the message too.
    caller.call("C_MessageEncryptInit", session, MechanismArg(GCM, gcm()), key)
    caller.call("C_SessionCancel", session, 0x2)
    assert fault_of(caller, "C_MessageEncryptFinal", session) == Fault.OPERATION_NOT_INITIALIZED


def test_parameters_that_are_refused(caller: Caller, session: int) -> None:
    key = known_key(caller, session)
    plain = MechanismArg(GCM, GcmParams(iv=bytes(12), tag_bits=128))
    # NSS gives none, and of this fault alone it goes on without messages.
    assert fault_of(caller, "C_MessageEncryptInit", session, MechanismArg(GCM), key) == Fault.MECHANISM_INVALID
    for arg in (plain, MechanismArg(GCM, ccm(0))):
        assert fault_of(caller, "C_MessageEncryptInit", session, arg, key) == Fault.MECHANISM_PARAM_INVALID
    assert fault_of(caller, "C_EncryptInit", session, MechanismArg(GCM, gcm()), key) == Fault.MECHANISM_PARAM_INVALID
    assert fault_of(caller, "C_MessageEncryptInit", session, MechanismArg(Mechanism.AES_ECB), key) == (
        Fault.MECHANISM_INVALID
    )
    caller.call("C_MessageEncryptInit", session, MechanismArg(GCM, gcm()), key)
    for wrong in (
        None,
        ccm(len(TEXT)),
        gcm(tag=b""),
        gcm(tag_bits=127, tag=bytes(15)),
        gcm(iv=b""),
        gcm(iv_generator=9),
        gcm(iv_generator=IvGenerator.GENERATE, iv_fixed_bits=90),
        gcm(iv_generator=IvGenerator.GENERATE_COUNTER, iv_fixed_bits=96),
    ):
        assert fault_of(caller, "C_EncryptMessage", session, wrong, b"", TEXT, 100) == Fault.MECHANISM_PARAM_INVALID
    assert caller.call("C_EncryptMessage", session, gcm(), b"", TEXT, 100)


def ivs(caller: Caller, session: int, count: int, **fields: Any) -> list[bytes]:
    made = []
    for _ in range(count):
        params = gcm(**fields)
        caller.call("C_EncryptMessage", session, params, b"", b"", 0)
        made.append(params.iv)
    return made


@pytest.mark.parametrize("generator", [IvGenerator.GENERATE, IvGenerator.GENERATE_RANDOM])
def test_generated_ivs_keep_the_fixed_bits(caller: Caller, session: int, generator: IvGenerator) -> None:
    begin(caller, session)
    made = ivs(caller, session, 20, iv=b"\xab" * 12, iv_fixed_bits=36, iv_generator=generator)
    assert len(set(made)) == 20
    assert all(iv[:4] == b"\xab" * 4 and iv[4] >> 4 == 0xA for iv in made)
    whole = ivs(caller, session, 2, iv=bytes(12), iv_generator=generator)
    assert whole[0] != whole[1]


def test_counted_ivs_start_at_zero_and_never_come_again(caller: Caller, session: int) -> None:
    key = begin(caller, session)
    counted: dict[str, Any] = {"iv": b"\xab" * 12, "iv_fixed_bits": 88, "iv_generator": IvGenerator.GENERATE_COUNTER}
    made = ivs(caller, session, 2, **counted)
    caller.call("C_MessageEncryptFinal", session)
    caller.call("C_MessageEncryptInit", session, MechanismArg(GCM, gcm()), key)
    made += ivs(caller, session, 254, **counted)
    assert made == [b"\xab" * 11 + bytes([count]) for count in range(256)]
    assert fault_of(caller, "C_EncryptMessage", session, gcm(**counted), b"", b"", 0) == Fault.MECHANISM_PARAM_INVALID


def test_a_counter_is_xored_with_an_iv_that_does_not_vary(caller: Caller, session: int) -> None:
    begin(caller, session)
    masked: dict[str, Any] = {"iv": b"\xff" * 12, "iv_fixed_bits": 32, "iv_generator": IvGenerator.GENERATE_COUNTER_XOR}
    assert ivs(caller, session, 3, **masked) == [b"\xff" * 11 + last for last in (b"\xff", b"\xfe", b"\xfd")]
    varied = gcm(**(masked | {"iv": b"\xff" * 11 + b"\x00"}))
    assert fault_of(caller, "C_EncryptMessage", session, varied, b"", b"", 0) == Fault.MECHANISM_PARAM_INVALID


def test_a_length_query_takes_no_iv(caller: Caller, session: int) -> None:
    begin(caller, session)
    params = gcm(iv_generator=IvGenerator.GENERATE_COUNTER)
    assert caller.call("C_EncryptMessage", session, params, b"", TEXT, None) == len(TEXT)
    assert fault_of(caller, "C_EncryptMessage", session, params, b"", TEXT, 1) == Fault.BUFFER_TOO_SMALL
    caller.call("C_EncryptMessage", session, params, b"", TEXT, 100)
    assert params.iv == bytes(12)
    caller.call("C_EncryptMessageBegin", session, params, b"")
    assert params.iv == bytes(11) + b"\x01"


def hmac_key(caller: Caller, session: int) -> int:
    template = attributes(
        CLASS=ObjectClass.SECRET_KEY, KEY_TYPE=KeyType.GENERIC_SECRET, VALUE=VALUE, SIGN=True, VERIFY=True
    )
    key: int = caller.call("C_CreateObject", session, template)
    return key


@pytest.mark.parametrize("mechanism", [Mechanism.SHA256_HMAC, Mechanism.ECDSA_SHA256, Mechanism.AES_CMAC])
def test_messages_signed_and_verified(caller: Caller, session: int, mechanism: Mechanism) -> None:
    keys = {
        Mechanism.SHA256_HMAC: lambda: (hmac_key(caller, session),) * 2,
        Mechanism.ECDSA_SHA256: lambda: caller.p256(session),
        Mechanism.AES_CMAC: lambda: (known_key(caller, session, SIGN=True, VERIFY=True),) * 2,
    }
    public, private = keys[mechanism]()
    caller.call("C_MessageSignInit", session, MechanismArg(mechanism), private)
    size = caller.call("C_SignMessage", session, None, TEXT, None)
    assert fault_of(caller, "C_SignMessage", session, None, TEXT, size - 1) == Fault.BUFFER_TOO_SMALL
    signatures = [caller.call("C_SignMessage", session, None, TEXT, size)]
    caller.call("C_SignMessageBegin", session, None)
    assert fault_of(caller, "C_SignMessage", session, None, TEXT, size) == Fault.OPERATION_ACTIVE
    assert caller.call("C_SignMessageNext", session, None, TEXT[:9], messages.NO_OUTPUT) == b""
    assert caller.call("C_SignMessageNext", session, None, TEXT[9:], None) == size
    signatures.append(caller.call("C_SignMessageNext", session, None, TEXT[9:], size))
    caller.call("C_MessageSignFinal", session)
    caller.call("C_MessageVerifyInit", session, MechanismArg(mechanism), public)
    for signature in signatures:
        caller.call("C_VerifyMessage", session, None, TEXT, signature)
        caller.call("C_VerifyMessageBegin", session, None)
        caller.call("C_VerifyMessageNext", session, None, TEXT[:5], None)
        caller.call("C_VerifyMessageNext", session, None, TEXT[5:], signature)
    assert fault_of(caller, "C_VerifyMessage", session, None, b"x", signatures[0]) == Fault.SIGNATURE_INVALID
    assert fault_of(caller, "C_VerifyMessage", session, None, TEXT, b"") == Fault.SIGNATURE_LEN_RANGE
    caller.call("C_VerifyMessage", session, None, TEXT, signatures[0])
    assert fault_of(caller, "C_VerifyMessage", session, gcm(), TEXT, signatures[0]) == Fault.MECHANISM_PARAM_INVALID
    caller.call("C_MessageVerifyFinal", session)


def test_mechanisms_of_one_part_sign_whole_messages(caller: Caller, session: int) -> None:
    public, private = caller.p256(session)
    arg = MechanismArg(Mechanism.ECDSA)
    caller.call("C_MessageSignInit", session, arg, private)
    signature = caller.call("C_SignMessage", session, None, bytes(32), 64)
    assert fault_of(caller, "C_SignMessageBegin", session, None) == Fault.FUNCTION_NOT_SUPPORTED
    caller.call("C_MessageVerifyInit", session, arg, public)
    caller.call("C_VerifyMessage", session, None, bytes(32), signature)
    assert fault_of(caller, "C_MessageSignInit", session, arg, public) == Fault.OPERATION_ACTIVE


def test_a_key_that_wants_a_pin_wants_it_for_each_message(caller: Caller, session: int) -> None:
    _, private = caller.p256(session, ALWAYS_AUTHENTICATE=True)
    caller.call("C_MessageSignInit", session, MechanismArg(Mechanism.ECDSA_SHA256), private)
    for _ in range(2):
        assert fault_of(caller, "C_SignMessage", session, None, TEXT, 64) == Fault.USER_NOT_LOGGED_IN
        caller.call("C_Login", session, UserType.CONTEXT_SPECIFIC, b"1234")
        caller.call("C_SignMessage", session, None, TEXT, 64)


def test_the_capacity_that_says_more_follows_is_that_of_the_wire() -> None:
    assert messages.NO_OUTPUT == codec.NO_OUTPUT


# --- Authenticated wrapping


@pytest.mark.parametrize("mechanism", [GCM, CCM])
def test_wrapped_with_associated_data(caller: Caller, session: int, mechanism: Mechanism) -> None:
    wrapper = known_key(caller, session, WRAP=True, UNWRAP=True)
    inner = caller.aes(session, EXTRACTABLE=True, SENSITIVE=False)
    library: Any
    if mechanism is GCM:
        params: Any = gcm(iv_generator=IvGenerator.GENERATE, iv_fixed_bits=32)
        tag, library = "tag", AESGCM(VALUE)
    else:
        params, tag, library = ccm(0, nonce_generator=IvGenerator.GENERATE), "mac", AESCCM(VALUE, 8)
    arg = MechanismArg(mechanism, params)
    assert caller.call("C_WrapKeyAuthenticated", session, arg, wrapper, inner, AAD, None) == 32
    with pytest.raises(TooSmall):
        caller.call("C_WrapKeyAuthenticated", session, arg, wrapper, inner, AAD, 31)
    wrapped = caller.call("C_WrapKeyAuthenticated", session, arg, wrapper, inner, AAD, 32)
    nonce = getattr(params, "iv" if mechanism is GCM else "nonce")
    (value,) = caller.call("C_GetAttributeValue", session, inner, [0x11])
    assert library.decrypt(nonce, wrapped + getattr(params, tag), AAD) == value
    template = attributes(
        CLASS=ObjectClass.SECRET_KEY, KEY_TYPE=KeyType.AES, SENSITIVE=False, EXTRACTABLE=True, ENCRYPT=True
    )
    back = caller.call("C_UnwrapKeyAuthenticated", session, arg, wrapper, wrapped, template, AAD)
    assert caller.call("C_GetAttributeValue", session, back, [0x11]) == [value]
    for spoiled, associated in ((wrapped, b"other"), (bytes([wrapped[0] ^ 1]) + wrapped[1:], AAD)):
        fault = fault_of(caller, "C_UnwrapKeyAuthenticated", session, arg, wrapper, spoiled, template, associated)
        assert fault == Fault.WRAPPED_KEY_INVALID


def test_authenticated_wrapping_keeps_the_rules_of_wrapping(caller: Caller, session: int) -> None:
    wrapper = known_key(caller, session, WRAP=True)
    bound, loose = caller.aes(session, EXTRACTABLE=False), caller.aes(session, EXTRACTABLE=True, WRAP=False)
    wrap = "C_WrapKeyAuthenticated"
    arg = MechanismArg(GCM, gcm())
    assert fault_of(caller, wrap, session, arg, wrapper, bound, AAD, 99) == Fault.KEY_UNEXTRACTABLE
    assert fault_of(caller, wrap, session, arg, loose, loose, AAD, 99) == Fault.KEY_FUNCTION_NOT_PERMITTED
    assert fault_of(caller, wrap, session, arg, 1234, loose, AAD, 99) == Fault.WRAPPING_KEY_HANDLE_INVALID
    plain = MechanismArg(GCM, GcmParams(iv=bytes(12), tag_bits=128))
    assert fault_of(caller, wrap, session, plain, wrapper, loose, AAD, 99) == Fault.MECHANISM_PARAM_INVALID
    assert fault_of(caller, wrap, session, MechanismArg(Mechanism.AES_KEY_WRAP), wrapper, loose, AAD, 99) == (
        Fault.MECHANISM_PARAM_INVALID
    )
