"""What is said to be read of HL7 v2 is read, and what is said to be unread changes nothing: over every fixture."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from tests.fates import Case, cases, fate
from translator.read.fields_read import Fields, fields_read
from translator.record.places import PARENT_PLACES, PLACES

# What a field is filled with: a word, HL7 null, times, words of the standard's own, a UUID, components, types.
_CONTENTS = (
    "Q7", '""', "19990101", "20260302111500+0000", "D", "T", "P", "A", "MB", "QST", "HH", "<", "99", "NM", "2.3",
    "8859/1", "3fa85f64-5717-4562-b3fc-2c963f66afa6", "Q7^Q8^Q9^Q10^Q11^Q12^H", "Q7&Q8^Q9&Q10", "ORU^R01",
    "ORM^O01", "W", "UR", "^PRN^CP^^^^5550199", "Q7^Q8^^^^^L",
)  # fmt: skip
_LAST = 60
# A filled field among these tells an OBX of its own from one that goes on with the one before.
_TELLS_FILLED = range(6, 13)


def _table(case: Case) -> Fields:
    return fields_read(orders=case.orders, listed=case.engine.tables.site.places)


def _lines(case: Case) -> list[bytes]:
    return case.raw.replace(b"\r\n", b"\r").replace(b"\n", b"\r").split(b"\r")


def _mutated(lines: list[bytes], at: int, number: int, content: str) -> bytes:
    fields = lines[at].split(b"|")
    fields += [b""] * (number + 1 - len(fields))
    # MSH-1 is the separator itself.
    fields[number - (fields[0] == b"MSH")] = content.encode()
    return b"\r".join([*lines[:at], b"|".join(fields), *lines[at + 1 :]])


def _is_plain(case: Case) -> bool:
    """
    Tell a case that this test can take apart: one message, with the usual delimiters, without continuation.

    Characters that nobody can be sure of are remarked on wherever they stand, which is another matter.
    """
    is_sure = case.raw.isascii() and b"\x1b" not in case.raw and b"\\Z" not in case.raw and b"\\C" not in case.raw
    return is_sure and case.raw.count(b"MSH|^~\\&") == 1 and case.raw.startswith(b"MSH|") and b"ADD|" not in case.raw


@cache
def _plain_cases() -> tuple[Case, ...]:
    return (*(case for case in cases("hl7v2") if _is_plain(case)), _without_time(), _with_end())


def _with_end() -> Case:
    """Put a DSC behind an order, which may say that the message goes on."""
    case = next(case for case in cases("hl7v2") if _is_plain(case) and case.orders)
    return case._replace(name="with-an-end", raw=case.raw.rstrip(b"\r\n") + b"\rDSC|")


def _without_time() -> Case:
    """Take from a report the time of its own, so that the message's counts."""
    sent = (case for case in cases("hl7v2") if _is_plain(case) and not case.orders and fate(case, case.raw)[1])
    case = next(case for case in sent if case.raw.count(b"OBR|") == 1)
    lines = _lines(case)
    at = next(n for n, line in enumerate(lines) if line.startswith(b"OBR|"))
    raw = _mutated(lines, at, 22, "")
    return case._replace(name="without-the-time-of-the-report", raw=raw)


def _unread_filled(case: Case, content: str) -> bytes:
    table = _table(case)
    lines = _lines(case)
    for at, line in enumerate(lines):
        name = line[:3].decode("latin-1")
        if line[3:4] != b"|" or not name.isalnum() or not name.isupper():
            continue
        fields = line.split(b"|")
        for number in range(1, _LAST):
            is_there = number < len(fields) and bool(fields[number])
            if (
                number in table.get(name, ())
                or name in {"MSH", "ADD"}
                or (name == "OBX" and number in _TELLS_FILLED and not is_there)
            ):
                continue
            lines[at] = _mutated(lines, at, number, content).split(b"\r")[at]
    return b"\r".join(lines)


@pytest.mark.parametrize("content", ["Q7", "19990101", "3fa85f64-5717-4562-b3fc-2c963f66afa6", '""'])
def test_unread_field_changes_nothing(content: str) -> None:
    """Whatever stands in the fields that nobody reads, in every segment of every fixture, the fate stays the same."""
    changed = {
        case.name for case in _plain_cases() if fate(case, _unread_filled(case, content)) != fate(case, case.raw)
    }

    assert not changed


def _witnesses(name: str, number: int, *, orders: bool, listed: bool) -> Iterator[bool]:
    for case in _plain_cases():
        if case.orders is not orders or (listed and not case.engine.tables.site.places):
            continue
        lines = _lines(case)
        for at, line in enumerate(lines):
            if line.startswith(f"{name}|".encode()):
                yield from (
                    fate(case, _mutated(lines, at, number, content)) != fate(case, case.raw) for content in _CONTENTS
                )


_READ = [
    pytest.param(name, number, orders, id=f"{'order' if orders else 'result'}-{name}-{number}")
    for orders in (False, True)
    for name, numbers in fields_read(orders=orders).items()
    for number in sorted(numbers)
]


@pytest.mark.parametrize(("name", "number", "orders"), _READ)
def test_read_field_changes_the_fate(name: str, number: int, orders: bool) -> None:  # noqa: FBT001 - a case
    """Each field that is named as read can change what becomes of some message."""
    assert any(_witnesses(name, number, orders=orders, listed=False))


@pytest.mark.parametrize("place", [place.name for place in (*PLACES, *PARENT_PLACES)])
def test_listed_place_is_read(place: str) -> None:
    """A place that the site lists is among the fields that are read, and by its field as well as by its component."""
    segment, _, rest = place.partition("-")
    number = int(rest.partition(".")[0])

    assert number in fields_read(listed=[place])[segment]
    assert number in fields_read(listed=[place.partition(".")[0]])[segment]


def test_note_is_read_only_where_the_site_lists_it() -> None:
    """Notes are unread, as a segment, unless the site says that they hold order numbers."""
    assert "NTE" not in fields_read()
    assert fields_read(listed=["NTE-3"])["NTE"] == {3}
