"""`translator rejected`: what the vendor refused."""

from __future__ import annotations

import click

from translator.cli.options import Flags, common
from translator.cli.undecided import add_list, add_show, add_verb

_STATE = "rejected"


@click.group(_STATE)
@common
def command(flags: Flags) -> None:
    """
    List what the vendor refused; resend or drop it.

    Its service request waits. Where the tables were wrong, mend them, drop it, and replay its message.

    \b
    Examples:
      translator rejected list
      translator rejected resend 7 --reason "WHOOP has the order now" --yes
      translator rejected drop 7 --reason "wrong order number" --yes
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


add_list(command, _STATE)
add_show(command, _STATE)
add_verb(command, _STATE, "resend", "Send it again, at the same position.")
add_verb(command, _STATE, "drop", "Give it up; its service request goes on without it.", chooses=True)
