"""Layout 1: tokens, their keyslots, their objects, and the blind index."""

from typing import Final

STEP: Final = """
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The last number that is taken, for tokens and objects alike.
INSERT INTO counter VALUES ('reserved', 0);

CREATE TABLE token (
    id      INTEGER PRIMARY KEY,
    slot    INTEGER NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    objects INTEGER NOT NULL DEFAULT 0,  -- how many it has
    blob    BLOB NOT NULL
) STRICT;

CREATE TABLE keyslot (
    token    INTEGER NOT NULL REFERENCES token,
    name     TEXT NOT NULL,
    failures INTEGER NOT NULL,
    blob     BLOB NOT NULL,
    PRIMARY KEY (token, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE object (
    id      INTEGER PRIMARY KEY,
    token   INTEGER NOT NULL REFERENCES token,
    version INTEGER NOT NULL,
    private INTEGER NOT NULL,
    tags    BLOB NOT NULL,  -- its rows in tag, each preceded by its length: found again without a second index
    blob    BLOB NOT NULL
) STRICT;

CREATE INDEX object_token ON object (token);  -- and, as in every index, the id

CREATE TABLE tag (
    token  INTEGER NOT NULL,
    tag    BLOB NOT NULL,
    object INTEGER NOT NULL,
    PRIMARY KEY (token, tag, object)
) STRICT, WITHOUT ROWID;
"""
