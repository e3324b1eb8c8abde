"""The keeper's figures in the text format of Prometheus (version 0.0.4)."""

from collections.abc import Iterator
from typing import Any, Final

#: Of a histogram, the powers of two microseconds that are told: 1 us, 4 us ... 67 s.
_TOLD: Final = range(0, 27, 2)
#: A number of the figures: its name, its type, its meaning, and where it is.
_SINGLE: Final = (
    ("uptime_seconds", "gauge", "Seconds since the keeper started.", ("uptime",)),
    ("applications", "gauge", "Client processes.", ("applications",)),
    ("connections", "gauge", "Connections that are open.", ("connections", "open")),
    ("connections_accepted_total", "counter", "Connections that were accepted.", ("connections", "accepted")),
    ("connections_refused_total", "counter", "Connections beyond the most that may be.", ("connections", "refused")),
    ("calls_in_progress", "gauge", "Calls that are being answered.", ("in_progress", "calls")),
    ("longest_call_seconds", "gauge", "How long the oldest of them has taken.", ("in_progress", "longest_seconds")),
    ("native_calls_total", "counter", "Calls that native code answered, without Python.", ("native",)),
    ("store_commits_total", "counter", "Transactions that were written.", ("store", "commits")),
    ("store_changes_total", "counter", "Calls that they were for.", ("store", "changes")),
    ("store_log_pages", "gauge", "Pages of the database's log.", ("store", "log_pages")),
    ("store_directory", "gauge", "Objects that searches find in memory; -1: none.", ("store", "directory")),
)
_OF_TOKEN: Final = (
    ("sessions", "gauge", "Open sessions."),
    ("objects", "gauge", "Stored objects."),
    ("cached", "gauge", "Objects in memory."),
    ("loads", "counter", "Objects that were read from the store."),
    ("user_pin_locked", "gauge", "1 when the user's PIN is locked."),
    ("so_pin_locked", "gauge", "1 when the SO's PIN is locked."),
)


def text(figures: dict[str, Any]) -> str:
    """All figures of a keeper (its command keeper.stats)."""
    return "\n".join(_lines(figures)) + "\n"


def _lines(figures: dict[str, Any]) -> Iterator[str]:
    yield from _family("info", "gauge", "The keeper's version.", [({"version": figures["version"]}, 1)])
    for name, kind, meaning, place in _SINGLE:
        value: Any = figures
        for part in place:
            value = value[part]
        yield from _family(name, kind, meaning, [({}, value)])
    broken = int(bool(figures["store"]["broken"]))
    yield from _family("store_broken", "gauge", "1 when nothing can be stored.", [({}, broken)])
    for name, kind, meaning in _OF_TOKEN:
        values = [({"slot": token["slot"]}, int(token[name])) for token in figures["tokens"]]
        yield from _family(f"token_{name}" + ("_total" if kind == "counter" else ""), kind, meaning, values)
    yield from _counted("calls", "Calls, by function and return value.", figures["functions"])
    yield from _counted("operations", "Uses of a mechanism, by return value.", figures["operations"])
    yield from _histogram(figures["seconds"])


def _family(name: str, kind: str, meaning: str, values: list[tuple[dict[str, Any], Any]]) -> Iterator[str]:
    yield f"# HELP hsmith_{name} {meaning}"
    yield f"# TYPE hsmith_{name} {kind}"
    for labels, value in values:
        yield f"hsmith_{name}{_labels(labels)} {value}"


def _labels(labels: dict[str, Any]) -> str:
    """None of the values has a quote, a backslash or an end of line: they are numbers and hsmith's own names."""
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}" if labels else ""


def _counted(name: str, meaning: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    values = [({key: row[key] for key in row if key != "calls"}, row["calls"]) for row in rows]
    return _family(f"{name}_total", "counter", meaning, values)


def _histogram(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield "# HELP hsmith_call_seconds Time to answer a call; of repeated short ones a sample stands for all."
    yield "# TYPE hsmith_call_seconds histogram"
    for row in rows:
        function = row["function"]
        for power in _TOLD:
            labels = {"function": function, "le": f"{2**power / 1e6:g}"}
            yield f"hsmith_call_seconds_bucket{_labels(labels)} {row['within'][power]}"
        yield f"hsmith_call_seconds_bucket{_labels({'function': function, 'le': '+Inf'})} {row['calls']}"
        yield f"hsmith_call_seconds_sum{_labels({'function': function})} {row['seconds']:.9f}"
        yield f"hsmith_call_seconds_count{_labels({'function': function})} {row['calls']}"
