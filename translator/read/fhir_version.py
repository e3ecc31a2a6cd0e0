"""
Tell which FHIR version a document is written in.

What the site declares decides; then what the document declares; then, for versions before R4 alone, types and elements
that only they have.

R4 and R4B are the same for results; what declares no version is read as R4. A version is never guessed upwards, and a
document that has anything of R4 in it is not called older for an element that was left over.

Source: FHIR R5 version management (profile URLs with a version), FHIR R4 resource change logs (R3 to R4, R2 to R3).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from translator.read.fhir_bundle import Document, Resource
from translator.read.fhir_json import obj, text
from translator.read.fhir_marks import ASSUMED, DECLARING, EITHER, MARKED_TYPES, SINCE, SINGLE_ONCE, TELLS
from translator.record.report import Finding

VERSIONS = ("R4", "R4B", "R5")
_OLD = frozenset({"DSTU2", "STU3"})
# The first and second number of a version, up to which a name goes.
_NAMES = (((1, 0), "DSTU2"), ((3, 0), "STU3"), ((4, 0), "R4"), ((4, 3), "R4B"), ((5, 0), "R5"))
_CORE = "http://hl7.org/fhir/"
_NUMBER = re.compile(
    r"https?://hl7\.org/fhir/(?:(\d{1,2})\.(\d{1,2})(?:\.\d{1,2})?/StructureDefinition/"
    r"|StructureDefinition/[^|]+\|(\d{1,2})\.(\d{1,2}))"
)
_NAMED = re.compile(r"https?://[^|]+/(DSTU2|STU3|R4B?|R5)/StructureDefinition/")

# Never an object or a list, where there is a type.
_NEITHER = "resourceType"


class Version(Struct, frozen=True, gc=False):
    """
    The version of a document, and where it is told.

    Shape: `name` is R4, R4B or R5, or one that is not read; `at` is empty where nothing tells it.
    """

    name: str
    at: str = ""
    is_declared: bool = False

    @property
    def refusal(self) -> Finding | None:
        """Say why the document is not read; None where it is."""
        if self.name in VERSIONS:
            return None
        code = f"fhir-version-{self.name.lower()}" if self.name in _OLD else "version-not-read"
        way = "declares" if self.is_declared else "has what stands only in"
        return Finding(code, self.at, f"the document {way} FHIR {self.name}")


def find_version(document: Document, site: str = "") -> Version:
    """
    Tell the version of a document.

    Shape: `site` is what the site declares of its sender, which decides alone.
    Absent: R4 where nothing tells another version.
    """
    if site:
        return Version(site, is_declared=True)
    if not _says_anything(document):
        return Version(ASSUMED)
    declared: dict[str, str] = {}
    told: dict[str, str] = {}
    for resource in itertools.chain(document.bundles, document.resources):
        for name, at in _declared(resource):
            declared.setdefault(name, at)
        for name, at in _told(resource):
            told.setdefault(name, at)
    if declared:
        return _agreed(declared)
    if ASSUMED in told or not told:
        return Version(ASSUMED)
    name = _oldest(told)
    return Version(name, told.get(name) or told.get(EITHER, "")) if name else Version(ASSUMED)


def _says_anything(document: Document) -> bool:
    """Look fast whether anything in the document can tell a version other than R4."""
    for labelled in (*document.bundles, *document.labelled):
        if "profile" in obj(labelled.node, "meta"):
            return True
    for resource in document.resources:
        elements = resource.elements
        if elements.tells_version or (elements.was_single and _was_single(resource)):
            return True
    return not MARKED_TYPES.isdisjoint([resource.type for resource in document.resources])


def _was_single(resource: Resource) -> bool:
    """Tell an element that may be written as before it became a list; of a report's, its list tells something, too."""
    single = resource.node.get(SINGLE_ONCE.get(resource.type, _NEITHER))
    return isinstance(single, dict) or (single is not None and resource.type == "DiagnosticReport")


def _oldest(told: Mapping[str, str]) -> str:
    """Weigh what tells an old version; what both had is of the later one beside anything that the earlier had not."""
    if "DSTU2" in told:
        return "DSTU2"
    if "STU3" in told or told.keys() >= {EITHER, SINCE}:
        return "STU3"
    return EITHER if EITHER in told else ""


def _agreed(declared: Mapping[str, str]) -> Version:
    """Sum up what is declared: R4 and R4B are one; any others contradict each other."""
    names = sorted(declared)
    name = names[-1] if set(names) <= {"R4", "R4B"} else " and ".join(names)
    return Version(name, declared[names[-1]], is_declared=True)


def _declared(resource: Resource) -> Iterator[tuple[str, str]]:
    node = resource.node
    if "meta" in node:
        profiles = obj(node, "meta").get("profile")
        for profile in profiles if isinstance(profiles, list) else (profiles,):
            if isinstance(profile, str) and (name := _version_of(profile)):
                yield name, f"{resource.at}.meta.profile"
    if resource.type in DECLARING and (version := text(node, "fhirVersion")):
        major, _, minor = version.partition(".")
        yield _numbered(major, minor.partition(".")[0]), f"{resource.at}.fhirVersion"


def _version_of(profile: str) -> str:
    """Read the version in the URL of a profile; most profiles name none."""
    if found := _NUMBER.match(profile):
        return _numbered(found[1] or found[3], found[2] or found[4])
    named = _NAMED.match(profile)
    return named[1] if named else ""


def _numbered(major: str, minor: str) -> str:
    if not (major.isascii() and major.isdigit() and minor.isascii() and minor.isdigit()):
        return "of a version that has no number"
    number = int(major), int(minor)
    return next((name for last, name in _NAMES if number <= last), f"{major}.{minor}")


def _told(resource: Resource) -> Iterator[tuple[str, str]]:
    tells = TELLS.get(resource.type)
    if tells is None:
        return
    if "" in tells:
        yield tells[""], resource.at
    for name in tells.keys() & resource.node.keys():
        yield tells[name], f"{resource.at}.{name}"
    name = SINGLE_ONCE.get(resource.type, _NEITHER)
    single = resource.node.get(name)
    if isinstance(single, dict):
        yield "DSTU2", f"{resource.at}.{name}"
    elif isinstance(single, list):
        yield SINCE, resource.at
        # Only STU3 puts who performed it into an object with a role.
        if any(isinstance(item, dict) and "actor" in item for item in single):
            yield "STU3", f"{resource.at}.{name}"
