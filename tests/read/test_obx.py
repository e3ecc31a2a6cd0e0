"""Lines of OBX that stand alike are read together, each by its own form."""

from __future__ import annotations

import pytest

from tests.read.samples import SYSTEMS
from translator.read.charset import Decoded
from translator.read.doubts import Doubts
from translator.read.er7 import Delimiters, Unescape
from translator.read.obx import ObxReader
from translator.read.value import ValueReader
from translator.record.values import Limit, Numeric, Text, Unusable, Value

SURE = Doubts(Decoded("", "ascii"), "\\")


def reader() -> ObxReader:
    """Make a reader of the usual delimiters."""
    delimiters = Delimiters()
    unescape = Unescape(delimiters)
    return ObxReader(delimiters, unescape, ValueReader(delimiters, unescape, SYSTEMS))


def test_remembered_forms_are_bounded_and_right() -> None:
    """However many codes and units a feed has, few forms are kept, and each is read as it stands."""
    read = reader()
    for number in range(5_000):
        (seen,) = read.run([f"OBX|1|NM|C{number}^^L||5|mg/dL|||||F^final"], 0, ("", ()), SURE)

        assert (seen.codes[0].code, seen.value_type, seen.unit, seen.status) == (f"C{number}", "NM", "mg/dL", "F")
    assert read.remembered <= 4096


def test_observations_of_one_form_share_it() -> None:
    """What follows from a form is worked out once, whatever the values are."""
    lines = ["OBX|1|NM|2345-7^^LN||92|mg/dL|||||F", "OBX|2|NM|2345-7^^LN|2|93|mg/dL|70-99||||F"]

    first, second = reader().run(lines, 0, ("", ()), SURE)

    assert first.form is second.form
    assert (first.value, second.value) == (Numeric("92"), Numeric("93"))


def test_thousandth_observation_has_its_number() -> None:
    """Names that are kept ready do not limit how many observations a message has."""
    seen = reader().run(["OBX|1|NM|x||5"] * 3, 998, ("", ()), SURE)

    assert [each.at for each in seen] == ["OBX[999]", "OBX[1000]", "OBX[1001]"]


@pytest.mark.parametrize(
    ("flags", "value", "expected"),
    [
        pytest.param("<", "0.01", Limit("<", "0.01"), id="below-the-scale"),
        pytest.param("H~>", "500", Limit(">", "500"), id="above-the-scale-and-high"),
        pytest.param(">^Above high-off scale^HL70078", "500", Limit(">", "500"), id="with-its-name"),
        pytest.param("<~>", "5", Unusable("value-not-numeric"), id="both"),
        pytest.param("U", "5", Numeric("5"), id="another-flag"),
        pytest.param("<", "POS", Text("POS"), id="text"),
        pytest.param(">", ">5", Limit(">", "5"), id="limit-already"),
        pytest.param("<", ">5", Unusable("value-ambiguous"), id="limit-of-the-other-end"),
    ],
)
def test_number_off_the_scale_is_a_limit(flags: str, value: str, expected: Value) -> None:
    """OBX-8 `<` or `>` says that the instrument could not measure it; a limit never becomes a number."""
    (seen,) = reader().run([f"OBX|1|NM|2345-7^^LN||{value}|mg/dL||{flags}|||F"], 0, ("", ()), SURE)

    assert seen.value == expected


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        pytest.param("ST", "0.01", Limit("<", "0.01"), id="number-typed-as-text"),
        pytest.param("VR", "0.01", Limit("<", "0.01"), id="number-typed-as-range"),
        pytest.param("ST", "0,01", Unusable("value-ambiguous"), id="number-with-a-mark-of-its-own"),
        pytest.param("FT", "0.01", Text("0.01", prose=True), id="written-for-people"),
    ],
)
def test_text_off_the_scale_is_a_limit_where_it_is_a_number(kind: str, value: str, expected: Value) -> None:
    """Laboratories type numbers as text; such a one is no measurement either."""
    (seen,) = reader().run([f"OBX|1|{kind}|2345-7^^LN||{value}|mg/dL||<|||F"], 0, ("", ()), SURE)

    assert seen.value == expected


@pytest.mark.parametrize(
    ("flags", "critical"),
    [
        pytest.param("HH", True, id="critically-high"),
        pytest.param("LL^^HL70078", True, id="critically-low-with-its-table"),
        pytest.param("A~AA", True, id="critically-abnormal-too"),
        pytest.param("H", False, id="high"),
        pytest.param("", False, id="none"),
    ],
)
def test_critical_flag_is_told(flags: str, *, critical: bool) -> None:
    """Such results are sent before others."""
    (seen,) = reader().run([f"OBX|1|NM|2345-7^^LN||500|mg/dL||{flags}|||F"], 0, ("", ()), SURE)

    assert seen.critical is critical
    assert seen.value == Numeric("500")
