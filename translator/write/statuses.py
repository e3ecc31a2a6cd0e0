"""
Say a status in the words of the format that is written; a record keeps it as it was sent.

Source: HL7 tables 0123 (OBR-25) and 0085 (OBX-11); FHIR R4 DiagnosticReportStatus, ObservationStatus.
"""

from __future__ import annotations

from collections.abc import Mapping

from translator.errors import WriteError

# Only what says the same in both; what does not is not written.
_REPORT = {"final": "F", "preliminary": "P", "partial": "A", "corrected": "C", "cancelled": "X", "registered": "I"}
_OBSERVATION = {
    "final": "F", "preliminary": "P", "corrected": "C", "cancelled": "X", "registered": "I",
    # Of D and W, which both say so, the one that asks for the result to be taken out.
    "entered-in-error": "D",
}  # fmt: skip


def report_letter(status: str) -> str:
    """Give OBR-25."""
    return _in_letters(status, _REPORT)


def observation_letter(status: str) -> str:
    """Give OBX-11."""
    return _in_letters(status, _OBSERVATION)


def report_word(status: str) -> str:
    """Give DiagnosticReport.status."""
    return _in_words(status, _REPORT)


def observation_word(status: str) -> str:
    """Give Observation.status."""
    return _in_words(status, _OBSERVATION)


def _in_letters(status: str, table: Mapping[str, str]) -> str:
    return status if status in table.values() else _found(status, table)


def _in_words(status: str, table: Mapping[str, str]) -> str:
    return status if status in table else _found(status, {letter: word for word, letter in table.items()})


def _found(status: str, table: Mapping[str, str]) -> str:
    if status not in table:
        raise WriteError("a status has no counterpart in the format that is written; say which in the record")
    return table[status]
