"""
Describe what this sandbox serves as two OpenAPI documents, one per vendor. (pure)

They describe the sandbox, not the vendors: what it refuses is exactly what they do not allow. The schemas of Acurable's
bodies are made from the types that read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from translator.sandbox import acurable_bodies as bodies
from translator.sandbox.checks import TASK_STATUSES
from translator.sandbox.orders import UUID

_COMPONENTS = "#/components/schemas/{name}"
_TYPES = (bodies.Order, bodies.Change, bodies.InHouseStudy, bodies.Referral)
_ERROR = {"content": {"application/json": {"schema": {"type": "object", "required": ["error"]}}}}
_SAID = {
    200: "Done",
    201: "Created",
    202: "Accepted",
    204: "Done, and nothing to tell",
    400: "The body is not what is documented",
    401: "Not logged in",
    404: "There is nothing like that",
    409: "The reference is taken",
    415: "The body is not sent as JSON",
}
_LOCATION = {"headers": {"Location": {"required": True, "schema": {"type": "string"}}}}


def document(vendor: str) -> dict[str, Any] | None:
    """Give the document of a vendor; None where there is no such vendor."""
    make = {"whoop": _whoop, "acurable": _acurable}.get(vendor)
    return make() if make else None


def _document(title: str, paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "security": [{"token": []}],
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}, "schemas": schemas},
    }


def _responses(*statuses: int, **more: Any) -> dict[str, Any]:
    errors = (status for status in statuses if status >= 400)  # noqa: PLR2004 - the classes of errors
    known: dict[str, Any] = {str(status): {"description": _SAID[status]} for status in statuses}
    for status in errors:
        known[str(status)] = {"description": _SAID[status], **_ERROR}
    for name, parts in more.items():
        known[name.removeprefix("on_")] = known[name.removeprefix("on_")] | parts
    return known


def _json(schema: Any) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _acurable() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(_TYPES, ref_template=_COMPONENTS)
    for name in ("Study", "OrderStudy"):
        schemas[name]["properties"]["sensors"]["contains"] = {"const": bodies.NECK_SENSOR}
    reference = {
        "name": "reference",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9A-Za-z._/ -]{1,64}$"},
    }

    def data(kind: str) -> dict[str, Any]:
        attributes = {"$ref": _COMPONENTS.format(name=kind)}
        inner = {"type": "object", "required": ["attributes"], "properties": {"attributes": attributes}}
        return _json({"type": "object", "required": ["data"], "properties": {"data": inner}})

    def creation(name: str, kind: str, *statuses: int) -> dict[str, Any]:
        responses = _responses(201, 400, 401, *statuses, 409, 415, on_201=_LOCATION)
        return {"post": {"operationId": name, "requestBody": data(kind), "responses": responses}}

    changed = _responses(202, 400, 401, 404, 415)
    paths = {
        "/v1/orders": creation("createOrder", "Order", 404),
        "/v1/orders/{reference}": {
            "parameters": [reference],
            "put": {"operationId": "updateOrder", "requestBody": data("Change"), "responses": changed},
        },
        "/v1/studies": creation("createStudy", "InHouseStudy", 404),
        "/v1/studies/{reference}": {
            "parameters": [reference],
            "patch": {"operationId": "updateStudy", "requestBody": _json({"type": "object"}), "responses": changed},
        },
        "/v1/referrals": creation("createReferral", "Referral"),
    }
    return _document("Acurable, as the sandbox serves it", paths, schemas)


def _fields(required: tuple[str, ...] = (), **types: Any) -> dict[str, Any]:
    """Describe an object; what may be left out may be null as well."""
    properties = {
        name: kind if isinstance(kind, dict) else {"type": kind if name in required else [kind, "null"]}
        for name, kind in types.items()
    }
    return {"type": "object", "required": list(required), "properties": properties}


def _whoop() -> dict[str, Any]:
    identifier = {
        "name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{UUID.pattern}$"},
    }  # fmt: skip
    observation = _fields(code="string", value_numeric="number", value_text="string", unit="string", status="string")
    results = _fields(status="string", observations={"type": ["array", "null"], "items": observation})
    words = {"enum": sorted(TASK_STATUSES)}
    status = _json(_fields(("task_business_status",), task_business_status=words, reason="string"))
    token = _fields(grant_type="string", client_id="string", client_secret="string", scope="string")  # noqa: S106 - types
    request = _fields(("id", "code"), id="string", code="string", status="string", intent="string")
    shown = {"content": {"application/json": {"schema": request}}}
    issued = {"content": {"application/json": {"schema": _fields(("access_token",), access_token="string")}}}  # noqa: S106 - types
    requisition = {"content": {"application/json": {"schema": _fields(("id",), id="string")}}}

    def operation(name: str, responses: Any, body: Any = None) -> dict[str, Any]:
        return {"operationId": name, "responses": responses, **({"requestBody": body} if body else {})}

    read, written = _responses(200, 401, 404), (400, 401, 404, 415)
    base = "/v2/partner"
    paths = {
        f"{base}/token": {
            "post": {
                **operation("requestToken", _responses(200, 400, 401, 415, on_200=issued), _json(token)),
                "security": [],
            }
        },
        f"{base}/service-request/{{id}}": {
            "parameters": [identifier],
            "get": operation("getServiceRequestById", read | {"200": read["200"] | shown}),
        },
        f"{base}/service-request/{{id}}/status": {
            "parameters": [identifier],
            "patch": operation("updateServiceRequestStatus", _responses(200, *written, on_200=shown), status),
        },
        f"{base}/service-request/{{id}}/results": {
            "parameters": [identifier],
            "post": operation("uploadDiagnosticReportResults", _responses(201, *written), _json(results)),
        },
        f"{base}/requisition/{{id}}": {
            "parameters": [identifier],
            "get": operation("getLabRequisitionById", read | {"200": read["200"] | requisition}),
        },
        f"{base}/requisition/{{id}}/status": {
            "parameters": [identifier],
            "patch": operation("updateLabRequisitionStatus", _responses(204, *written), status),
        },
        f"{base}/development/add-test-data": {"post": operation("addTestData", _responses(204, 401))},
    }
    return _document("WHOOP, as the sandbox serves it", paths, {})
