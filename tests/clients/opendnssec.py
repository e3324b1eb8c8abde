"""Debian's OpenDNSSEC over folders of the test: its paths are compiled in, so each program sees the test's folders in
their place (a mount namespace of its own)."""

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from harness import Token, free_port, run

PROGRAMS = ("ods-enforcerd", "ods-enforcer", "ods-enforcer-db-setup", "ods-signerd", "ods-signer", "unshare")
ZONE = "forge.example"
POLICY = "test"
WORK = ("enforcer", "signer", "signconf", "unsigned", "signed", "tmp")
FOLDERS = {"etc": "/etc/opendnssec", "lib": "/var/lib/opendnssec", "run": "/run/opendnssec"}

CONF = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration>
  <RepositoryList>
    <Repository name="hsmith">
      <Module>{token.module}</Module>
      <TokenLabel>{token.label}</TokenLabel>
      <PIN>{token.pin}</PIN>
    </Repository>
  </RepositoryList>
  <Common>
    <Logging><Verbosity>4</Verbosity></Logging>
    <PolicyFile>/etc/opendnssec/kasp.xml</PolicyFile>
    <ZoneListFile>/etc/opendnssec/zonelist.xml</ZoneListFile>
  </Common>
  <Enforcer>
    <Datastore><SQLite>/var/lib/opendnssec/kasp.db</SQLite></Datastore>
    <AutomaticKeyGenerationPeriod>PT1H</AutomaticKeyGenerationPeriod>
    <WorkingDirectory>/var/lib/opendnssec/enforcer</WorkingDirectory>
  </Enforcer>
  <Signer>
    <WorkingDirectory>/var/lib/opendnssec/signer</WorkingDirectory>
    <WorkerThreads>2</WorkerThreads>
    <Listener><Interface><Address>127.0.0.1</Address><Port>{port}</Port></Interface></Listener>
  </Signer>
</Configuration>
"""
KASP = f"""<?xml version="1.0" encoding="UTF-8"?>
<KASP>
  <Policy name="{POLICY}">
    <Description>Short times; the lifetimes are of no matter, as the test rolls keys itself.</Description>
    <Signatures>
      <Resign>PT10M</Resign><Refresh>PT30M</Refresh>
      <Validity><Default>P1D</Default><Denial>P1D</Denial></Validity>
      <Jitter>PT1M</Jitter><InceptionOffset>PT1H</InceptionOffset><MaxZoneTTL>PT5M</MaxZoneTTL>
    </Signatures>
    <Denial>
      <NSEC3>
        <Resalt>P10Y</Resalt><Hash><Algorithm>1</Algorithm><Iterations>0</Iterations><Salt length="8"/></Hash>
      </NSEC3>
    </Denial>
    <Keys>
      <TTL>PT5M</TTL><RetireSafety>PT6M</RetireSafety><PublishSafety>PT6M</PublishSafety><Purge>PT1M</Purge>
      <KSK>
        <Algorithm length="256">13</Algorithm><Lifetime>P10Y</Lifetime><Repository>hsmith</Repository><ManualRollover/>
      </KSK>
      <ZSK>
        <Algorithm length="256">13</Algorithm><Lifetime>P10Y</Lifetime><Repository>hsmith</Repository><ManualRollover/>
      </ZSK>
    </Keys>
    <Zone>
      <PropagationDelay>PT5M</PropagationDelay>
      <SOA><TTL>PT5M</TTL><Minimum>PT5M</Minimum><Serial>counter</Serial></SOA>
    </Zone>
    <Parent>
      <PropagationDelay>PT5M</PropagationDelay>
      <DS><TTL>PT5M</TTL></DS>
      <SOA><TTL>PT5M</TTL><Minimum>PT5M</Minimum></SOA>
    </Parent>
  </Policy>
