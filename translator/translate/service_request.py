"""
Find the one WHOOP service request that a report belongs to, or say why there is none.

An identifier counts only where it is a strict UUID in a place that names the service request, or where the
correlation has exactly one service request for it. Nothing is matched by prefix or likeness.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from translator.record.correlation import CorrelationHit
from translator.record.places import KEY_TYPE
from translator.record.report import Finding, Identifier, Patient, Report
from translator.translate.site import Site

# `uuid.UUID` takes braces, URNs and misplaced hyphens; this does not.
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# A UUID that a short field cut off or stripped of its hyphens: a sign for the person who decides, never a match.
# Digits alone are an order number: thirteen of them begin one UUID in four hundred.
_TRUNCATED = re.compile(r"(?=[0-9]*[a-f-])[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{1,4}[0-9a-f-]{0,20}")

# Places that count although no site lists them; the second kind only for rows of the correlation that name the type
# of their key, since any short number may stand there.
_BY_DEFAULT = frozenset({"OBR-2", "ORC-2", "OBR-3", "ORC-3", "ORC-4"})
_IF_TYPED = frozenset({"ORC-33", "OBR-53", "SPM-2.1", "SPM-2.2"})
_WITHOUT_NAMESPACE = frozenset({"OBR-18", "OBR-19", "NTE-3"})
_MISSING = frozenset({"no-service-request", "service-request-truncated", "foreign-namespace"})
_NO_SITE = Site()
_YEAR, _MONTH, _DAY = 4, 6, 8
_PRECISIONS = frozenset({_YEAR, _MONTH})

Lookup: TypeAlias = Callable[[str, str, str], tuple[CorrelationHit, ...]]


def no_correlation(_key_type: str, _key: str, _namespace: str) -> tuple[CorrelationHit, ...]:
    """Know no order numbers at all."""
    return ()


class Resolution(Struct, frozen=True, gc=False):
    """
    The service request id in lower case, or what holds the report.

    Shape: `remark` says how it was found, where that is not plain.
    """

    service_request_id: str = ""
    problem: Finding | None = None
    remark: Finding | None = None

    @property
    def is_missing(self) -> bool:
        """Tell that nothing at all is known, rather than too much or a contradiction."""
        return self.problem is not None and self.problem.code in _MISSING


class Offer(NamedTuple):
    """One number that counts, with what it leads to."""

    name: str
    at: str
    found: frozenset[str]
    hits: tuple[CorrelationHit, ...]


def resolve(report: Report, lookup: Lookup, site: Site = _NO_SITE) -> Resolution:
    """
    Name the one service request of a report.

    Shape: the places that name it directly must agree. The first of the site's places that leads to exactly one
    service request decides; without such an order all places together must lead to exactly one.
    Source: HL7 v2.9 4.5.1.2 (ORC-2 and OBR-2 are the same identifier).
    """
    direct = report.service_requests if report.is_placed else ()
    if lookup is no_correlation and not site.places and not site.namespaces:
        plain = {found.value for _, found in direct}
        if len(plain) == 1 and is_uuid(only := plain.pop()):
            # No other number can lead anywhere, so none is looked at.
            return Resolution(only.lower())
    named = {found.value: at for at, found in direct if _is_of(found, site, _place_name(at))}
    if len({value.lower() if is_uuid(value) else value for value in named}) > 1 and report.must_agree:
        places = " and ".join(named.values())
        return problem("service-request-mismatch", report, f"{places} name different orders")
    offers = _offers(report, lookup, site)
    chosen = _by_order(offers, site.places) or offers
    return _decided(report, chosen) or _missing(report, named, offers, site)


def resolve_parents(report: Report, lookup: Lookup, site: Site = _NO_SITE) -> Resolution | None:
    """
    Name the one service request that the correlation has for the orders that a report's order comes from.

    Shape: where a site lists its places, `resolve` has asked those of them that name a parent.
    Absent: None where the correlation has none of them.
    """
    if site.places:
        return None
    offers = []
    for kind, at, identifier in report.parents:
        if _is_of(identifier, site, _place_name(at)):
            hits = _hits(kind, identifier, lookup, report, typed=False)
            offers.append(Offer(_place_name(at), at, frozenset(hit.service_request_id for hit in hits), hits))
    return _decided(report, [offer for offer in offers if offer.found])


def _decided(report: Report, chosen: Sequence[Offer]) -> Resolution | None:
    """Give the one service request that all of these numbers lead to, if they lead to any."""
    found = frozenset[str]().union(*(offer.found for offer in chosen))
    if len(found) > 1:
        return problem("several-service-requests", report, f"{len(found)} service requests answer to this report")
    if any(_is_somebody_else(hit, report.patient) for offer in chosen for hit in offer.hits):
        return problem("patient-mismatch", report, "the correlation knows this order for another patient")
    return Resolution(next(iter(found))) if found else None


def deciding(report: Report, lookup: Lookup, site: Site = _NO_SITE) -> list[Offer]:
    """Give the numbers that `resolve` decides by, each with its place and what it leads to."""
    offers = _offers(report, lookup, site)
    return _by_order(offers, site.places) or offers


def _by_order(offers: Sequence[Offer], places: Iterable[str]) -> list[Offer]:
    """Give the numbers of the first place that leads to exactly one service request."""
    for place in places:
        here = [offer for offer in offers if _is_at(offer.name, place)]
        if len(frozenset[str]().union(*(offer.found for offer in here))) == 1:
            return here
    return []


def _offers(report: Report, lookup: Lookup, site: Site) -> list[Offer]:
    """Give every number that counts: those that name the service request themselves, then those that are looked up."""
    offers = []
    for at, identifier in report.service_requests if report.is_placed else ():
        name = _place_name(at)
        if _counts(name, site) and _is_of(identifier, site, name):
            offers.append(Offer(name, at, _as_uuid(identifier), ()))
    if lookup is no_correlation and not site.places and any(offer.found for offer in offers):
        return offers
    for kind, at, identifier in (*report.keys, *report.parents):
        name = _place_name(at)
        if not _counts(name, site) or not _is_of(identifier, site, name):
            continue
        listed = name in KEY_TYPE and _is_listed(name, site)
        hits = _hits(kind, identifier, lookup, report, typed=name in _IF_TYPED and not listed)
        named = _as_uuid(identifier) if listed and report.is_placed and kind != "group" else frozenset()
        offers.append(Offer(name, at, named.union(hit.service_request_id for hit in hits), hits))
    return offers


def _as_uuid(identifier: Identifier) -> frozenset[str]:
    return frozenset({identifier.value.lower()} if is_uuid(identifier.value) else ())


@lru_cache(maxsize=1024)
def _place_name(at: str) -> str:
    """Name a place without the number of its segment: `OBR[2]-18` is `OBR-18`."""
    head, _, tail = at.partition("[")
    return head + tail.partition("]")[2] if tail else head


def _counts(name: str, site: Site) -> bool:
    """Tell a place that may decide: those that the site lists, else those that carry order numbers everywhere."""
    if name not in KEY_TYPE:
        return True
    return _is_listed(name, site) if site.places else name in _BY_DEFAULT or name in _IF_TYPED


def _is_listed(name: str, site: Site) -> bool:
    return any(_is_at(name, place) for place in site.places)


def _is_at(name: str, place: str) -> bool:
    """Tell whether a place is the named field, or a component of it."""
    return name == place or name.startswith(f"{place}.")


def _is_of(identifier: Identifier, site: Site, name: str) -> bool:
    """Tell a number that one of the site's namespaces gave out, as far as its data type can say."""
    if not site.namespaces or name not in KEY_TYPE or name in _WITHOUT_NAMESPACE:
        return True
    return identifier.namespace in site.namespaces or identifier.universal_id in site.namespaces


