"""
Put the job queue of a cluster beside a ledger, and take it away again.

The queue is Procrastinate's, in the schema `translator_jobs`. One trigger on `lane` fills it, in the transaction that
made the lane due and as it is committed: acceptance, an outcome, a person's decision, a worker that was given up. So
nothing else has to think of it, and a lane that is due has a job. What runs there is "drain lane L", which holds the
lane's number and nothing else.

Since the queue holds nothing that the ledger does not, another version of Procrastinate needs no migration: the queue
is dropped and made anew, while no host is at work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, insert, select, text, update

from translator.errors import ConfigError
from translator.ledger import schema
from translator.ledger.cluster_tables import SCHEMA, TRIGGER, setting

if TYPE_CHECKING:
    import psycopg

LAYOUT = 3
"""The version of what is made here around Procrastinate's tables; a change of it asks for `translator cluster init`."""

TASK = "drain"
URGENT = ".urgent"
"""What is urgent has a queue of its own, named so behind the destination."""

NEEDS_EXTRA = "a cluster needs Procrastinate, which is not installed: pip install '.[cluster]' in translator's folder"

_FUNCTION = """
CREATE FUNCTION {jobs}.lane_is_due() RETURNS trigger LANGUAGE plpgsql
    SET search_path = {jobs}, pg_temp
AS $$
BEGIN
    -- Deferred: what the whole transaction made of the lane counts, not what one statement did.
    INSERT INTO procrastinate_jobs AS job (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
    SELECT lane.destination || CASE WHEN lane.priority > 0 THEN '{urgent}' ELSE '' END, '{task}', lane.priority,
           lane.id::text, lane.id::text, jsonb_build_object('lane', lane.id),
           -- The clocks of hosts differ a little: what is due in a moment is due, or nobody would be woken for it.
           CASE WHEN lane.due_at > (extract(epoch FROM clock_timestamp()) + 1) * 1000000
                THEN to_timestamp(lane.due_at / 1000000.0) END
      FROM {ledger}.lane WHERE lane.id = NEW.id AND lane.due_at IS NOT NULL
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE
       SET queue_name = excluded.queue_name, priority = excluded.priority, scheduled_at = excluded.scheduled_at
     WHERE (job.queue_name, job.scheduled_at) IS DISTINCT FROM (excluded.queue_name, excluded.scheduled_at);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER {trigger} AFTER INSERT OR UPDATE OF due_at, priority ON {ledger}.lane
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.due_at IS NOT NULL)
    EXECUTE FUNCTION {jobs}.lane_is_due();
CREATE TABLE {jobs}.host (
    worker_id bigint PRIMARY KEY REFERENCES {jobs}.procrastinate_workers (id) ON DELETE CASCADE,
    name text NOT NULL, pid bigint NOT NULL, queue text NOT NULL, started_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE {jobs}.process (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL, pid bigint NOT NULL, role text NOT NULL, version text NOT NULL, tables text NOT NULL,
    terms text NOT NULL, rules text NOT NULL, ahead_s double precision NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(), seen_at timestamptz NOT NULL DEFAULT now()
);
-- Procrastinate looks for other jobs of a lock by an index that begins with the id, and so reads all of it each time.
DROP INDEX {jobs}.procrastinate_jobs_id_lock_idx_v1;
CREATE INDEX procrastinate_jobs_lock_id_idx ON {jobs}.procrastinate_jobs (lock, id) WHERE status IN ('todo', 'doing');
-- Jobs come and go by the thousand.
ALTER TABLE {jobs}.procrastinate_jobs SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE {jobs}.procrastinate_events SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE TABLE {jobs}.setting (
    version text NOT NULL, dead_after_s double precision NOT NULL, made_of text NOT NULL DEFAULT ''
);
"""

_SETTING = select(func.to_regclass(f"{SCHEMA}.setting"))
_OF_ANOTHER = text(
    "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname = :name AND tgrelid IS DISTINCT FROM to_regclass('lane'))"
).bindparams(name=TRIGGER)
# Names and sources, since these are what another server or version of PostgreSQL does not spell otherwise.
_MADE_OF = text("""
WITH mine AS (SELECT oid, relname, relkind FROM pg_class
               WHERE relnamespace = to_regnamespace(:jobs) AND relkind IN ('r', 'S'))
SELECT md5(string_agg(part, ' ' ORDER BY part COLLATE "C")) FROM (
    SELECT proname || ' ' || md5(prosrc) FROM pg_proc WHERE pronamespace = to_regnamespace(:jobs)
    UNION ALL SELECT relname || ' ' || relkind::text FROM mine
    UNION ALL SELECT relname || ' ' || attname FROM mine JOIN pg_attribute ON attrelid = mine.oid
               WHERE attnum > 0 AND NOT attisdropped
    UNION ALL SELECT tgname || ' ' || tgenabled::text FROM pg_trigger
               WHERE NOT tgisinternal AND (tgname = :trigger AND tgrelid = to_regclass('lane')
                                           OR tgrelid IN (SELECT oid FROM mine))
) AS parts (part)
""").bindparams(jobs=SCHEMA, trigger=TRIGGER)


