"""
Index the resources of a FHIR document and resolve references between them, as the specification says.

Contained resources come first, then exact fullUrls, then `Type/id`; what cannot be told apart is not resolved.

Source: FHIR R4 2.3.0 References, 3.1.6.12 Bundle: resolving references, 3.1.0.10 history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from translator.read.fhir_elements import ElementMemo, Elements
from translator.read.fhir_json import Node, obj, objects, text
from translator.read.fhir_places import PLACES
from translator.record.report import Observation
from translator.record.times import sortable

_VERSION = "/_history/"
# FHIR R4 id.
_LONGEST_ID = 64
_SILENT = frozenset({"fullUrl", "resource", "search", "id"})
_USUAL = len(("fullUrl", "resource"))
# When and in which version something was written says nothing of what it means.
_SILENT_META = frozenset({"versionId", "lastUpdated", "source"})


class Resource(Struct, frozen=True, gc=False):
    """
    A resource and its FHIRPath.

    Shape: `url` is the fullUrl of the entry that it stands in, itself or contained; `container` the path of the
    resource that contains it, else empty. `type` is empty where none is named. `elements` is what the names in it say.
    """

    at: str
    node: Node
    type: str
    elements: Elements
    url: str = ""
    container: str = ""
    id: str = ""
    plain: Observation | None = None


class Names:
    """
    Names of resources, where they do not tell all of them apart by their URLs alone.

    Shape: `by_url` and `by_name` (type and id) lead to nothing where two resources have the name; `twins` are those
    that have the URL, or the type and id on the same server, of one before them; and that one, where it is of another
    type.
    """

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.by_url: dict[str, Resource | None] = {}
        self.by_name: dict[str, Resource | None] = {}
        self.twins: list[Resource] = []
        for resource in resources:
            self._add(resource)

    def _add(self, resource: Resource) -> None:
        url, identity = resource.url, resource.id
        is_twin = bool(url) and self.by_url.setdefault(url, resource) is not resource
        if is_twin:
            if (other := self.by_url[url]) is not None and other.type != resource.type:
                self.twins.append(other)
            self.by_url[url] = None
        if identity:
            name = f"{resource.type}/{identity}"
            named = self.by_name.setdefault(name, resource)
            if named is not resource:
                is_twin = is_twin or (named is not None and not (url and named.url))
                self.by_name[name] = None
        if is_twin:
            self.twins.append(resource)


class Document:
    """
    Every resource of a document, addressable by reference.

    Shape: `resources` in order of appearance, contained ones after the resource that holds them; `older` are versions
    that the same document replaces, which no reference means. `bundles` are the document, if it is one, and those
    within it. `labelled` are resources whose meta says more than when they were written; `telling_entries` say more
    than which resource they hold. `assumed` is the number of references that were resolved although, by the
    specification, their URL means another place.
    """

    def __init__(self, root: Node, memo: ElementMemo | None = None, entered: Sequence[Resource] | None = None) -> None:
        self.root = root
        self.resources: list[Resource] = []
        self.older: list[Resource] = []
        self.bundles: list[Resource] = []
        self.telling_entries: list[tuple[str, Node]] = []
        self.assumed = 0
        self._memo = memo or ElementMemo()
        # Whatever stands in an entry of its own, which a URL or a type and id may mean.
        self._entered: list[Resource] = []
        self._contained: dict[tuple[str, str], Resource | None] = {}
        # Nearly all references of a document come from one report, so its server is not worked out for each of them.
        self._origin: Resource | None = None
        self._base = ""
        kind = text(root, "resourceType")
        whole = Resource(kind, root, kind, self._memo.look(root), id=text(root, "id"))
        self._closed: list[Resource] = [whole] if kind == "Bundle" and entered is None else []
        if kind != "Bundle":
            self._take([whole])
        elif entered is not None:
            self.bundles.append(whole)
            self._take(entered)
        while self._closed:
            self._open(self._closed.pop())
        self._by_url: dict[str, Resource | None] = {each.url: each for each in self._entered}
        self._names: Names | None = None
        if "" in self._by_url or len(self._by_url) < len(self._entered):
            self._by_url = self._named().by_url
        self.labelled = [each for each in self.resources if each.elements.has_meta and _says_more(each.node["meta"])]

    @property
    def twins(self) -> Sequence[Resource]:
        """What has the fullUrl, or the type and id on the same server, of a resource before it."""
        # Where all have URLs, and no two the same one, there are none.
        return self._names.twins if self._names is not None else ()

    def _named(self) -> Names:
        if self._names is None:
            self._names = Names(self._entered)
        return self._names

    def _open(self, bundle: Resource) -> None:
        self.bundles.append(bundle)
        found = self._entries(bundle.at, bundle.node)
        if text(bundle.node, "type") == "history":
            found, older = _latest(found)
            self.older += [inner for resource in older for inner in (resource, *self._inside(resource))]
        self._take(found)
        if bundle.elements.has_contained:
            self._contain(bundle)

    def _entries(self, at: str, bundle: Node) -> list[Resource]:
        known, look = self._memo.known, self._memo.look
        found, known_places = [], PLACES if at == "Bundle" else ()
        for index, entry in objects(bundle, "entry"):
            get = entry.get
            node, url = get("resource"), get("fullUrl")
            # Nearly every entry has these two and no more.
            if (len(entry) != _USUAL or not (node and url)) and not _SILENT.issuperset(entry):
                self.telling_entries.append((f"{at}.entry[{index}]", entry))
            if node and isinstance(node, dict):
                kind = node.get("resourceType")
                found.append(
                    Resource(
                        known_places[index] if index < len(known_places) else f"{at}.entry[{index}].resource",
                        node,
                        kind.strip() if type(kind) is str else "",
                        known.get(tuple(node)) or look(node),
                        url.strip() if type(url) is str else "",
                        "",
                        text(node, "id"),
                    )
                )
        return found

    def _take(self, found: Sequence[Resource]) -> None:
        self._entered += found
        for resource in found:
            self.resources.append(resource)
            if resource.type == "Bundle":
                self._closed.append(resource)
            elif resource.elements.has_contained:
                self._contain(resource)

    def _contain(self, resource: Resource) -> None:
        for inner in self._inside(resource):
            self.resources.append(inner)
            if inner.type == "Bundle":
                self._closed.append(inner)
            if inner.id:
                key = (resource.at, inner.id)
                self._contained[key] = None if key in self._contained else inner

    def _inside(self, resource: Resource) -> Iterator[Resource]:
        """Give what a resource contains, at any depth, in order; a contained bundle's comes when it is opened."""
        waiting = [resource]
        while waiting:
            holder = waiting.pop()
            inner = [
                Resource(
                    f"{holder.at}.contained[{index}]",
                    node,
                    text(node, "resourceType"),
                    self._memo.look(node),
                    resource.url,
                    resource.at,
                    text(node, "id"),
                )
                for index, node in objects(holder.node, "contained")
            ]
            yield from inner
            waiting += [each for each in reversed(inner) if each.elements.has_contained and each.type != "Bundle"]

    def resolve_all(self, references: Sequence[Node], origin: Resource) -> Sequence[Resource | None]:
        """Find what each reference of one resource means; where all are plain URLs, a look at each is enough."""
        targets = [said.strip() if type(said := each.get("reference")) is str else "" for each in references]
        together = " ".join(targets)
        if _VERSION not in together and "#" not in together and all(targets):
            by_url, base = self._by_url, self._base_of(origin)
            found = [by_url.get(base + target) for target in targets]
            if all(found):
                return found
        return [self.resolve(each, origin) for each in references]

    def resolve(self, reference: Node, origin: Resource) -> Resource | None:
        """
        Find the one resource that a reference means.

        Absent: None where there is none, or more than one.
        """
        target = text(reference, "reference")
        if _VERSION in target:
            target = target.partition(_VERSION)[0]
        if target[:1] == "#":
            return self._contained.get((origin.container or origin.at, target[1:]))
        if not target:
            return None
        by_url, absolute = self._by_url, self._base_of(origin) + target
        if absolute in by_url:
            return by_url[absolute]
        return by_url[target] if target in by_url else self._by_name_alone(target)

    def _base_of(self, origin: Resource) -> str:
        if origin is not self._origin:
            self._origin, self._base = origin, _base(origin)
        return self._base

    def _by_name_alone(self, target: str) -> Resource | None:
        """Fall back on type and id, which only one resource may have; its own server may then not be another one."""
        named = self._named().by_name.get("/".join(target.split("/")[-2:]))
        if named is None or ("://" in target and _base(named)):
            return None
        # Where neither names a server, there is nothing to assume.
        self.assumed += bool(named.url) or "://" in target
        return named

    def of_type(self, name: str) -> Iterator[Resource]:
        """Give the resources of one type, in order."""
        return (resource for resource in self.resources if resource.type == name)


