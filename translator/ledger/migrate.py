"""Run the migrations of the tables, by Alembic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from translator.errors import LedgerError

if TYPE_CHECKING:
    from alembic.config import Config

# Any number will do; every process must lock the same.
_UPGRADE_LOCK = 740_701


def run_migrations(connection: Connection, revision: str) -> None:
    """Create or upgrade the tables up to a revision, in the caller's transaction; several may try at once."""
    # Alembic takes a tenth of a second to import; an up-to-date ledger does without it.
    from alembic import command  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def check_known(revision: str) -> None:
    """
    Make sure that a version of the tables is one of ours.

    Raises: LedgerError where a newer translator made it.
    """
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        ScriptDirectory.from_config(_config()).get_revision(revision)
    except CommandError:
        message = f"the ledger has version {revision}, which this translator does not know; use a newer one"
        raise LedgerError(message) from None


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "translator.ledger:migrations")
    return config
