"""Files of every form are translated together; what cannot be read is told, and exports can be asked about."""

from __future__ import annotations

import gzip
import io
import json
from contextlib import AbstractContextManager
from typing import BinaryIO

import pytest

from tests.exported import PATIENT, hdl, in_memory, lines, order, report, translated
from tests.lab_messages import HDL, Obx, oru
from translator import Translator
from translator.errors import ConfigError
from translator.feed import open_export, read_portions, translate_files
from translator.provenance import Provenances

ENGINE = Translator.load()
OBSERVATIONS = gzip.compress(lines(hdl("a"), hdl("b", 61)))
EXPORT = {"r.ndjson": lines(report(1, "a"), report(2, "b")), "o.ndjson.gz": OBSERVATIONS}
ORDERS = {"s.ndjson": lines(order(1), order(2))}


def test_every_form_is_translated() -> None:
    """Messages and documents come as they are read, the export at the end."""
    bundle = json.dumps({"resourceType": "Bundle", "entry": [{"resource": hdl("x")}]}).encode()
    files = {**EXPORT, **ORDERS, "m.hl7": oru([Obx(HDL, "55")]), "b.json": bundle}

    outcomes = translated(ENGINE, in_memory(files))

    assert [(each.source.file, each.state) for each in outcomes] == [
        ("m.hl7", "translated"),
        ("b.json", "held"),
        ("r.ndjson", "translated"),
        ("r.ndjson", "translated"),
    ]


def test_documents_one_after_another_are_messages() -> None:
    """Through the library, too; a malformed one leaves the file as it is, refused."""
    bundle = json.dumps({"resourceType": "Bundle", "entry": [{"resource": hdl("x")}]}, indent=1).encode()

    whole = list(ENGINE.translate_stream(io.BytesIO(bundle * 2)))
    broken = list(ENGINE.translate_stream(io.BytesIO(bundle * 2 + b"{")))

    assert [(each.source.index, each.state) for each in whole] == [(0, "held"), (1, "held")]
    assert [(each.source.index, each.state) for each in broken] == [(0, "refused")]


def test_portions_are_translated_by_themselves() -> None:
    """Each gives what the whole gives in its place, whoever translates it, and knows its bytes."""
    files = {**EXPORT, **ORDERS, "m.hl7": oru([Obx(HDL, "55")]) * 2 + b"OBX|1\r", "empty.hl7": b""}

    portions = list(read_portions(in_memory(files), lambda _name, _error: None))

    apart = [each for portion in reversed(portions) for each in reversed([*ENGINE.translate_portion(portion)])]
    assert [outcome.json for _, outcome in reversed(apart)] == [
        outcome.json for outcome in translated(ENGINE, in_memory(files))
    ]
    assert [raw for raw, _ in reversed(apart)] == [portion.raw for portion in portions]


def test_file_that_cannot_be_opened_is_told() -> None:
    """The others go on."""

    def missing() -> AbstractContextManager[BinaryIO]:
        raise FileNotFoundError(2, "No such file or directory")

    unread: list[str] = []
    sources = [("gone.hl7", missing), *in_memory({"m.hl7": oru([Obx(HDL, "55")])})]

    outcomes = list(translate_files(ENGINE, sources, lambda name, _error: unread.append(name)))

    assert ([outcome.state for _, outcome in outcomes], unread) == (["translated"], ["gone.hl7"])


def test_reader_that_goes_away_is_no_unreadable_file() -> None:
    """A broken pipe ends the work, wherever it is met."""

    def broken() -> AbstractContextManager[BinaryIO]:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        list(translate_files(ENGINE, [("a", broken)], lambda _name, _error: None))


def test_export_answers_where_a_value_comes_from() -> None:
    """The place is in the file that the Observation lies in, packed or not."""
    with open_export(in_memory(EXPORT | ORDERS)) as export:
        asked = Provenances.of_export(ENGINE.tables, export, file="r.ndjson", index=1)

    (origin,) = asked.why("0.0").origins
    assert origin.place is not None
    assert (origin.place.file, origin.place.line, origin.place.text) == ("o.ndjson.gz", 2, "61")
    with pytest.raises(ConfigError, match="stands on no line of the export"):
        asked.where("Bundle.type")


def test_one_file_answers_where_a_value_comes_from() -> None:
    """The file of the message needs no name."""
    raw = lines(PATIENT, order(1), hdl("a"), report(1, "a"))

    (origin,) = Provenances(ENGINE.tables, [raw], file="all.ndjson").why("0.0").origins

    assert origin.place is not None
    assert (origin.place.file, origin.place.line, raw[origin.place.start : origin.place.end]) == ("", 3, b"55")


def test_documents_one_after_another_answer_where_a_value_comes_from() -> None:
    """Bytes and lines are those of the file."""
    entries = ([{"resource": node} for node in (report(1, "a"), hdl("a", value), order(1))] for value in (55, 61))
    bundles = [json.dumps({"resourceType": "Bundle", "entry": listed}, indent=1) for listed in entries]
    raw = "\n".join(bundles).encode()

    (origin,) = Provenances(ENGINE.tables, [raw], index=1).why("0.0").origins

    assert origin.place is not None
    assert raw[origin.place.start : origin.place.end] == b"61"
    assert origin.place.line == raw[: origin.place.start].count(b"\n") + 1
