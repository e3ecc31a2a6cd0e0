"""
Draw what of a cluster's job queue the ledger looks at; Procrastinate's tables, in a schema of their own.

The queue holds nothing that the ledger does not: it can be dropped and made anew at any time when no host is at work.
"""

from __future__ import annotations

from sqlalchemy import TIMESTAMP, BigInteger, Column, Float, MetaData, Table, Text, func

SCHEMA = "translator_jobs"
TRIGGER = "translator_lane_is_due"

_METADATA = MetaData(schema=SCHEMA)

workers = Table(
    "procrastinate_workers",
    _METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("last_heartbeat", TIMESTAMP(timezone=True), nullable=False),
)
"""Who is alive: a worker that was silent for too long is deleted from here, and with that it is dead."""

jobs = Table(
    "procrastinate_jobs",
    _METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("queue_name", Text, nullable=False),
    Column("queueing_lock", Text),
    Column("status", Text, nullable=False),
    Column("scheduled_at", TIMESTAMP(timezone=True)),
    Column("worker_id", BigInteger),
)

host = Table(
    "host",
    _METADATA,
    Column("worker_id", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("queue", Text, nullable=False),
    Column("started_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
)
"""Whose worker it is, for people."""

process = Table(
    "process",
    _METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("role", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("tables", Text, nullable=False),
    Column("terms", Text, nullable=False),
    Column("rules", Text, nullable=False),
    Column("ahead_s", Float, nullable=False),
    Column("started_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    Column("seen_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
)
"""Every host that runs, whatever its role: by what it goes, and when it last said so."""

setting = Table(
    "setting",
    _METADATA,
    Column("version", Text, nullable=False),
    Column("dead_after_s", Float, nullable=False),
    Column("made_of", Text, nullable=False),
)
"""One row: the version that the queue is of, what all hosts must agree on, and by what one sees whether it is whole."""
