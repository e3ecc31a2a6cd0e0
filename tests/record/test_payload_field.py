"""A payload field is called as the output of `translate` calls it."""

from __future__ import annotations

import pytest

from translator.record.outcome import Entry, Outcome, Payload, PayloadObservation, Source, Submission
from translator.record.payload_field import NoSuchFieldError, fields_of, parse_field, value_of

HDL = PayloadObservation("HDL", 55, unit="mg/dL", status="final")
NOTE = PayloadObservation("BLOOD_TYPE", value_text="A POS")
OUTCOME = Outcome(Source(0), "translated", submissions=(Submission("whoop", "sr-1", Payload("final", (HDL, NOTE))),))


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        pytest.param(
            "submissions[0].observations[0].unit", "submissions[0].body.observations[0].unit", "mg/dL", id="long"
        ),
        pytest.param(
            "submissions[0].body.observations[0].code", "submissions[0].body.observations[0].code", "HDL", id="body"
        ),
        pytest.param("observations[1]", "submissions[0].body.observations[1]", "A POS", id="first-submission"),
        pytest.param("0.0", "submissions[0].body.observations[0]", 55, id="short"),
        pytest.param("0.0.status", "submissions[0].body.observations[0].status", "final", id="short-with-a-name"),
        pytest.param("submissions[0].status", "submissions[0].body.status", "final", id="report-status"),
        pytest.param("service_request_id", "submissions[0].service_request_id", "sr-1", id="service-request"),
    ],
)
def test_field_is_found(text: str, path: str, value: object) -> None:
    """Its full path is what `translate` prints; a whole observation holds its value."""
    field = parse_field(text, OUTCOME)

    assert (field.path, value_of(field, OUTCOME)) == (path, value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("OBX[1]", "is no payload field", id="a-position"),
        pytest.param("1.0", "there is 1 submission", id="submission-too-high"),
        pytest.param("0.2", "there are 2 observations", id="observation-too-high"),
        pytest.param("0.0.value_number", "did you mean value_numeric", id="almost-a-name"),
        pytest.param(
            "0.0.value_text", "no `value_text` here, but code, value_numeric", id="another-observation-has-it"
        ),
        pytest.param("submissions[0].stat", "did you mean status", id="almost-a-status"),
        pytest.param("zzz", "no `zzz` here, but service_request_id, status$", id="like-nothing"),
    ],
)
def test_field_that_is_not_there_is_named(text: str, said: str) -> None:
    """The error says what there is."""
    with pytest.raises(NoSuchFieldError, match=said):
        parse_field(text, OUTCOME)


def test_message_that_sends_nothing_has_no_field() -> None:
    """The error says what became of the message."""
    with pytest.raises(NoSuchFieldError, match="there are no submissions of this message, which is held"):
        parse_field("0.0", Outcome(Source(0), "held"))


def test_entry_names_the_fields_that_it_reaches() -> None:
    """Only the keys that are sent count."""
    sent = Entry("OBX[2]", "translated", submission=0, observation=1)

    assert fields_of(sent, OUTCOME) == (
        "submissions[0].body.observations[1].code",
        "submissions[0].body.observations[1].value_text",
    )
    assert fields_of(Entry("OBX[1]", "held", "unmapped-code"), OUTCOME) == ()
