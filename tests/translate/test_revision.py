"""What a lane still needs of a submission, by what it has seen (P8)."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.arrivals import report
from translator.record.outcome import Submission
from translator.translate.revision import (
    LaneHistory,
    Revision,
    Version,
    hold_unread,
    hold_whole,
    revise,
    without_held,
)
from translator.translate.revision_rules import RULES, STAGES, Verdict

EARLY, KNOWN, LATE = "20260101", "20260102", "20260103"
STATUSES = sorted(STAGES)


def history(*versions: tuple[str, str], at: str = KNOWN, code: str = "HDL", key: str = "") -> LaneHistory:
    """Make the history of one observation from (value, status) pairs; `key` names it, else its code does."""
    return past(*(Version(value, "mg/dL", status, at, "first") for value, status in versions), code=code, key=key)


def past(*versions: Version, code: str = "HDL", key: str = "", seen_at: str = "") -> LaneHistory:
    """Make the history of one observation that a final report brought."""
    key = key or code
    newest = max((version.ordered_at for version in versions), default="")
    return LaneHistory(
        {key: versions} if versions else {},
        {code: (key, versions[-1])} if versions else {},
        {key: max(seen_at, newest)},
        (Version(status="final", ordered_at=newest),),
        has_results=True,
    )


def judged(known: tuple[str, str] | None, sent: tuple[str, str], at: str = LATE) -> Verdict:
    """Judge one observation, each given as (value, status), and give its verdict."""
    value, status = sent
    before = history(known) if known else LaneHistory()
    return revise(report({"HDL": value}, status="partial", each=status, at=at), before, "second").verdicts[0]


@pytest.mark.parametrize(
    ("known", "sent", "state", "reason"),
    [
        pytest.param(None, ("5", "preliminary"), "queued", "", id="first-preliminary"),
        pytest.param(None, ("5", "final"), "queued", "", id="first-final"),
        pytest.param(None, ("5", "corrected"), "queued", "", id="correction-first-seen"),
        pytest.param(None, ("5", "registered"), "held", "status-undecided", id="status-without-a-rule"),
        pytest.param(("5", "preliminary"), ("5", "preliminary"), "duplicate", "", id="preliminary-again"),
        pytest.param(("5", "preliminary"), ("6", "preliminary"), "queued", "", id="preliminary-changed"),
        pytest.param(("5", "preliminary"), ("5", "final"), "queued", "", id="preliminary-confirmed"),
        pytest.param(("5", "preliminary"), ("6", "final"), "queued", "", id="preliminary-to-another-final"),
        pytest.param(("5", "preliminary"), ("6", "corrected"), "queued", "", id="preliminary-corrected"),
        pytest.param(("5", "final"), ("5", "final"), "duplicate", "", id="final-again"),
        pytest.param(("5", "final"), ("6", "final"), "held", "silent-change", id="final-changed-silently"),
        pytest.param(("5", "final"), ("5", "preliminary"), "held", "late-preliminary", id="preliminary-after-final"),
        pytest.param(
            ("5", "final"), ("6", "preliminary"), "held", "late-preliminary", id="other-preliminary-after-final"
        ),
        pytest.param(("5", "final"), ("6", "corrected"), "queued", "", id="final-corrected"),
        pytest.param(("5", "final"), ("5", "amended"), "queued", "", id="final-amended-without-another-value"),
        pytest.param(("6", "corrected"), ("6", "corrected"), "duplicate", "", id="corrected-again"),
        pytest.param(("6", "corrected"), ("7", "corrected"), "queued", "", id="corrected-again-otherwise"),
        pytest.param(("6", "corrected"), ("6", "final"), "duplicate", "", id="corrected-value-repeated-as-final"),
        pytest.param(("6", "corrected"), ("5", "final"), "held", "silent-change", id="corrected-changed-silently"),
        pytest.param(
            ("6", "amended"), ("6", "preliminary"), "held", "late-preliminary", id="preliminary-after-amended"
        ),
        pytest.param(None, ("TNP", "cancelled"), "queued", "", id="first-not-obtained"),
        pytest.param(("5", "preliminary"), ("TNP", "cancelled"), "queued", "", id="not-obtained-after-preliminary"),
        pytest.param(("TNP", "cancelled"), ("5", "final"), "queued", "", id="obtained-after-all"),
        pytest.param(("TNP", "cancelled"), ("TNP", "cancelled"), "duplicate", "", id="not-obtained-again"),
        pytest.param(("5", "final"), ("TNP", "cancelled"), "held", "status-undecided", id="not-obtained-after-final"),
    ],
)
def test_revision_judges_the_step(
    known: tuple[str, str] | None, sent: tuple[str, str], state: str, reason: str
) -> None:
    """Known version and sent version decide."""
    assert judged(known, sent) == Verdict(state, reason)


def test_revision_has_a_rule_for_every_step() -> None:
    """No two stages are without a rule, so that nothing falls to the default unnoticed."""
    stages = set(STAGES.values())
    steps = {*product(stages, stages, (False, True)), *product({"nothing"}, stages, {True})}

    assert set(RULES) == steps


@pytest.mark.parametrize(
    ("sent", "at", "reason"),
    [
        pytest.param(("6", "corrected"), EARLY, "out-of-order", id="older-correction"),
        pytest.param(("6", "final"), EARLY, "out-of-order", id="older-final"),
        pytest.param(("5", "preliminary"), EARLY, "late-preliminary", id="older-preliminary"),
        pytest.param(("6", "corrected"), KNOWN, "", id="same-time-counts-as-later"),
        pytest.param(("6", "corrected"), "", "", id="no-time-counts-as-later"),
    ],
)
def test_revision_holds_what_is_older_than_what_is_known(sent: tuple[str, str], at: str, reason: str) -> None:
    """The sender's time decides; equal or absent, the order of arrival."""
    assert judged(("5", "final"), sent, at).reason == reason


