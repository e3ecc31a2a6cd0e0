"""
Draw the tables of who may use the service: tokens of programs, accounts and sessions of people, and what they did.

    account 1-n session        a person who is logged in
    trail                      who saw or did what; never a value of a patient

Secrets are kept as hashes alone: a token and a session are random and long, so one hash of SHA-256 is enough; a
password is a person's, so it has a slow hash with its own salt.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint

from translator.ledger.columns import METADATA, instant, key, link, words

VIEWER, OPERATOR = "viewer", "operator"
ROLES = (VIEWER, OPERATOR)
"""Sees the account without patient data; sees everything and decides."""

token = Table(
    "token",
    METADATA,
    key(),
    words("name"),
    words("hash"),
    words("scopes"),
    instant("created_at"),
    instant("expires_at", nullable=True),
    instant("revoked_at", nullable=True),
    instant("used_at", nullable=True),
    UniqueConstraint("name"),
    UniqueConstraint("hash"),
)

account = Table(
    "account",
    METADATA,
    key(),
    words("name"),
    words("password"),
    words("role"),
    instant("created_at"),
    instant("disabled_at", nullable=True),
    UniqueConstraint("name"),
    CheckConstraint("role IN ({})".format(", ".join(f"'{role}'" for role in ROLES)), name="role"),
)

session = Table(
    "session",
    METADATA,
    key(),
    link("account_id", "account"),
    words("hash"),
    instant("started_at"),
    instant("seen_at"),
    UniqueConstraint("hash"),
)

trail = Table(
    "trail",
    METADATA,
    key(),
    instant("at"),
    words("who"),
    words("deed"),
    words("subject"),
    words("detail"),
)
Index("ix_trail_at", trail.c.at)
