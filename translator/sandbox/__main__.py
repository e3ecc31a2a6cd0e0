"""`python -m translator.sandbox`: the sandbox without the rest of the command line, as tests start it."""

from __future__ import annotations

from typing import Any

import click

from translator.errors import ConfigError
from translator.sandbox.flags import sandbox_flags
from translator.sandbox.options import choose_options
from translator.sandbox.server import serve


@click.command("python -m translator.sandbox")
@sandbox_flags
def main(**given: Any) -> None:
    """Serve a local WHOOP and Acurable; print their addresses and credentials as one JSON line."""
    try:
        serve(choose_options(given))
    except ConfigError as error:
        raise click.UsageError(str(error)) from error


if __name__ == "__main__":
    main()
