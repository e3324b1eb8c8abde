"""A keeper's figures as tables, for ``hsmith keeper stats`` and ``hsmith top``."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hsmith.cli.output import facts, table

_CALLS: Final = {
    "function": "FUNCTION",
    "rate": "PER SECOND",
    "calls": "CALLS",
    "refused": "REFUSED",
    "median": "MEDIAN",
    "most": "99 OF 100",
}
_USES: Final = {
    "mechanism": "MECHANISM",
    "function": "FUNCTION",
    "rate": "PER SECOND",
    "calls": "CALLS",
    "refused": "REFUSED",
}
_REFUSALS: Final = {"function": "FUNCTION", "result": "RESULT", "calls": "CALLS"}
_TOKENS: Final = {
    "slot": "SLOT",
    "sessions": "SESSIONS",
    "objects": "OBJECTS",
    "cached": "IN MEMORY",
    "loads": "READ",
    "user_pin_locked": "USER PIN LOCKED",
    "so_pin_locked": "SO PIN LOCKED",
}
Figures = Mapping[str, Any]


def whole(now: Figures) -> str:
    """All that was counted since the keeper started."""
    refused = [row for row in now["functions"] if row["result"] != "OK"]
    parts = [
        facts(_summary(now)),
        table(now["tokens"], _TOKENS, empty="There are no tokens."),
        table(calls(now), _CALLS, empty="No function was called."),
        table(uses(now), _USES, empty="No mechanism was used."),
        table(refused, _REFUSALS, empty="Nothing was refused."),
    ]
    return "\n\n".join(parts)


def screen(now: Figures, before: Figures | None, *, most: int) -> str:
    """What matters now, in ``most`` lines at least ten: the busiest functions and mechanisms first. The rates are
    those since ``before``, or since the keeper started."""
    room = max((most - 10) // 2, 2)
    busiest = sorted(calls(now, before), key=_busy)[:room], sorted(uses(now, before), key=_busy)[:room]
    return "\n\n".join(
        (
            facts(_top(now, before)),
            table(busiest[0], _CALLS, empty="No function was called."),
            table(busiest[1], _USES, empty="No mechanism was used."),
        )
    )


def calls(now: Figures, before: Figures | None = None) -> list[dict[str, Any]]:
    """A row for each function."""
    rows = _rows(now, before, "functions", ("function",))
    times = {row["function"]: row for row in now["seconds"]}
    for row in rows:
        within = times.get(row["function"])
        row["median"] = _quantile(within, 0.5)
        row["most"] = _quantile(within, 0.99)
    return rows


def uses(now: Figures, before: Figures | None = None) -> list[dict[str, Any]]:
    """A row for each mechanism and what it was used for."""
    return _rows(now, before, "operations", ("mechanism", "function"))


def _rows(now: Figures, before: Figures | None, what: str, by: Sequence[str]) -> list[dict[str, Any]]:
    seconds = _between(now, before)
    new, old = _sums(now[what], by), _sums(before[what], by) if before else (Counter[Any](), Counter[Any]())
    return [
        {
            **dict(zip(by, names, strict=True)),
            "rate": f"{max(count - old[0][names], 0) / seconds:.1f}",
            "calls": count,
            "refused": new[1][names],
        }
        for names, count in sorted(new[0].items())
    ]


def _sums(rows: Sequence[Figures], by: Sequence[str]) -> tuple[Counter[Any], Counter[Any]]:
    """Calls, and of them the refused ones."""
    every: Counter[Any] = Counter()
    refused: Counter[Any] = Counter()
    for row in rows:
        names = tuple(row[name] for name in by)
        every[names] += row["calls"]
        refused[names] += row["calls"] if row["result"] != "OK" else 0
    return every, refused


def _between(now: Figures, before: Figures | None) -> float:
    return max(float(now["uptime"]) - (float(before["uptime"]) if before else 0.0), 0.1)


def _busy(row: dict[str, Any]) -> tuple[float, int]:
    return -float(row["rate"]), -row["calls"]


def _quantile(row: Figures | None, share: float) -> str:
    """The time in which this share of the calls was answered, up to a power of two microseconds."""
    if row is None or not row["calls"]:
        return "-"
    power = next(at for at, count in enumerate(row["within"]) if count >= share * row["calls"])
    micros = 2**power
    if micros < 1000:
        return f"< {micros} us"
    return f"< {micros / 1e3:.0f} ms" if micros < 1e6 else f"< {micros / 1e6:.0f} s"


def _summary(now: Figures) -> dict[str, Any]:
    connections, store = now["connections"], now["store"]
    return {
        "version": now["version"],
        "up": f"{now['uptime']:.0f} s",
        "log level": now["log_level"],
        "clients": now["applications"],
        "connections": f"{connections['open']} open, {connections['accepted']} accepted, "
        f"{connections['refused']} refused",
        "in progress": f"{now['in_progress']['calls']}, the oldest for {now['in_progress']['longest_seconds']:.3f} s",
        "store": store["broken"] or f"{store['commits']} commits for {store['changes']} changes",
    }


def _top(now: Figures, before: Figures | None) -> dict[str, Any]:
    tokens, seconds = now["tokens"], _between(now, before)
    rate = sum(float(row["rate"]) for row in calls(now, before))
    commits = now["store"]["commits"] - (before["store"]["commits"] if before else 0)
    locked = [token["slot"] for token in tokens if token["user_pin_locked"] or token["so_pin_locked"]]
    return {
        "keeper": f"hsmith {now['version']}, up {now['uptime']:.0f} s",
        "calls": f"{rate:.1f} per second, {now['in_progress']['calls']} in progress",
        "clients": f"{now['applications']}, with {now['connections']['open']} connections and "
        f"{sum(token['sessions'] for token in tokens)} sessions",
        "store": now["store"]["broken"]
        or f"{sum(token['objects'] for token in tokens)} objects, {commits / seconds:.1f} commits per second",
        "locked": f"slots {', '.join(map(str, locked))}" if locked else "no PIN",
    }
