"""What the connections of a keeper have done, counted by each for itself, without a lock, and summed up when asked.

Accepted and refused calls are counted all. How long they take is counted for the first ones of each kind and for long
ones, and of further short ones for one of SAMPLED, which stands for all of them: to count each would cost them a tenth
of their time. Of those that come as a pair (docs/wire.md, "BOTH") it is always one of SAMPLED.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, Protocol

from hsmith.spec.constants import Fault, Mechanism
from hsmith.spec.functions import FIND, FUNCTIONS, FunctionRow
from hsmith.spec.values import MechanismArg

SAMPLED: Final = 32
#: Seconds from which on a call is long.
LONG: Final = 0.001
#: A kind of call: the function's number, above it whether it was an Init with the call that followed it (then it is the
#: Init's number), and the mechanism's number and one more, or 0.
PAIRED: Final = 1 << 16
_MECHANISM_AT: Final = 17
_NUMBER: Final = PAIRED - 1
#: Any mechanism that the standard does not know, as a client may name.
_OTHER: Final = 1 << 32
_KNOWN: Final = frozenset(map(int, Mechanism))
#: Kinds that one connection counts apart; of further ones the mechanism is left out.
_MOST: Final = 2048
#: Powers of two, in microseconds, up to which calls are counted together: days are in the last one.
_BUCKETS: Final = 48
#: (kind, return value)
Refusal = tuple[int, int]


class Counted(Protocol):
    """A function, and which of its arguments is a mechanism; -1 for none."""

    @property
    def row(self) -> FunctionRow: ...

    @property
    def mechanism(self) -> int: ...


def paired(init: int, mechanism: int) -> int:
    """The kind of a pair."""
    return init | PAIRED | (mechanism + 1) << _MECHANISM_AT


@dataclass(frozen=True, slots=True)
class Standing:
    """What native code has counted of one pair: ``kind`` and the second function's ``number``; ``calls`` that were
    accepted, of which one of SAMPLED was measured: ``seconds`` of these, ``within``: how many took less than each power
    of two microseconds and no less than the one before."""

    kind: int
    number: int
    calls: int
    seconds: float
    within: Sequence[int]


class Tally:
    """One connection's. ``since``: when the plain call began that is being answered, of perf_counter, or 0.
    ``standing``: what native code counts meanwhile; ``taking`` is held while something goes from there to here."""

    __slots__ = ("calls", "native", "refusals", "since", "standing", "taking", "times")

    def __init__(self) -> None:
        self.native = 0
        self.standing: Callable[[], Iterable[Standing]] = tuple
        self.taking = threading.Lock()
        self.calls: defaultdict[int, int] = defaultdict(int)
        self.refusals: defaultdict[Refusal, int] = defaultdict(int)
        self.times: dict[int, list[float]] = {}
        self.since = 0.0

    def ended(self, call: Counted, arguments: tuple[Any, ...], since: float) -> None:
        """A plain call has been answered, or not."""
        took = perf_counter() - since
        self.since = 0.0
        kind = call.row.number if call.mechanism < 0 else self.kind(call, arguments)
        calls = self.calls
        calls[kind] = count = calls[kind] + 1
        if count <= SAMPLED or took > LONG:
            self.timed(call.row.number, took)
        elif not count % SAMPLED:
            self.timed(call.row.number, took, stands_for=SAMPLED)

    def timed(self, number: int, took: float, *, stands_for: int = 1) -> None:
        """A call of this function took so many seconds; so many are told from it."""
        times = self.times.get(number)
        if times is None:
            times = self.times[number] = [0.0] * (1 + _BUCKETS)
        times[0] += took * stands_for
        times[1 + int(took * 1e6).bit_length()] += stands_for

    def take(self, stood: Standing) -> None:
        """What native code has counted, once it counts it no more."""
        if stood.calls:
            self.native += stood.calls
            self.calls[stood.kind] += stood.calls
            _add_times(self.times, stood)

    def kind(self, call: Counted, arguments: tuple[Any, ...]) -> int:
        """The kind of a plain call."""
        number = call.row.number
        arg = arguments[call.mechanism] if 0 <= call.mechanism < len(arguments) else None
        if type(arg) is not MechanismArg or len(self.calls) > _MOST:
            return number
        return number | ((arg.mechanism if arg.mechanism in _KNOWN else _OTHER) + 1) << _MECHANISM_AT

    def refused(self, kind: int, rv: int) -> None:
        self.refusals[kind, rv] += 1


@dataclass(slots=True)
class Sum:
    """What many have counted. ``native``: pairs that native code answered, which are among the calls."""

    native: int = 0
    calls: Counter[int] = field(default_factory=Counter)
    refusals: Counter[Refusal] = field(default_factory=Counter)
    times: dict[int, list[float]] = field(default_factory=dict)

    def add(self, tally: "Tally | Sum") -> None:
        """The copies are made in one step of Python's: their owner may count on meanwhile."""
        if isinstance(tally, Tally):
            with tally.taking:
                for stood in tally.standing():
                    self.native += stood.calls
                    self.calls[stood.kind] += stood.calls
                    _add_times(self.times, stood)
                self.native += tally.native
                self.calls.update(dict(tally.calls))
        else:
            self.native += tally.native
            self.calls.update(tally.calls)
        self.refusals.update(dict(tally.refusals))
        for number, times in list(tally.times.items()):
            self.times[number] = [a + b for a, b in zip(self.times.get(number, [0.0] * len(times)), times, strict=True)]

    def functions(self) -> list[dict[str, Any]]:
        """``function``, ``result`` (a return value's name) and ``calls`` of each; of a pair both functions."""
        found: Counter[tuple[str, str]] = Counter()
        for kind, result, count in self._results():
            name = _name(kind & _NUMBER)
            if kind & PAIRED:
                found[name, Fault.OK.name] += count
                name = name.removesuffix("Init")
            found[name, result] += count
        return [{"function": one, "result": two, "calls": count} for (one, two), count in sorted(found.items())]

    def operations(self) -> list[dict[str, Any]]:
        """What was done with each mechanism: ``function`` names it (of a C_SignInit it is C_Sign), ``mechanism``,
        ``result`` and ``calls``."""
        found: Counter[tuple[str, str, str]] = Counter()
        for kind, result, count in self._results():
            if kind >> _MECHANISM_AT:
                name = _name(kind & _NUMBER).removesuffix("Init")
                found[name, _mechanism((kind >> _MECHANISM_AT) - 1), result] += count
        return [
            {"function": one, "mechanism": two, "result": three, "calls": count}
            for (one, two, three), count in sorted(found.items())
        ]

    def seconds(self) -> list[dict[str, Any]]:
        """``function``, ``seconds`` in all, ``calls``, and ``within``: how many took less than each power of two
        microseconds, from 1 on."""
        named: dict[str, list[float]] = {}
        for number, times in self.times.items():
            known = named.setdefault(_name(number), [0.0] * len(times))
            named[_name(number)] = [a + b for a, b in zip(known, times, strict=True)]
        return [
            {"function": name, "seconds": times[0], "calls": int(sum(times[1:])), "within": _summed(times[1:])}
            for name, times in sorted(named.items())
        ]

    def _results(self) -> Iterable[tuple[int, str, int]]:
        refused: Counter[int] = Counter()
        for (kind, rv), count in self.refusals.items():
            refused[kind] += count
            yield kind, Fault(rv).name if rv in Fault._value2member_map_ else hex(rv), count
        for kind, count in self.calls.items():
            if count > refused[kind]:
                yield kind, Fault.OK.name, count - refused[kind]


def _add_times(times: dict[int, list[float]], stood: Standing) -> None:
    known = times.setdefault(stood.number, [0.0] * (1 + _BUCKETS))
    more = (stood.seconds, *stood.within)
    times[stood.number] = [a + SAMPLED * b for a, b in zip(known, more, strict=True)]


def _summed(counts: list[float]) -> list[int]:
    total, sums = 0, []
    for count in counts:
        total += int(count)
        sums.append(total)
    return sums


def _name(number: int) -> str:
    return FIND.name if number == FIND.number else FUNCTIONS[number].name


def _mechanism(number: int) -> str:
    return "other" if number == _OTHER else f"CKM_{Mechanism(number).name}"
