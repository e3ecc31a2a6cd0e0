"""What is decided in the console: shown first, done once, as it was shown, in the name of the account."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import structs

from tests.web.interesting import REQUISITION, settings_of
from tests.web.person import Person, deciding, parsed, words
from translator.cli import cli
from translator.console_desk import ConsoleDesk
from translator.ledger import LabThing, Ledger, Settlement
from translator.web.console_deeds import ChangedError, Intent

UNKNOWN, REJECTED = "outcome-unknown", "vendor-refused"


def undecided(ledger: Ledger, state: str) -> int:
    """Give the number of the one submission in a state."""
    (item,) = ledger.desk().undecided([state])
    return item.id


def state_of(ledger: Ledger, message: int) -> dict[str, int]:
    """Count the entries of one message by state."""
    return ledger.balance([message]).by_state


def ordered(ledger: Ledger) -> int:
    """Give the number of the first call about an order."""
    return ledger.desk().orders()[0].calls[0].id


def silent_change(ledger: Ledger) -> int:
    """Give the message that holds a silent change."""
    (item,) = ledger.desk().held(cause="silent-change")
    return item.message


@pytest.mark.parametrize(
    ("verb", "state", "becomes"),
    [
        pytest.param("accept", "unknown", "delivered", id="the-vendor-has-it"),
        pytest.param("resend", "unknown", "queued", id="the-vendor-does-not-have-it"),
        pytest.param("give-up", "unknown", "dropped", id="never-mind"),
        pytest.param("resend", "rejected", "queued", id="the-vendor-would-take-it-now"),
        pytest.param("give-up", "rejected", "dropped", id="the-vendor-never-will"),
    ],
)
def test_undecided_submission_is_decided(operator: Person, ledger: Ledger, verb: str, state: str, becomes: str) -> None:
    """The decision is carried out, once, with who and why; nothing happens before it is confirmed."""
    number = undecided(ledger, state)
    (item,) = ledger.desk().undecided([state])

    asked = operator.ask(f"/undecided/{number}", verb)
    before = ledger.desk().undecided([state])
    done = operator.send(deciding(asked), reason="told by telephone")

    (sent,) = ledger.show(item.message).submissions
    (decision,) = ledger.desk().decisions(item.message)
    assert (asked.status_code, len(before), done.status_code, sent.state) == (200, 1, 200, becomes)
    assert (decision.by, decision.reason) == ("ada", "told by telephone")
    assert "Done" in words(done)
    assert ledger.verify() == []


def test_silent_change_is_released_as_a_correction(operator: Person, ledger: Ledger) -> None:
    """Overruling a reason is foreseen before it is done: the choice alone does nothing but show what would happen."""
    message = silent_change(ledger)
    asked = operator.ask(f"/messages/{message}", "release", at="OBX[1]")

    shown = operator.send(deciding(asked), accept="silent-change", reason="confirmed")
    still = state_of(ledger, message)
    done = operator.send(deciding(shown))

    assert "1 stays held" in words(asked)
    assert (shown.status_code, "1 entry would be freed" in words(shown), still) == (409, True, {"held": 1})
    assert (done.status_code, state_of(ledger, message)) == (200, {"queued": 1})
    assert ledger.verify() == []


def test_drop_of_a_cause_takes_all_of_it(operator: Person, ledger: Ledger) -> None:
    """Everything that one cause holds goes, and nothing else."""
    count = len(ledger.desk().held(cause="unmapped-code"))
    others = len(ledger.desk().held()) - count
    cause = next(link for link in parsed(operator.get("/held")).links if link.startswith("/held/"))

    asked = operator.ask(cause, "drop")
    done = operator.send(deciding(asked), reason="no such test")

    assert f"{count} would be dropped" in words(asked)
    assert (done.status_code, len(ledger.desk().held())) == (200, others)
    assert ledger.verify() == []


def test_reason_must_be_given_where_the_ledger_asks_for_it(operator: Person, ledger: Ledger) -> None:
    """Blanks are no reason: the page asks again, and nothing is done."""
    number = undecided(ledger, "unknown")
    asked = operator.ask(f"/undecided/{number}", "accept")

    again = operator.send(deciding(asked), reason="   ")

    assert (again.status_code, "Say why" in words(again)) == (422, True)
    assert undecided(ledger, "unknown") == number


def test_second_click_does_nothing(operator: Person, ledger: Ledger) -> None:
    """The same form sent twice is one decision; the second answer shows what the first did."""
    number = undecided(ledger, "unknown")
    form = deciding(operator.ask(f"/undecided/{number}", "resend"))

    first, second = operator.send(form, reason="asked them"), operator.send(form, reason="asked them")

    assert (first.status_code, second.status_code) == (200, 200)
    assert "done already" in words(second)
    assert "done already" not in words(first)
    assert [deed.deed for deed in ledger.access().trail()].count("resend") == 1


def test_what_has_changed_since_is_not_done(operator: Person, come: Callable[..., Person], ledger: Ledger) -> None:
    """Two people decide about the same: the second is shown what it is now."""
    number = undecided(ledger, "unknown")
    mine = deciding(operator.ask(f"/undecided/{number}", "give-up"))
    other = come("ada")
    other.send(deciding(other.ask(f"/undecided/{number}", "accept")), reason="they have it")

    answer = operator.send(mine, reason="too late")

    assert (answer.status_code, ledger.desk().undecided(["unknown"])) == (409, [])
    assert "decided already" in words(answer)
    (sent,) = (
        one for row in ledger.messages() for one in ledger.show(row.message).submissions if one.detail == "by-hand"
    )
    assert sent.state == "delivered"


def test_what_came_to_a_cause_meanwhile_is_not_done_unseen(operator: Person, store_held: Callable[[], None]) -> None:
    """Released is what was previewed: where more is held now, it is shown first."""
    form = deciding(operator.ask("/held", "release", cause="unmapped-code"))
    store_held()

    answer = operator.send(form)

    assert (answer.status_code, "has changed since you looked" in words(answer)) == (409, True)


def test_message_is_replayed(operator: Person, ledger: Ledger) -> None:
    """A replay takes up what was not sent, and says what stays held."""
    message = ledger.desk().held(cause="unmapped-code")[0].message

    done = operator.send(deciding(operator.ask(f"/messages/{message}", "replay")))

    assert done.status_code == 200
    assert [(deed.who, deed.deed, deed.subject) for deed in ledger.access().trail(1)] == [
        ("ada", "replay", f"message {message}")
    ]
    assert ledger.verify() == []


def test_destination_is_paused_and_resumed(operator: Person, ledger: Ledger) -> None:
    """The pause carries its reason; the page then offers to go on."""
    paused = operator.send(deciding(operator.ask("/rates", "pause", destination="whoop")), reason="planned work")
    standing = ledger.destinations().standing("whoop")
    resumed = operator.send(deciding(operator.ask("/rates", "resume", destination="whoop")))

    assert (paused.status_code, resumed.status_code) == (200, 200)
    assert (standing.paused, standing.paused_by) == ("planned work", "person")
    assert ledger.destinations().standing("whoop").paused_by == ""


def test_order_that_was_never_sent_is_taken_back(operator: Person, ledger: Ledger) -> None:
    """After a page that says so; then there is nothing left to cancel, and no order stands in the trail."""
    number = ordered(ledger)
    asked = operator.ask(f"/orders/{number}", "cancel")
    before = ledger.desk().orders()[0].state
    done = operator.send(deciding(asked), reason="the patient withdrew")
    again = operator.ask(f"/orders/{number}", "cancel")

    assert "would be taken back" in words(asked)
    assert (before, ledger.desk().orders()[0].state) == ("queued", "dropped")
    assert (done.status_code, again.status_code) == (200, 422)
    deed = next(one for one in ledger.access().trail() if one.deed == "cancel")
    assert (deed.who, deed.subject, "ORD-1" in deed.detail) == ("ada", f"submission {number}", False)
    assert ledger.verify() == []


def test_order_that_was_sent_is_cancelled_as_the_site_confirmed(
    operator: Person, ledger: Ledger, tmp_path: Path
) -> None:
    """Without a confirmed layout nobody knows how; with one the call is queued behind the others."""
    claim = ledger.claim("acurable")
    assert claim is not None
    ledger.settle(claim, Settlement("accepted", "201"))
    (site := tmp_path / "acme" / "acurable").mkdir(parents=True)
    (site / "order.toml").write_text("layout_confirmed = true\n", encoding="utf-8")
    (tmp_path / "acme" / "site.toml").write_text("", encoding="utf-8")
    settings = structs.replace(settings_of(tmp_path / "lab.db"), site=str(tmp_path / "acme"))
    desk, intent = ConsoleDesk(ledger, lambda: settings), Intent("cancel", number=ordered(ledger), reason="withdrew")

    unknown_how = operator.ask(f"/orders/{intent.number}", "cancel")
    foreseen = desk.foresee(intent)
    desk.decide(intent, "ada", foreseen.mark)
    with pytest.raises(ChangedError):
        desk.decide(intent, "ada", foreseen.mark)

    assert (unknown_how.status_code, "layout-unconfirmed" in words(unknown_how)) == (422, True)
    assert "the vendor is told so" in foreseen.summary
    calls = ledger.desk().orders()[0].calls
    assert [(call.kind, call.state) for call in calls] == [("order", "delivered"), ("order-update", "queued")]


def test_order_is_concluded_by_its_lane(operator: Person, ledger: Ledger) -> None:
    """Where that is not true, the ledger says so, and nothing is told to the vendor."""
    lane = ledger.browsing().lanes_of(silent_change(ledger))[0]

    answer = operator.ask(f"/lanes/{lane}", "conclude", then="RESULTS_ISSUE")

    assert answer.status_code == 422
    assert ledger.verify() == []


def test_last_drop_of_an_order_asks_what_the_order_is(operator: Person, ledger: Ledger) -> None:
    """Where results were sent and nothing is open any more, the person chooses; until then nothing can be done."""
    while claim := ledger.claim("whoop"):
        ledger.settle(claim, Settlement("accepted", "201"))
    operator.send(deciding(operator.ask("/messages/8", "drop", at="OBX[2]")), reason="no such test")

    asked = operator.ask("/messages/8", "drop", at="OBX[3]")
    form = deciding(asked)
    unchosen = operator.send(form, reason="sample lost")
    form.action = "/decide"
    chosen = operator.send(form, reason="sample lost", then="RESULTS_ISSUE")
    done = operator.send(deciding(chosen))

    assert "RESULTS_ISSUE" in words(asked)
    assert 'class="primary"' not in asked.text
    assert (unchosen.status_code, chosen.status_code, done.status_code) == (409, 200, 200)
    last = ledger.show(8).statuses[-1]
    assert (last.state, b'"RESULTS_ISSUE"' in bytes(last.body)) == ("queued", True)
    assert ledger.verify() == []


@pytest.mark.parametrize(
    ("verb", "left"), [pytest.param("accept", 0, id="the-lab-has-it"), pytest.param("resend", 0, id="bring-it-again")]
)
def test_what_the_lab_did_not_acknowledge_is_decided(operator: Person, ledger: Ledger, verb: str, left: int) -> None:
    """What was brought to the lab stands beside what was sent to vendors, and is decided in the same way."""
    thing = LabThing("order", REQUISITION, 15, "ORDER-1")
    ledger.lab().begin(thing, repeats=False)
    ledger.lab().end(thing, "unknown", "read-timeout", repeats=False)

    asked = operator.ask("/undecided", verb, destination="lab")
    before = len(ledger.lab().undecided(["unknown"]))
    done = operator.send(deciding(asked), reason="asked the lab")

    assert (before, done.status_code, len(ledger.lab().undecided(["unknown"]))) == (1, 200, left)
    assert f"translator unknown {verb} lab:1" in words(asked)
    assert ledger.access().trail(1)[0].subject == "lab submission 1"


def test_every_decision_is_noted(operator: Person, ledger: Ledger) -> None:
    """Who looked at what would happen, and who did it, stands in the trail, without the reason's words."""
    number = undecided(ledger, "unknown")
    operator.send(deciding(operator.ask(f"/undecided/{number}", "accept")), reason="Avery said so")

    told = [(deed.who, deed.deed, deed.subject) for deed in ledger.access().trail(3)]

    assert told == [
        ("ada", "accept", f"submission {number}"),
        ("ada", "saw", f"submission {number}"),
        ("ada", "saw", f"submission {number}"),
    ]
    assert "Avery" not in str(ledger.access().trail())


