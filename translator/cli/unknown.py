"""`translator unknown`: what the vendor may have taken, though no answer says so."""

from __future__ import annotations

import click

from translator.cli.options import Flags, common
from translator.cli.undecided import add_list, add_show, add_verb

_STATE = "unknown"


@click.group(_STATE)
@common
def command(flags: Flags) -> None:
    """
    List what the vendor may have taken; resend, accept or drop it.

    The lab, too, may have what it did not acknowledge. Nothing of this is sent again by itself, and its service request
    waits. Ask the vendor, or the lab, then decide.

    \b
    Examples:
      translator unknown list
      translator unknown resend lab:3 --reason "the lab has no such message" --yes
      translator unknown accept 7 --reason "WHOOP has it" --yes
      translator unknown resend 7 --reason "WHOOP does not have it" --yes
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


add_list(command, _STATE)
add_show(command, _STATE)
add_verb(command, _STATE, "resend", "Send it again, at the same position: the vendor does not have it.")
add_verb(command, _STATE, "accept", "Record that the vendor has it; its service request goes on.")
add_verb(command, _STATE, "drop", "Give it up; its service request goes on without it.", chooses=True)
