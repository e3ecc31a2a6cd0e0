"""Every field of an order's body leads back to its bytes and its row, and every order forward to its fate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.test_orders import CASES
from translator import Outcome, Translator
from translator.errors import ConfigError
from translator.mapping_files import mappings_folder
from translator.provenance import Origin, Provenances

MESSAGES = [path for case in CASES for path in (*sorted(case.glob("order.*")), *sorted(case.glob("twin.json")))]
NAMED = [f"{path.parent.name}/{path.name}" for path in MESSAGES]
MAPPINGS = mappings_folder()
ORDER = r"""MSH|^~\&|EXCLINIC|SLEEP|HUB|HUB|20260302090000+0000||ORM^O01^ORM_O01|O1|P|2.5.1
PID|1||EX-1^^^EXCLINIC||Sa\T\mple^Robin^Q||197905210830|F|||9 Old^^^^^^BA~1 Row^Flat 2^London^^N1 0AA^GB^H||7~PHONES
ORC|NW|ORD-1^EXCLINIC
OBR|1|ORD-1||X9^Other^99X^HSAT^Sleep test^L
OBX|1|ST|PHONE^^L||Y"""
MOBILE = "^PRN^CP^^44^7700^900123~^NET^Internet^robin@example.org"


def opened(path: Path) -> tuple[Outcome, Provenances]:
    """Translate a fixture, and open it for questions."""
    site = path.parent / "site"
    engine = Translator.load(str(site) if site.is_dir() else "example")
    raw = path.read_bytes()
    return engine.translate(raw), Provenances(engine.tables, [raw], file=path.name)


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give every value of a body with its path."""
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from leaves(part, f"{path}.{key}" if path else key)
    else:
        yield path, tree


def ask(phones: str = MOBILE) -> Provenances:
    """Open an order of the example site."""
    raw = ORDER.replace("7~PHONES", phones).replace("\n", "\r").encode()
    return Provenances(Translator.load("example").tables, [raw], file="order.hl7")


def why(field: str, phones: str = MOBILE) -> Origin:
    """Ask where a field comes from."""
    (origin,) = ask(phones).why(field).origins
    return origin


@pytest.mark.parametrize("path", MESSAGES, ids=NAMED)
def test_every_field_of_a_body_leads_back(path: Path) -> None:
    """To the row of its layout, and to bytes where it is of this order and not of every one."""
    outcome, provenances = opened(path)
    raw = path.read_bytes()
    for number, submission in enumerate(outcome.submissions):
        for at, value in leaves(submission.body):
            found = provenances.why(f"submissions[{number}].body.{at}")
            (origin,) = found.origins
            steps = {step.name: step for step in origin.steps}

            assert found.value == value
            assert origin.fields == (f"submissions[{number}].body.{at}",)
            file, _, line = steps["layout"].table.rpartition(":")
            folder = path.parent if file.startswith("sites/site/") else MAPPINGS
            row = (
                (folder / file.replace("sites/site/", "site/")).read_text(encoding="utf-8").splitlines()[int(line) - 1]
            )
            assert row.startswith(at.rpartition(".")[2])
            if origin.place is not None:
                assert raw[origin.place.start : origin.place.end].decode() == origin.place.text
            else:
                assert at.rpartition(".")[2] in {"type", "status", "requiresPhone"} or ".organisation." in at


@pytest.mark.parametrize("path", MESSAGES, ids=NAMED)
def test_every_order_is_found_from_its_position(path: Path) -> None:
    """Its state and reason are those of the outcome, and it reaches the whole body that is sent of it."""
    outcome, provenances = opened(path)
    for entry in outcome.entries:
        (origin,) = provenances.where(entry.at).origins

        assert origin.entry == entry
        assert origin.steps[-1].name == "fate" or origin.fields
        if entry.submission is not None:
            names = [at for at, _ in leaves(outcome.submissions[entry.submission].body)]
            assert origin.fields == tuple(f"submissions[{entry.submission}].body.{at}" for at in names)


