"""
Index the resources of a FHIR document and resolve references between them, as the specification says.

Contained resources come first, then exact fullUrls, then `Type/id`; what cannot be told apart is not resolved.

Source: FHIR R4 2.3.0 References, 3.1.6.12 Bundle: resolving references.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from translator.read.fhir_json import Node, obj, objects, text

_VERSION = "/_history/"


class Resource(Struct, frozen=True):
    """A resource and its FHIRPath; `container` is the path of the resource that contains it, else empty."""

    at: str
    node: Node
    container: str = ""

    @property
    def type(self) -> str:
        """The resource type, empty where none is named."""
        return text(self.node, "resourceType")


class Document:
    """
    Every resource of a document, addressable by reference.

    Shape: `resources` in order of appearance, contained ones after the resource that holds them.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self.resources: list[Resource] = []
        self._contained: dict[tuple[str, str], list[Resource]] = {}
        self._by_url: dict[str, list[Resource]] = {}
        self._by_name: dict[str, list[Resource]] = {}
        self._bases: dict[str, str] = {}
        for at, node, url in _entries(root):
            self._add(Resource(at, node), url)

    def _add(self, resource: Resource, url: str) -> None:
        self.resources.append(resource)
        identity = text(resource.node, "id")
        name = f"{resource.type}/{identity}"
        if url:
            self._by_url.setdefault(url, []).append(resource)
            self._bases[resource.at] = url.removesuffix(name) if url.endswith("/" + name) else ""
        if identity:
            self._by_name.setdefault(name, []).append(resource)
        for index, node in objects(resource.node, "contained"):
            inner = Resource(f"{resource.at}.contained[{index}]", node, resource.at)
            self.resources.append(inner)
            if inner_id := text(node, "id"):
                self._contained.setdefault((resource.at, inner_id), []).append(inner)

    def resolve(self, reference: Node, origin: Resource) -> Resource | None:
        """
        Find the one resource that a reference means.

        Absent: None where there is none, or more than one.
        """
        target = text(reference, "reference").split(_VERSION)[0]
        if target.startswith("#"):
            home = origin.container or origin.at
            return _only(self._contained.get((home, target[1:]), []))
        if not target:
            return None
        base = self._bases.get(origin.container or origin.at, "")
        for candidates in (self._by_url.get(base + target), self._by_url.get(target)):
            if candidates:
                return _only(candidates)
        named = _only(self._by_name.get("/".join(target.split("/")[-2:]), []))
        # The same name on another server is another resource.
        return None if named and "://" in target and self._bases.get(named.at) else named

    def of_type(self, name: str) -> Iterator[Resource]:
        """Give the resources of one type, in order."""
        return (resource for resource in self.resources if resource.type == name)


def _entries(root: Node) -> Iterator[tuple[str, Node, str]]:
    if text(root, "resourceType") != "Bundle":
        yield text(root, "resourceType"), root, ""
        return
    bundles = [("Bundle", root)]
    while bundles:
        at, bundle = bundles.pop()
        for index, entry in objects(bundle, "entry"):
            node = obj(entry, "resource")
            if not node:
                continue
            place = f"{at}.entry[{index}].resource"
            yield place, node, text(entry, "fullUrl")
            if text(node, "resourceType") == "Bundle":
                bundles.append((place, node))


def _only(candidates: list[Resource]) -> Resource | None:
    return candidates[0] if len(candidates) == 1 else None
