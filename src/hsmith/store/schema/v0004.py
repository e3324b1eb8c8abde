"""Layout 4: the audit log. Records are only ever added (hsmith.store.audit)."""

from typing import Final

STEP: Final = """
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,  -- from 1, without gaps
    text   TEXT NOT NULL,        -- what happened, in JSON
    chain  BLOB NOT NULL,        -- SHA-256 over the one before, the number and the text: anyone can follow it
    mac    BLOB NOT NULL         -- over the chain, with the store's key: nobody else can make it
) STRICT;
"""
