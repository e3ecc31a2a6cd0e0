"""A document that is not the plain truth is refused or held as a whole, each time with its own reason."""

from __future__ import annotations

from typing import Any

import pytest

from tests.read.samples import LEXICON, bundle
from translator.read.fhir import read_document

REPORT = {"resourceType": "DiagnosticReport", "id": "r", "status": "final"}
DELETION = {"request": {"method": "DELETE", "url": "Observation/1"}}


def nested(**elements: Any) -> dict[str, Any]:
    """Write a bundle that stands in another one."""
    return {"resourceType": "Bundle", "entry": [{"resource": REPORT}], **elements}


@pytest.mark.parametrize(
    ("resources", "code", "at"),
    [
        pytest.param(
            [nested(link=[{"relation": "next"}])],
            "incomplete-bundle",
            "Bundle.entry[0].resource.link",
            id="page-of-an-inner-bundle",
        ),
        pytest.param(
            [nested(entry=[{"resource": REPORT}, DELETION])],
            "retraction",
            "Bundle.entry[0].resource.entry[1].request",
            id="deletion-in-an-inner-bundle",
        ),
        pytest.param(
            [{"resourceType": "Composition", "status": "entered-in-error"}, REPORT],
            "retraction",
            "Bundle.entry[0].resource.status",
            id="composition-entered-in-error",
        ),
        pytest.param(
            [{**REPORT, "fullUrl": "urn:uuid:1"}, {**REPORT, "id": "s", "fullUrl": "urn:uuid:1"}],
            "duplicate-resource",
            "Bundle.entry[1].resource",
            id="one-full-url-twice",
        ),
        pytest.param([REPORT, REPORT], "duplicate-resource", "Bundle.entry[1].resource", id="one-id-twice"),
        pytest.param(
            [
                REPORT,
                {"resourceType": "Patient", "fullUrl": "urn:uuid:1"},
                {"resourceType": "X", "fullUrl": "urn:uuid:1"},
            ],
            "duplicate-resource",
            "Bundle.entry[1].resource",
            id="one-full-url-of-a-patient-and-something-else",
        ),
        pytest.param(
            [{"resourceType": "Composition", "modifierExtension": [{"url": "urn:x"}]}, REPORT],
            "unknown-modifier",
            "Bundle.entry[0].resource",
            id="composition-with-an-unknown-modifier",
        ),
        pytest.param(
            [{"resourceType": "MessageHeader", "implicitRules": "urn:x"}, REPORT],
            "unknown-modifier",
            "Bundle.entry[0].resource",
            id="message-with-unknown-rules",
        ),
        pytest.param(
            [nested(link=[{"relation": "NEXT"}])],
            "incomplete-bundle",
            "Bundle.entry[0].resource.link",
            id="page-said-in-capitals",
        ),
        pytest.param(
            [{**REPORT, "request": {"method": "delete"}}],
            "retraction",
            "Bundle.entry[0].request",
            id="deletion-in-small",
        ),
    ],
)
def test_document_that_is_not_all_or_takes_something_back_is_held(
    resources: list[dict[str, Any]], code: str, at: str
) -> None:
    """Each has its own reason and its place."""
    (held,) = read_document(bundle(*resources), LEXICON).held

    assert (held.code, held.at) == (code, at)


def test_page_without_results_is_held_where_another_follows() -> None:
    """They may stand on the next page."""
    found = read_document(bundle({"resourceType": "Patient"}, link=[{"relation": "next"}]), LEXICON)

    assert found.refused is None
    assert [(each.code, each.at) for each in found.held] == [("incomplete-bundle", "Bundle.link")]


def test_bundle_of_deletions_alone_is_held() -> None:
    """That is how an export says what is gone; a person looks whether it was sent."""
    found = read_document(bundle(kind="transaction", entry=[DELETION]), LEXICON)

    assert found.refused is None
    assert [(each.code, each.at) for each in found.held] == [("retraction", "Bundle.entry[0].request")]


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param([REPORT, {"resourceType": "Composition", "status": "final"}], id="composition"),
        pytest.param(
            [REPORT, *[{"resourceType": "Practitioner", "id": "1", "fullUrl": "urn:uuid:1"}] * 2], id="author-twice"
        ),
        pytest.param(
            [{**REPORT, "fullUrl": "https://a.example/DiagnosticReport/r"}, {**REPORT, "fullUrl": "urn:uuid:2"}],
            id="one-id-on-two-servers",
        ),
        pytest.param([REPORT, {"resourceType": "Patient", "request": {"method": "PUT"}}], id="update"),
    ],
)
def test_what_makes_nothing_uncertain_holds_nothing(resources: list[dict[str, Any]]) -> None:
    """What translation does not read may stand twice."""
    found = read_document(bundle(*resources), LEXICON)

    assert (found.refused, found.held) == (None, ())


@pytest.mark.parametrize(
    ("raw", "code", "at"),
    [
        pytest.param(
            bundle(nested(implicitRules="urn:x")),
            "unknown-modifier",
            "Bundle.entry[0].resource.implicitRules",
            id="rules-of-an-inner-bundle",
        ),
        pytest.param(
            bundle(entry=[{"resource": REPORT, "modifierExtension": [{"url": "urn:x"}]}]),
            "unknown-modifier",
            "Bundle.entry[0]",
            id="modifier-of-an-entry",
        ),
    ],
)
def test_document_with_unknown_rules_is_refused(raw: bytes, code: str, at: str) -> None:
    """Nobody knows what such a document means."""
    refused = read_document(raw, LEXICON).refused

    assert refused
    assert (refused.code, refused.at) == (code, at)


def test_results_within_contained_bundles_are_counted() -> None:
    """The standard forbids them, so they are no results; but each has its place."""
    inner = {"resourceType": "Observation", "id": "i"}
    contained = {"resourceType": "Bundle", "entry": [{"resource": inner}], "contained": [inner]}
    raw = bundle({**REPORT, "contained": [{"resourceType": "Group", "contained": [contained]}]}, contained=[inner])

    (_, outside) = read_document(raw, LEXICON).reports

    assert sorted(seen.at for seen in outside.observations) == [
        "Bundle.contained[0]",
        "Bundle.entry[0].resource.contained[0].contained[0].contained[0]",
        "Bundle.entry[0].resource.contained[0].contained[0].entry[0].resource",
    ]
