"""`translator sandbox`: a local vendor to try things against."""

from __future__ import annotations

from typing import Any

import click

from translator.cli.options import Flags, common
from translator.sandbox.flags import sandbox_flags
from translator.sandbox.options import choose_options


@click.command("sandbox")
@sandbox_flags
@common
def command(flags: Flags, **given: Any) -> int:  # noqa: ARG001 - the common flags are taken after every verb
    """
    Serve a local WHOOP and Acurable to try things against.

    Prints one JSON line with their addresses and invented credentials, then serves until Ctrl-C. Listens on this
    machine only. GET /_sandbox/requests shows every call that came in; POST /_sandbox/faults makes the next ones go
    wrong.

    \b
    Examples:
      translator sandbox --port 8080 --accept-any
      translator sandbox --webhook-url http://127.0.0.1:9000/webhooks/whoop
      translator sandbox --acurable-webhook-url http://127.0.0.1:9000/webhook/v1/acurable/notification
      translator sandbox --rate-limit-per-minute 5 --token-seconds 30
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.sandbox.server import serve  # noqa: PLC0415 - --help needs no web server

    serve(choose_options(given))
    return 0
