"""``python -m hsmith.keeper``: the same as the command hsmith-keeper."""

import sys

from hsmith.keeper.main import main

sys.exit(main())