</KASP>
"""
ZONE_FILE = f"""$ORIGIN {ZONE}.
$TTL 300
@   IN SOA ns hostmaster 1 3600 600 86400 300
@   IN NS  ns
ns  IN A   192.0.2.1
www IN A   192.0.2.80
"""


class Key(NamedTuple):
    """A row of ``key list``: kind is KSK or ZSK; ident is its CKA_ID in the token."""

    kind: str
    state: str
    next: str
    tag: int
    ident: str


class OpenDnssec:
    """An enforcer and a signer with one policy, one zone and one repository, all in ``folder``."""

    def __init__(self, token: Token, folder: Path) -> None:
        self.folder = folder
        self.signed = folder / "lib" / "signed" / ZONE
        self._running: list[subprocess.Popen[bytes]] = []
        self._now = 0  # The enforcer's own time, once it leapt
        self._leapt = 0.0
        for name in ("etc", "run", *(f"lib/{part}" for part in WORK)):
            (folder / name).mkdir(parents=True)
        etc = folder / "etc"
        (etc / "conf.xml").write_text(CONF.format(token=token, port=free_port()))
        (etc / "kasp.xml").write_text(KASP)
        (etc / "zonelist.xml").write_text('<?xml version="1.0" encoding="UTF-8"?><ZoneList/>')
        (etc / "addns.xml").write_text(Path("/usr/share/opendnssec/addns.xml").read_text())
        (folder / "lib" / "unsigned" / ZONE).write_text(ZONE_FILE)
        run(*self._there("ods-enforcer-db-setup", "--force"))

    def _there(self, *command: str) -> list[str]:
        """The command of a program that sees our folders in the places of the system's."""
        mounts = "; ".join(f"mount --bind {self.folder / name} {place}" for name, place in FOLDERS.items())
        mine = [] if os.geteuid() == 0 else ["--map-root-user"]
        return ["unshare", *mine, "--mount", "sh", "-ec", f'{mounts}; exec "$0" "$@"', *command]

    def start_enforcer(self) -> None:
        set_time = ("--set-time", str(self._now)) if self._now else ()
        self._start("enforcer.sock", "ods-enforcerd", *set_time)

    def start_signer(self) -> None:
        """The signer, once there is a zone: it does not bear being told of its first one while it starts."""
        self._until_exists(self.folder / "lib" / "signconf" / f"{ZONE}.xml")
        self._start("engine.sock", "ods-signerd")
        self.until(lambda: ZONE in self.signer("queue"), "the signer has the zone")

    def _start(self, socket: str, *command: str) -> None:
        (self.folder / "run" / socket).unlink(missing_ok=True)
        with (self.folder / f"{command[0]}.log").open("ab") as log:
            started = subprocess.Popen(
                self._there(*command, "-d", "-vvvv"), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._running.append(started)
        self._until_exists(self.folder / "run" / socket)

    def stop(self) -> None:
        """Both daemons, as a service manager ends them."""
        for daemon in self._running:
            daemon.terminate()
        for daemon in self._running:
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self._running.clear()

    def enforcer(self, *words: str) -> str:
        return run(*self._there("ods-enforcer", *words))

    def signer(self, *words: str) -> str:
        return run(*self._there("ods-signer", *words))

    def sign(self) -> None:
        """Sign the zone now."""
        self.signer("sign", ZONE)

    def listed(self) -> list[Key]:
        """The keys of the zone, as the enforcer sees them."""
        rows = [line.split(";") for line in self.enforcer("key", "list", "--verbose", "--parsable").splitlines()]
        return [Key(row[1], row[2], row[3], int(row[8]), row[6]) for row in rows if len(row) == 9]

    def leap(self) -> None:
        """Go to the time of the enforcer's next task, and let it be done."""
        time.sleep(max(0.0, self._leapt + 1.1 - time.monotonic()))  # The signer sees changes of a file by the second
        self._leapt = time.monotonic()
        said = self.enforcer("time", "leap")
        self._now = int(re.findall(r"\((\d+) seconds since epoch\)", said)[-1])
        self.until(lambda: "All worker threads idle" in self.enforcer("queue"), "the enforcer is idle")

    def settle(self) -> None:
        """Let the enforcer finish what it was told: a leap in the middle of it would lose that."""
        self.enforcer("enforce", "--zone", ZONE)
        self.until(lambda: "All worker threads idle" in self.enforcer("queue"), "the enforcer is idle")

    def leap_until(self, done: Callable[[list[Key]], bool], what: str) -> None:
        """Leap until the keys are as wanted; each zone that is signed on the way must verify."""
        for _ in range(20):
            if done(self.listed()):
                return
            self.leap()
            self.verify()
        raise AssertionError(f"{what} does not come\n{self.listed()}\n{self.logs()}")

    def verify(self) -> None:
        """The signed zone is right in itself."""
        self.until(lambda: self.signed.exists() and self.signed.stat().st_size > 0, "a signed zone")
        assert "verified" in run("ldns-verify-zone", self.signed), self.logs()

    def signing(self, kind: str = "SOA") -> set[int]:
        """The key tags that sign the records of a type."""
        rows = [line.split() for line in self.signed.read_text().splitlines()]
        return {int(row[10]) for row in rows if row[3:5] == ["RRSIG", kind]}

    def until(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 20
        while not done():
            assert time.monotonic() < deadline, f"{what}: not within 20 s\n{self.logs()}"
            time.sleep(0.05)

    def _until_exists(self, path: Path) -> None:
        self.until(path.exists, f"{path} is there")

    def logs(self) -> str:
        return "\n".join(f"--- {log.name}\n{log.read_text()[-2500:]}" for log in sorted(self.folder.glob("*.log")))
