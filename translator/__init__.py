"""Carry lab results between HL7 v2, FHIR and consumer-health vendors; nothing lost, nothing falsified."""

from __future__ import annotations

from translator.engine import Translator
from translator.errors import ConfigError, TableError, TranslatorError
from translator.record.correlation import Correlation
from translator.record.outcome import Diagnostic, Entry, Outcome, Submission
from translator.translate.correlation import parse_correlation

__all__ = [
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
