"""Let `python -m translator` be the command line."""

import sys

from translator.cli import main

sys.exit(main())