def install(connection: Connection, dead_after_s: float) -> None:
    """
    Make the queue, and a job for every lane that is due.

    Raises: ConfigError where Procrastinate is not installed.
    """
    queue = procrastinate_schema()
    ledger = connection.execute(select(func.quote_ident(func.current_schema()))).scalar_one()
    before = connection.execute(text("SHOW search_path")).scalar_one()
    newest = _newest_worker(connection)
    remove(connection)
    raw = _raw(connection)
    raw.execute(f"CREATE SCHEMA {SCHEMA}; SET LOCAL search_path TO {SCHEMA}".encode())
    raw.execute(queue.encode())
    raw.execute(_FUNCTION.format(jobs=SCHEMA, trigger=TRIGGER, ledger=ledger, urgent=URGENT, task=TASK).encode())
    raw.execute(f"SET LOCAL search_path TO {before}".encode())
    # A number that was given once is never given again: who has it, or an attempt of its, must not look alive.
    workers = f"{SCHEMA}.procrastinate_workers"
    raw.execute(f"ALTER TABLE {workers} ALTER COLUMN id RESTART WITH {newest + 1}".encode())
    made_of = connection.execute(_MADE_OF).scalar_one()
    values = {"version": queue_version(), "dead_after_s": dead_after_s, "made_of": made_of}
    connection.execute(insert(setting), values)
    lane = schema.lane
    connection.execute(update(lane).where(lane.c.due_at.is_not(None)).values(due_at=lane.c.due_at))


def made_by(connection: Connection) -> tuple[str, float] | None:
    """Tell by which version a queue was made, and the silence that is death in it; None where it cannot tell."""
    if connection.execute(_SETTING).scalar_one() is None:
        return None
    row = connection.execute(select(setting.c.version, setting.c.dead_after_s)).one_or_none()
    return None if row is None else (row.version, row.dead_after_s)


def is_sound(connection: Connection) -> bool:
    """Tell whether everything of the queue is there that was made, and its triggers are on."""
    wanted = connection.execute(select(setting.c.made_of)).scalar_one()
    return bool(connection.execute(_MADE_OF).scalar_one() == wanted)


def is_there(connection: Connection) -> bool:
    """Tell whether the database has a queue, or what is left of one, whichever ledger it may be of."""
    return connection.execute(select(func.to_regnamespace(SCHEMA).is_not(None))).scalar_one()


def is_of_another(connection: Connection) -> bool:
    """Tell whether another ledger of this database fills the queue that is there, or nobody knows what it is."""
    return connection.execute(_OF_ANOTHER).scalar_one() or (
        is_there(connection) and connection.execute(_SETTING).scalar_one() is None and not _fills(connection)
    )


def remove(connection: Connection) -> None:
    """Take the queue away, with its trigger."""
    connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))


def queue_version() -> str:
    """
    Give the version of the queue that is made here: Procrastinate's, and ours of what is around it.

    Raises: ConfigError where there is none.
    """
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - 20 ms that only a cluster needs

    try:
        return f"{version('procrastinate')}+{LAYOUT}"
    except PackageNotFoundError:
        raise ConfigError(NEEDS_EXTRA) from None


def procrastinate_schema() -> str:
    """
    Give the statements that make Procrastinate's tables.

    Raises: ConfigError where it is not installed.
    """
    try:
        from procrastinate.schema import SchemaManager  # noqa: PLC0415 - only a cluster has it
    except ImportError:
        raise ConfigError(NEEDS_EXTRA) from None
    return SchemaManager.get_schema()


def _fills(connection: Connection) -> bool:
    """Tell whether there is the function that fills our queues."""
    return connection.execute(select(func.to_regproc(f"{SCHEMA}.lane_is_due").is_not(None))).scalar_one()


def _newest_worker(connection: Connection) -> int:
    """Give the highest number that a worker was ever given, as far as anybody knows."""
    newest = int(connection.execute(select(func.coalesce(func.max(schema.attempt.c.worker), 0))).scalar_one())
    numbers = f"{SCHEMA}.procrastinate_workers_id_seq"
    if connection.execute(select(func.to_regclass(numbers))).scalar_one() is None:
        return newest
    return max(newest, int(connection.execute(text(f"SELECT last_value FROM {numbers}")).scalar_one()))  # noqa: S608


def _raw(connection: Connection) -> psycopg.Connection[object]:
    """Give the driver's own connection: it takes several statements at once, and leaves `%` in them alone."""
    raw = connection.connection.driver_connection
    assert raw is not None  # noqa: S101 - it is None only for a connection that was closed
    return raw  # type: ignore[no-any-return]