def test_revision_takes_a_unit_for_part_of_the_value() -> None:
    """The same number in another unit is a silent change."""
    before = past(Version("5", "mmol/L", "final", KNOWN))

    (verdict,) = revise(report({"HDL": "5"}, at=LATE), before).verdicts

    assert verdict.reason == "silent-change"


@pytest.mark.parametrize(
    ("at", "sha256"), [pytest.param(KNOWN, "second", id="same-time"), pytest.param("", "first", id="same-message")]
)
def test_revision_knows_an_earlier_version_again(at: str, sha256: str) -> None:
    """The original, sent once more after its correction, is a duplicate and no silent change."""
    before = history(("5", "final"), ("6", "corrected"))

    (verdict,) = revise(report({"HDL": "5"}, at=at), before, sha256).verdicts

    assert verdict.state == "duplicate"


def test_revision_counts_a_resend_as_news_of_its_time() -> None:
    """A correction from before the last confirmation of the value is out of order."""
    before = past(Version("5", "mg/dL", "final", EARLY), seen_at=LATE)

    (verdict,) = revise(report({"HDL": "6"}, each="corrected", at=KNOWN), before).verdicts

    assert verdict.reason == "out-of-order"


@pytest.mark.parametrize(
    ("status", "sent_status"),
    [
        pytest.param("final", "partial", id="final-becomes-partial"),
        pytest.param("partial", "partial", id="partial-stays"),
        pytest.param("preliminary", "preliminary", id="preliminary-stays"),
    ],
)
def test_revision_sends_the_rest_of_a_report_with_a_held_observation(status: str, sent_status: str) -> None:
    """What is held stays out, and `final` would promise that all is in."""
    revision = revise(report({"HDL": "6", "LDL": "9"}, status=status, at=LATE), history(("5", "final")))

    assert revision.payload is not None
    assert (revision.payload.status, [one.code for one in revision.payload.observations]) == (sent_status, ["LDL"])
    assert [one.code for one in revision.diagnostics] == ["report-incomplete"] * (status != sent_status)


@pytest.mark.parametrize("status", ["corrected", "amended"])
def test_revision_holds_a_correction_whole_when_part_of_it_is_held(status: str) -> None:
    """Half a correction is none."""
    revision = revise(report({"HDL": "6", "LDL": "9"}, status=status, at=LATE), history(("5", "final")))

    assert revision.payload is None
    assert revision.verdicts == (Verdict("held", "silent-change"), Verdict("held", "report-held", "silent-change"))


def test_revision_remarks_a_correction_of_nothing() -> None:
    """A correction without anything before is sent, and said to be one."""
    revision = revise(report({"HDL": "6"}, status="corrected", each="corrected"), LaneHistory())

    assert [(one.code, one.at) for one in revision.diagnostics] == [("correction-first-seen", "OBX[1]")]


def test_revision_of_a_resend_leaves_nothing_to_send() -> None:
    """All observations known: no body."""
    revision = revise(report({"HDL": "5"}), history(("5", "final")))

    assert (revision.payload, revision.report.state) == (None, "duplicate")


