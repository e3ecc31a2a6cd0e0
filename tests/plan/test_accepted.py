"""The file of accepted changes: what it holds, what it accepts, and what is wrong with it."""

from __future__ import annotations

import pytest
from msgspec import structs

from tests.lab_messages import GLUCOSE, HDL, LOCAL, Obx, oru
from tests.plan.table_sets import GLUCOSE_ID, edited, texts, whole, without
from translator.errors import TableError
from translator.plan.accepted import Accepted, Found, found_in, judge, name_of, read_accepted, write_accepted
from translator.plan.comparer import Comparer

HEADER = b"cause,change,kind,before,after,count,note\n"
MESSAGES = [oru([Obx(GLUCOSE, "92"), Obx(HDL, "55")])] * 2
COMPARER = Comparer(texts(), texts("no-glucose"))
FOUND = found_in(whole(COMPARER, MESSAGES), COMPARER.changes)


def test_file_lists_each_difference_with_its_count() -> None:
    """One row for each difference of each cause, sorted, with a cell for notes."""
    assert write_accepted(FOUND).decode().splitlines() == [
        "cause,change,kind,before,after,count,note",
        f"{GLUCOSE_ID},removed,report,submitted final,submitted partial,2,",
        f"{GLUCOSE_ID},removed,value,translated GLUCOSE mg/dL final unconfirmed,held unmapped-code,2,",
    ]


def test_what_was_written_accepts_all() -> None:
    """A plan is green by the file that was written from it."""
    judgement = judge(FOUND, read_accepted("accepted.csv", write_accepted(FOUND)))

    assert (judgement.new, judgement.stale) == ((), ())


@pytest.mark.parametrize(
    ("more", "new", "stale"),
    [
        pytest.param(1, 0, 2, id="fewer-than-accepted"),
        pytest.param(0, 0, 0, id="as-accepted"),
        pytest.param(-1, 2, 0, id="more-than-accepted"),
    ],
)
def test_row_accepts_so_many(more: int, new: int, stale: int) -> None:
    """More than a row says is new; less is told, since the row is not true any more."""
    accepted = [Accepted(structs.replace(one, count=one.count + more)) for one in FOUND]

    judgement = judge(FOUND, accepted)

    assert (len(judgement.new), len(judgement.stale)) == (new, stale)


def test_row_of_what_is_not_found_is_stale() -> None:
    """A change that was taken back leaves its acceptance behind."""
    gone = Accepted(Found("whoop/observations.csv L|X", "removed", "value", "a", "b", 3), at="accepted.csv:2")

    judgement = judge((), [gone])

    assert judgement.stale == ((gone, 0),)


def test_change_of_other_content_is_new() -> None:
    """Who accepted one factor has not accepted another, though as many values change."""
    other = [structs.replace(one, change="factor: 1 -> 3") for one in FOUND]

    assert len(judge(FOUND, map(Accepted, other)).new) == len(FOUND)


def test_change_that_works_on_delivery_must_be_accepted() -> None:
    """No archive shows what it does, so somebody must have seen it."""
    comparer = Comparer(texts(), edited(lambda files, _: without("whoop/responses.csv", "201", files)))

    (found,) = found_in(whole(comparer, MESSAGES), comparer.changes)

    assert (found.kind, found.count, found.cause) == ("later", 0, "whoop/responses.csv 201")
    assert judge([found], read_accepted("a.csv", write_accepted([found]))).new == ()


def test_notes_are_kept() -> None:
    """Writing the file anew keeps what a reviewer wrote beside the same change."""
    known = [Accepted(structs.replace(FOUND[0], count=9), "agreed with the laboratory")]

    rows = read_accepted("accepted.csv", write_accepted(FOUND, known))

    assert [row.note for row in rows] == ["agreed with the laboratory", ""]
    assert [row.at for row in rows] == ["accepted.csv:2", "accepted.csv:3"]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        pytest.param(b"", "a.csv:1:1", id="empty"),
        pytest.param(b"cause;change;kind\n", "a.csv:1:1", id="semicolons"),
        pytest.param(HEADER + b"x,y,value,a,b,many,\n", "a.csv:2:6", id="count"),
        pytest.param(HEADER + b"x,y,thing,a,b,1,\n", "a.csv:2:3", id="kind"),
        pytest.param(HEADER + b"x,y,value,a,b,1,\n" * 2, "a.csv:3:5", id="twice"),
    ],
)  # fmt: skip
def test_fault_says_where_it_stands(data: bytes, place: str) -> None:
    """A file with a fault is refused, with file, line and column."""
    with pytest.raises(TableError) as refused:
        read_accepted("a.csv", data)

    assert place in [fault.at for fault in refused.value.faults]


def test_several_changes_together_are_accepted_as_they_all_are() -> None:
    """Too many to be named, they are told by a hash: another change among them is to be reviewed again."""
    names = ("local-code", "final-is-corrected", "factor", "comma")
    message = [oru([Obx(LOCAL, "4,78", "mmol/L", type="ST")])]

    said = []
    for more in ((), ("no-glucose",)):
        comparer = Comparer(texts("no-spelling"), texts(*names, *more))
        (found,) = (one for one in found_in(whole(comparer, message), comparer.changes) if one.kind == "value")
        said.append(found)

    assert [one.cause for one in said] == ["several changes together"] * 2
    assert said[0].change.startswith("out of 5 (sha256 ")
    assert said[0].change != said[1].change


def test_cause_without_a_change_is_unknown() -> None:
    """A cause that nobody found has a name all the same."""
    assert name_of(()) == "unknown"
