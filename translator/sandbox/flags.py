"""The flags of a sandbox, the same for `translator sandbox` and `python -m translator.sandbox`."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import click

from translator.sandbox.options import LOOPBACK

_FLAGS = (
    click.option("--host", default=LOOPBACK, show_default=True, help="Loopback address to listen on."),
    click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port; 0 takes a free one.  [default: 0]"),
    click.option("--accept-any", is_flag=True, help="Own every service request that is asked about."),
    click.option(
        "--token-seconds", type=click.IntRange(min=1), default=3600, show_default=True, help="Life of a token."
    ),
    click.option("--rate-limit", is_flag=True, help="Answer 429 beyond the documented limits."),
    click.option(
        "--rate-limit-per-minute",
        type=click.IntRange(min=1),
        default=None,
        help="The same with another limit than 100.",
    ),
    click.option(
        "--rate-limit-window-seconds", type=click.IntRange(min=1), default=60, help="Length of that minute, for tests."
    ),
    click.option("--webhook-url", default=None, help="Where signed webhooks go."),
    click.option(
        "--webhook-retry-seconds", type=click.FloatRange(min=0), default=1.0, help="Wait before the second attempt."
    ),
    click.option("--client-id", default=None, help="Fix this credential instead of inventing one."),
    click.option("--client-secret", default=None, help="The same."),
    click.option("--webhook-secret", default=None, help="The same."),
    click.option("--acurable-webhook-url", default=None, help="Where Acurable's events go."),
    click.option("--acurable-client-id", default=None, help="Fix this credential instead of inventing one."),
    click.option("--acurable-client-secret", default=None, help="The same."),
)


def sandbox_flags(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command every flag of the sandbox, under the names of `Options`."""
    return reduce(lambda decorated, flag: flag(decorated), reversed(_FLAGS), function)
