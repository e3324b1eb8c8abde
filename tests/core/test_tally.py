"""What connections count, and what comes out when it is summed up."""

from time import perf_counter
from types import SimpleNamespace
from typing import Any

from hsmith.core import tally as counting
from hsmith.core.tally import SAMPLED, Sum, Tally, paired
from hsmith.spec.constants import Fault, Mechanism
from hsmith.spec.functions import BY_NAME, FIND
from hsmith.spec.values import MechanismArg


def call(name: str, mechanism: int = -1) -> Any:
    return SimpleNamespace(row=BY_NAME[name], mechanism=mechanism)


def summed(*tallies: Tally) -> Sum:
    done = Sum()
    for tally in tallies:
        done.add(tally)
    return done


def test_functions_by_result() -> None:
    one, two = Tally(), Tally()
    for tally in (one, two):
        for _ in range(3):
            tally.ended(call("C_Login"), (), since=perf_counter())
        tally.refused(tally.kind(call("C_Login"), ()), int(Fault.PIN_INCORRECT))
    two.refused(two.kind(call("C_Login"), ()), 0x80001234)
    assert summed(one, two).functions() == [
        {"function": "C_Login", "result": "0x80001234", "calls": 1},
        {"function": "C_Login", "result": "OK", "calls": 3},
        {"function": "C_Login", "result": "PIN_INCORRECT", "calls": 2},
    ]
    assert one.since == 0


def test_mechanisms_of_plain_calls_and_of_pairs() -> None:
    tally, init = Tally(), call("C_SignInit", 1)
    arguments = (1, MechanismArg(Mechanism.ECDSA), 7)
    tally.ended(init, arguments, since=perf_counter())
    pair = paired(init.row.number, Mechanism.ECDSA)
    tally.calls[pair] += 10
    tally.refused(pair, int(Fault.DATA_LEN_RANGE))
    done = summed(tally)
    assert done.operations() == [
        {"function": "C_Sign", "mechanism": "CKM_ECDSA", "result": "DATA_LEN_RANGE", "calls": 1},
        {"function": "C_Sign", "mechanism": "CKM_ECDSA", "result": "OK", "calls": 10},
    ]
    assert done.functions() == [
        {"function": "C_Sign", "result": "DATA_LEN_RANGE", "calls": 1},
        {"function": "C_Sign", "result": "OK", "calls": 9},
        {"function": "C_SignInit", "result": "OK", "calls": 11},
    ]


def test_a_client_cannot_make_it_count_without_end() -> None:
    tally, init = Tally(), call("C_SignInit", 1)
    for number in range(5000):
        tally.ended(init, (1, MechanismArg(0x9000_0000 + number)), since=0.0)
    assert len(tally.calls) == 1
    assert summed(tally).operations()[0]["mechanism"] == "other"
    for kind in range(5000):
        tally.calls[kind << 20] += 1
    assert tally.kind(init, (1, MechanismArg(Mechanism.ECDSA))) == init.row.number


def test_a_sample_stands_for_short_calls_and_long_ones_are_all_measured(monkeypatch: Any) -> None:
    tally, took = Tally(), 0.0
    monkeypatch.setattr(counting, "perf_counter", lambda: took)
    for _ in range(10 * SAMPLED):
        took = 100e-6
        tally.ended(call("C_GetSessionInfo"), (), since=0.0)
    for _ in range(5):
        took = 2.0
        tally.ended(call("C_GenerateKeyPair"), (), since=0.0)
    tally.timed(FIND.number, 1e-3)
    tally.timed(BY_NAME["C_FindObjectsInit"].number, 1e-3)
    rows = {row["function"]: row for row in summed(tally, Tally()).seconds()}
    assert rows["C_GetSessionInfo"]["calls"] == 10 * SAMPLED
    assert rows["C_GetSessionInfo"]["within"][6:8] == [0, 10 * SAMPLED]  # from 64 to 128 microseconds
    assert (rows["C_GenerateKeyPair"]["calls"], rows["C_GenerateKeyPair"]["seconds"]) == (5, 10.0)
    assert rows["C_FindObjectsInit"]["calls"] == 2
