"""`translator why`: from a payload field back to the bytes that it was made from, and to what became of it."""

from __future__ import annotations

from typing import Any

import click

from translator.cli.ledger_message import beside_ledger, ledger_messages, number_in
from translator.cli.one_message import message_options, open_message
from translator.cli.options import Flags, common
from translator.cli.source_view import show


@click.command("why")
@click.argument("path", metavar="FILE|MESSAGE")
@click.argument("field", metavar="FIELD")
@message_options
@common
def command(flags: Flags, path: str, field: str, **chosen: Any) -> int:
    """
    Go from a payload field back to its bytes, and forward to what became of it.

    FILE is a lab file or `-` for stdin. FIELD is a field of what `translator translate FILE` prints, such as
    `submissions[0].observations[3].value_numeric`, short `0.3`; of an order, its path in the body, or as much of the
    path's end as names one field, such as `shippingAddress.county`. Shows the source line with the value lit, and each
    operation with its numbers and the table row that decided. Prints patient data: to stdout only.

    MESSAGE is the number of a message in the ledger (a file called 12 is `./12`), or its control id, its service
    request or the number of its order. FIELD then is a field of what was sent of it, as `translator ledger show`
    prints that. Shows also each call with the vendor's answer, the versions of the result, what replaced it, and
    what people decided. Where there is a ledger, a FILE is looked for in it.

    Exit code 2 if there is no such field.

    \b
    Examples:
      translator why results.hl7 0.0
      translator why order.hl7 shippingAddress.county --site mappings/sites/acme
      translator why results.hl7 'submissions[0].observations[3].unit'
      translator why batch.hl7 'submissions[0].status' --message 12
      translator why 12 0.0.value_numeric --ledger lab.db
      translator why MSG00012 0.0
      translator why export/ 0.0 --member DiagnosticReport.ndjson --message 12
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    number = number_in(path, chosen, flags)
    if number is None:
        show(beside_ledger(open_message(path, flags, **chosen).why(field), flags), flags)
        return 0
    with ledger_messages(flags) as messages:
        show(messages.why(number, field), flags)
    return 0
