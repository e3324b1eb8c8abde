"""What the policy keeps and lets be: over restarts, between tokens and threads; and that ordinary use goes on."""

import contextlib
import ctypes as C
import os
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from attacks.bench import IV, PUBLIC, SECRET, A, Bench, M, named
from attacks.test_more import CBC_PAD, _ec_pair, _ecdh, gcm
from cryptoki.calling import Caller, attributes, make_token
from harness import PIN, SO_PIN, run
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.spec.constants import Fault, KeyType, UserType
from hsmith.spec.faults import Refused
from hsmith.spec.values import MechanismArg
from p11 import P256, P11Error, make, refused


def test_a_role_outlives_the_object_and_the_keeper(tmp_path: Path) -> None:
    """U and W are on the token; W wraps K, is destroyed, and comes back from its backup under another keeper."""
    kwp, ecb = MechanismArg(M.AES_KEY_WRAP_KWP), MechanismArg(M.AES_ECB)
    uses = dict.fromkeys(("ENCRYPT", "DECRYPT", "SIGN", "VERIFY"), False)
    template = dict(VALUE_LEN=16, TOKEN=True, SENSITIVE=True, EXTRACTABLE=True, WRAP=True, UNWRAP=True, **uses)
    hsm = Hsm.opened(tmp_path / "store", Settings(kdf_milliseconds=1))
    slot = make_token(hsm)
    caller = Caller(hsm)
    session = caller.session(slot, user=UserType.USER)
    u, w, k = (
        caller.call("C_GenerateKey", session, MechanismArg(M.AES_KEY_GEN), attributes(**template, LABEL=name))
        for name in (b"u", b"w", b"k")
    )
    saved = caller.call("C_WrapKey", session, kwp, u, w, 100)
    blob = caller.call("C_WrapKey", session, ecb, w, k, 100)
    caller.call("C_DestroyObject", session, w)
    hsm.close()
    hsm = Hsm.opened(tmp_path / "store", Settings(kdf_milliseconds=1))
    caller = Caller(hsm)
    session = caller.session(slot, user=UserType.USER)
    caller.call("C_FindObjectsInit", session, attributes(LABEL=b"u"))
    (u,) = caller.call("C_FindObjects", session, 10)
    again = attributes(CLASS=SECRET, KEY_TYPE=KeyType.AES, SENSITIVE=False, EXTRACTABLE=True, DECRYPT=True)
    w = caller.call("C_UnwrapKey", session, kwp, u, saved, again)
    with pytest.raises(Refused, match="wrapped sensitive keys"):
        caller.call("C_DecryptInit", session, ecb, w)
    with pytest.raises(Refused):
        caller.call("C_GetAttributeValue", session, w, [A.VALUE])
    assert blob
    hsm.close()


def test_a_pair_of_another_token(loaded: dict[str, Bench]) -> None:
    """The attacker is the SO of a token of his own, whose profile permits all."""
    victim, own = loaded["default"], loaded["compat"]
    victim.begin()
    own.begin()
    public, _ = own.rsa(("WRAP",), ("DECRYPT",))
    n, e = own.s.get(public, [A.MODULUS, A.PUBLIC_EXPONENT])
    template = named(CLASS=PUBLIC, KEY_TYPE=KeyType.RSA, WRAP=True, VERIFY=False, ENCRYPT=False)
    imported = victim.s.create(template | {A.MODULUS: n, A.PUBLIC_EXPONENT: e})
    with refused(Fault.KEY_NOT_WRAPPABLE):
        victim.s.wrap(imported, M.RSA_PKCS, victim.k)
    own.end()
    victim.end()


def test_what_the_so_trusts_wraps(default: Bench) -> None:
    known = os.urandom(16)
    with default.so() as so:
        template = named(VALUE=known, PRIVATE=False, TOKEN=True, TRUSTED=True, SENSITIVE=True, WRAP=True, CLASS=4,
                         UNWRAP=True, KEY_TYPE=KeyType.AES)  # fmt: skip
        trusted = so.create(template)
    s, inner = default.s, os.urandom(16)
    blob = aes_key_wrap_with_padding(known, inner)
    below = s.unwrap(trusted, M.AES_KEY_WRAP_KWP, blob, default.readable(KeyType.AES, SENSITIVE=True, WRAP=True))
    assert s.wrap(below, M.AES_KEY_WRAP_KWP, default.k)  # it came from under what the SO trusts
    assert s.wrap(trusted, M.AES_KEY_WRAP_KWP, default.k)


