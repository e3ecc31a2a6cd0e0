"""The size of a unit, from its parts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from translator.mapping_files import packaged_tables
from translator.translate.unit_sizes import Size, size_of
from translator.ucum import installed_library


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        pytest.param("g/L", Size("mass", 0), id="base"),
        pytest.param("pg/dL", Size("mass", -11), id="two-prefixes"),
        pytest.param("nmol/mL", Size("moles", -6), id="moles"),
        pytest.param("meq/L", Size("moles", -3), id="equivalents"),
        pytest.param("m[IU]/mL", Size("units", 0), id="international-units"),
        pytest.param("U/L", Size("enzyme units", 0), id="enzyme"),
        pytest.param("10*3/uL", Size("count", 9), id="count"),
        pytest.param("/nL", Size("count", 9), id="bare-count"),
        pytest.param("%", Size("fraction", -2), id="percent"),
        pytest.param("L/L", Size("fraction", 0), id="fraction"),
        pytest.param("mmol/mol", None, id="of-moles"),
        pytest.param("mg", None, id="no-volume"),
        pytest.param("G/L", None, id="gauss"),
        pytest.param("mg/l", None, id="small-litre"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_size_comes_from_the_parts(unit: str, size: Size | None) -> None:
    """A prefix above the stroke makes it smaller, one below it larger."""
    assert size_of(unit) == size


def test_sizes_are_those_of_ucum() -> None:
    """Every two units of the tables that measure the same differ as a UCUM library says."""
    library = installed_library()
    if library is None:
        pytest.skip("no UCUM library is installed")
    units = {unit for unit in packaged_tables().spellings.values() if size_of(unit)}
    sizes = {unit: size for unit in units if (size := size_of(unit)) and "eq" not in unit}
    pairs = [(one, other) for one in sizes for other in sizes if one < other and sizes[one].of == sizes[other].of]
    assert len(pairs) > 50

    for one, other in pairs:
        ratio = library.ratio(one, other)
        expected = Decimal(1).scaleb(sizes[one].power - sizes[other].power)
        assert ratio is not None, (one, other)
        assert abs(ratio / expected - 1) < Decimal("1e-9"), (one, other)
