"""Held by cause, released by fix: what a mended row would free is told exactly, and then exactly that is freed."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.lab_messages import HDL, LDL, Obx, oru, service_request
from tests.ledger.labs import SiteLab
from translator import review
from translator.ledger import Decision, HeldItem, Ledger, by_cause
from translator.review import Reviewed

RELEASE = Decision("release", "somebody", "row added")
CODES = ("ZZ1", "ZZ2", "ZZ3")
TARGETS = {
    "LDL": "L,{code},13457-7,LDL cholesterol,,,112 mg/dL,112 mg/dL,\n",
    "HDL": "L,{code},2085-9,HDL cholesterol,,,112 mg/dL,112 mg/dL,\n",
    "TRIGLYCERIDES": "L,{code},2571-8,Triglycerides,,,112 mg/dL,112 mg/dL,\n",
    "ignored": "L,{code},,Nothing of ours,,not-a-result,,,\n",
}


def local(code: str, value: str = "112", status: str = "F") -> Obx:
    """Write a result under a code of the lab's own."""
    return Obx(f"{code}^Local^L", value, status=status)


def mapped(**targets: str) -> str:
    """Write the rows that map the lab's codes."""
    return "".join(TARGETS[target].format(code=code) for code, target in targets.items())


def release(lab: SiteLab, items: Sequence[HeldItem], *, rehearses: bool) -> Reviewed:
    """Release by the tables of now, without overruling anything."""
    return review.release(lab.ledger, lab.settings, items, RELEASE, rehearses=rehearses)


def entries(lab: SiteLab) -> dict[str, Any]:
    """Give every entry of the ledger, by the name that commands know it by."""
    views = (lab.ledger.show(row.message) for row in lab.ledger.messages())
    return {f"{view.message}:{entry.at}": entry for view in views for entry in view.entries}


def lanes(lab: SiteLab) -> dict[str, list[tuple[int, int, bytes]]]:
    """Give of every lane the positions, the messages and the bodies of its results."""
    found: dict[str, list[tuple[int, int, bytes]]] = {}
    for row in lab.ledger.messages():
        for one in lab.ledger.show(row.message).submissions:
            found.setdefault(one.service_request_id, []).append((one.position, row.message, bytes(one.body)))
    return {lane: sorted(steps) for lane, steps in found.items()}


def named(done: Reviewed) -> set[str]:
    """Name the entries that were freed."""
    return {f"{one.message}:{at}" for one in done.refiled for at in one.freed}


@pytest.fixture
def lab(ledger: Ledger, tmp_path: Path) -> SiteLab:
    """Give a laboratory with no rows of its own."""
    return SiteLab(ledger, tmp_path)


def test_340_messages_are_3_causes_and_one_row_frees_its_own(lab: SiteLab) -> None:
    """212 of one code, 100 of another and 28 without a unit; the preview names the 212, and they are freed in order."""
    codes = [local("ZZ1")] * 212 + [local("ZZ2")] * 100 + [Obx(HDL, "55", unit="")] * 28
    lab.take(
        *(
            oru([code], request=service_request(number), control_id=f"M{number}")
            for number, code in enumerate((each for group in zip(*[iter(codes)] * 4, strict=True) for each in group), 1)
        )
    )
    held = lab.ledger.desk().held()

    causes = [(one.cause, one.code, one.messages) for one in by_cause(held)]
    assert causes == [("unmapped-code", "L|ZZ1", 212), ("unmapped-code", "L|ZZ2", 100), ("unit-missing", "HDL", 28)]

    lab.map(mapped(ZZ1="LDL"))
    preview = release(lab, held, rehearses=True)
    assert lab.ledger.desk().held() == held
    done = release(lab, held, rehearses=False)

    assert preview == done
    assert named(done) == {item.id for item in held if item.code == "L|ZZ1"}
    assert [one.message for one in done.refiled if one.freed] == sorted(
        one.message for one in done.refiled if one.freed
    )
    assert len(lab.ledger.desk().held()) == 128
    assert not named(release(lab, held, rehearses=False))
    assert lab.ledger.verify() == []


def test_others_write_while_a_release_is_foreseen(lab: SiteLab) -> None:
    """A preview of many never keeps the ledger to itself, and what comes meanwhile changes nothing of it."""
    lab.take(
        *(oru([local("ZZ1")], request=service_request(number), control_id=f"M{number}") for number in range(1, 71))
    )
    lab.map(mapped(ZZ1="LDL"))
    held = lab.ledger.desk().held()
    came: list[int] = []

    def arrive(done: int, total: int) -> None:
        assert done <= total == 70
        came.extend(lab.take(oru([Obx(HDL, "55")], request=service_request(done + 100), control_id=f"N{done}")))

    preview = review.release(lab.ledger, lab.settings, held, RELEASE, rehearses=True, watch=arrive)

    assert len(came) > 1
    assert preview == release(lab, held, rehearses=False)
    assert lab.ledger.verify() == []


