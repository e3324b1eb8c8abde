"""Made by tools/gen.py from the tables of hsmith.spec. Not to be edited."""

from typing import Final

TABLES_HASH: Final = 0x82E444FF746A890E
