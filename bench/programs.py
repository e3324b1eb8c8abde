"""The rows that are more than an operation repeated: starts, the library alone, and programs of others."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from places import KINDS, LABEL, PIN, Hsmith, Place, Places, Trouble, run

from hsmith.store.keyslots import Cost


class Effort(NamedTuple):
    """How much is measured."""

    seconds: float  # of one measurement
    rounds: int  # whose median is taken
    names: int  # in the zone
    signers: tuple[int, ...]  # threads of ods-hsmspeed


class Measured(NamedTuple):
    """The medians, ``other`` being those of what hsmith is compared with, if anything."""

    variant: str
    unit: str
    hsmith: float
    other: float | None = None


def alternately(effort: Effort, *measures: Callable[[], float]) -> list[float]:
    """The median of each of the measurements, which take turns: what slows the machine slows them all."""
    figures = [[measure() for measure in measures] for _ in range(effort.rounds)]
    return [median(column) for column in zip(*figures, strict=True)]


def _first(place: Place) -> float:
    times = place.calls("first")
    return sum(float(times[part]) for part in ("login_ms", "find_ms", "sign_ms"))


def _first_fresh(place: Place) -> float:
    place.restart()
    return _first(place)


#: Argon2id with 8 KiB takes 10 microseconds, and so is apart from what is measured with it.
NO_KDF = Cost(memory_kib=8)


def _first_with(places: Places, effort: Effort, cost: Cost) -> Iterator[Measured]:
    own, other = (places.keep("first", kind) for kind in KINDS)
    assert isinstance(own, Hsmith)
    own.set_kdf(cost)
    figures = alternately(effort, lambda: _first_fresh(own), lambda: _first(other))
    yield Measured(f"{places.objects('first')} objects", "ms", *figures)


def first(places: Places, effort: Effort) -> Iterator[Measured]:
    yield from _first_with(places, effort, NO_KDF)


def first_kdf(places: Places, effort: Effort) -> Iterator[Measured]:
    yield from _first_with(places, effort, Cost())


def first_again(places: Places, effort: Effort) -> Iterator[Measured]:
    own, other = (places.keep("first", kind) for kind in KINDS)
    _first(own)
    figures = alternately(effort, lambda: _first(own), lambda: _first(other))
    yield Measured(f"{places.objects('first')} objects", "ms", *figures)


def _library(sign: Callable[[], object], seconds: float) -> float:
    """Microseconds of a call."""
    sign()
    calls, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        sign()
        calls += 1
    return (time.perf_counter() - start) / calls * 1e6


def _beside_library(places: Places, effort: Effort, name: str, sign: Callable[[], object]) -> Iterator[Measured]:
    own = places.keep("keys", Hsmith)

    def ours() -> float:
        return 1e6 / float(own.calls(name, 1, 1, effort.seconds, 1)["per_second"])

    figures = alternately(effort, ours, lambda: _library(sign, effort.seconds))
    yield Measured("1 thread", "us", *figures)


def library_p256(places: Places, effort: Effort) -> Iterator[Measured]:
    key, how = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(Prehashed(SHA256()))
    yield from _beside_library(places, effort, "p256", lambda: key.sign(bytes(32), how))


def library_rsa(places: Places, effort: Effort) -> Iterator[Measured]:
    key, how = rsa.generate_private_key(65537, 2048), padding.PKCS1v15()
    yield from _beside_library(places, effort, "rsa", lambda: key.sign(bytes(64), how, SHA256()))


def _many(places: Places, effort: Effort, name: str) -> Iterator[Measured]:
    """hsmith among many objects, beside itself among few."""

    def measure(place: str) -> float:
        answer = places.keep(place, Hsmith).calls(name, 1, 1, effort.seconds, places.objects(place))
        return 1e6 / float(answer["per_second"])

    figures = alternately(effort, lambda: measure("many"), lambda: measure("few"))
    yield Measured(f"{places.objects('many')} objects", "us", *figures)


def many_find(places: Places, effort: Effort) -> Iterator[Measured]:
    yield from _many(places, effort, "find-label")


def many_use(places: Places, effort: Effort) -> Iterator[Measured]:
    yield from _many(places, effort, "use")


def many_memory(places: Places, effort: Effort) -> Iterator[Measured]:
    def held(name: str) -> int:
        place = places.keep(name, Hsmith)
        assert isinstance(place, Hsmith)
        place.restart()
        place.calls("first")
        return place.memory()

    count = places.objects("many") - places.objects("few")
    (growth,) = alternately(effort, lambda: (held("many") - held("few")) / count)
    yield Measured(f"{places.objects('many')} objects", "bytes", growth)


def cold(places: Places, effort: Effort) -> Iterator[Measured]:
    own = places.keep("keys", Hsmith)
    assert isinstance(own, Hsmith)

    def start() -> float:
        own.stop()
        return _first(own)

    yield Measured("no keeper", "ms", *alternately(effort, start))


def one_shot(places: Places, effort: Effort) -> Iterator[Measured]:
    own = places.keep("keys", Hsmith)

    def client() -> float:
        times = own.calls("first")
        return sum(float(value) for name, value in times.items() if name.endswith("_ms"))

    client()
    yield Measured("keeper runs", "ms", *alternately(effort, client))


def one_shot_tool(places: Places, effort: Effort) -> Iterator[Measured]:
    own = places.keep("keys", Hsmith)
    data, signature = own.folder / "data", own.folder / "signature"
    data.write_bytes(bytes(32))
    login = ("--token-label", LABEL, "--login", "--pin", "env:BENCH_PIN")
    how = ("--sign", "--mechanism", "ECDSA", "--id", b"first".hex(), "--input-file", data, "--output-file", signature)

    def client() -> float:
        start = time.perf_counter()
        run("pkcs11-tool", "--module", own.module, *login, *how, env=own.env)
        return (time.perf_counter() - start) * 1e3

    client()
    yield Measured("keeper runs", "ms", *alternately(effort, client))


HSM_CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration><RepositoryList><Repository name="R">
<Module>{module}</Module><TokenLabel>{token}</TokenLabel><PIN>{pin}</PIN>
</Repository></RepositoryList>
<Common><PolicyFile>/etc/opendnssec/kasp.xml</PolicyFile><ZoneListFile>/etc/opendnssec/zonelist.xml</ZoneListFile></Common>
<Enforcer><Datastore><SQLite>{folder}/enforcer.db</SQLite></Datastore></Enforcer>
<Signer><WorkingDirectory>{folder}</WorkingDirectory><WorkerThreads>1</WorkerThreads></Signer></Configuration>
"""


