"""Made by tools/gen.py from the tables of hsmith.spec. Not to be edited."""

from typing import Final

TABLES_HASH: Final = 0xCB197A11B1794896