@pytest.mark.parametrize(
    ("path", "verb", "command"),
    [
        pytest.param(
            "/held",
            "release",
            "translator held release --cause unmapped-code --code 'L|ZZ9' --yes",
            id="release-a-cause",
        ),
        pytest.param("/messages/8", "release", "translator held release '8:OBX[2]' --yes", id="release-an-entry"),
        pytest.param("/messages/8", "drop", "translator held drop '8:OBX[2]' --reason ...", id="drop-an-entry"),
        pytest.param("/messages/1", "replay", "translator ledger replay 1 --yes", id="replay"),
        pytest.param(
            "/undecided/{unknown}", "accept", "translator unknown accept {unknown} --reason ... --yes", id="accept"
        ),
        pytest.param(
            "/undecided/{unknown}", "resend", "translator unknown resend {unknown} --reason ... --yes", id="resend"
        ),
        pytest.param(
            "/undecided/{rejected}", "give-up", "translator rejected drop {rejected} --reason ... --yes", id="give-up"
        ),
        pytest.param("/rates", "pause", "translator ledger pause acurable --reason ...", id="pause"),
        pytest.param("/orders/{order}", "cancel", "translator orders cancel ORD-1 --reason ... --yes", id="cancel"),
    ],
)
def test_shown_command_line_does_the_same(
    operator: Person, ledger: Ledger, tmp_path: Path, path: str, verb: str, command: str
) -> None:
    """The command line beside a decision is one that can be typed, and is about the same."""
    numbers = {state: undecided(ledger, state) for state in ("unknown", "rejected")} | {"order": ordered(ledger)}
    page = words(operator.ask(path.format(**numbers), verb))

    shown = page.partition("On the command line: ")[2].strip()
    done = CliRunner().invoke(cli, [*shlex.split(shown)[1:], "--ledger", str(tmp_path / "lab.db"), "--format", "json"])

    assert shown == command.format(**numbers)
    assert done.exit_code in (0, 1)
    assert "nothing was changed" not in done.output
    assert ledger.verify() == []
