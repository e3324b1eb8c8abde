"""Layout 2: what is remembered of the values of keys."""

from typing import Final

STEP: Final = """
CREATE TABLE value (
    name    BLOB PRIMARY KEY,
    version INTEGER NOT NULL,
    blob    BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"""
