"""Let `python -m translator` be the command line."""

from translator.cli import run

run()