def test_row_frees_its_result_of_a_message_and_leaves_the_others(lab: SiteLab) -> None:
    """Of two causes in one message one is mended; the report stays partial, and the other says why it stays."""
    lab.take(oru([Obx(HDL, "55"), local("ZZ1"), local("ZZ2")]))
    lab.deliver()
    lab.map(mapped(ZZ1="LDL"))

    done = release(lab, lab.ledger.desk().held(), rehearses=False)

    (refiled,) = done.refiled
    assert (refiled.freed, refiled.held) == (("OBX[2]",), {"OBX[3]": "unmapped-code"})
    assert [body for _, _, body in lanes(lab)[service_request(1)]] == [
        b'{"status":"partial","observations":[{"code":"HDL","value_numeric":55,"unit":"mg/dL","status":"final"}]}',
        b'{"status":"partial","observations":[{"code":"LDL","value_numeric":112,"unit":"mg/dL","status":"final"}]}',
    ]


def test_row_that_makes_a_result_ambiguous_frees_nothing(lab: SiteLab) -> None:
    """A code that is mapped to what the message already gave under another code stays held, with that reason."""
    lab.take(oru([Obx(HDL, "55"), local("ZZ1", "61")]))
    lab.deliver()
    before = entries(lab)
    lab.map(mapped(ZZ1="HDL"))

    preview = release(lab, lab.ledger.desk().held(), rehearses=True)
    done = release(lab, lab.ledger.desk().held(), rehearses=False)

    assert preview == done
    assert [(one.freed, one.held) for one in done.refiled] == [((), {"OBX[2]": "ambiguous-repeat"})]
    assert entries(lab)["1:OBX[1]"] == before["1:OBX[1]"]


def test_row_that_makes_a_repeat_settles_it(lab: SiteLab) -> None:
    """A code that turns out to say what the message has sent under another is a duplicate, and waits no more."""
    lab.take(oru([Obx(HDL, "55"), local("ZZ1", "55")]))
    lab.deliver()
    lab.map(mapped(ZZ1="HDL"))
    held = lab.ledger.desk().held()

    preview = release(lab, held, rehearses=True)
    done = release(lab, held, rehearses=False)

    assert preview == done
    assert [(one.freed, one.settled, one.held) for one in done.refiled] == [((), ("OBX[2]",), {})]
    assert entries(lab)["1:OBX[2]"].state == "duplicate"
    assert lab.ledger.desk().held() == []


def test_row_that_changes_what_was_sent_changes_nothing_of_it(lab: SiteLab) -> None:
    """What the vendor has stays what it is, though the tables would make something else of it now."""
    lab.map(mapped(ZZ2="HDL"))
    lab.take(oru([local("ZZ2", "55"), local("ZZ1")]))
    lab.deliver()
    before = entries(lab)
    lab.map(mapped(ZZ1="LDL", ZZ2="TRIGLYCERIDES"))

    done = release(lab, lab.ledger.desk().held(), rehearses=False)

    assert named(done) == {"1:OBX[2]"}
    assert entries(lab)["1:OBX[1]"] == before["1:OBX[1]"]
    assert [body.count(b'"code"') for _, _, body in lanes(lab)[service_request(1)]] == [1, 1]


def test_report_without_a_result_says_why_it_stays(lab: SiteLab) -> None:
    """Where every result is ignored, the report itself is held, and its release tells so."""
    lab.map(mapped(ZZ1="ignored"))
    lab.take(oru([local("ZZ1")], status=""))

    done = release(lab, lab.ledger.desk().held(), rehearses=False)

    assert [one.held for one in done.refiled] == [{"": "no-results"}]
    assert [item.id for item in lab.ledger.desk().held()] == ["1"]


def test_older_result_stays_held_behind_a_newer_one(lab: SiteLab) -> None:
    """P8 is asked again: what a lane has a newer version of is not freed, and the preview says so."""
    lab.take(oru([local("ZZ1", "112")], at="20260301090000"))
    lab.take(oru([Obx(LDL, "120"), local("ZZ2", "130")], at="20260301120000", control_id="M2"))
    lab.deliver()
    lab.map(mapped(ZZ1="LDL", ZZ2="TRIGLYCERIDES"))
    held = lab.ledger.desk().held()

    preview = release(lab, held, rehearses=True)
    done = release(lab, held, rehearses=False)

    assert preview == done
    assert named(done) == {"2:OBX[2]"}
    assert [sorted(one.held) for one in done.refiled] == [["OBX[1]"], []]
    assert all(reason for one in done.refiled for reason in one.held.values())


class Sent(NamedTuple):
    """One message of a random day: its lane, its results, when it was made, and whether all was delivered after it."""

    lane: int
    results: list[tuple[str, str, str]]
    status: str
    hour: int
    is_delivered: bool