def _hits(
    kind: str, identifier: Identifier, lookup: Lookup, report: Report, *, typed: bool
) -> tuple[CorrelationHit, ...]:
    """Look one number up; the panel chooses where a number stands for several service requests."""
    hits = lookup(kind, identifier.value, identifier.namespace)
    if typed:
        hits = tuple(hit for hit in hits if hit.key_type == kind)
    if kind == "group" or len(hits) > 1:
        hits = tuple(hit for hit in hits if not hit.panel or any(hit.panel == code.code for code in report.panel))
    return hits


def is_uuid(text: str) -> bool:
    """Tell a UUID of 36 characters; upper case is accepted, no other form is."""
    return _UUID.fullmatch(text.lower()) is not None


def _missing(report: Report, named: Mapping[str, str], offers: Iterable[Offer], site: Site) -> Resolution:
    for value, at in named.items():
        if _TRUNCATED.fullmatch(value.lower()) and not is_uuid(value):
            return Resolution(problem=Finding("service-request-truncated", at, "this looks like a UUID that was cut"))
    places = ", ".join(dict.fromkeys(offer.at for offer in offers))
    if not places and any(_counts(_place_name(at), site) for _, at, _ in report.keys):
        text = "no order number has a namespace that the site lists"
        return problem("foreign-namespace", report, text)
    text = f"no WHOOP id, and no correlation for the order numbers ({places or 'none sent'})"
    return problem("no-service-request", report, text)


def problem(code: str, report: Report, text: str) -> Resolution:
    """Hold a report for this."""
    return Resolution(problem=Finding(code, report.at, text))


def _is_somebody_else(hit: CorrelationHit, patient: Patient) -> bool:
    return _differ(hit.patient, patient.identifier) or _differ(*_dates(hit.birth_date, patient.birth_date))


def _differ(known: str, sent: str) -> bool:
    return bool(known and sent and known != sent)


def _dates(known: str, sent: str) -> tuple[str, str]:
    """Write two dates as far as both of them go: to the year, the month or the day, and contradict nothing beyond."""
    known, sent = (date.replace("-", "")[:_DAY] for date in (known, sent))
    shared = min(len(known), len(sent))
    return (known[:shared], sent[:shared]) if shared in _PRECISIONS else (known, sent)
