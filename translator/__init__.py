"""Carry lab results between HL7 v2, FHIR and consumer-health vendors; nothing lost, nothing falsified."""

from __future__ import annotations

from translator.engine import Translator
from translator.errors import ConfigError, TableError, TranslatorError
from translator.record.outcome import Diagnostic, Entry, Outcome, Submission

__all__ = [
    "ConfigError",
    "Diagnostic",
    "Entry",
    "Outcome",
    "Submission",
    "TableError",
    "Translator",
    "TranslatorError",
]
