"""
Find the archive that a person names, and have it worked on: by this process, by several, or by Daft.

Daft is taken where the archive or the output is no plain file of this machine, or where it is asked for; nothing of it
is imported otherwise.
"""

from __future__ import annotations

import functools
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct

from translator.cli.inputs import Input, Unread, check_inputs, walk_input
from translator.cli.options import jobs_option
from translator.errors import ConfigError

if TYPE_CHECKING:
    from translator.bulk.places import Stored
    from translator.bulk.sharing import Spread
    from translator.portions import Portion

_NEEDED = ("daft", "pyarrow")
_PARQUET = ".parquet"
_Result = TypeVar("_Result")


class Sharing(Struct, frozen=True):
    """
    By whom the work is done: `jobs` processes here, Daft here, or a cluster.

    Shape: `column` holds the messages of a table.
    """

    jobs: int = 1
    cluster: str | None = None
    column: str | None = None
    daft: bool = False

    @property
    def is_bulk(self) -> bool:
        """Tell that Daft is asked for, whatever the archive is."""
        return self.daft or self.cluster is not None or self.column is not None


_OPTIONS = (
    jobs_option,
    click.option(
        "--daft", is_flag=True, help="Have Daft share the work out, in this process.  [default: where needed]"
    ),
    click.option(
        "--cluster", metavar="ADDRESS", help="Have a Ray cluster do the work: HOST:PORT of its head, or auto."
    ),
    click.option("--column", metavar="NAME", help="Column of Parquet with the messages.  [default: the only one]"),
)


def sharing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the flags that say who does the work, as the argument `sharing`."""

    @functools.wraps(function)
    def with_sharing(
        *arguments: Any, jobs: int, daft: bool, cluster: str | None, column: str | None, **values: Any
    ) -> Any:
        if cluster is not None and jobs > 1:
            raise click.UsageError("--jobs is for this machine; on a cluster every host uses all its processors")
        return function(*arguments, sharing=Sharing(jobs, cluster, column, daft), **values)

    for option in reversed(_OPTIONS):
        with_sharing = option(with_sharing)
    return with_sharing


class Archive:
    """
    The files that were named.

    Shape: `is_alone` tells that one process does everything, so that each result may be shown as it comes.
    """

    def __init__(
        self, files: Sequence[Input | Stored], unread: Unread, sharing: Sharing, *, is_bulk: bool, stays: bool
    ) -> None:
        self._files = files
        self._unread = unread
        self._sharing = sharing
        self._is_bulk = is_bulk
        self._stays = stays
        self.is_alone = not is_bulk and sharing.jobs == 1

    def results(
        self,
        work: Callable[[Iterable[Portion]], _Result],
        most: int,
        begun: Callable[[int, int], None] = lambda _number, _total: None,
    ) -> Generator[_Result]:
        """
        Do a work on the whole archive, at most so many messages at a time.

        Shape: results in the order of the archive. `begun` hears which file is begun, of how many. Close the iterator
        where it is not read to its end.
        Raises: WorkerError where a worker is lost; ConfigError where Daft or the cluster is not there.
        """
        return self._by_daft(work, begun) if self._is_bulk else self._here(work, most, begun)

    def _here(
        self, work: Callable[[Iterable[Portion]], _Result], most: int, begun: Callable[[int, int], None]
    ) -> Generator[_Result]:
        from translator.feed import in_batches, read_portions  # noqa: PLC0415 - --help opens nothing
        from translator.jobs import spread  # noqa: PLC0415 - the same

        sources = ((item.name, item.open) for item in _begun(self._files, begun))
        portions = read_portions(sources, self._unread.note)
        return spread(work, in_batches(portions, most), self._sharing.jobs)

    def _by_daft(
        self, work: Callable[[Iterable[Portion]], _Result], begun: Callable[[int, int], None]
    ) -> Generator[_Result]:
        from translator.bulk.sharing import Sharing as Shared  # noqa: PLC0415 - heavy

        with self._spread() as spread:
            shared = Shared(work, spread, self._unread.note)
            with closing(shared.results(_begun(self._files, begun), self._sharing.column)) as results:
                yield from results

    @contextmanager
    def _spread(self) -> Iterator[Spread]:
        """Have things worked on by Daft; by this process alone where the work cannot leave it."""
        if self._stays:
            yield map
            return
        from translator.bulk.engine import daft_engine  # noqa: PLC0415 - heavy

        with daft_engine(self._sharing.cluster, self._sharing.jobs) as engine:
            yield engine.spread


def find_archive(
    paths: Sequence[str], unread: Unread, sharing: Sharing, *, is_bulk: bool = False, stays: bool = False
) -> Archive:
    """
    List every file that the paths stand for, in order.

    Shape: `is_bulk` asks for Daft, whatever they are; `stays` tells that the work cannot leave this process.
    Raises: ConfigError for a path where nothing is, for stdin named twice, and for what needs a package that is absent.
    """
    from translator.bulk.places import as_path, check_url, is_url  # noqa: PLC0415 - --help opens nothing

    for path in filter(is_url, paths):
        check_url(path)
    named = [as_path(path) for path in paths]
    check_inputs([path for path in named if not is_url(path)])
    found = [path if is_url(path) else list(walk_input(path, unread)) for path in named]
    inputs = [item for items in found if not isinstance(items, str) for item in items]
    is_remote = any(isinstance(items, str) for items in found)
    if not (is_remote or is_bulk or sharing.is_bulk or any(item.name.lower().endswith(_PARQUET) for item in inputs)):
        return Archive(inputs, unread, sharing, is_bulk=False, stays=stays)
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise ConfigError(f"this needs {' and '.join(missing)}: pip install '.[archive]' in translator's folder")
    files = [file for items in found for file in _stored(items)]
    return Archive(files, unread, sharing, is_bulk=True, stays=stays)


def _stored(items: str | list[Input]) -> list[Stored]:
    """List what lies at a URL, or what was found at a path."""
    from translator.bulk.places import find_stored  # noqa: PLC0415 - --help opens nothing

    files = find_stored(items) if isinstance(items, str) else [_file(item) for item in items]
    # Beside tables lies what their writer needs to know: `_SUCCESS`, `_metadata`.
    is_table = any(file.is_parquet for file in files)
    return [file for file in files if not (is_table and file.name.rpartition("/")[2].startswith("_"))]


def _file(item: Input) -> Stored:
    from translator.bulk.places import Stored  # noqa: PLC0415 - --help opens nothing

    if item.path is None:
        return Stored(item.name, "", is_here=True)
    place = str(item.path.absolute())
    try:
        found = item.path.stat()
    except OSError:
        # Whoever reads it says so.
        return Stored(item.name, place)
    # What a pipe gives, it gives once, and to this process alone.
    return Stored(item.name, place, found.st_size, is_here=not stat.S_ISREG(found.st_mode))


def _begun(files: Sequence[Any], begun: Callable[[int, int], None]) -> Iterator[Any]:
    for number, file in enumerate(files):
        begun(number, len(files))
        yield file
