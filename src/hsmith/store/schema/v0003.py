"""Layout 3: the ledger, by which a record that was put back, taken away or altered is noticed (hsmith.store.ledger)."""

from typing import Final

STEP: Final = """
CREATE TABLE ledger (
    place INTEGER PRIMARY KEY,  -- of entries for some records each; -1: of none
    epoch INTEGER NOT NULL,     -- when it was written
    blob  BLOB NOT NULL         -- sealed
) STRICT;
"""
