"""Whole test suites of real clients, run against the module by the runners of a folder beside the checkout.

The folder is HSMITH_CONFORMANCE, or ../shared/conformance. Each runner makes a token, drives its client and ends with
`suite: passed N failed N skipped N`. Here is what each must reach, and which failures are expected and why.
"""

import json
import os
import pwd
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("HSMITH_CONFORMANCE", ROOT.parent / "shared" / "conformance"))
REQUIRED = os.environ.get("HSMITH_REQUIRE_CLIENTS") == "1"
LIB = Path("/usr/lib/x86_64-linux-gnu")
SUMMARY = re.compile(r"^\S+: passed (\d+) failed (\d+) skipped (\d+)", re.MULTILINE)

pytestmark = [pytest.mark.client, pytest.mark.timeout(900)]


class Suite(NamedTuple):
    """A runner, the programs it needs, how many cases must pass at least, and which skips are expected."""

    name: str
    needs: tuple[str | Path, ...]
    passed: int
    skips: frozenset[str] = frozenset()
    environment: tuple[tuple[str, str], ...] = ()


# fmt: off
SUITES = [
    Suite("java-sunpkcs11", ("java", "keytool", "jarsigner", "zip", "openssl"), 230),
    Suite("ldns", ("ldns-signzone", "ldns-verify-zone", "pkcs11-tool", LIB / "engines-3/pkcs11.so"), 3),
    # OpenSC 0.23's own thread test crashes, and it knows no post-quantum keys.
    Suite("opensc-pkcs11-tool", ("pkcs11-tool", "openssl"), 48, frozenset({"test-threads", "pqc"})),
    Suite("openssh", ("ssh", "sshd", "ssh-agent", "pkcs11-tool"), 12),
    Suite("openssl-engine", ("openssl", "pkcs11-tool", LIB / "engines-3/pkcs11.so"), 24),
    Suite("p11-kit", ("p11-kit", "pkcs11-tool", LIB / "p11-kit-proxy.so", LIB / "pkcs11/p11-kit-client.so"), 8),
    Suite("pkcs11-check", ("pkcs11-tool",), 125, environment=(("PROFILE", "smoke"),)),
    Suite("python-pkcs11", ("pkcs11-tool",), 140),
]
# fmt: on


class Outcome(NamedTuple):
    """What a runner printed last, and where its logs are."""

    passed: int
    failed: int
    skipped: int
    line: str
    logs: Path


def conformance(
    suite: str,
    module: Path,
    home: Path,
    logs: Path,
    environment: dict[str, str] | None = None,
    *arguments: str,
    bound: float = 900,
) -> Outcome:
    """Run one runner over a fresh home. ``arguments``: for the suite; ``bound``: seconds."""
    script = FOLDER / "registry" / f"{suite}.sh"
    if not script.exists():
        message = f"{script} is missing; set HSMITH_CONFORMANCE to the folder of the conformance runners"
        pytest.fail(message) if REQUIRED else pytest.skip(message)
    (home / "config.toml").unlink(missing_ok=True)  # As a user has it
    env = {**os.environ, "MODULE": str(module), "OUT": str(logs), "MODULE_SETUP": f"export HSMITH_HOME={home}"}
    env["HOME"] = pwd.getpwuid(os.getuid()).pw_dir  # Runners look for other versions of Python there
    if "softhsm" in module.name:
        del env["MODULE_SETUP"]
    command = ["nice", "-n", "5", *in_p11_kit_sight(module, home), str(script), *arguments]
    done = subprocess.run(
        command,
        env={**env, **(environment or {})},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=bound,
    )
    found = SUMMARY.search(done.stdout)
    assert found, f"{suite} printed no summary:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    line = done.stdout.splitlines()[-1]
    passed, failed, skipped = map(int, found.groups())
    return Outcome(passed, failed, skipped, line, logs)


def in_p11_kit_sight(module: Path, home: Path) -> list[str]:
    """A command that runs another where p11-kit finds the module.

    A user's p11-kit reads that user's own folder, which the runner fills; root's reads the machine's folder alone. So
    root gets a folder with just this module in its place, seen by the runner and nobody else.
    """
    machine = Path("/usr/share/p11-kit/modules")
    if os.geteuid() != 0 or not machine.exists():
        return []
    folder = home / "p11-kit"
    folder.mkdir(exist_ok=True)
    (folder / "hsmith.module").write_text(f"module: {module}\ncritical: yes\n")
    return ["unshare", "--mount", "sh", "-ec", f'mount --bind {folder} {machine}; exec "$0" "$@"']


