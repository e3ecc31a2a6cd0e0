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
from translator.record.report import Finding

VERSIONS = ("R4", "R4B", "R5")
_ASSUMED = "R4"
_OLD = frozenset({"DSTU2", "STU3"})
_EITHER = "DSTU2 or STU3"
_SINCE = "STU3 or later"
# The first and second number of a version, up to which a name goes.
_NAMES = (((1, 0), "DSTU2"), ((3, 0), "STU3"), ((4, 0), "R4"), ((4, 3), "R4B"), ((5, 0), "R5"))
_CORE = "http://hl7.org/fhir/"
_NUMBER = re.compile(
    r"https?://hl7\.org/fhir/(?:(\d{1,2})\.(\d{1,2})/StructureDefinition/|StructureDefinition/[^|]+\|(\d{1,2})\.(\d{1,2}))"
)
_NAMED = re.compile(r"https?://[^|]+/(DSTU2|STU3|R4B?|R5)/StructureDefinition/")

# What only one version has, by type of resource, then by element; an empty element is the type itself.
_TELLS: Mapping[str, Mapping[str, str]] = {
    "DiagnosticOrder": {"": "DSTU2"},
    "ProcedureRequest": {"": _EITHER},
    "ReferralRequest": {"": _EITHER},
    "ServiceRequest": {"": "R4"},
    "DiagnosticReport": {
        "basedOn": _SINCE,
        "request": "DSTU2",
        "context": "STU3",
        "codedDiagnosis": _EITHER,
        "image": _EITHER,
        "conclusionCode": "R4",
        "media": "R4",
        "resultsInterpreter": "R4",
    },
    "Observation": {
        "basedOn": _SINCE,
        "comments": "DSTU2",
        "comment": "STU3",
        "context": "STU3",
        "related": _EITHER,
        "hasMember": "R4",
        "derivedFrom": "R4",
        "note": "R4",
        "focus": "R4",
    },
    "Patient": {"animal": _EITHER, "careProvider": "DSTU2"},
}
# Elements that are one object in DSTU2 and a list since.
_ONCE_SINGLE = {"DiagnosticReport": "performer", "Observation": "category"}
_DECLARING = frozenset({"CapabilityStatement", "Conformance"})
_ALWAYS = "resourceType"
# Never an object or a list, where there is a type.
_NEITHER = "resourceType"
# What is worth a look, by type: without any of these a document has nothing of an old version, and declares none.
_MARKS: Mapping[str, tuple[str, ...]] = {
    **{
        kind: tuple(name or _ALWAYS for name, version in tells.items() if version not in {_ASSUMED, _SINCE})
        for kind, tells in _TELLS.items()
        if kind != "ServiceRequest"
    },
    **dict.fromkeys(_DECLARING, (_ALWAYS,)),
}


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
        return Version(_ASSUMED)
    declared: dict[str, str] = {}
    told: dict[str, str] = {}
    bundles = (Resource(at, node, "Bundle") for at, node in document.bundles)
    for resource in itertools.chain(bundles, document.resources):
        for name, at in _declared(resource):
            declared.setdefault(name, at)
        for name, at in _told(resource):
            told.setdefault(name, at)
    if declared:
        return _agreed(declared)
    if _ASSUMED in told or not told:
        return Version(_ASSUMED)
    name = _oldest(told)
    return Version(name, told.get(name) or told.get(_EITHER, "")) if name else Version(_ASSUMED)


def _says_anything(document: Document) -> bool:
    """Look fast whether anything in the document can tell a version other than R4."""
    if any("meta" in node for _, node in document.bundles):
        return True
    for resource in document.resources:
        node = resource.node
        if "meta" in node and "profile" in obj(node, "meta"):
            return True
        for name in _MARKS.get(resource.type, ()):
            if name in node:
                return True
        single = node.get(_ONCE_SINGLE.get(resource.type, _NEITHER))
        if isinstance(single, dict) or (single is not None and resource.type == "DiagnosticReport"):
            return True
    return False


def _oldest(told: Mapping[str, str]) -> str:
    """Weigh what tells an old version; what both had is of the later one beside anything that the earlier had not."""
    if "DSTU2" in told:
        return "DSTU2"
    if "STU3" in told or told.keys() >= {_EITHER, _SINCE}:
        return "STU3"
    return _EITHER if _EITHER in told else ""


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
    if resource.type in _DECLARING and (version := text(node, "fhirVersion")):
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
    tells = _TELLS.get(resource.type)
    if tells is None:
        return
    if "" in tells:
        yield tells[""], resource.at
    for name in tells.keys() & resource.node.keys():
        yield tells[name], f"{resource.at}.{name}"
    name = _ONCE_SINGLE.get(resource.type, _NEITHER)
    single = resource.node.get(name)
    if isinstance(single, dict):
        yield "DSTU2", f"{resource.at}.{name}"
    elif isinstance(single, list):
        yield _SINCE, resource.at
        # Only STU3 puts who performed it into an object with a role.
        if any(isinstance(item, dict) and "actor" in item for item in single):
            yield "STU3", f"{resource.at}.{name}"
