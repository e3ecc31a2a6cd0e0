"""Examine an installation: what works, what soon will not, and what to do. Nothing of a patient is in any of it."""

from __future__ import annotations

from translator.doctor.diagnosis import FAIL, OK, WARN, Diagnosis
from translator.doctor.examine import examine

__all__ = ["FAIL", "OK", "WARN", "Diagnosis", "examine"]
