"""Order numbers are read wherever they stand, each with its place and its type of key."""

from __future__ import annotations

import pytest

from translator.read.er7 import Delimiters, Unescape
from translator.read.order_group import OrderGroup, OrderNumberReader, OrderNumbers
from translator.record.report import Identifier


def numbers(segments: dict[str, dict[int, str]], delimiters: Delimiters | None = None) -> OrderNumbers:
    """Read the numbers of an order whose segments have only these fields."""
    delimiters = delimiters or Delimiters()

    def fields(name: str) -> list[str]:
        return _fields(name.upper(), segments.get(name, {}))

    obr, pid, pv1, orc = map(fields, ("obr", "pid", "pv1", "orc"))
    group = OrderGroup(2, obr, pid, pv1, orc, [fields("spm")], fresh=True, observations=[], notes=[fields("nte")])
    return OrderNumberReader(delimiters, Unescape(delimiters)).read(group)


def _fields(name: str, filled: dict[int, str]) -> list[str]:
    fields = [name, *[""] * max(filled, default=0)]
    for number, field in filled.items():
        fields[number] = field
    return fields


@pytest.mark.parametrize(
    ("segment", "field", "content", "key"),
    [
        pytest.param("obr", 2, "P^N^1.2", ("placer", "OBR[2]-2", Identifier("P", "N", "1.2")), id="obr-2"),
        pytest.param("orc", 2, "P", ("placer", "ORC-2", Identifier("P")), id="orc-2"),
        pytest.param("obr", 3, "F^N", ("filler", "OBR[2]-3", Identifier("F", "N")), id="obr-3"),
        pytest.param("orc", 3, "F", ("filler", "ORC-3", Identifier("F")), id="orc-3"),
        pytest.param("orc", 4, "G^N", ("group", "ORC-4", Identifier("G", "N")), id="orc-4-as-identifier"),
        pytest.param("orc", 4, "G&N^H&M", ("group", "ORC-4", Identifier("G", "N")), id="orc-4-as-pair"),
        pytest.param("orc", 33, "A^^^N&1.2", ("alt", "ORC-33", Identifier("A", "N", "1.2")), id="orc-33"),
        pytest.param("obr", 53, "A", ("alt", "OBR[2]-53", Identifier("A")), id="obr-53"),
        pytest.param("obr", 18, "P^x", ("placer", "OBR[2]-18", Identifier("P^x")), id="obr-18-is-text"),
        pytest.param("obr", 19, "P", ("placer", "OBR[2]-19", Identifier("P")), id="obr-19"),
        pytest.param("pid", 2, "A", ("alt", "PID-2", Identifier("A")), id="pid-2"),
        pytest.param("pid", 4, "A~B", ("alt", "PID-4", Identifier("A")), id="pid-4"),
        pytest.param("pid", 18, "A^^^N", ("alt", "PID-18", Identifier("A", "N")), id="pid-18"),
        pytest.param("pv1", 50, "A", ("alt", "PV1-50", Identifier("A")), id="pv1-50"),
        pytest.param("nte", 3, "A~B", ("alt", "NTE-3", Identifier("A")), id="nte-3"),
        pytest.param("spm", 2, "A&N", ("accession", "SPM-2.1", Identifier("A", "N")), id="spm-2-placer"),
        pytest.param("spm", 2, "^A&N", ("accession", "SPM-2.2", Identifier("A", "N")), id="spm-2-filler"),
    ],
)
def test_every_listed_place_gives_its_number(
    segment: str, field: int, content: str, key: tuple[str, str, Identifier]
) -> None:
    """A number is offered under the name that HL7 gives its place."""
    assert numbers({segment: {field: content}}).keys == (key,)


def test_place_is_named_by_its_segment() -> None:
    """The second ORC of a message is another place than the first."""
    group = OrderGroup(2, ["OBR"], [], [], ["ORC[2]", "RE", "P"], [["SPM[3]", "1", "A"]], fresh=True, observations=[])

    found = OrderNumberReader(Delimiters(), Unescape(Delimiters())).read(group)

    assert found.requests == (("ORC[2]-2", Identifier("P")),)
    assert [at for _, at, _ in found.keys] == ["ORC[2]-2", "SPM[3]-2.1"]


@pytest.mark.parametrize(
    ("segment", "field", "content", "parents"),
    [
        pytest.param("orc", 8, "P&N^F", [("placer", "ORC-8.1", "P"), ("filler", "ORC-8.2", "F")], id="order-control"),
        pytest.param("obr", 54, "^F", [("filler", "OBR[2]-54.2", "F")], id="order"),
        pytest.param("obr", 29, "P", [("placer", "OBR[2]-29.1", "P")], id="parent"),
    ],
)
def test_parents_are_no_keys_of_the_child(
    segment: str, field: int, content: str, parents: list[tuple[str, str, str]]
) -> None:
    """The numbers of the order that an order comes from are kept apart from its own."""
    found = numbers({segment: {field: content}})

    assert [(kind, at, identifier.value) for kind, at, identifier in found.parents] == parents
    assert found.keys == ()


@pytest.mark.parametrize("content", ['""', "", " ", "^N", '""^N'])
def test_nothing_is_no_number(content: str) -> None:
    """An empty or deleted field offers nothing."""
    assert numbers({"obr": {2: content}}).keys == ()


def test_subcomponents_need_a_separator() -> None:
    """A message that declares none has plain numbers in pairs and authorities."""
    found = numbers({"spm": {2: "A^B"}, "pid": {18: "C^^^N"}, "orc": {4: "G^N"}}, Delimiters(subcomponent=""))

    assert [(at, identifier.value, identifier.namespace) for _, at, identifier in found.keys] == [
        ("ORC-4", "G", "N"),
        ("SPM-2.1", "A", ""),
        ("SPM-2.2", "B", ""),
        ("PID-18", "C", "N"),
    ]