def test_threads_get_one_role(default: Bench) -> None:
    """Whatever the order: the key wraps, or it decrypts."""
    for _ in range(5):
        w = default.aes("WRAP", "DECRYPT")
        done: list[str] = []
        barrier = threading.Barrier(4)

        def use(name: str, w: int = w, done: list[str] = done, barrier: threading.Barrier = barrier) -> None:
            with default.p11.open(default.slot) as session, contextlib.suppress(P11Error):
                barrier.wait()
                if name == "wrap":
                    session.wrap(w, CBC_PAD, default.k)
                else:
                    session.decrypt(w, M.AES_ECB, bytes(16))
                done.append(name)

        assert default.k
        threads = [threading.Thread(target=use, args=(name,)) for name in ("wrap", "decrypt") * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(done)) == 1


# --- Ordinary use


def test_backup_and_restore(default: Bench) -> None:
    """By every wrapping that protects, and in between the keys are used."""
    s = default.s
    for mechanism in (M.AES_KEY_WRAP, M.AES_KEY_WRAP_KWP, CBC_PAD, (M.AES_CBC, IV), gcm(os.urandom(12))):
        w = default.aes("WRAP", "UNWRAP", size=32)
        k = default.victim(os.urandom(16))
        mac = s.sign(k, M.SHA256_HMAC, b"text")
        blob = s.wrap(w, mechanism, k)
        s.destroy(k)
        again = s.unwrap(w, mechanism, blob, default.readable(SENSITIVE=True, SIGN=True, VALUE_LEN=16))
        assert s.sign(again, M.SHA256_HMAC, b"text") == mac


def test_private_keys_come_back(default: Bench) -> None:
    s, w = default.s, default.aes("WRAP", "UNWRAP")
    public, private = s.generate_pair(
        M.EC_KEY_PAIR_GEN, {A.EC_PARAMS: P256, A.VERIFY: True}, named(SIGN=True, SENSITIVE=True, EXTRACTABLE=True)
    )
    blob = s.wrap(w, CBC_PAD, private)
    s.destroy(private)
    template = named(CLASS=3, KEY_TYPE=KeyType.EC, SENSITIVE=True, SIGN=True)
    s.verify(public, M.ECDSA_SHA256, b"text", s.sign(s.unwrap(w, CBC_PAD, blob, template), M.ECDSA_SHA256, b"text"))


