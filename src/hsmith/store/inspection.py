"""A look at all of a store, as it is at one moment: every record and every index tag against the ledger."""
# ruff: noqa: S608  (the parts that these statements are made of are constants)

from collections.abc import Iterator
from typing import Final

import apsw

from hsmith.store import backlog
from hsmith.store.backlog import unpacked
from hsmith.store.entries import TABLES, Address, Table, address, name_of
from hsmith.store.ledger import Ledger
from hsmith.store.sealing import Damaged

_MATCHING: Final = "SELECT count(*) FROM tag WHERE token = ? AND object = ? AND tag IN carray(?)"


def inspect(connection: apsw.Connection, ledger: Ledger) -> Iterator[str]:
    """What is wrong, a sentence each. ``ledger``: of this connection, in whose transaction all is read."""
    answer = connection.pragma("quick_check")
    if answer != "ok":
        yield f"the database's structure is damaged: {answer}"
    try:
        ledger.open()
    except Damaged as damaged:
        yield f"the ledger cannot be used: {damaged}"
        return
    seen: set[Address] = set()
    for table in TABLES.values():
        yield from _rows(connection, ledger, table, seen)
    yield from _taken_away(ledger, seen)
    yield from _index(connection)


def _rows(connection: apsw.Connection, ledger: Ledger, table: Table, seen: set[Address]) -> Iterator[str]:
    for values in connection.execute(f"SELECT * FROM {table.name}"):
        row = ledger.picked(table.name, values)
        where = address(table, row)
        seen.add(where)
        try:
            ledger.check(table, where, row)
        except Damaged as damaged:
            yield f"{name_of(where)} {damaged}"


def _taken_away(ledger: Ledger, seen: set[Address]) -> Iterator[str]:
    for place in ledger.places():
        try:
            keys = ledger.keys(place)
        except Damaged as damaged:
            yield str(damaged)
            continue
        for key in keys:
            if Address(place, key) not in seen:
                yield f"{name_of(Address(place, key))} was taken away"


def _index(connection: apsw.Connection) -> Iterator[str]:
    """By the index objects are found: one that lacks tags is hidden, one that has others' is taken for them."""
    wanted: dict[int, int] = {}
    first = backlog.first(connection)  # from there on the objects' own rows tell their tags
    for id, token, packed in connection.execute("SELECT id, token, tags FROM object WHERE id < ?", (first,)):
        tags = unpacked(packed)
        wanted[token] = wanted.get(token, 0) + len(tags)
        if tags and connection.execute(_MATCHING, (token, id, apsw.carray(tuple(tags)))).get != len(tags):
            yield f"object {id} is not wholly in the index: searches may miss it"
    for token, count in connection.execute("SELECT token, count(*) FROM tag GROUP BY token"):
        if count > wanted.get(token, 0):
            yield f"the index of token {token} has entries of no object: searches may find what they should not"
