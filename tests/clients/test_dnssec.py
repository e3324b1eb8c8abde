"""A DNS zone of 10,000 names, signed by ldns-signzone through OpenSSL's PKCS#11 engine, checked by ldns-verify-zone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clients.openssl_engine import ENGINE, engine_config
from harness import Token, run

pytestmark = [pytest.mark.client, pytest.mark.timeout(300)]

ZONE = "forge.example."
NAMES = 10_000


def write_zone(path: Path, names: int) -> None:
    """A zone of ``names`` hosts; every tenth also has AAAA and MX, every hundredth is a delegation."""
    lines = [
        f"$ORIGIN {ZONE}",
        "$TTL 3600",
        "@ IN SOA ns1 hostmaster 2024010101 7200 3600 1209600 300",
        "@ IN NS ns1",
        "@ IN NS ns2",
        "ns1 IN A 192.0.2.1",
        "ns2 IN A 192.0.2.2",
    ]
    for i in range(names - 2):
        if i % 100 == 99:
            lines.append(f"child{i} IN NS ns.child{i}.example.net.")
            continue
        lines.append(f"host{i} IN A 198.51.{i // 250 % 100}.{i % 250 + 1}")
        if i % 10 == 0:
            lines += [f"host{i} IN AAAA 2001:db8::{i:x}", f"host{i} IN MX 10 ns1"]
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("algorithm", "key_type"), [("ECDSAP256SHA256", "EC:prime256v1"), ("RSASHA256", "rsa:2048")], ids=["p256", "rsa"]
)
def test_signed_zone(
    algorithm: str,
    key_type: str,
    token: Token,
    tmp_path: Path,
    need: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need("ldns-signzone", "ldns-verify-zone", "pkcs11-tool", ENGINE)
    names = NAMES if algorithm.startswith("EC") else NAMES // 20  # RSA signs slower; the zone's size is shown by P-256
    for label, number in (("zsk", "01"), ("ksk", "02")):
        token.tool("--keypairgen", "--key-type", key_type, "--id", number, "--label", label, "--usage-sign")
    write_zone(tmp_path / "zone", names)

    with monkeypatch.context() as patch:
        patch.setenv("OPENSSL_CONF", str(engine_config(token, tmp_path)))
        keys = ("-k", f"{algorithm},{token.uri('zsk')}", "-K", f"{algorithm},{token.uri('ksk')}")
        run("ldns-signzone", "-E", "pkcs11", *keys, "-o", ZONE, "-f", "zone.signed", "zone", cwd=tmp_path)

    signed = (tmp_path / "zone.signed").read_text()
    assert sum("\tRRSIG\t" in line for line in signed.splitlines()) >= 2 * names
    assert "verified" in run("ldns-verify-zone", "zone.signed", cwd=tmp_path)

    # The check is one: a changed address is found.
    broken = signed.replace("\t192.0.2.2", "\t192.0.2.3", 1)
    assert broken != signed
    (tmp_path / "zone.signed").write_text(broken)
    with pytest.raises(AssertionError, match="ldns-verify-zone"):
        run("ldns-verify-zone", "zone.signed", cwd=tmp_path)
