"""`translator plan`: what a change of the tables would change, by cause; no network."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from translator.cli.archive import Archive, Sharing, find_archive, sharing_options
from translator.cli.correlations import read_correlation
from translator.cli.count_progress import CountProgress
from translator.cli.ending import FINDINGS
from translator.cli.inputs import Unread
from translator.cli.ledger_place import existing
from translator.cli.options import Flags, common
from translator.cli.output import say
from translator.errors import ConfigError, TableError
from translator.record.correlation import Correlation
from translator.whole_file import write_whole

if TYPE_CHECKING:
    from translator.cli.plan_view import Plan
    from translator.config import Settings
    from translator.ledger import Ledger
    from translator.plan.accepted import Accepted
    from translator.plan.comparer import Comparer
    from translator.plan.comparison import Comparison
    from translator.secrets import Secret
    from translator.translate.service_request import Lookup


@click.command("plan")
@click.argument("paths", metavar="ARCHIVE...", nargs=-1, required=True)
@click.option(
    "--against", metavar="REV|DIR", required=True, help="The tables to compare with: a git revision or a folder."
)
@click.option(
    "--accept", metavar="FILE", help="Changes that were reviewed (CSV); only what it does not list is a finding."
)
@click.option("--write-accept", metavar="FILE", help="Write such a file with all that is found; its notes are kept.")
@click.option(
    "--examples",
    metavar="N",
    default=3,
    show_default=True,
    type=click.IntRange(0),
    help="Positions shown of each change.",
)
@click.option("--show-values", is_flag=True, help="Show the values of the examples, too; they are patient data.")
@click.option("--correlation", metavar="FILE", help="CSV that says which order belongs to which service request.")
@sharing_options
@common
def command(  # noqa: PLR0913 - one for each flag
    flags: Flags,
    paths: tuple[str, ...],
    against: str,
    accept: str | None,
    write_accept: str | None,
    examples: int,
    correlation: str | None,
    sharing: Sharing,
    *,
    show_values: bool,
) -> int:
    """
    Say what a change of the tables would change over an archive.

    Translates every message of ARCHIVE by today's tables (packaged, with those of --site) and by those of --against,
    and groups what differs by the row or setting that makes the difference. ARCHIVE is read as by `translate`.

    --against DIR is a folder with a whole set of tables (it has `reasons.csv`, as `mappings/` has), or a folder of a
    site, which is read over today's packaged tables. Where DIR/sites/NAME is there, as in a folder that `translator
    init` has made, that is the site; beside a whole set it is else today's.

    --against REV is a revision (`main`, `HEAD~1`, `v1.2`) of the git repository in which the tables of the site lie;
    packaged tables are those of that revision where they lie in the same repository, else today's. `./NAME` is always
    a folder.

    With --ledger, which is only looked at, it says which changed results are delivered, and what would be sent if their
    messages came again. Examples are named by file and position; values are shown only with --show-values.

    Exit code 0 if nothing changes or all changes are accepted; 1 if something changes, a file cannot be read, or there
    is nothing to compare; 2 if tables or settings are wrong.

    \b
    Examples:
      translator plan archive/ --site sites/acme --against main
      translator plan archive/ --site sites/acme --against main --write-accept accepted.csv
      translator plan archive/ --site sites/acme --against origin/main --accept accepted.csv
      translator plan may.zip --against ../mappings-before --ledger translator.db --format json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from translator.cli.plan_view import Plan, show  # noqa: PLC0415 - what --help does not need
    from translator.plan.accepted import found_in, judge  # noqa: PLC0415
    from translator.plan.comparer import Comparer  # noqa: PLC0415
    from translator.table_versions import other_tables, todays_tables  # noqa: PLC0415

    if flags.ledger and (sharing.jobs > 1 or sharing.daft or sharing.cluster):
        raise click.UsageError(
            "a ledger is looked at by one process; leave --jobs, --daft and --cluster out where --ledger is named"
        )
    settings = flags.settings()
    _see_to_one_site(settings)
    unread = Unread()
    archive = find_archive(paths, unread, sharing, stays=bool(flags.ledger))
    accepted = _accepted(accept) if accept else None
    notes = [*_accepted(write_accept, may_miss=True), *(accepted or [])] if write_accept else []
    today = todays_tables(settings.site)
    other = other_tables(against, settings.site)
    for remark in other.remarks:
        say(remark)
    comparer = Comparer(other.texts, today.texts, examples=examples, shows_values=show_values)
    with ExitStack() as stack:
        ledger = stack.enter_context(_look(existing(settings), settings.ledger_key)) if flags.ledger else None
        lookup = _lookup(correlation, ledger, PurePath(settings.site).name)
        whole, is_complete = _compared(comparer, archive, lookup, ledger)
    found = found_in(whole, comparer.changes)
    judgement = judge(found, accepted) if accepted is not None else None
    plan = Plan(other.name, comparer, whole, found, judgement, unread.count, is_complete, ledger is not None)
    show(plan, flags.form)
    if not is_complete:
        raise KeyboardInterrupt
    if write_accept:
        _write(write_accept, plan, notes)
    return _code(plan)


def _see_to_one_site(settings: Settings) -> None:
    """
    Say which sites are not compared, as a plan is that of one.

    Raises: ConfigError where there are several and none is named, so that not one of them would be looked at.
    """
    from translator.checkup import sites_of  # noqa: PLC0415 - what --help does not need

    others = [name for name in sites_of(settings) if name != settings.site]
    if others and not settings.site:
        raise ConfigError(f"a plan is that of one site: say --site and one of {', '.join(others)}")
    if others:
        say(f"only the site {settings.site} is compared; --site names another one: {', '.join(others)}")


def _accepted(name: str, *, may_miss: bool = False) -> list[Accepted]:
    from translator.plan.accepted import read_accepted  # noqa: PLC0415 - only with the flag

    path = Path(name)
    if may_miss and not path.parent.is_dir():
        # Said before the work, not after it.
        raise ConfigError(f"{name}: cannot be written: there is no folder {path.parent}")
    if may_miss and not path.exists():
        return []
    try:
        return read_accepted(name, path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror}; --write-accept writes such a file") from None
    except TableError as error:
        faults = "\n".join(map(str, error.faults))
        raise ConfigError(f"this is no file of accepted changes; --write-accept writes one:\n{faults}") from None


def _look(place: str, key: Secret | None) -> Ledger:
    from translator.ledger import Ledger  # noqa: PLC0415 - the ledger is heavy

    return Ledger.look(place, key=key)


def _lookup(correlation: str | None, ledger: Ledger | None, source: str) -> Lookup:
    """Know orders by the file that was named, else by the ledger, as it does when it takes messages in."""
    if correlation is None and ledger is not None:
        return ledger.correlation(source)
    return Correlation(read_correlation(correlation), source)


def _compared(comparer: Comparer, archive: Archive, lookup: Lookup, ledger: Ledger | None) -> tuple[Comparison, bool]:
    """Compare everything, or as much as there is time for; tells whether it was everything."""
    from translator.plan.comparison import merged  # noqa: PLC0415 - what --help does not need
    from translator.planning import BATCH, Comparing  # noqa: PLC0415

    known = ledger.deliveries().words if ledger is not None else None
    whole = merged([], comparer.examples)
    try:
        with (
            CountProgress("compared") as progress,
            closing(archive.results(Comparing(comparer, lookup, known), BATCH)) as parts,
        ):
            for part in parts:
                whole = merged([whole, part], comparer.examples)
                progress(whole.messages, None)
    except KeyboardInterrupt:
        return whole, False
    return whole, True


def _write(name: str, plan: Plan, notes: list[Accepted]) -> None:
    from translator.plan.accepted import write_accepted  # noqa: PLC0415 - only with the flag

    write_whole(Path(name), write_accepted(plan.found, notes))
    say(f"wrote {name}: {len(plan.found)} rows to review; they count once it is named by --accept")


def _code(plan: Plan) -> int:
    is_open = bool(plan.judgement.new if plan.judgement else plan.found)
    return FINDINGS if is_open or plan.missed or not plan.whole.messages else 0
