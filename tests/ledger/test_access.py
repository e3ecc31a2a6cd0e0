"""Who may use the service: tokens, accounts, sessions, and the trail of what they did."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.ledger.conftest import Clock
from translator.errors import LedgerError
from translator.ledger import OPERATOR, VIEWER, Ledger
from translator.ledger.database import connect

PASSWORD = "correct horse battery"
HOUR = 3600.0


def test_token_is_known_by_itself_alone(ledger: Ledger) -> None:
    """What it may do comes back for the token as it was given, and for nothing else."""
    tokens = ledger.access().tokens
    made = tokens.create("engine", ["submit", "read"])

    found = tokens.check(made)

    assert found is not None
    assert (found.name, found.scopes, found.state) == ("engine", ("read", "submit"), "valid")
    assert [tokens.check(other) for other in ("", made[:-1], made + "x", "engine", "\udcff")] == [None] * 5


def test_token_is_nowhere_on_disk(ledger: Ledger, place: str) -> None:
    """Who reads the ledger cannot call the service."""
    made = ledger.access().tokens.create("engine", ["read"])

    database = connect(place)
    with database.read() as connection:
        rows = connection.execute(text("SELECT * FROM token")).all()
    database.close()

    assert made not in str(rows)


def test_token_ends_when_it_expires_or_is_revoked(ledger: Ledger, clock: Clock) -> None:
    """An old token does nothing, and is still listed."""
    tokens = ledger.access().tokens
    short, other = tokens.create("short", ["read"], lasts_s=60), tokens.create("other", ["read"])

    clock.move(60)
    revoked = tokens.revoke("other")

    assert (tokens.check(short), tokens.check(other), revoked, tokens.revoke("other")) == (None, None, True, False)
    assert [token.state for token in tokens.list()] == ["expired", "revoked"]


def test_use_of_a_token_is_remembered(ledger: Ledger, clock: Clock) -> None:
    """A token that nobody uses any more can be found; the moment is a minute's work at most."""
    tokens = ledger.access().tokens
    made = tokens.create("engine", ["read"])

    unused = tokens.list()[0].used
    tokens.check(made)
    first = tokens.list()[0].used
    clock.move(30)
    tokens.check(made)
    soon = tokens.list()[0].used
    clock.move(HOUR)
    tokens.check(made)

    assert (unused, soon) == ("", first)
    assert tokens.list()[0].used > first


def test_name_of_a_token_is_taken_once(ledger: Ledger) -> None:
    """Two tokens of one name could not be told apart in the trail."""
    ledger.access().tokens.create("engine", ["read"])

    with pytest.raises(LedgerError, match="already"):
        ledger.access().tokens.create("engine", ["submit"])


def test_person_logs_in_with_the_password_alone(ledger: Ledger) -> None:
    """Neither a wrong password nor an unknown name opens a session."""
    accounts = ledger.access().accounts
    accounts.add("ada", PASSWORD, OPERATOR)

    session = accounts.log_in("ada", PASSWORD)

    assert session is not None
    found = accounts.find(session, HOUR)
    assert found is not None
    assert (found.name, found.decides) == ("ada", True)
    assert [accounts.log_in(*pair) for pair in (("ada", PASSWORD + "x"), ("bob", PASSWORD), ("", ""))] == [None] * 3
    assert accounts.find(session + "x", HOUR) is None


def test_session_ends_without_clicks(ledger: Ledger, clock: Clock) -> None:
    """Each click lets it go on; the pause ends it."""
    accounts = ledger.access().accounts
    accounts.add("ada", PASSWORD)
    session = accounts.log_in("ada", PASSWORD) or ""

    clock.move(HOUR - 1)
    first = accounts.find(session, HOUR)
    clock.move(HOUR - 1)
    second = accounts.find(session, HOUR)
    clock.move(HOUR + 1)

    assert None not in (first, second)
    assert accounts.find(session, HOUR) is None


@pytest.mark.parametrize("ending", ["log-out", "close", "password", "forget"])
def test_session_is_ended(ledger: Ledger, clock: Clock, ending: str) -> None:
    """Logging out, closing the account and a new password each end every session that they speak of."""
    accounts = ledger.access().accounts
    accounts.add("ada", PASSWORD)
    session = accounts.log_in("ada", PASSWORD) or ""

    if ending == "log-out":
        accounts.log_out(session)
    elif ending == "close":
        accounts.close("ada")
    elif ending == "password":
        accounts.set_password("ada", PASSWORD + "2")
    else:
        clock.move(HOUR + 1)
        accounts.forget(HOUR)

    assert accounts.find(session, 10 * HOUR) is None


def test_closed_account_is_listed_and_lets_nobody_in(ledger: Ledger) -> None:
    """What a person did stays under the name; nobody takes it again."""
    accounts = ledger.access().accounts
    accounts.add("ada", PASSWORD)
    accounts.close("ada")

    assert accounts.log_in("ada", PASSWORD) is None
    assert [(one.name, one.role, one.is_open) for one in accounts.list()] == [("ada", VIEWER, False)]
    with pytest.raises(LedgerError, match="already"):
        accounts.add("ada", PASSWORD)


@pytest.mark.parametrize(
    ("password", "role", "said"),
    [
        pytest.param("short", VIEWER, "at least 12", id="short-password"),
        pytest.param(PASSWORD, "admin", "viewer or operator", id="unknown-role"),
    ],
)
def test_account_is_refused(ledger: Ledger, password: str, role: str, said: str) -> None:
    """A guessable password and a role that nobody defined open no account."""
    with pytest.raises(LedgerError, match=said):
        ledger.access().accounts.add("ada", password, role)


@pytest.mark.parametrize("change", ["set_password", "close"])
def test_unknown_account_cannot_be_changed(ledger: Ledger, change: str) -> None:
    """A slip in a name is told."""
    accounts = ledger.access().accounts

    with pytest.raises(LedgerError, match="no account"):
        accounts.close("bob") if change == "close" else accounts.set_password("bob", PASSWORD)


def test_trail_has_the_newest_first(ledger: Ledger, clock: Clock) -> None:
    """Who saw or did what, and when."""
    access = ledger.access()
    access.note("ada", "saw", "message 1")
    clock.move(1)
    access.note("bob", "released", "cause unmapped-code", "2 entries")

    newest, first = access.trail()

    assert (newest.who, newest.deed, newest.subject, newest.detail) == (
        "bob",
        "released",
        "cause unmapped-code",
        "2 entries",
    )
    assert first.at < newest.at
    assert len(access.trail(1)) == 1