def is_conditional(reference: Node) -> bool:
    """Tell a reference that is a search (`Patient?identifier=...`), which only the server that gets it can answer."""
    return "?" in text(reference, "reference")


def _says_more(meta: object) -> bool:
    return isinstance(meta, dict) and not _SILENT_META.issuperset(meta)


def _base(resource: Resource) -> str:
    """Give the server that a resource's fullUrl names, with the slash; a contained one has that of its container."""
    kind, _, identity = resource.url.rpartition("/")
    base, slash, name = kind.rpartition("/")
    return base + slash if identity and name[:1].isupper() else ""


def _latest(found: list[Resource]) -> tuple[list[Resource], list[Resource]]:
    """Part the versions that stand from those that they replaced; what cannot be told apart stands twice."""
    by_name: dict[str, list[Resource]] = {}
    for resource in found:
        by_name.setdefault(_name(resource), []).append(resource)
    newest = {name: _newest(versions) for name, versions in by_name.items()}
    older = [each for each in found if newest[_name(each)] not in {None, each.at}]
    replaced = {each.at for each in older}
    return [each for each in found if each.at not in replaced], older


def _newest(versions: list[Resource]) -> str | None:
    """
    Give the place of the latest of several versions, by time and by number where all of them tell it.

    Absent: None where neither tells, or where the two contradict each other.
    """
    metas = [obj(each.node, "meta") for each in versions]
    times = [sortable(text(meta, "lastUpdated")) for meta in metas]
    numbers = [_numbered(text(meta, "versionId")) for meta in metas]
    latest = [versions[told.index(max(told))] for told in (times, numbers) if all(told) and told.count(max(told)) == 1]
    return latest[0].at if latest and latest[0] is latest[-1] else None


def _numbered(version: str) -> str:
    """Write a version number so that texts sort as the numbers do; the names that some servers give have no order."""
    return version.zfill(_LONGEST_ID) if version.isascii() and version.isdigit() else ""


def _name(resource: Resource) -> str:
    return resource.url or f"{resource.type}/{resource.id}"
