"""Which workflow status follows which report."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.translate.workflow import (
    FULL,
    ISSUE,
    PARTIAL,
    TERMINAL,
    Progress,
    RequisitionCall,
    StatusCall,
    Workflow,
    confirmations,
    is_known,
    may_follow,
    next_status,
    replaces,
)

LIPIDS = Workflow({"LIPIDS": frozenset({"HDL", "LDL"})})
UNLISTED = Workflow()


@pytest.mark.parametrize(
    ("progress", "report_status", "expected"),
    [
        pytest.param(Progress(results={"HDL": "final"}), "final", StatusCall(FULL), id="final"),
        pytest.param(Progress(results={"HDL": "corrected"}), "corrected", StatusCall(FULL), id="corrected"),
        pytest.param(Progress(results={"HDL": "final"}), "partial", StatusCall(PARTIAL), id="partial"),
        pytest.param(Progress(results={"HDL": "preliminary"}), "preliminary", StatusCall(PARTIAL), id="preliminary"),
        pytest.param(Progress(PARTIAL, {"HDL": "final"}), "partial", None, id="partial-once-only"),
        pytest.param(Progress(PARTIAL, {"HDL": "final"}), "final", StatusCall(FULL), id="full-after-partial"),
        pytest.param(Progress(FULL, {"HDL": "final"}), "final", None, id="full-once-only"),
        pytest.param(Progress(FULL, {"HDL": "corrected"}), "partial", None, id="never-backwards"),
        pytest.param(Progress(ISSUE, {"HDL": "final"}), "final", None, id="nothing-after-an-issue"),
        pytest.param(Progress("ORDER_ISSUE", {"HDL": "final"}), "final", None, id="nothing-after-another-issue"),
        pytest.param(
            Progress("ORDER_CONFIRMED", {"HDL": "final"}), "final", StatusCall(FULL), id="full-after-confirmation"
        ),
        pytest.param(
            Progress(results={"HDL": "final"}, held=1), "final", StatusCall(PARTIAL), id="something-else-is-held"
        ),
        pytest.param(
            Progress(results={"HDL": "final"}, not_obtained=frozenset({"LDL"})),
            "final",
            StatusCall(ISSUE, "could not be obtained: LDL"),
            id="one-not-obtained",
        ),
        pytest.param(
            Progress(results={"HDL": "final"}, not_obtained=frozenset({"LDL"})),
            "partial",
            StatusCall(PARTIAL),
            id="one-not-obtained-and-more-to-come",
        ),
        pytest.param(
            Progress(results={"HDL": "final"}, not_obtained=frozenset({"HDL"})),
            "final",
            StatusCall(FULL),
            id="obtained-after-all",
        ),
        pytest.param(
            Progress(results={"HDL": "final", "LDL": "cancelled"}),
            "final",
            StatusCall(ISSUE, "could not be obtained: LDL"),
            id="not-obtained-told-as-text",
        ),
        pytest.param(
            Progress(not_obtained=frozenset({"HDL"})),
            "final",
            StatusCall(ISSUE, "could not be obtained: HDL"),
            id="nothing-obtained",
        ),
        pytest.param(Progress(not_obtained=frozenset({"HDL"})), "partial", None, id="nothing-yet"),
        pytest.param(Progress(), "final", None, id="nothing-that-we-send"),
        pytest.param(Progress(), "cancelled", StatusCall(ISSUE, "the order was cancelled"), id="cancelled"),
        pytest.param(Progress(PARTIAL, {"HDL": "final"}), "cancelled", None, id="cancelled-after-results"),
    ],
)
def test_status_of_an_unlisted_panel_follows_its_report(
    progress: Progress, report_status: str, expected: StatusCall | None
) -> None:
    """Where no row lists a panel, its report says whether it is complete."""
    assert next_status(progress, report_status, "24331-1", UNLISTED) == expected


@pytest.mark.parametrize(
    ("progress", "report_status", "expected"),
    [
        pytest.param(Progress(results={"HDL": "final"}), "final", StatusCall(PARTIAL), id="final-report-of-a-part"),
        pytest.param(
            Progress(results={"HDL": "final", "LDL": "final"}), "partial", StatusCall(FULL), id="every-code-is-in"
        ),
        pytest.param(
            Progress(results={"HDL": "final", "LDL": "preliminary"}), "final", StatusCall(PARTIAL), id="one-preliminary"
        ),
        pytest.param(
            Progress(results={"HDL": "final", "LDL": "final", "TSH": "preliminary"}),
            "partial",
            StatusCall(FULL),
            id="more-than-the-panel",
        ),
        pytest.param(
            Progress(results={"HDL": "final"}, not_obtained=frozenset({"LDL", "TSH"})),
            "final",
            StatusCall(ISSUE, "could not be obtained: LDL"),
            id="one-of-the-panel-not-obtained",
        ),
    ],
)
def test_status_of_a_listed_panel_follows_its_codes(
    progress: Progress, report_status: str, expected: StatusCall
) -> None:
    """Where a row lists a panel, its codes say whether it is complete, whatever the report claims."""
    assert next_status(progress, report_status, "LIPIDS", LIPIDS) == expected


def test_status_stays_partial_where_the_site_does_not_trust_final() -> None:
    """With `complete_on_final = false` an unlisted panel is never complete by itself."""
    workflow = Workflow(complete_on_final=False)

    assert next_status(Progress(results={"HDL": "final"}), "final", "", workflow) == StatusCall(PARTIAL)


def test_status_reason_stays_short() -> None:
    """A reason names some codes, not a hundred."""
    progress = Progress(not_obtained=frozenset(f"CODE_{number}" for number in range(100)))

    call = next_status(progress, "final", "", UNLISTED)

    assert call is not None
    assert call.reason.endswith("and more")
    assert len(call.reason) < 300


@pytest.mark.parametrize(
    ("status", "queued", "expected"),
    [
        pytest.param(FULL, PARTIAL, True, id="full-for-partial"),
        pytest.param(ISSUE, PARTIAL, True, id="issue-for-partial"),
        pytest.param(PARTIAL, PARTIAL, False, id="partial-for-partial"),
        pytest.param(FULL, "ORDER_CONFIRMED", False, id="a-confirmation-stays"),
    ],
)
def test_status_that_is_overtaken_is_skipped(status: str, queued: str, expected: bool) -> None:  # noqa: FBT001 - a case
    """PARTIAL_RESULTS_READY need not be sent when more is known."""
    assert replaces(status, queued) is expected


reports = st.tuples(
    st.dictionaries(
        st.sampled_from(["HDL", "LDL", "TSH"]), st.sampled_from(["preliminary", "final", "corrected", "cancelled"])
    ),
    st.frozensets(st.sampled_from(["HDL", "LDL", "TSH"])),
    st.sampled_from(["final", "partial", "preliminary", "corrected", "amended", "cancelled"]),
    st.integers(0, 2),
)


@given(st.lists(reports, max_size=8), st.sampled_from(["LIPIDS", ""]))
def test_status_only_goes_forwards(messages: list[tuple[dict[str, str], frozenset[str], str, int]], panel: str) -> None:
    """Over any sequence of reports each status may follow the one before, and a terminal one is the last."""
    progress, told = Progress(), [""]
    for results, not_obtained, report_status, held in messages:
        progress = Progress(told[-1], {**progress.results, **results}, progress.not_obtained | not_obtained, held)
        call = next_status(progress, report_status, panel, LIPIDS)
        told += [call.status] if call else []

    assert all(may_follow(before, after) for before, after in pairwise(told))
    assert not TERMINAL & set(told[:-1])


@pytest.mark.parametrize(
    ("statuses", "confirmed", "calls"),
    [
        pytest.param({"A": "", "B": ""}, {"A", "B"}, (RequisitionCall(is_requisition=True, id="R"),), id="all"),
        pytest.param({"A": "", "B": ""}, {"A"}, (RequisitionCall(is_requisition=False, id="A"),), id="one-of-two"),
        pytest.param(
            {"A": "", "B": PARTIAL}, {"A", "B"}, (RequisitionCall(is_requisition=False, id="A"),), id="one-is-further"
        ),
        pytest.param({"A": ""}, {"A"}, (RequisitionCall(is_requisition=False, id="A"),), id="only-one"),
        pytest.param({"A": FULL}, {"A"}, (), id="nothing-to-confirm"),
    ],
)
def test_confirmation_takes_one_call_where_all_are_confirmed(
    statuses: dict[str, str], confirmed: set[str], calls: tuple[RequisitionCall, ...]
) -> None:
    """The requisition's own call sets all of its orders, so it is used only where that is true."""
    assert confirmations("R", statuses, frozenset(confirmed)) == calls


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param("", True, id="none yet"),
        pytest.param(PARTIAL, True, id="on the way"),
        pytest.param(ISSUE, True, id="terminal"),
        pytest.param("ON_HOLD", False, id="of no document"),
    ],
)
def test_documented_statuses_are_known(status: str, expected: bool) -> None:  # noqa: FBT001 - a table of cases
    """What may follow a status is told of these alone."""
    assert is_known(status) is expected
