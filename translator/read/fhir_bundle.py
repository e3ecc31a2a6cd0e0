"""
Index the resources of a FHIR document and resolve references between them, as the specification says.

Contained resources come first, then exact fullUrls, then `Type/id`; what cannot be told apart is not resolved.

Source: FHIR R4 2.3.0 References, 3.1.6.12 Bundle: resolving references, 3.1.0.10 history.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from translator.read.fhir_json import Node, obj, objects, text
from translator.record.times import sortable

_VERSION = "/_history/"
_SILENT = frozenset({"fullUrl", "resource", "search", "id"})


class Resource(Struct, frozen=True, gc=False):
    """
    A resource and its FHIRPath.

    Shape: `url` is the fullUrl of the entry that it stands in, itself or contained; `container` the path of the
    resource that contains it, else empty. `type` is empty where none is named.
    """

    at: str
    node: Node
    type: str
    url: str = ""
    container: str = ""


class Document:
    """
    Every resource of a document, addressable by reference.

    Shape: `resources` in order of appearance, contained ones after the resource that holds them; `older` are versions
    that the same document replaces, which no reference means. `bundles` are the document, if it is one, and those
    within it; `telling_entries` say more than which resource they hold. `twins` have the fullUrl, or the type and id on
    the same server, of a resource before them. `assumed` is the number of references that were resolved although, by
    the specification, their URL means another place.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self.resources: list[Resource] = []
        self.older: list[Resource] = []
        self.twins: list[Resource] = []
        self.bundles: list[tuple[str, Node]] = []
        self.telling_entries: list[tuple[str, Node]] = []
        self.assumed = 0
        self._by_url: dict[str, Resource | None] = {}
        self._by_name: dict[str, Resource | None] = {}
        self._contained: dict[tuple[str, str], Resource | None] = {}
        # Nearly all references of a document come from one report, so its server is not worked out for each of them.
        self._origin: Resource | None = None
        self._base = ""
        self._closed: list[tuple[str, Node]] = []
        kind = text(root, "resourceType")
        if kind == "Bundle":
            self._closed.append((kind, root))
        else:
            self._add(Resource(kind, root, kind))
        while self._closed:
            self._open(*self._closed.pop())

    def _open(self, at: str, bundle: Node) -> None:
        self.bundles.append((at, bundle))
        found = self._entries(at, bundle)
        if text(bundle, "type") == "history":
            found, older = _latest(found)
            self.older += [inner for resource in older for inner in (resource, *_contained(resource))]
        for resource in found:
            self._add(resource)
        if "contained" in bundle:
            self._contain(Resource(at, bundle, "Bundle"))

    def _entries(self, at: str, bundle: Node) -> list[Resource]:
        found = []
        for index, entry in objects(bundle, "entry"):
            if not _SILENT.issuperset(entry):
                self.telling_entries.append((f"{at}.entry[{index}]", entry))
            node = entry.get("resource")
            if node and isinstance(node, dict):
                kind = text(node, "resourceType")
                found.append(Resource(f"{at}.entry[{index}].resource", node, kind, text(entry, "fullUrl")))
        return found

    def _add(self, resource: Resource) -> None:
        self.resources.append(resource)
        node, url, identity = resource.node, resource.url, text(resource.node, "id")
        is_twin = bool(url) and self._by_url.setdefault(url, resource) is not resource
        if is_twin:
            self._by_url[url] = None
        if identity:
            name = f"{resource.type}/{identity}"
            other = self._by_name.setdefault(name, resource)
            if other is not resource:
                is_twin = is_twin or (other is not None and not (url and other.url))
                self._by_name[name] = None
        if is_twin:
            self.twins.append(resource)
        if resource.type == "Bundle":
            self._closed.append((resource.at, node))
        elif "contained" in node:
            self._contain(resource)

    def _contain(self, resource: Resource) -> None:
        for inner in _contained(resource):
            self.resources.append(inner)
            if inner.type == "Bundle":
                self._closed.append((inner.at, inner.node))
            if identity := text(inner.node, "id"):
                key = (resource.at, identity)
                self._contained[key] = None if key in self._contained else inner

    def resolve(self, reference: Node, origin: Resource) -> Resource | None:
        """
        Find the one resource that a reference means.

        Absent: None where there is none, or more than one.
        """
        target = text(reference, "reference")
        if _VERSION in target:
            target = target.partition(_VERSION)[0]
        if target.startswith("#"):
            return self._contained.get((origin.container or origin.at, target[1:]))
        if not target:
            return None
        if origin is not self._origin:
            self._origin, self._base = origin, _base(origin)
        for url in (self._base + target, target):
            if url in self._by_url:
                return self._by_url[url]
        return self._by_name_alone(target)

    def _by_name_alone(self, target: str) -> Resource | None:
        """Fall back on type and id, which only one resource may have; its own server may then not be another one."""
        named = self._by_name.get("/".join(target.split("/")[-2:]))
        if named is None or ("://" in target and _base(named)):
            return None
        self.assumed += bool(named.url)
        return named

    def of_type(self, name: str) -> Iterator[Resource]:
        """Give the resources of one type, in order."""
        return (resource for resource in self.resources if resource.type == name)


def is_conditional(reference: Node) -> bool:
    """Tell a reference that is a search (`Patient?identifier=...`), which only the server that gets it can answer."""
    return "?" in text(reference, "reference")


def _base(resource: Resource) -> str:
    """Give the server that a resource's fullUrl names, with the slash; a contained one has that of its container."""
    kind, _, identity = resource.url.rpartition("/")
    base, slash, name = kind.rpartition("/")
    return base + slash if identity and name[:1].isupper() else ""


def _contained(resource: Resource) -> Iterator[Resource]:
    """Give what a resource contains, at any depth, in order; what a contained bundle holds comes when it is opened."""
    waiting = [resource]
    while waiting:
        holder = waiting.pop()
        inner = [
            Resource(f"{holder.at}.contained[{index}]", node, text(node, "resourceType"), resource.url, resource.at)
            for index, node in objects(holder.node, "contained")
        ]
        yield from inner
        waiting += [each for each in reversed(inner) if "contained" in each.node and each.type != "Bundle"]


def _latest(found: list[Resource]) -> tuple[list[Resource], list[Resource]]:
    """Part the versions that stand from those that they replaced; what cannot be told apart stands twice."""
    newest: dict[str, str] = {}
    for resource in found:
        name = _name(resource)
        newest[name] = max(newest.get(name, ""), _version(resource))
    older = [resource for resource in found if _version(resource) != newest[_name(resource)]]
    replaced = {resource.at for resource in older}
    return [resource for resource in found if resource.at not in replaced], older


def _name(resource: Resource) -> str:
    return resource.url or f"{resource.type}/{text(resource.node, 'id')}"


def _version(resource: Resource) -> str:
    return sortable(text(obj(resource.node, "meta"), "lastUpdated"))