_RESULT = st.tuples(
    st.sampled_from([HDL, *CODES, *CODES]),
    st.sampled_from(["55", "61"]),
    st.sampled_from(["F", "F", "F", "F", "P", "C"]),
)
_DAY = st.lists(
    st.builds(
        Sent,
        st.integers(1, 2),
        st.lists(_RESULT, min_size=1, max_size=3),
        st.sampled_from(["F", "F", "F", "F", "P", "C", ""]),
        st.integers(8, 11),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)
_ROWS = st.dictionaries(st.sampled_from(CODES), st.sampled_from(sorted(TARGETS)), max_size=1)
_FIX = st.dictionaries(st.sampled_from(CODES), st.sampled_from(sorted(TARGETS)), min_size=1)


def written(number: int, sent: Sent) -> bytes:
    """Write a message of a random day."""
    results = [
        Obx(code, value, status=status) if code == HDL else local(code, value, status)
        for code, value, status in sent.results
    ]
    request = service_request(sent.lane)
    return oru(results, request=request, control_id=f"M{number}", at=f"20260301{sent.hour:02}0000", status=sent.status)


@cache
def _empty() -> Path:
    path = Path(tempfile.mkdtemp()) / "empty.db"
    Ledger.open(path).close()
    return path


@contextmanager
def day(sent: Sequence[Sent], rows: str) -> Iterator[SiteLab]:
    """Take a random day into a ledger of its own."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "lab.db")
        shutil.copy(_empty(), place)
        with Ledger.open(place) as ledger:
            lab = SiteLab(ledger, Path(folder), rows)
            for number, each in enumerate(sent):
                lab.take(written(number, each))
                if each.is_delivered:
                    lab.deliver()
            yield lab


@settings(max_examples=20)
@given(_DAY, _ROWS, _FIX, st.data())
def test_preview_is_the_effect(
    sent: list[Sent], rows: dict[str, str], fix: dict[str, str], data: st.DataObject
) -> None:
    """Whatever is held, whatever is mended, whatever is chosen: what is told is what happens, once and in order."""
    with day(sent, mapped(**rows)) as lab:
        held = lab.ledger.desk().held()
        some = st.lists(st.sampled_from(held), unique_by=lambda item: item.id) if held else st.just([])
        chosen = data.draw(st.just(held) | some)
        lab.map(mapped(**(rows | fix)))
        before, lanes_before = entries(lab), lanes(lab)

        preview = release(lab, chosen, rehearses=True)
        assert (entries(lab), lanes(lab), lab.ledger.desk().held()) == (before, lanes_before, held)
        done = release(lab, chosen, rehearses=False)
        after = entries(lab)

        assert done == preview
        changed = {name for name, entry in after.items() if entry.state != before[name].state}
        freed, settled = named(done), {f"{one.message}:{at}" for one in done.refiled for at in one.settled}
        assert changed == freed | settled
        assert {name for name in changed if after[name].state == "queued"} == freed
        assert changed <= {item.id for item in chosen}
        _check_order(lanes_before, lanes(lab), done)
        _check_what_stays(lab, chosen, done)
        again = release(lab, chosen, rehearses=False)
        assert not named(again)
        assert not any(one.bodies for one in again.refiled)
        assert lab.ledger.verify() == []
        event(f"freed {min(len(freed), 3)}")
        event(f"stays {sorted(Counter(reason for one in done.refiled for reason in one.held.values()))}")


def _check_order(
    before: dict[str, list[tuple[int, int, bytes]]], after: dict[str, list[tuple[int, int, bytes]]], done: Reviewed
) -> None:
    """What was on a lane stays there; what is freed comes behind it, in the order of the messages, as was told."""
    told: dict[str, list[tuple[int, bytes]]] = {}
    for one in done.refiled:
        for lane, body in one.bodies.items():
            told.setdefault(lane, []).append((one.message, bytes(body)))
    for lane, steps in after.items():
        known = len(before.get(lane, ()))
        assert steps[:known] == before.get(lane, [])
        assert [(message, body) for _, message, body in steps[known:]] == told.get(lane, [])
        assert [message for _, message, _ in steps[known:]] == sorted(message for _, message, _ in steps[known:])


def _check_what_stays(lab: SiteLab, chosen: Sequence[HeldItem], done: Reviewed) -> None:
    """Whatever was chosen and is still held was told to stay, with the reason that it has now."""
    told = {(one.message, at): reason for one in done.refiled for at, reason in one.held.items()}
    still = {(item.message, item.at): item.cause or item.reason for item in lab.ledger.desk().held()}
    ours = {(item.message, item.at) for item in chosen}
    assert told.items() <= still.items()
    assert ours & still.keys() <= told.keys()
