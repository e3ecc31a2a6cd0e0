"""`translator where`: from a position in a message forward to its fate."""

from __future__ import annotations

from typing import Any

import click

from translator.cli.ledger_message import beside_ledger, ledger_messages, number_in
from translator.cli.one_message import message_options, open_message
from translator.cli.options import Flags, common
from translator.cli.source_view import show


@click.command("where")
@click.argument("file", metavar="FILE|MESSAGE:POSITION")
@click.argument("position", metavar="", required=False)
@message_options
@common
def command(flags: Flags, file: str, position: str | None, **chosen: Any) -> int:
    """
    Go from a position in a message to its fate.

    FILE is a lab file; POSITION is written as HL7 does (`OBX[4]`, `OBX[4]-5.1`, `OBR-25`, `ORC[1]`; segments are
    counted in order of appearance) or as a FHIRPath (`Bundle.entry[3].resource`), for FHIR XML, too. The two may stand
    apart, as they must for `-` (stdin). Shows the line with those bytes lit, what became of the observation or of the
    order, each operation on the way, and the payload fields that it reaches. Prints patient data: to stdout only.

    MESSAGE is the number of a message in the ledger (a file called 12 is `./12`), or its control id, its service
    request or the number of its order. Shows also each call with the vendor's answer, the versions of the result,
    what replaced it, and what people decided. Where there is a ledger, a FILE is looked for in it.

    Exit code 2 if there is no such position.

    \b
    Examples:
      translator where 'results.hl7:OBX[4]'
      translator where 'results.hl7:OBR[1]-25' --format json
      translator where 'order.hl7:ORC[1]' --site mappings/sites/acme
      translator where 'bundle.json:Bundle.entry[3].resource.value'
      translator where '12:OBX[4]' --ledger lab.db
      translator where 'MSG00012:OBX[4]'
      translator where export/ 'Bundle.entry[1].resource' --member DiagnosticReport.ndjson --message 12
      cat results.hl7 | translator where - 'OBX[4]-5'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    path, _, place = (file, "", position) if position else file.rpartition(":")
    if not path:
        raise click.UsageError(f"'{file}' names no position; write it as FILE:OBX[4]")
    number = number_in(path, chosen, flags)
    if number is None:
        show(beside_ledger(open_message(path, flags, **chosen).where(place), flags), flags)
        return 0
    with ledger_messages(flags) as messages:
        show(messages.where(number, place), flags)
    return 0
