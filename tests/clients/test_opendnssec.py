"""OpenDNSSEC itself, enforcer and signer, with hsmith as its only repository: a zone's life through two roll-overs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.opendnssec import POLICY, PROGRAMS, ZONE, Key, OpenDnssec
from harness import Token, keepers_of, stop_keepers

pytestmark = [pytest.mark.client, pytest.mark.slow]


@pytest.fixture
def dnssec(token: Token, tmp_path: Path, need: Callable[..., None]) -> Iterator[OpenDnssec]:
    need(*PROGRAMS, "ldns-verify-zone", "pkcs11-tool")
    system = OpenDnssec(token, tmp_path)
    try:
        yield system
    finally:
        system.stop()


def only(kind: str, *, other_than: int) -> Callable[[list[Key]], bool]:
    """Whether the zone has one key of this kind, in use, and it is a new one."""

    def check(keys: list[Key]) -> bool:
        return [(key.state, key.tag != other_than) for key in keys if key.kind == kind] == [("active", True)]

    return check


def tag_of(dnssec: OpenDnssec, kind: str) -> int:
    """The tag of the one key of this kind."""
    (key,) = (key for key in dnssec.listed() if key.kind == kind)
    return key.tag


def parent_has(dnssec: OpenDnssec, wanted: str) -> None:
    """Come to where the enforcer asks for the parent's DS record, and say that it is as wanted: ds-seen or ds-gone."""

    def asked(keys: list[Key]) -> list[Key]:
        return [key for key in keys if key.kind == "KSK" and key.next == f"waiting for {wanted}"]

    dnssec.leap_until(lambda keys: bool(asked(keys)), f"a KSK that waits for {wanted}")
    for key in asked(dnssec.listed()):
        dnssec.enforcer("key", wanted, "--zone", ZONE, "--keytag", str(key.tag))
    dnssec.until(lambda: not asked(dnssec.listed()), f"{wanted} is noted")
    dnssec.settle()


def test_a_zone_and_its_roll_overs(dnssec: OpenDnssec, token: Token) -> None:
    dnssec.start_enforcer()
    dnssec.enforcer("policy", "import")
    dnssec.enforcer("zone", "add", "--zone", ZONE, "--policy", POLICY)
    dnssec.until(lambda: len(dnssec.listed()) == 2, "the enforcer has made two keys")
    # They are in the token, under the identifiers that the enforcer has noted.
    listed = token.tool("--list-objects", "--type", "privkey")
    assert all(key.ident in listed for key in dnssec.listed()), listed
    dnssec.start_signer()
    dnssec.verify()
    parent_has(dnssec, "ds-seen")
    dnssec.leap_until(only("KSK", other_than=0), "the first KSK in use")
    dnssec.leap_until(only("ZSK", other_than=0), "the first ZSK in use")
    first_ksk, first_zsk = tag_of(dnssec, "KSK"), tag_of(dnssec, "ZSK")
    assert (dnssec.signing("DNSKEY"), dnssec.signing()) == ({first_ksk}, {first_zsk})

    # The zone's key is rolled over; in the middle of it everything ends and starts again.
    dnssec.enforcer("key", "rollover", "--zone", ZONE, "--keytype", "ZSK")
    dnssec.until(lambda: len(dnssec.listed()) == 3, "a second ZSK")
    dnssec.stop()
    (keeper,) = keepers_of(token.home)
    stop_keepers(token.home)
    dnssec.signed.unlink()
    dnssec.start_enforcer()
    dnssec.start_signer()
    dnssec.sign()
    dnssec.verify()
    assert keepers_of(token.home) not in ([], [keeper])
    dnssec.leap_until(only("ZSK", other_than=first_zsk), "the new ZSK alone")
    second_zsk = tag_of(dnssec, "ZSK")
    dnssec.until(lambda: dnssec.signing() == {second_zsk}, "signatures of the new ZSK")
    dnssec.verify()

    # The key of keys is rolled over, with the parent's answers.
    dnssec.enforcer("key", "rollover", "--zone", ZONE, "--keytype", "KSK")
    dnssec.settle()
    parent_has(dnssec, "ds-seen")
    parent_has(dnssec, "ds-gone")
    dnssec.leap_until(only("KSK", other_than=first_ksk), "the new KSK alone")
    second_ksk = tag_of(dnssec, "KSK")
    dnssec.until(lambda: dnssec.signing("DNSKEY") == {second_ksk}, "the key set signed by the new KSK")
    dnssec.verify()
    assert dnssec.signing() == {second_zsk}
    # What the parent would publish names the key that signs.
    assert f"DS\t{second_ksk} " in dnssec.enforcer(
        "key", "export", "--zone", ZONE, "--keytype", "KSK", "--keystate", "active", "--ds"
    )

    # The keeper alone restarts: the signer takes up the new one when it is told to (docs/opendnssec.md).
    stop_keepers(token.home)
    dnssec.signed.unlink()
    dnssec.signer("reload")
    dnssec.sign()
    dnssec.verify()
