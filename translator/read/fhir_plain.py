"""
Read a Bundle of plain results in one go: straight into what is read of them, without a tree of all that is in it.

A plain Observation is one value with a code, as the bulk of a feed is. A document that has anything else is left to the
parser of whole documents.

The proof that nothing is passed over: what was read is written down again, and is as long as what was sent. No text is
written longer than it was sent, and whatever is no text is written as it was. A key that stands twice, a blank and what
is empty are left out, so that something is missing.

Source: FHIR R4 Bundle, Observation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import structs

from translator.read.fhir_bundle import Document, Resource
from translator.read.fhir_elements import MEMO_SIZE, ElementMemo
from translator.read.fhir_json import BOM, MalformedJsonError, Node, parse, text
from translator.read.fhir_observation import LONGEST_MANNER, Manner, ObservationReader
from translator.read.fhir_places import places
from translator.read.fhir_plain_types import NOTHING, PlainBundle, PlainObservation, PlainReference, PlainReport
from translator.read.fhir_value import READERS, limit
from translator.record.flags import off_scale
from translator.record.quantity import LONGEST
from translator.record.report import Observation
from translator.record.values import Numeric, Value

_read_bundle = msgspec.json.Decoder(PlainBundle).decode
_read_again = msgspec.json.Decoder().decode
_written = msgspec.json.encode
# What may stand in a number beside its digits, unless it has an exponent; the parser sees to where it stands.
_SIGNS = b"-."
_MINUS_NOUGHT = b"-0"
# Who puts white space between the parts of a document does so from its beginning.
_BLANK = re.compile(rb"[\[{,:]\s")
_BEGINNING = 256

# What says how a value is meant: code and interpretation, status, unit with its system and its code.
_Key: TypeAlias = tuple[bytes, bytes, str, str, str, str]


class _NotPlainError(ValueError):
    """The document has something that has to be read in another way."""


class PlainReader:
    """
    Read Bundles of plain results by the words that a feed says again and again.

    The memo of words and of ranges of reference is bounded, and holds no value, no name and no id.
    """

    def __init__(self, observations: ObservationReader, systems: Mapping[str, str], memo: ElementMemo) -> None:
        self._observations = observations
        self._systems = systems
        self._memo = memo
        self._manners: dict[_Key, Manner] = {}
        self._sound: set[bytes] = set()

    @property
    def remembered(self) -> int:
        """How many look-ups are kept."""
        return len(self._manners) + len(self._sound)

    def read(self, raw: bytes) -> Document | None:
        """
        Read a Bundle of plain results, with a report of them.

        Absent: None where the bytes are anything else, or not sound; the parser of whole documents then says why.
        """
        body = raw.removeprefix(BOM)
        try:
            if not body.isascii():
                body.decode()
            return self._document(_whole(body))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, MalformedJsonError, _NotPlainError):
            return None

    def _document(self, bundle: PlainBundle) -> Document:
        plain = [each for entry in bundle.entry if type(each := entry.resource) is PlainObservation]
        others = [_written(each) for entry in bundle.entry if type(each := entry.resource) is not PlainObservation]
        searches = [bytes(entry.search) for entry in bundle.entry if entry.search is not NOTHING]
        remarks = [bytes(part) for each in plain for part in (each.note, each.extension) if part is not NOTHING]
        head = _written(structs.replace(bundle, entry=[]))
        values = [_value(each, self._systems) for each in plain]
        keys = [_key(each) for each in plain]
        known = [self._manners.get(key) for key in keys]
        words = [word for key, manner in zip(keys, known, strict=True) if manner is None for word in key[:2]]
        unread = self._unread(plain)
        found = _parsed([head], others, searches, remarks, words, unread)
        self._keep(unread)
        nodes = [found[other] for other in others]
        manners = [manner or self._learn(key, found) for key, manner in zip(keys, known, strict=True)]
        resources = self._resources(bundle, nodes, zip(plain, values, manners, strict=True))
        return Document(found[head], self._memo, resources)

    def _resources(
        self, bundle: PlainBundle, nodes: Iterable[Node], read: Iterator[tuple[PlainObservation, Value, Manner]]
    ) -> list[Resource]:
        """Put plain Observations and other resources together again, in the order of the entries."""
        rest = iter(nodes)
        resources = []
        subject: PlainReference | None = None
        profiles: tuple[str, ...] = ()
        shared = _node(subject, profiles)
        looked = self._memo.look(shared)
        for at, entry in zip(places(len(bundle.entry)), bundle.entry, strict=True):
            url = entry.full_url.strip()
            if type(entry.resource) is PlainObservation:
                said, value, manner = next(read)
                profile = said.meta.profile if said.meta is not None else ()
                # Nearly all Observations of a document are of one person, said in the same words.
                if said.subject != subject or profile != profiles:
                    subject, profiles = said.subject, profile
                    shared = _node(subject, profiles)
                    looked = self._memo.look(shared)
                seen = Observation(at, manner.form, off_scale(value, manner.marks) if manner.marks else value)
                resources.append(Resource(at, shared, "Observation", looked, url, "", said.id.strip(), seen))
            elif node := next(rest):
                kind, elements = text(node, "resourceType"), self._memo.look(node)
                resources.append(Resource(at, node, kind, elements, url, "", text(node, "id")))
        return resources

    def _unread(self, plain: Iterable[PlainObservation]) -> set[bytes]:
        """Give what is not read of Observations, and has not been proved to be sound in an earlier document."""
        unread = {part for each in plain for part in (bytes(each.category), bytes(each.reference_range))} - self._sound
        # One object where a list belongs may tell an old version of FHIR.
        if any(part.startswith(b"{") for part in unread):
            raise _NotPlainError
        return unread

    def _keep(self, sound: Iterable[bytes]) -> None:
        if len(self._sound) >= MEMO_SIZE:
            self._sound.clear()
        self._sound.update([part for part in sound if len(part) <= LONGEST_MANNER])

    def _learn(self, key: _Key, found: Mapping[bytes, Any]) -> Manner:
        code, interpretation, status, unit, system, unit_code = key
        quantity = {"unit": unit, "system": system, "code": unit_code}
        node = {"code": found[code], "interpretation": found[interpretation], "valueQuantity": quantity}
        learnt = self._observations.manner(node, status)
        if sum(map(len, key)) <= LONGEST_MANNER:
            if len(self._manners) >= MEMO_SIZE:
                self._manners.clear()
            self._manners[key] = learnt
        return learnt


def _whole(body: bytes) -> PlainBundle:
    """Read a Bundle, whatever white space is between its parts, and prove that this was all of it."""
    if _BLANK.search(body[:_BEGINNING]):
        body = msgspec.json.format(body, indent=-1)
    bundle = _read_bundle(body)
    # Of a history, the versions that stand have to be told from those that they replaced.
    if len(_written(bundle)) != len(body) or bundle.type == "history":
        raise _NotPlainError
    if not any(type(entry.resource) is PlainReport for entry in bundle.entry):
        raise _NotPlainError
    return bundle


def _parsed(*several: Iterable[bytes]) -> dict[bytes, Any]:
    """
    Parse what is not read yet, all together.

    Shape: the brackets around the parts make none of them less deep than it stands in its document, so that what is too
    deep there is too deep here.
    Raises: MalformedJsonError.
    """
    parts = [part for each in several for part in each]
    (((parsed,),),) = parse(b"[[[[" + b",".join(parts) + b"]]]]")
    return dict(zip(parts, parsed, strict=True))


def _node(subject: PlainReference | None, profiles: Sequence[str]) -> Node:
    """Give what is looked at beside the value of a plain Observation: whose it is, and which profiles it declares."""
    node: Node = {"meta": {"profile": list(profiles)}} if profiles else {}
    return node if subject is None else node | {"subject": _read_again(_written(subject))}


def _key(said: PlainObservation) -> _Key:
    quantity = said.value_quantity
    if quantity is None:
        return bytes(said.code), bytes(said.interpretation), said.status, "", "", ""
    return bytes(said.code), bytes(said.interpretation), said.status, quantity.unit, quantity.system, quantity.code


def _value(said: PlainObservation, systems: Mapping[str, str]) -> Value:
    quantity, string, concept = said.value_quantity, said.value_string, said.value_codeable_concept
    if quantity is not None:
        number = bytes(quantity.value)
        # Of such a number, a Decimal would be written with the same digits.
        if not number.translate(None, _SIGNS).isdigit() or number == _MINUS_NOUGHT or len(number) > LONGEST:
            raise _NotPlainError
        if string or concept is not None:
            raise _NotPlainError
        written = number.decode()
        return limit(quantity.comparator.strip(), written) if quantity.comparator else Numeric(written)
    if bool(string) is (concept is not None):
        raise _NotPlainError
    if string:
        return READERS["valueString"](string, systems)
    return READERS["valueCodeableConcept"](_read_again(_written(concept)), systems)
