"""Layout 5: the number from which on objects are not in the index yet (hsmith.store.backlog). So far all are."""

from typing import Final

STEP: Final = """
INSERT INTO counter
SELECT 'indexed', 1 + max(value, ifnull((SELECT max(id) FROM object), 0)) FROM counter WHERE name = 'reserved';
"""
