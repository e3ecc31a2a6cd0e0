"""The counts and looks of the FHIR fuzz runs find each defect that they are there for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from tests.fuzz.fhir_properties import broken, places
from tests.strategies.bundles import PLAIN, write
from tests.strategies.reports import Measured, Observed, Reported
from translator import Diagnostic, Translator
from translator.record.values import Absent, Coding

ENGINE = Translator.load()
CHOLESTEROL = (Coding("http://loinc.org", "2093-3"),)
NUMBER = Measured({"valueQuantity": {"value": 185, "unit": "mg/dL"}}, Absent())
RAW = write([Reported(1, "partial", (Observed(CHOLESTEROL, NUMBER, "final"),))], PLAIN)


def changed(**elements: Any) -> bytes:
    """Change the Observation of the document behind the engine's back."""
    document = json.loads(RAW)
    (node,) = [entry["resource"] for entry in document["entry"] if entry["resource"]["resourceType"] == "Observation"]
    node |= elements
    return json.dumps({**document, "entry": document["entry"]}).encode()


def test_sound_outcome_breaks_nothing() -> None:
    """What the engine really says of the document is taken."""
    outcome = ENGINE.translate(RAW)

    assert outcome.state == "translated"
    assert list(broken(RAW, outcome)) == []


@pytest.mark.parametrize(
    ("elements", "what"),
    [
        pytest.param({"status": "entered-in-error"}, "a status that is not sent is not sent", id="retracted"),
        pytest.param({"modifierExtension": [{"url": "x"}]}, "what is modified is not sent", id="modified"),
        pytest.param({"valueString": "x"}, "what is sent has one value and no reason for none", id="two-values"),
        pytest.param(
            {"dataAbsentReason": {"text": "x"}}, "what is sent has one value and no reason for none", id="dar"
        ),
        pytest.param({"valueQuantity": {"value": 5, "comparator": "<"}}, "a limit is no number", id="limit"),
        pytest.param(
            {"valueQuantity": {"value": 186}},
            "a number that was not converted is the number that was measured",
            id="number",
        ),
        pytest.param({"component": [{}]}, "one entry per Observation and component", id="lost-part"),
        pytest.param(
            {"contained": [{"resourceType": "Observation"}]}, "one entry per Observation and component", id="lost"
        ),
    ],
)
def test_lie_about_a_document_is_found(elements: dict[str, Any], what: str) -> None:
    """The outcome of the sound document is no outcome of the changed one."""
    assert what in list(broken(changed(**elements), ENGINE.translate(RAW)))


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        pytest.param(b'{"a": 1, "a": 1}', "JSON that is duplicate-key is refused", id="key-twice"),
        pytest.param(b'{"a": {"b": 1, "\\u0062": 1}}', "JSON that is duplicate-key is refused", id="key-twice-escaped"),
        pytest.param(b'{"a": NaN}', "JSON that is malformed is refused", id="nan"),
        pytest.param(b'{"a": 1', "JSON that is malformed is refused", id="cut"),
    ],
)
def test_unreadable_json_that_is_taken_is_found(raw: bytes, what: str) -> None:
    """What the standard library does not take, nobody may."""
    assert list(broken(raw, ENGINE.translate(RAW))) == [what]


@pytest.mark.parametrize("code", ["malformed", "duplicate-key"])
def test_sound_json_that_is_refused_is_found(code: str) -> None:
    """A scan for keys that sees one in a string refuses what is sound."""
    outcome = structs.replace(ENGINE.translate(RAW), diagnostics=(Diagnostic(code, "error", "", ""),))

    assert len(list(broken(RAW, outcome))) == 1


def test_places_are_fhir_paths() -> None:
    """Each place is named as entries name it, wherever the resource stands."""
    part = {"resourceType": "Observation", "component": [{}, {}]}
    document = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Basic", "contained": [part]}}]}

    at = "Bundle.entry[0].resource.contained[0]"
    assert list(places(document)) == [at, f"{at}.component[0]", f"{at}.component[1]"]
