"""``python -m hsmith.cli``: the same as the command hsmith."""

import sys

from hsmith.cli.main import main

sys.exit(main())
