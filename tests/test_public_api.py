"""The names that users may rely on are few, sorted, and there."""

from __future__ import annotations

import translator
from tests.lab_messages import CHOLESTEROL, Obx, oru, service_request


def test_public_names_are_this_list() -> None:
    """A name that comes or goes is a decision, not an accident."""
    assert translator.__all__ == [
        "ConfigError",
        "Correlation",
        "Diagnostic",
        "Entry",
        "Outcome",
        "Submission",
        "TableError",
        "Translator",
        "TranslatorError",
        "parse_correlation",
    ]


def test_public_names_are_there() -> None:
    """Each can be imported from the package itself."""
    assert all(hasattr(translator, name) for name in translator.__all__)


def test_correlation_of_a_text_finds_the_service_request() -> None:
    """A program that embeds the engine brings its own table."""
    rows = translator.parse_correlation(f"key,service_request_id\nA-77,{service_request(7)}\n")

    outcome = translator.Translator.load().translate(
        oru([Obx(CHOLESTEROL, "185")], request="A-77"), correlation=translator.Correlation(rows)
    )

    assert [submission.service_request_id for submission in outcome.submissions] == [service_request(7)]
