"""`translator demo`: the first minute of every user."""

from __future__ import annotations

import click

from translator.cli.options import Flags, common


@click.command("demo")
@common
def command(flags: Flags) -> int:
    """
    Run the whole loop against a sandbox on this machine.

    Takes one invented lab file with a dozen results through translation, ledger and delivery in a temporary folder,
    shows what was posted, what was held and why, and checks its own end state. Nothing leaves this machine.

    \b
    Examples:
      translator demo
      translator demo --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator import app  # noqa: PLC0415 - the ledger and the sandbox are heavy

    return app.run_demo(form=flags.form)
