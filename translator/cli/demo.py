"""`translator demo`: the first minute of every user."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click
import msgspec

from translator.cli.ending import FINDINGS
from translator.cli.options import Flags, common
from translator.cli.output import Listing, say, write_line

if TYPE_CHECKING:
    from translator.demo import DemoReport
    from translator.demo_orders import OrdersReport
    from translator.ledger import Balance

_NEXT = {
    "explain unmapped-code": "what a reason means and how to mend it",
    "why YOUR.hl7 0.0": "where a posted value comes from, down to its bytes",
    "init acme": "a folder of your own: tables, a sample feed, a test, settings",
    "translate YOUR.hl7": "what your own file would become; nothing is sent or kept",
    "sandbox": "the same local WHOOP, to try `submit` against",
    "check": "lint the mapping tables and run their examples",
}


@click.command("demo")
@click.option("--orders", is_flag=True, help="Show both circles of orders instead: WHOOP to lab, and lab to Acurable.")
@common
def command(flags: Flags, *, orders: bool) -> int:
    """
    Run the whole loop against a sandbox on this machine.

    Takes one invented lab file with a dozen results through translation, ledger and delivery in a temporary folder,
    shows what was posted, what was held and why, and checks its own end state. Nothing leaves this machine.

    \b
    Examples:
      translator demo
      translator demo --orders
      translator demo --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    if orders:
        return _orders(flags)
    from translator.demo import LAB_FILE, run_demo  # noqa: PLC0415 - the ledger and the sandbox are heavy

    if flags.format == "json":
        report = run_demo(flags.settings(), say)
        write_line(_json(report))
    else:
        click.echo("A lab file comes in (names and numbers are invented):\n")
        click.echo("".join(f"  {line}\n" for line in _short(LAB_FILE.read_text(encoding="utf-8"))))
        report = run_demo(flags.settings(), click.echo)
        _show(report)
    for failure in report.failures:
        say(f"demo failed: {failure}")
    return FINDINGS if report.failures else 0


def _orders(flags: Flags) -> int:
    """Go both circles of orders, and show what the lab and the vendors got."""
    from translator.demo_orders import run_orders_demo  # noqa: PLC0415 - as above

    is_json = flags.format == "json"
    report = run_orders_demo(flags.settings(), say if is_json else click.echo)
    if is_json:
        calls = [{name: call[name] for name in ("method", "path", "status", "body")} for call in report.calls]
        line = {"ok": not report.failures, "to_lab": report.to_lab, "calls": calls, "failures": report.failures}
        write_line(msgspec.json.encode({"schema": "translator.demo-orders/1", **line}))
    else:
        _show_orders(report)
    for failure in report.failures:
        say(f"demo failed: {failure}")
    return FINDINGS if report.failures else 0


def _show_orders(report: OrdersReport) -> None:
    click.echo("\nWhat the lab found in its folder (names and numbers are invented):\n")
    for message in report.to_lab:
        click.echo("".join(f"  {line[:110]}\n" for line in message.splitlines()))
    click.echo("What the vendors got, in order:\n")
    for call in report.calls:
        click.echo(f"  {call['method']} {call['path']} -> {call['status']}")
    click.echo("\nLedger:  " + ("not balanced or damaged" if report.findings else "balanced, undamaged"))


def _short(text: str) -> list[str]:
    """Keep the lines that a person looks at, without empty fields at the end."""
    return [line.rstrip("|")[:110] for line in text.splitlines() if line[:3] in {"MSH", "OBR", "OBX"}]


def _show(report: DemoReport) -> None:
    _show_entries(report)
    click.echo("Posted to WHOOP, in order of each service request:\n")
    for post in report.posted:
        click.echo(f"  POST {post['path']} -> {post['status']}\n       {post['body_raw']}\n")
    click.echo(f"Balance: {balance_line(report.balance)}")
    click.echo("Ledger:  " + ("not balanced or damaged" if report.findings else "balanced, undamaged") + "\n")
    click.echo("Next:")
    for arguments, purpose in _NEXT.items():
        click.echo(f"  {_called()} {arguments:<24} {purpose}")


def _called() -> str:
    """Name the program so that the person can type it: `make demo` runs one that is on no PATH."""
    if shutil.which("translator"):
        return "translator"
    return "python -m translator" if sys.argv[0].endswith("__main__.py") else sys.argv[0]


def _show_entries(report: DemoReport) -> None:
    listing = Listing("table", ("message", "at", "state", "why", "WHOOP code"), "\nEvery result ends somewhere:")
    for view in report.messages:
        for entry in view.entries:
            cells = (view.source.control_id, entry.at, entry.state, entry.reason, entry.code)
            listing.add(entry, *cells)
    listing.close()


def balance_line(balance: Balance) -> str:
    """Write `12 in = 9 delivered + 1 held (unmapped-code) + 1 ignored (not-obtained) + 1 duplicate`."""
    order = ("delivered", "queued", "unknown", "rejected", "held", "ignored", "refused", "duplicate")
    lines = sorted(balance.lines, key=lambda line: order.index(line.state) if line.state in order else len(order))
    parts = (
        f"{line.count} {line.state}" + (f" ({line.cause or line.reason})" if line.reason else "") for line in lines
    )
    return f"{balance.entries} in = {' + '.join(parts)}"


def _json(report: DemoReport) -> bytes:
    line = {
        "schema": "translator.demo/1",
        "ok": not report.failures,
        "balance": balance_line(report.balance),
        "states": report.balance.by_state,
        "posted": [{"path": post["path"], "status": post["status"], "body": post["body"]} for post in report.posted],
        "failures": report.failures,
    }
    return msgspec.json.encode(line)
