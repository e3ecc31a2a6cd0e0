"""`translator why`: from a payload field back to the bytes that it was made from."""

from __future__ import annotations

from typing import Any

import click

from translator.cli.one_message import message_options, open_message
from translator.cli.options import Flags, common
from translator.cli.source_view import show


@click.command("why")
@click.argument("path", metavar="FILE")
@click.argument("field", metavar="FIELD")
@message_options
@common
def command(flags: Flags, path: str, field: str, **chosen: Any) -> int:
    """
    Go from a payload field back to its bytes.

    FILE is a lab file or `-` for stdin. FIELD is a field of what `translator translate FILE` prints, such as
    `submissions[0].observations[3].value_numeric`, short `0.3`; of an order, its path in the body, or as much of the
    path's end as names one field, such as `shippingAddress.county`. Shows the source line with the value lit, and each
    operation with its numbers and the table row that decided. Prints patient data: to stdout only.

    Exit code 2 if there is no such field.

    \b
    Examples:
      translator why results.hl7 0.0
      translator why order.hl7 shippingAddress.county --site mappings/sites/acme
      translator why results.hl7 'submissions[0].observations[3].unit'
      translator why batch.hl7 'submissions[0].status' --message 12
      translator why export/ 0.0 --member DiagnosticReport.ndjson --message 12
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    show(open_message(path, flags, **chosen).why(field), flags)
    return 0
