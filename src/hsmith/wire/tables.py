"""Made by tools/gen.py from the tables of hsmith.spec. Not to be edited."""

from typing import Final

TABLES_HASH: Final = 0x66AA7087867D1F9E