@pytest.mark.parametrize(
    ("field", "lit", "steps"),
    [
        pytest.param(
            "shippingAddress.county", ["London"], ["read", "county", "layout"], id="city-that-stands-for-the-county"
        ),
        pytest.param(
            "patient.name", ["Robin", "Q", r"Sa\T\mple"], ["read", "read", "read", "value", "layout"], id="name"
        ),
        pytest.param("dob", ["197905210830"], ["read", "value", "layout"], id="birth-date-with-a-time"),
        pytest.param(
            "mobileTelephone", ["44", "7700", "900123"], ["read", "read", "read", "telephone", "layout"], id="in-pieces"
        ),
        pytest.param("requiresPhone", ["Y"], ["read", "phone", "layout"], id="answer-of-the-form"),
        pytest.param("reference", ["ORD-1"], ["read", "layout"], id="the-least-deep-of-a-name"),
        pytest.param("0.patient.reference", ["EX-1"], ["read", "layout"], id="of-the-first-submission"),
        pytest.param("organisation.name", [], ["organisation", "layout"], id="of-the-site"),
        pytest.param(
            "sensors", ["X9^Other^99X^HSAT^Sleep test^L"], ["study", "study", "value", "layout"], id="by-the-code"
        ),
    ],
)
def test_field_leads_to_the_parts_that_it_is_made_from(field: str, lit: list[str], steps: list[str]) -> None:
    """What was read, each rule and setting, and the layout, in this order."""
    origin = why(field)

    assert [place.text for place in origin.inputs] == lit
    assert [step.name for step in origin.steps] == steps
    assert all(step.table for step in origin.steps if step.name in {"county", "layout", "telephone", "phone"})


def test_item_of_a_list_is_a_field_of_its_own() -> None:
    """A line of the address is asked for by its number."""
    found = ask().why("lines[1]")

    assert (found.asked, found.value) == ("submissions[0].body.data.attributes.shippingAddress.lines[1]", "Flat 2")


@pytest.mark.parametrize("field", ["lines[7]", "shippingAddress.planet", "name", "patient"])
def test_field_that_is_not_there_is_named(field: str) -> None:
    """`name` stands twice, equally deep."""
    with pytest.raises(ConfigError, match="no such field"):
        ask().why(field)


@pytest.mark.parametrize(
    ("position", "reached"),
    [
        pytest.param("PID-11[2].3", ["shippingAddress.city", "shippingAddress.county"], id="city"),
        pytest.param("PID-11[1]", [], id="address-that-is-not-posted-to"),
        pytest.param("ORC[1]-2", ["reference"], id="number"),
        pytest.param("OBX[1]", ["study.requiresPhone"], id="answer"),
        pytest.param("OBR-4", ["study.nights", "study.sensors"], id="code"),
        pytest.param("MSH-10", [], id="control-id"),
    ],
)
def test_position_reaches_the_fields_that_are_made_from_it(position: str, reached: list[str]) -> None:
    """Forward from any part of the message."""
    (origin,) = ask().where(position).origins

    assert [field.removeprefix("submissions[0].body.data.attributes.") for field in origin.fields] == reached


def test_refused_order_is_told_what_it_lacks() -> None:
    """Each lack by its own reason, with its remedy."""
    (origin,) = ask("").where("ORC[1]").origins

    assert origin.entry is not None
    assert (origin.entry.state, origin.entry.reason, origin.fields) == ("refused", "email-missing", ())
    remarks = [step.given for step in origin.steps if step.name == "remark"]
    assert remarks == ["email-missing", "phone-missing"]
    assert "PID" in origin.steps[-1].text


@pytest.mark.parametrize(
    ("phones", "kind"),
    [pytest.param(MOBILE, "mobile", id="marked"), pytest.param("07700900123~a@b.example", "unmarked", id="not-marked")],
)
def test_telephone_says_why_it_counts(phones: str, kind: str) -> None:
    """The site's setting decides."""
    (step,) = [step for step in why("mobileTelephone", phones).steps if step.name == "telephone"]

    assert (step.given, step.table.partition(":")[0]) == (kind, "acurable/order.toml")


def test_answer_is_one_line_of_json_with_the_value_as_it_is_sent() -> None:
    """For machines, a list stays a list."""
    line = json.loads(msgspec.json.encode(ask().why("lines")))

    assert (line["schema"], line["value"]) == ("translator.why/1", ["1 Row", "Flat 2"])