def _hsmspeed(place: Place, threads: int, seconds: float) -> float:
    """Signatures a second, as the program itself says."""
    config = place.folder / "conf.xml"
    config.write_text(HSM_CONFIG.format(folder=place.folder, module=place.module, token=LABEL, pin=PIN))
    times = max(5, round(3000 * seconds / threads))  # of each thread
    command = ("ods-hsmspeed", "-c", config, "-r", "R", "-i", str(times), "-s", "2048", "-t", str(threads))
    said = run(*command, env=place.env)
    found = re.search(r"([\d.]+) sig/s", said)
    if not found:
        raise Trouble(f"ods-hsmspeed says no speed: {said.strip()[-300:]}")
    return float(found[1])


def ods_hsmspeed(places: Places, effort: Effort) -> Iterator[Measured]:
    own, other = (places.keep("keys", kind) for kind in KINDS)
    for threads in effort.signers:
        figures = alternately(
            effort,
            lambda threads=threads: _hsmspeed(own, threads, effort.seconds),  # type: ignore[misc]
            lambda threads=threads: _hsmspeed(other, threads, effort.seconds),  # type: ignore[misc]
        )
        yield Measured(f"{threads} thread{'s' * (threads > 1)}", "/s", *figures)


ZONE = "bench.example."
ENGINE_CONFIG = """openssl_conf = init
[init]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
MODULE_PATH = {module}
PIN = {pin}
init = 0
"""


def _write_zone(path: Path, names: int) -> None:
    hosts = (f"host{i} IN A 198.51.{i // 250 % 100}.{i % 250 + 1}\n" for i in range(names))
    head = f"$ORIGIN {ZONE}\n$TTL 3600\n@ IN SOA ns1 hostmaster 1 7200 3600 1209600 300\n@ IN NS ns1\n"
    path.write_text(f"{head}ns1 IN A 192.0.2.1\n{''.join(hosts)}")


def _signzone(place: Place, names: int) -> float:
    """Seconds to sign a zone."""
    folder = place.folder
    _write_zone(folder / "zone", names)
    (folder / "openssl.cnf").write_text(ENGINE_CONFIG.format(module=place.module, pin=PIN))
    key = f"ECDSAP256SHA256,pkcs11:token={LABEL};type=private;pin-value={PIN};object=first"
    env = {**place.env, "OPENSSL_CONF": str(folder / "openssl.cnf")}
    start = time.perf_counter()
    run("ldns-signzone", "-E", "pkcs11", "-k", key, "-o", ZONE, "-f", "signed", "zone", env=env, cwd=folder)
    took = time.perf_counter() - start
    if (folder / "signed").read_text().count("\tRRSIG\t") < names:
        raise Trouble("ldns-signzone left names unsigned.")
    return took


def ldns_signzone(places: Places, effort: Effort) -> Iterator[Measured]:
    own, other = (places.keep("zone", kind) for kind in KINDS)
    figures = alternately(effort, lambda: _signzone(own, effort.names), lambda: _signzone(other, effort.names))
    yield Measured(f"{effort.names} names", "s", *figures)


#: By the names of rows.SINGLES.
PROGRAMS: dict[str, Callable[[Places, Effort], Iterator[Measured]]] = {
    "first": first,
    "first-kdf": first_kdf,
    "first-again": first_again,
    "library-p256": library_p256,
    "library-rsa": library_rsa,
    "many-find": many_find,
    "many-use": many_use,
    "many-memory": many_memory,
    "cold": cold,
    "one-shot": one_shot,
    "one-shot-tool": one_shot_tool,
    "ods-hsmspeed": ods_hsmspeed,
    "ldns-signzone": ldns_signzone,
}