def failures(outcome: Outcome) -> str:
    """The summary and the end of each log, for the message of a failed assertion."""
    ends = []
    for log in sorted(outcome.logs.glob("*.log")):
        text = log.read_text(errors="replace")
        if re.search(r"(?i)error|fail|CKR_", text):
            ends.append(f"--- {log.name}\n{text[-1200:]}")
    return "\n".join([outcome.line, *ends])[-12000:]


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_suite(suite: Suite, module: Path, home: Path, tmp_path: Path, need: Callable[..., None]) -> None:
    need(*suite.needs)
    outcome = conformance(suite.name, module, home, tmp_path, dict(suite.environment))
    if "no Python >= 3.12" in outcome.line:
        need("Python 3.12 or later in ~/.pyenv or /usr/bin")
    assert outcome.failed == 0, failures(outcome)
    assert outcome.passed >= suite.passed, failures(outcome)
    named = re.search(r"\[skipped: ([^\]]*)\]", outcome.line)
    assert not suite.skips or set(named.group(1).split() if named else ()) == suite.skips, outcome.line


#: The interfaces at which the widest suite is run in full: HSMITH_CHECK=2.40,3.0,3.2. Each takes a quarter of an hour.
INTERFACES = [each for each in os.environ.get("HSMITH_CHECK", "").split(",") if each]
#: What fails in the full suite, each explained in docs/conformance.md. A case that passes again leaves this list.
MAY_FAIL = {
    "test_async_get_id_no_operation",
    "test_async_get_id_empty_selector",
    "test_load_module_via_p11kit",
    "test_pkcs1v15_bleichenbacher_structured_oracle",
    "test_eddsa_edwards448_sign_missing_required_param",
    "test_eddsa_edwards448_verify_missing_required_param",
    "test_unwrapped_key_preserves_extractable",
    "test_class_attribute[HOTP_KEY_GEN]",
}


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("interface", INTERFACES)
def test_pkcs11_check_in_full(
    interface: str, module: Path, home: Path, tmp_path: Path, need: Callable[..., None]
) -> None:
    need("pkcs11-tool")
    environment = {"PROFILE": "fast", "DESTRUCTIVE": "1", "SUITE_BOUND": "7000"}
    outcome = conformance("pkcs11-check", module, home, tmp_path, environment, f"--interface={interface}", bound=7100)
    failed = set()
    for line in (tmp_path / "report.jsonl").read_text().splitlines():
        report = json.loads(line)
        if report.get("$report_type") == "TestReport" and report["outcome"] == "failed":
            failed.add(report["location"][2].split(".")[-1])
    assert failed <= MAY_FAIL, failures(outcome)
    assert "crashed 0, timeout 0" in outcome.line


#: What libhsm's own test tries beyond what is offered: moduli under 1024 bit, and GOST.
HSMUTIL_MAY_FAIL = {
    "Generating 512-bit RSA key... Failed",
    "Generating 768-bit RSA key... Failed",
    "Generating 512-bit DSA key... Failed",
    "Generating 768-bit DSA key... Failed",
    "Generating 512-bit GOST key... Failed",
}


def test_opendnssec_libhsm(module: Path, home: Path, tmp_path: Path, need: Callable[..., None]) -> None:
    need("ods-hsmutil", "ods-hsmspeed", "pkcs11-tool")
    outcome = conformance("opendnssec-libhsm", module, home, tmp_path)
    text = (tmp_path / "test.log").read_text(errors="replace")
    failed = {line for line in text.splitlines() if line.endswith("Failed")}
    assert failed <= HSMUTIL_MAY_FAIL, failures(outcome)
    assert outcome.failed == len(failed), failures(outcome)
    for wanted in ("1024-bit DSA", "1024-bit RSA", "4096-bit RSA", "ED25519", "ED448", "ECDSA Curve P-384"):
        assert f"Generating {wanted} key... OK" in text, failures(outcome)
    assert outcome.passed >= 43, failures(outcome)


def test_every_runner_is_run() -> None:
    """A runner that is added to the folder gets its expectation here."""
    if not (FOLDER / "registry").exists():
        pytest.skip(f"{FOLDER} is missing")
    runners = {path.stem for path in (FOLDER / "registry").glob("*.sh")}
    assert runners <= {suite.name for suite in SUITES} | {"opendnssec-libhsm"}