@pytest.mark.parametrize(
    ("past", "state", "reason"),
    [
        pytest.param(LaneHistory(), "queued", "", id="nothing-before"),
        pytest.param(LaneHistory(reports=(Version(status="cancelled"),)), "duplicate", "", id="cancelled-again"),
        pytest.param(history(("5", "final")), "held", "cancelled-after-results", id="after-results"),
        pytest.param(
            LaneHistory(
                reports=(Version(status="cancelled", ordered_at=LATE), Version(status="final")), has_results=True
            ),
            "duplicate",
            "",
            id="the-old-cancellation-once-more",
        ),
    ],
)
def test_revision_judges_a_cancellation(past: LaneHistory, state: str, reason: str) -> None:
    """A cancellation has no observations, so the report itself is judged."""
    revision = revise(report({}, status="cancelled", at=LATE), past)

    assert (revision.report.state, revision.report.reason) == (state, reason)
    assert (revision.payload is not None) == (state == "queued")


def test_revision_holds_a_result_from_before_the_cancellation() -> None:
    """What is older than the cancellation of its order is out of order."""
    before = LaneHistory(reports=(Version(status="cancelled", ordered_at=KNOWN),))

    (verdict,) = revise(report({"HDL": "5"}, at=EARLY), before).verdicts

    assert verdict.reason == "out-of-order"


@pytest.mark.parametrize(
    ("known", "sent", "reason"),
    [
        pytest.param(("5", "final"), ("6", "final"), "silent-change", id="another-final-value"),
        pytest.param(("5", "final"), ("5", "preliminary"), "late-preliminary", id="preliminary-after-final"),
        pytest.param(("5", "preliminary"), ("6", "final"), "ambiguous-repeat", id="final-of-another-value"),
        pytest.param(("5", "preliminary"), ("5", "final"), "", id="final-of-the-same-value"),
        pytest.param(("5", "final"), ("6", "corrected"), "", id="correction"),
        pytest.param(("TNP", "cancelled"), ("6", "final"), "", id="obtained-by-another-order"),
        pytest.param(("5", "final"), ("5", "final"), "", id="the-same"),
    ],
)
def test_revision_sees_what_another_order_brought(known: tuple[str, str], sent: tuple[str, str], reason: str) -> None:
    """The vendor knows the code alone, so another order of the service request may not change its value silently."""
    (value, status), before = sent, history(known, key="another order|HDL")

    (verdict,) = revise(report({"HDL": value}, status="partial", each=status, at=LATE), before).verdicts

    assert verdict.reason == reason


def test_revision_takes_what_another_order_brought_for_older_or_newer() -> None:
    """The order of time holds across orders of one service request."""
    before = history(("5", "final"), key="another order|HDL")

    (verdict,) = revise(report({"HDL": "6"}, each="corrected", at=EARLY), before).verdicts

    assert verdict.reason == "out-of-order"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param("preliminary", "unit-changed", id="preliminary"),
        pytest.param("final", "unit-changed", id="final"),
        pytest.param("corrected", "", id="correction"),
    ],
)
def test_revision_holds_another_unit_without_a_correction(status: str, reason: str) -> None:
    """After a preliminary value only a correction may come in another unit."""
    before = past(Version("5", "mmol/L", "preliminary", KNOWN))

    (verdict,) = revise(report({"HDL": "5"}, status="partial", each=status, at=LATE), before).verdicts

    assert verdict.reason == reason


@pytest.mark.parametrize(
    ("known", "status"),
    [
        pytest.param("preliminary", "partial", id="still-preliminary"),
        pytest.param("corrected", "corrected", id="corrected"),
        pytest.param("amended", "amended", id="amended"),
        pytest.param("final", "final", id="final"),
    ],
)
def test_revision_derives_a_final_status_with_what_the_lane_has(known: str, status: str) -> None:
    """A report that is final for what it brings is no more than the whole of the service request."""
    revision = revise(report({"HDL": "5"}, at=LATE), history(("9", known), code="LDL"))

    assert revision.payload is not None
    assert revision.payload.status == status
    assert [one.code for one in revision.diagnostics] == ["status-derived"] * (status != "final")


@pytest.mark.parametrize(
    ("changed", "codes"),
    [pytest.param("6", ["HDL", "LDL"], id="with-a-change"), pytest.param("5", [], id="nothing-changed")],
)
def test_revision_in_full_repeats_what_the_vendor_has(changed: str, codes: list[str]) -> None:
    """`resubmit = "full"` sends the whole report, but only when something in it is new."""
    message = report({"HDL": changed, "LDL": "9"}, status="corrected", each="corrected", at=LATE)
    known = past(Version("5", "mg/dL", "corrected", KNOWN))
    both = LaneHistory(
        dict(known.versions) | {"LDL": (Version("9", "mg/dL", "corrected", KNOWN),)},
        dict(known.latest) | {"LDL": ("LDL", Version("9", "mg/dL", "corrected", KNOWN))},
    )

    revision = revise(message, both, in_full=True)

    assert [one.code for one in revision.payload.observations] == codes if revision.payload else codes == []


