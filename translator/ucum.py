"""Read units by a UCUM library, ucumvert, where it is installed: the extra `units`. Never used to translate."""

from __future__ import annotations

import re
from decimal import Decimal
from importlib import metadata
from typing import Any

from translator.translate.lint_proofs import UcumLibrary

PACKAGE = "ucumvert"
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_ANNOTATION_ALONE = re.compile(r"(?:(?<=[/.])|^)\{[^{}]*\}")


def installed_library() -> UcumLibrary | None:
    """
    Give the UCUM library.

    Absent: None where it, or something that it needs, is not installed.
    """
    try:
        return Ucumvert()
    except ImportError:
        return None


class Ucumvert:
    """
    Units as ucumvert reads them, by way of pint.

    Theory: both reckon in binary floats, so what they give is held against our decimals with a tolerance.
    """

    def __init__(self) -> None:
        # They cost half a second that only a check should pay.
        from lark.exceptions import LarkError  # noqa: PLC0415
        from pint.errors import PintError  # noqa: PLC0415
        from ucumvert import PintUcumRegistry  # noqa: PLC0415

        self._failures = (LarkError, PintError)
        self._registry: Any = PintUcumRegistry()
        self._known: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """The library and its version."""
        return f"{PACKAGE} {metadata.version(PACKAGE)}"

    def reads(self, unit: str) -> bool:
        """Tell whether a text is a UCUM unit."""
        return self._quantity(unit) is not None

    def ratio(self, start: str, end: str, molar_mass: Decimal | None = None) -> Decimal | None:
        """
        Give how many of the second unit one of the first is.

        Absent: None where the units have different dimensions.
        """
        try:
            quotient = self._quantity(start) / self._quantity(end)
        except self._failures:
            # A scale with a zero of its own, such as degrees Celsius, has no ratio.
            return None
        per_mole = self._quantity("g/mol") * float(molar_mass) if molar_mass is not None else None
        ways = [quotient] if per_mole is None else [quotient * per_mole, quotient / per_mole]
        plain = next((way for way in ways if way.dimensionless), None)
        return None if plain is None else Decimal(repr(float(plain.to_base_units().magnitude)))

    def _quantity(self, unit: str) -> Any:
        if unit not in self._known:
            self._known[unit] = self._read(unit)
        return self._known[unit]

    def _read(self, unit: str) -> Any:
        # An annotation has no size; where a unit must stand it is the number one.
        text = _ANNOTATION.sub("", _ANNOTATION_ALONE.sub("1", unit))
        try:
            return self._registry.from_ucum(text)
        except self._failures:
            return None
