"""Entries of a place: found wherever they are in it."""

from hypothesis import given
from hypothesis import strategies as st

from hsmith.store import entries
from hsmith.store.entries import Entry

KEYS = st.one_of(st.integers(0, 300), st.sampled_from([2**40, 2**64 - 1, 1 << 8, 1 << 16]))
#: Numbers that look like keys, too.
ENTRIES = st.tuples(st.integers(1, 300), st.integers(0, 300) | st.integers(0, 2**64 - 1))


@given(st.lists(st.tuples(KEYS, ENTRIES | st.none()), max_size=100))
def test_entries_are_found_as_they_were_put_last(steps: list[tuple[int, Entry | None]]) -> None:
    place, known = b"", dict[int, Entry]()
    for key, entry in steps:
        if entry is None:
            place = entries.drop(place, key)
            known.pop(key, None)
        else:
            place = entries.put(place, key, entry)
            known[key] = entry
    assert {key: entries.find(place, key) for key, _ in steps} == {key: known.get(key) for key, _ in steps}
    assert sorted(entries.keys(place)) == sorted(known)
    for key, entry in steps:
        for other in filter(None, (entry, known.get(key), (1, key))):
            assert entries.holds(place, key, other) == (known.get(key) == other)


@given(st.integers(-(2**63), -1), ENTRIES)
def test_a_number_that_no_object_has_is_not_found(key: int, entry: Entry) -> None:
    """An index that was altered may name any."""
    place = entries.put(b"", 1, entry)
    assert entries.find(place, key) is None
    assert not entries.holds(place, key, entry)