def test_a_key_with_all_uses_serves_data(default: Bench) -> None:
    s = default.s
    key = default.aes("ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "WRAP", "UNWRAP", "DERIVE", SENSITIVE=False)
    assert s.decrypt(key, CBC_PAD, s.encrypt(key, CBC_PAD, b"text")) == b"text"
    blob = s.wrap(key, CBC_PAD, s.create(default.readable(VALUE=b"sixteen bytes...")))
    assert default.read(s.unwrap(key, CBC_PAD, blob, default.readable())) == b"sixteen bytes..."


def test_an_agreement_that_is_read(default: Bench) -> None:
    _, private = _ec_pair(default)
    peer = _ecdh(ec.generate_private_key(ec.SECP256R1()))
    first, second = (default.s.derive(private, peer, default.readable(VALUE_LEN=32)) for _ in range(2))
    assert default.read(first) == default.read(second)


# --- Keys that were brought in clear (docs/decisions/0016-keys-brought-in-clear.md)

HASHING = named(CLASS=SECRET, KEY_TYPE=KeyType.GENERIC_SECRET, SENSITIVE=True, EXTRACTABLE=True)


def _brought(bench: Bench, value: bytes, **more: bool) -> int:
    uses = named(SIGN=True, VERIFY=True, DERIVE=True)
    template = named(CLASS=SECRET, KEY_TYPE=KeyType.GENERIC_SECRET, SENSITIVE=False, EXTRACTABLE=False, VALUE=value)
    return bench.s.create(template | uses | named(**more))


def test_a_key_brought_in_clear_derives_and_serves(default: Bench) -> None:
    s, key = default.s, _brought(default, os.urandom(32))
    assert s.derive(key, M.SHA256_KEY_DERIVATION, HASHING)
    assert s.sign(key, M.SHA256_HMAC, b"text")
    assert s.derive(key, M.SHA256_KEY_DERIVATION, HASHING)


@pytest.mark.parametrize("sensitive_first", [True, False])
def test_the_value_of_a_sensitive_key_keeps_its_role_when_it_is_brought_again(
    default: Bench, *, sensitive_first: bool
) -> None:
    s, value = default.s, os.urandom(32)
    sides = [_brought(default, value, SENSITIVE=each) for each in (sensitive_first, not sensitive_first)]
    for key in sides:
        assert s.derive(key, M.SHA256_KEY_DERIVATION, HASHING)
    for key in sides:
        with refused(Fault.KEY_FUNCTION_NOT_PERMITTED):
            s.sign(key, M.SHA256_HMAC, b"text")


def test_a_key_that_becomes_sensitive_gets_the_role(default: Bench) -> None:
    s, key = default.s, _brought(default, os.urandom(32))
    s.set(key, {A.SENSITIVE: True})
    assert s.derive(key, M.SHA256_KEY_DERIVATION, HASHING)
    with refused(Fault.KEY_FUNCTION_NOT_PERMITTED):
        s.sign(key, M.SHA256_HMAC, b"text")


def test_what_comes_of_a_key_brought_in_clear_wraps_nothing(default: Bench) -> None:
    s, key = default.s, _brought(default, os.urandom(32))
    template = named(CLASS=SECRET, KEY_TYPE=KeyType.AES, VALUE_LEN=32, SENSITIVE=True, WRAP=True)
    with refused(Fault.KEY_NOT_WRAPPABLE):
        s.wrap(s.derive(key, M.SHA256_KEY_DERIVATION, template), M.AES_KEY_WRAP_KWP, default.k)


def test_a_generated_key_keeps_its_role(default: Bench) -> None:
    s = default.s
    template = {A.VALUE_LEN: 32, A.SENSITIVE: False, A.EXTRACTABLE: False}
    key = s.generate(M.GENERIC_SECRET_KEY_GEN, template | named(SIGN=True, DERIVE=True))
    assert s.derive(key, M.SHA256_KEY_DERIVATION, HASHING)
    with refused(Fault.KEY_FUNCTION_NOT_PERMITTED):
        s.sign(key, M.SHA256_HMAC, b"text")


def test_outputs_of_wtls_and_derived_keys_are_of_different_keys(default: Bench) -> None:
    """CKM_WTLS_PRF gives out what CKM_WTLS_MASTER_KEY_DERIVE makes a key of."""
    s = default.s
    template = {A.VALUE_LEN: 20, A.SENSITIVE: True, A.EXTRACTABLE: False, A.DERIVE: True}
    key = s.generate(M.GENERIC_SECRET_KEY_GEN, template)
    room, size = C.create_string_buffer(20), C.c_ulong(20)
    prf = make(
        "WTLS_PRF_PARAMS", DigestMechanism=int(M.SHA256), pSeed=b"seed", pLabel=b"master secret", pOutput=room,
        pulOutputLen=size,
    )  # fmt: skip
    s.derive(key, (M.WTLS_PRF, prf), {})
    assert room.raw != bytes(20)
    with refused(Fault.KEY_FUNCTION_NOT_PERMITTED):
        s.derive(key, M.SHA256_KEY_DERIVATION, HASHING)


# --- Profiles


def test_strict_tokens_fix_roles(loaded: dict[str, Bench]) -> None:
    bench = loaded["strict"]
    bench.begin()
    s = bench.s
    with refused(Fault.TEMPLATE_INCONSISTENT):
        bench.aes("WRAP", "DECRYPT")
    with refused(Fault.TEMPLATE_INCONSISTENT):
        bench.rsa(("WRAP",), ("DECRYPT",))
    key = s.generate(M.AES_KEY_GEN, {A.VALUE_LEN: 32})  # no use is named: those that go together stay
    assert s.get(key, [A.ENCRYPT, A.DECRYPT, A.WRAP, A.UNWRAP, A.SIGN]) == [True, True, False, False, False]
    with refused(Fault.ATTRIBUTE_READ_ONLY):
        s.set(key, {A.WRAP: True})
    w = bench.aes("WRAP", "UNWRAP")
    with refused(Fault.KEY_NOT_WRAPPABLE):
        s.wrap(w, CBC_PAD, bench.k)
    assert s.wrap(w, M.AES_KEY_WRAP_KWP, bench.k)
    for mechanism, template in ((M.DES3_KEY_GEN, {}), (M.SHA_1_KEY_GEN, {A.VALUE_LEN: 20})):
        with refused(Fault.MECHANISM_INVALID):
            s.generate(mechanism, template)
    with refused(Fault.MECHANISM_INVALID):
        s.digest(M.MD5, b"text")
    with refused(Fault.TEMPLATE_INCONSISTENT):
        s.generate(M.GENERIC_SECRET_KEY_GEN, {A.VALUE_LEN: 8})
    assert M.MD5 not in bench.p11.mechanisms(bench.slot)
    bench.end()


@pytest.mark.parametrize("name", ["default", "strict", "compat"])
def test_the_command(module: Path, home: Path, name: str) -> None:
    pins = ("--so-pin", SO_PIN)
    run("hsmith", "token", "init", "--label", "t", "--profile", "strict", *pins, "--pin", PIN)
    assert '"profile": "strict"' in run("hsmith", "token", "show", "--json")
    run("hsmith", "token", "profile", "--set", name, *pins)
    assert f'"profile": "{name}"' in run("hsmith", "token", "show", "--json")


def test_the_profile_of_new_tokens(module: Path, home: Path) -> None:
    with (home / "config.toml").open("a") as config:
        config.write('[token]\nprofile = "compat"\n')
    run("hsmith", "token", "init", "--label", "t", "--so-pin", SO_PIN, "--pin", PIN)
    assert '"profile": "compat"' in run("hsmith", "token", "show", "--json")


@pytest.mark.parametrize("mechanism", [M.AES_KEY_WRAP, M.AES_KEY_WRAP_KWP, M.AES_CBC_PAD])
def test_a_key_for_data_brings_nothing_as_sensitive(default: Bench, mechanism: int) -> None:
    """Not even what can be read anyway: wrapping it was encryption."""
    s, way = default.s, CBC_PAD if mechanism == M.AES_CBC_PAD else mechanism
    w = default.aes("WRAP", "UNWRAP")
    readable = s.generate(M.AES_KEY_GEN, named(VALUE_LEN=16, SENSITIVE=False, EXTRACTABLE=True))
    blob = s.wrap(w, way, readable)
    with refused(Fault.KEY_FUNCTION_NOT_PERMITTED):
        s.unwrap(w, way, blob, default.readable(KeyType.AES, SENSITIVE=True, EXTRACTABLE=False, WRAP=True))


def test_a_key_for_data_brings_nothing_unseen_as_sensitive(default: Bench) -> None:
    """The blob comes from another key with the value, under which the policy did not hold."""
    s, value, inner = default.s, os.urandom(16), os.urandom(16)
    template = default.readable(KeyType.AES, VALUE=value, SENSITIVE=True, ENCRYPT=True, UNWRAP=True)
    w = s.create(template)
    s.encrypt(w, CBC_PAD, b"data")
    blob = aes_key_wrap_with_padding(value, inner)
    with refused(Fault.KEY_FUNCTION_NOT_PERMITTED):
        s.unwrap(w, M.AES_KEY_WRAP_KWP, blob, default.readable(KeyType.AES, SENSITIVE=True))