def test_revision_in_full_leaves_out_what_was_replaced() -> None:
    """An earlier version that is sent once more is not what the vendor has, so it stays out."""
    before = history(("5", "final"), ("6", "corrected"))

    revision = revise(report({"HDL": "5", "LDL": "9"}, at=KNOWN), before, in_full=True)

    assert revision.payload is not None
    assert [one.code for one in revision.payload.observations] == ["LDL"]


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        pytest.param("final", "partial", id="final"),
        pytest.param("corrected", None, id="corrected"),
    ],
)
def test_revision_without_what_stays_held_is_incomplete(status: str, sent: str | None) -> None:
    """What else of the report stays held counts as it does when a message arrives."""
    revision = without_held(revise(report({"HDL": "5"}, status=status), LaneHistory()), "unmapped-code")

    assert (revision.payload.status if revision.payload else None) == sent


def test_revision_with_nothing_to_send_stays_as_it_is() -> None:
    """A duplicate is no more incomplete than it was."""
    revision = revise(report({"HDL": "5"}), history(("5", "final")))

    assert without_held(revision, "unmapped-code") == revision


def test_revision_that_is_held_whole_keeps_its_duplicates() -> None:
    """What is known is not held a second time."""
    revision = hold_whole(revise(report({"HDL": "5", "LDL": "9"}), history(("5", "final"))), "code-unconfirmed")

    assert revision.verdicts == (Verdict("duplicate"), Verdict("held", "report-held", "code-unconfirmed"))


def test_revision_that_is_not_compared_is_held_to_the_last() -> None:
    """Another patient's report is not even a duplicate."""
    revision = hold_unread(report({"HDL": "5", "LDL": "9"}), "patient-changed")

    assert revision == Revision((revision.report,) * 2, None, Verdict("held", "report-held", "patient-changed"))


values = st.sampled_from(["5", "6"])
times = st.sampled_from(["", EARLY, KNOWN, LATE])
submissions = st.builds(
    lambda value, each, status, at: report({"HDL": value}, each=each, status=status, at=at),
    values,
    st.sampled_from(STATUSES),
    st.sampled_from(["final", "partial", "preliminary", "corrected", "amended"]),
    times,
)


@given(st.lists(submissions, max_size=8))
def test_revision_never_downgrades_a_lane(messages: list[Submission]) -> None:
    """P8: over any sequence no preliminary follows a final, and no value changes but by a correction."""
    sent: list[Version] = []
    for number, message in enumerate(messages):
        revision = _revised(message, sent, number)
        if revision.payload:
            sent.append(_version(message, number))

    for before, after in pairwise(sent):
        stages = (STAGES[before.status], STAGES[after.status])
        assert stages[0] in {"preliminary", "cancelled"} or stages[1] == "corrected"
        assert before.ordered_at <= after.ordered_at or not after.ordered_at


@given(submissions, st.lists(submissions, max_size=4))
def test_revision_sends_nothing_twice(message: Submission, others: list[Submission]) -> None:
    """The same message again is a duplicate, whatever came between, once it was sent."""
    sent: list[Version] = []
    for number, one in enumerate([message, *others]):
        if _revised(one, sent, number).payload:
            sent.append(_version(one, number))

    assert _revised(message, sent, 0).report.state == "duplicate"


def _version(message: Submission, number: int) -> Version:
    (source,) = message.sources
    return Version(source.value, source.unit, source.status, message.ordered_at, f"message {number}")


def _revised(message: Submission, sent: list[Version], number: int) -> Revision:
    return revise(message, past(*sent) if sent else LaneHistory(), f"message {number}")


@given(status=st.sampled_from([*STATUSES, "registered"]), value=st.sampled_from(["5", "TNP"]))
def test_revision_judges_the_first_on_a_lane_like_the_first_of_a_code(status: str, value: str) -> None:
    """What a lane knows of other codes changes nothing, so that an empty lane needs no comparison."""
    sent = report({"HDL": value}, status="partial", each=status, at=LATE)
    others = past(Version("3", "mg/dL", "final", KNOWN), code="TSH")

    assert revise(sent, LaneHistory(), "second").verdicts == revise(sent, others, "second").verdicts
