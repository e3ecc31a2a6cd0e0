"""What is filled is found field by field and element by element, and what nobody reads of it is named."""

from __future__ import annotations

import pytest

from tests.coverage.counting import coverage_of
from tests.lab_messages import GLUCOSE, Obx, oru
from translator.coverage.filled import (
    RESULT_ELEMENT,
    ElementWalk,
    Node,
    flags_of,
    sender_of,
    unread_elements,
    unread_fields,
)
from translator.read.fields_read import fields_read


def _unread(raw: bytes) -> dict[str, int]:
    return {each.at: each.count for each in coverage_of(raw).unread}


def test_field_that_nobody_reads_is_named_with_its_count() -> None:
    """OBX-17 of two results is named twice; what is read is not named at all."""
    obx = "OBX|{}|NM|2345-7^Glucose^LN||92|mg/dL|||||F||||||HEX^Hexokinase^L\r"
    found = _unread(oru([]) + "".join(obx.format(number) for number in (1, 2)).encode())

    assert found["OBX-17"] == 2
    assert not found.keys() & {"OBX-3", "OBX-5", "OBX-6", "OBX-11", "MSH-9", "PID-3"}


def test_segment_that_nobody_looks_at_is_named_once_for_each() -> None:
    """A segment of the sender's own is named as a whole, not field by field."""
    found = _unread(oru([Obx(GLUCOSE, "92")]) + b"ZXX|1|2|3\rZXX|4\r")

    assert found["ZXX"] == 2
    assert not any(at.startswith("ZXX-") for at in found)


def test_segment_that_counts_by_its_place_names_its_fields() -> None:
    """DEV says what follows it, so that it is looked at; its fields are not."""
    filled = ("segment", "DEV", (True, True, False, True))

    assert list(unread_fields(filled, fields_read())) == ["DEV-1", "DEV-3"]


def test_message_of_a_type_that_is_not_read_is_not_looked_into() -> None:
    """Of a message that is refused for its type nothing is read, which one line says better than a list of fields."""
    raw = oru([Obx(GLUCOSE, "92")]).replace(b"ORU^R01^ORU_R01", b"ADT^A01^ADT_A01")

    assert _unread(raw) == {}


def test_message_of_a_training_system_is_looked_into() -> None:
    """What a test system sends says what production will send."""
    assert "ZXX" in _unread(oru([Obx(GLUCOSE, "92")], processing_id="T") + b"ZXX|1\r")


def _walked(root: Node, *, extended: bool = True) -> set[str]:
    found, _ = ElementWalk(RESULT_ELEMENT).over(root, extended=extended)
    return {name for filled in found for name in unread_elements(filled)}


_OBSERVATION: Node = {
    "resourceType": "Observation",
    "status": "final",
    "method": {"text": "hexokinase"},
    "code": {"coding": [{"code": "A"}], "extension": [{"url": "https://example.org/x"}]},
    "component": [{"code": {}, "referenceRange": []}],
    "contained": [{"resourceType": "Device", "id": "d1"}, {"id": "nameless"}],
    "meta": {"source": "#1", "profile": []},
}


def test_unread_elements_are_named_by_their_paths() -> None:
    """Elements, parts of elements, extensions and whole resources that nobody reads are named, and nothing else."""
    assert _walked(_OBSERVATION) == {
        "Observation.method",
        "Observation.code.extension",
        "Observation.component.referenceRange",
        "Observation.meta.source",
        "Device",
        "(no resourceType)",
    }


def test_without_extensions_what_is_read_is_not_looked_into() -> None:
    """Where a document has no extension, elements that are read whole are passed over."""
    found, _ = ElementWalk(RESULT_ELEMENT).over({"resourceType": "Observation", "code": {"text": "A"}}, extended=False)

    assert [place for _, place, _ in found] == ["Observation"]


def test_resources_of_entries_are_walked() -> None:
    """What stands in an entry is a resource of its own type."""
    bundle = {"resourceType": "Bundle", "entry": [{"resource": _OBSERVATION}, "nonsense"], "total": 1}

    assert _walked(bundle) >= {"Observation.method", "Bundle.total"}


def test_plans_are_forgotten_when_there_are_too_many() -> None:
    """The memo is bounded, and what is found does not hang on it."""
    walk = ElementWalk(RESULT_ELEMENT)

    for number in range(5000):
        walk.over({"resourceType": "Observation", f"x{number}": "1"})

    assert walk.remembered <= 4096
    assert walk.over({"resourceType": "Observation", "q": 1})[0] == [("element", "Observation", ("resourceType", "q"))]


def test_long_names_are_not_remembered() -> None:
    """What is no name of an element is shown as a mark."""
    walk = ElementWalk(RESULT_ELEMENT)

    found, _ = walk.over({"resourceType": "Observation", "n" * 5000: "1"})

    assert [names for _, _, names in found] == [("resourceType", "(text)")]
    assert walk.remembered == 0


def test_flags_are_the_codes_of_each_repetition() -> None:
    """OBX-8 repeats, and each repetition may be coded."""
    segments = [["PID", *[""] * 7, "X"], ["OBX", *[""] * 7, "H~<^below^L"], ["OBX", "1"], ["OBX", *[""] * 8]]

    assert flags_of(segments, "~", "^") == ["H", "<"]


def _headed(kind: str, **source: str) -> Node:
    return {"entry": [{"resource": {"resourceType": kind, "source": source}}]}


@pytest.mark.parametrize(
    ("document", "sender"),
    [
        pytest.param(_headed("MessageHeader", endpoint="https://l"), "https://l", id="endpoint"),
        pytest.param({"meta": {"source": "urn:lab"}}, "urn:lab", id="meta"),
        pytest.param(_headed("Patient", name="x"), "", id="no-header"),
        pytest.param({"entry": "nonsense", "meta": {"source": 4}}, "", id="misshapen"),
        pytest.param({}, "", id="nothing"),
    ],
)  # fmt: skip
def test_sender_is_who_the_document_names(document: Node, sender: str) -> None:
    """The message header comes before the source of meta; what is misshapen names nobody."""
    assert sender_of(document) == sender
