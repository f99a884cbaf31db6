"""The OpenAPI document: what FastAPI draws from the routes, and what a program must know beside it.

Every operation needs a token, every refusal is a problem document with a stable code, and some headers are required.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from controlplane.codes import CODES
from controlplane.edge import API, PROBLEM
from controlplane.examples import EXAMPLES

ALWAYS = {
    "401": "unauthenticated",
    "403": "forbidden",
    "413": "body_too_large",
    "500": "internal",
    "503": "unavailable",
}
REQUIRED = {
    "idempotency-key": {"400": "idempotency_key_required"},
    "If-Match": {"412": "stale_version", "428": "if_match_required"},
}
SECURITY = "token"


def document(app: FastAPI) -> dict[str, Any]:
    """Draw it once."""
    if app.openapi_schema is None:
        drawn = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        components = drawn.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas["Problem"] = _problem()
        for name, example in EXAMPLES.items():
            schemas[name]["examples"] = [example]
        components["securitySchemes"] = {SECURITY: {"type": "http", "scheme": "bearer"}}
        for path, verbs in drawn["paths"].items():
            for method, operation in verbs.items():
                _complete(path, method, operation)
        app.openapi_schema = drawn
    return app.openapi_schema


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Say of one operation what every caller has to know."""
    if not path.startswith(API):
        return
    operation["security"] = [{SECURITY: []}]
    codes = dict(ALWAYS)
    for parameter in operation.get("parameters", []):
        codes |= REQUIRED.get(parameter["name"], {})
        parameter["required"] = parameter["required"] or parameter["name"] in REQUIRED
    if operation.get("parameters") or operation.get("requestBody"):
        codes["422"] = "invalid_request"
    if "{" in path or method == "post":
        codes["404"] = "not_found"
    if method != "get":
        codes["409"] = "conflict"
    for status, code in sorted(codes.items()):
        operation["responses"][status] = _response(status, code)


def _response(status: str, code: str) -> dict[str, Any]:
    example = {"type": f"urn:curbstop:problem:{code}", "title": CODES[code], "status": int(status), "code": code}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": {**example, "detail": CODES[code]}}
    return {"description": CODES[code], "content": {PROBLEM: content}}


def _problem() -> dict[str, Any]:
    meanings = "\n".join(f"- `{code}`: {meaning}" for code, meaning in CODES.items())
    text, number = {"type": "string"}, {"type": "integer"}
    code = {"type": "string", "enum": sorted(CODES), "description": f"Stable, for programs:\n{meanings}"}
    properties = {"type": text, "title": text, "status": number, "code": code, "detail": text}
    return {"type": "object", "required": list(properties), "properties": properties}
