"""Who comes in: cookies, forms that are ours alone, and guesses that take longer each time."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.ledger.conftest import Clock
from tests.web.interesting import PASSWORD
from tests.web.person import Form, Person, deciding, parsed, words
from translator.ledger import Ledger
from translator.web.console_auth import SESSION, VISITOR

WRONG = "wrong horse battery"


def cookies(answer: httpx.Response) -> dict[str, set[str]]:
    """Give the cookies that an answer sets, with their flags."""
    found: dict[str, set[str]] = {}
    for header in answer.headers.get_list("set-cookie"):
        pair, *flags = header.split("; ")
        name, _, value = pair.partition("=")
        found[name] = {flag.lower() for flag in flags} | ({"gone"} if value in ("", '""') else set())
    return found


def test_session_is_in_a_cookie_that_no_script_and_no_other_site_gets(stranger: Person) -> None:
    """HttpOnly, SameSite=Strict, Path=/, no longer than the browser; the visitor's cookie is gone."""
    visited = cookies(stranger.get("/login"))
    welcomed = cookies(stranger.log_in("ada"))

    assert visited == {VISITOR: {"httponly", "samesite=strict", "path=/"}}
    assert welcomed[SESSION] == {"httponly", "samesite=strict", "path=/"}
    assert "gone" in welcomed[VISITOR]


def test_cookie_over_tls_is_bound_to_it(come: Callable[..., Person]) -> None:
    """Behind a proxy that speaks TLS the cookie is Secure, and its name makes the browser check that."""
    person = come(**{"X-Forwarded-Proto": "https"})

    (name,) = cookies(person.get("/login"))
    flags = cookies(person.get("/login"))[name]

    assert name == f"__Host-{VISITOR}"
    assert {"secure", "path=/", "httponly"} <= flags
    assert not any(flag.startswith("domain") for flag in flags)


def test_password_must_be_right(stranger: Person) -> None:
    """A wrong password, a wrong name and none at all are answered alike, without a session."""
    answers = [stranger.log_in("ada", WRONG), stranger.log_in("nobody", PASSWORD), stranger.log_in("", "")]

    assert [answer.status_code for answer in answers] == [401] * 3
    assert len({words(answer) for answer in answers}) == 1
    assert not any(SESSION in cookies(answer) for answer in answers)
    assert stranger.get("/").status_code == 303


def test_guessing_takes_longer_each_time(come: Callable[..., Person], clock: Clock) -> None:
    """After five wrong passwords an account waits, also for the right one, from whatever session; then it is let in."""
    guesser, owner = come(), come()

    answers = [guesser.log_in("ada", WRONG) for _ in range(6)]
    held_up = owner.log_in("ada")
    clock.move(float(answers[-1].headers["retry-after"]))
    let_in = owner.log_in("ada")

    assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 2
    assert (held_up.status_code, SESSION in cookies(held_up)) == (429, False)
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/")


def test_guessing_many_names_from_one_address_waits_too(stranger: Person) -> None:
    """Each name is tried once only, and the address is slowed down all the same."""
    answers = [stranger.log_in(f"name-{number}", WRONG) for number in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 2


def test_logins_are_in_the_trail_and_mistyped_names_are_not(stranger: Person, ledger: Ledger) -> None:
    """Who came, was refused, and left is known; what was typed as a name may be a password."""
    stranger.log_in("ada", WRONG)
    stranger.log_in(WRONG, "ada")
    stranger.log_in("ada")
    (leave,) = (form for form in parsed(stranger.get("/")).forms if form.action == "/logout")
    stranger.send(leave)

    told = [(deed.who, deed.deed) for deed in reversed(ledger.access().trail())]

    assert told == [("ada", "login refused"), ("ada", "logged in"), ("ada", "logged out")]


def test_who_logs_out_is_out(operator: Person) -> None:
    """The session is over on the server, too: its cookie brings nobody in again."""
    kept = dict(operator.client.cookies)
    (leave,) = (form for form in parsed(operator.get("/")).forms if form.action == "/logout")

    left = operator.send(leave)
    operator.client.cookies.update(kept)

    assert "gone" in cookies(left)[SESSION]
    assert operator.get("/").status_code == 303


def test_closed_account_is_out_at_once(operator: Person, ledger: Ledger) -> None:
    """Its next click leads to the login."""
    ledger.access().accounts.close("ada")

    assert operator.get("/").headers["location"] == "/login"


def _without(form: Form) -> dict[str, str]:
    return {name: value for name, value in form.items() if name != "token"}


@pytest.mark.parametrize(
    ("change", "headers"),
    [
        pytest.param(_without, {}, id="no-token"),
        pytest.param(lambda form: {**form, "token": "0" * 64}, {}, id="wrong-token"),
        pytest.param(lambda form: {**form, "token": "\N{SNOWMAN}"}, {}, id="odd-token"),
        pytest.param(dict, {"Sec-Fetch-Site": "cross-site"}, id="other-site"),
        pytest.param(dict, {"Sec-Fetch-Site": "same-site"}, id="other-host"),
    ],
)
def test_form_of_another_site_is_refused(
    operator: Person, ledger: Ledger, change: Callable[[Form], dict[str, str]], headers: dict[str, str]
) -> None:
    """A form without the session's own token, or sent from elsewhere, does nothing."""
    form = deciding(operator.ask("/rates", "pause", destination="whoop"))
    form["reason"] = "a test"

    answer = operator.client.post(form.action, data=change(form), headers=headers)

    assert answer.status_code == 403
    assert ledger.destinations().standing("whoop").paused == ""


def test_token_of_one_session_is_none_of_another(operator: Person, come: Callable[..., Person], ledger: Ledger) -> None:
    """What another person's page carries opens nothing."""
    form = deciding(operator.ask("/rates", "pause", destination="whoop"))

    answer = come("ada").send(form, reason="a test")

    assert answer.status_code == 403
    assert ledger.destinations().standing("whoop").paused == ""


def test_login_form_of_another_site_is_refused(stranger: Person) -> None:
    """Nobody is logged in as somebody else without knowing: the login's form is bound to the visitor."""
    answer = stranger.client.post("/login", data={"name": "ada", "password": PASSWORD})

    assert (answer.status_code, SESSION in cookies(answer)) == (403, False)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"a=" + b"x" * 70_000, id="too-large"),
        pytest.param(b"&".join(b"a%d=1" % number for number in range(80)), id="too-many-fields"),
        pytest.param(b"a=\xff\xfe", id="not-utf-8"),
    ],
)
def test_form_that_is_none_is_refused(operator: Person, body: bytes) -> None:
    """Neither size nor bytes of a form bring the console down."""
    kind = {"content-type": "application/x-www-form-urlencoded"}

    assert operator.client.post("/decide", content=body, headers=kind).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"verb": "explode"}, id="verb"),
        pytest.param({"verb": "drop", "message": "1", "then": "WELL"}, id="ending"),
        pytest.param({"verb": "release", "message": "1", "accept": "malformed"}, id="reason-that-nobody-overrules"),
        pytest.param({"verb": "replay", "message": "-1"}, id="number"),
        pytest.param({"verb": "pause", "destination": "nowhere"}, id="destination"),
    ],
)
def test_form_that_asks_for_something_else_is_refused(operator: Person, fields: dict[str, str]) -> None:
    """What no page offers is not done, and is said plainly."""
    (form,) = (form for form in parsed(operator.get("/")).forms if form.action == "/logout")

    answer = operator.client.post("/decide", data={"token": form["token"], **fields})

    assert answer.status_code == 422
