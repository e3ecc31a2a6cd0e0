"""Sum up what was counted by one set of tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from translator.coverage.counts import OTHERS, Counts, Key
from translator.coverage.filled import ORDER_ELEMENT, ORDER_SEGMENT, RESULT_ELEMENT, unread_elements, unread_fields
from translator.coverage.ordering import by_size, coded, falling, in_order, most_common
from translator.coverage.report import SCHEMA, Coverage, Fate, SeenOrder, SeenWord, SilentRow, Totals, Unread
from translator.coverage.seen_forms import SeenForms
from translator.read.fields_read import fields_read
from translator.record.values import Coding
from translator.translate.study import match_study
from translator.translate.tables import Tables

_UNREADABLE = {
    "file-unreadable": (
        "the system does not let the file be read",
        "see that the file is there and may be read, then run it again",
    )
}
_REPORT_STATUS_AT = {"hl7v2": "OBR-25", "fhir": "DiagnosticReport.status"}
_TYPE_AT = {"hl7v2": "OBX-2", "fhir": "Observation.value[x]"}
_FLAG_AT = {"hl7v2": "OBX-8", "fhir": "Observation.interpretation"}
_SENDER_AT = {"hl7v2": "MSH-3/MSH-4", "fhir": "MessageHeader.source or meta.source"}
_TYPES_AT = {"hl7v2": "MSH-9", "fhir": "resourceType"}
_PANEL_AT = {"hl7v2": "OBR-4", "fhir": "DiagnosticReport.code"}


def summarise(counts: Counts, tables: Tables, *, interrupted: bool = False) -> Coverage:
    """Put the counts into lists, from frequent to rare, with what the tables make of each."""
    forms = SeenForms(counts, tables)
    codes, orders = tuple(forms.codes()), tuple(_orders(counts, tables))
    states: Counter[str] = Counter()
    for (_, _, state, *_), count in (*counts.entries.items(), *counts.orders.items()):
        states[state] += count
    messages: Counter[str] = Counter()
    for (*_, state), count in counts.messages.items():
        messages[state] += count
    seen = [code for code in codes if code.codings]
    return Coverage(
        SCHEMA,
        tables.sha256,
        Totals(
            messages.total(),
            states.total(),
            counts.entries.total(),
            counts.orders.total(),
            sum(code.count for code in codes if code.mapped),
            len(seen),
            sum(code.mapped for code in seen),
            sum(code.is_open for code in seen),
            counts.files.total(),
        ),
        in_order(messages),
        in_order(states),
        tuple(_fates(counts, tables)),
        tuple(_files(counts, tables)),
        codes,
        orders,
        tuple(forms.units()),
        _words(forms.value_types(), lambda form, _: _TYPE_AT[form]),
        (*forms.statuses(), *_report_statuses(counts, tables)),
        _words(counts.flags, lambda form, _: _FLAG_AT[form]),
        _words(_sums(counts.messages, 0, 1), lambda form, _: _TYPES_AT.get(form, "format")),
        _words(_sums(counts.messages, 0, 2), lambda form, _: _SENDER_AT.get(form, "format")),
        _words(_named(counts.panels), lambda form, _: _PANEL_AT[form]),
        {code: count for (code,), count in counts.waiting.most_common()},
        # Where nothing was sent, that nothing led to any row says nothing.
        tuple(_silent(counts, tables, forms.fired | {order.study for order in orders})) if counts.messages else (),
        tuple(_unread(counts, tables)),
        interrupted,
    )


def _orders(counts: Counts, tables: Tables) -> Iterator[SeenOrder]:
    groups: dict[tuple[str, tuple[Coding, ...]], list[tuple[Key, int]]] = {}
    for key, count in counts.orders.items():
        groups.setdefault((key[0], key[1]), []).append((key, count))
    for (name, codes), members in by_size(groups):
        states, reasons = Counter[str](), Counter[str]()
        for (_, _, state, reason), count in members:
            states[state] += count
            if reason:
                reasons[reason] += count
        study = match_study(codes, tables).row
        total = sum(count for _, count in members)
        yield SeenOrder(name, coded(codes), total, in_order(states), study.at if study else "", falling(reasons))


def _fates(counts: Counts, tables: Tables) -> Iterator[Fate]:
    """Give what entries end in by reason, held and refused first, each with its remedy."""
    entries: Counter[tuple[str, str]] = Counter()
    for (_, _, state, reason, *_), count in (*counts.entries.items(), *counts.orders.items()):
        entries[state, reason] += count
    messages = {(state, reason): count for (state, reason), count in counts.reasons.items()}
    rank = {"held": 0, "refused": 1, "translated": 2, "ignored": 3}
    for state, reason in sorted(
        {*entries, *messages}, key=lambda key: (rank.get(key[0], 4), -entries[key], -messages.get(key, 0), key)
    ):
        yield _fate(tables, state, reason, messages.get((state, reason), 0), entries[state, reason])


def _files(counts: Counts, tables: Tables) -> Iterator[Fate]:
    for (reason,), count in counts.files.most_common():
        yield _fate(tables, "refused", reason, count, 0)


def _fate(tables: Tables, state: str, reason: str, messages: int, entries: int) -> Fate:
    row = tables.reasons.get(reason)
    cause, remedy = (row.cause, row.remedy) if row else _UNREADABLE.get(reason, ("", ""))
    return Fate(state, reason, messages, entries, cause, remedy)


def _report_statuses(counts: Counts, tables: Tables) -> Iterator[SeenWord]:
    for (name, status), count in most_common(counts.reports):
        row = tables.report_status.get(name, {}).get(status)
        yield SeenWord(_REPORT_STATUS_AT[name], status, count, (row.reason or row.action) if row else "unknown-status")


def _silent(counts: Counts, tables: Tables, fired: set[str]) -> Iterator[SilentRow]:
    """Give the rows that nothing led to: of results and of orders, and the answers of codes that something led to."""
    for row in tables.observations.values():
        if row.at not in fired:
            text = f"{row.code} {row.whoop_code or row.ignore}".strip()
            yield SilentRow(row.at, text, row.display, row.at.startswith("sites/"))
    for (_, code), study in tables.studies.items():
        if study.at not in fired:
            yield SilentRow(study.at, f"{code} {study.kind}", "", study.at.startswith("sites/"))
    sent = set(counts.answers)
    asked = {code for code, _ in sent}
    for whoop_code, text in sorted({(code, text) for (code, _, _), text in tables.coded_values.items()}):
        if whoop_code in asked and (whoop_code, text) not in sent:
            yield SilentRow("whoop/coded-values.csv", f"{whoop_code} {text}")


def _unread(counts: Counts, tables: Tables) -> Iterator[Unread]:
    results, orders = fields_read(listed=tables.site.places), fields_read(orders=True)
    found: Counter[str] = Counter()
    for filled, count in counts.filled.items():
        kind, place, _ = filled
        if place == OTHERS:
            continue
        if kind in {RESULT_ELEMENT, ORDER_ELEMENT}:
            names = unread_elements(filled)
        else:
            names = unread_fields(filled, orders if kind == ORDER_SEGMENT else results)
        found.update(dict.fromkeys(names, count))
    yield from (Unread(at, count) for at, count in most_common(found))


def _sums(counter: Counter[Key], *places: int) -> Counter[Key]:
    found: Counter[Key] = Counter()
    for key, count in counter.items():
        found[(*(key[place] for place in places),)] += count
    return found


def _named(counter: Counter[Key]) -> Counter[Key]:
    """Name codings by the first of them."""
    found: Counter[Key] = Counter()
    for (name, codes), count in counter.items():
        first = codes[0] if codes else Coding("", "")
        found[name, " ".join(filter(None, (first.code, first.text)))] += count
    return found


def _words(counter: Counter[Key], at: Callable[[str, str], str]) -> tuple[SeenWord, ...]:
    return tuple(SeenWord(at(*key), key[1], count) for key, count in most_common(counter))
