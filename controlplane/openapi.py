"""The OpenAPI document: what FastAPI draws from the routes, and what a program must know beside it.

Every operation needs a token, every refusal is a problem document with a stable code, and some headers are required.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec.json import schema_components

from controlplane.access.gate import LOG
from controlplane.codes import CODES
from controlplane.edge import API, PROBLEM
from controlplane.examples import EXAMPLES
from controlplane.refusals import REQUIRED, refusals
from protocols.uplink.codec import payload_type
from protocols.uplink.crew import CREW

SECURITY = "token"
WHO_ASKS = frozenset({"401", "403"})
"""What only those are answered who must say who they are."""


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
        _say_what_is_signed(schemas)
        components["securitySchemes"] = {SECURITY: {"type": "http", "scheme": "bearer"}}
        for path, verbs in drawn["paths"].items():
            for method, operation in verbs.items():
                _complete(path, method, operation)
        app.openapi_schema = drawn
    return app.openapi_schema


def _say_what_is_signed(schemas: dict[str, Any]) -> None:
    """Tell what the payload of an envelope holds: the messages of a crew's device, and the house's permit."""
    _, drawn = schema_components(CREW, ref_template="#/components/schemas/{name}")
    schemas.update((name, schema) for name, schema in drawn.items() if name not in schemas)
    kinds = [{"$ref": f"#/components/schemas/{message.__name__}"} for message in CREW]
    schemas["SignedBody"]["properties"]["payload"] |= {"contentEncoding": "base64", "contentSchema": {"oneOf": kinds}}
    types = {"examples": [payload_type(message) for message in CREW]}
    schemas["SignedBody"]["properties"]["payloadType"] |= types


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Say of one operation what every caller has to know."""
    if not path.startswith(API):
        return
    operation["security"] = [] if path in LOG else [{SECURITY: []}]
    for parameter in operation.get("parameters", []):
        parameter["required"] = parameter["required"] or parameter["name"] in REQUIRED
    for status, codes in refusals(method.upper(), path.removeprefix(API), operation).items():
        if path not in LOG or status not in WHO_ASKS:
            operation["responses"][status] = _response(status, codes)


def _response(status: str, codes: list[str]) -> dict[str, Any]:
    """A refusal with each of its codes."""
    only = {"type": "object", "properties": {"code": {"enum": codes}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, only]}
    examples = {code: {"summary": CODES[code], "value": _example(status, code)} for code in codes}
    description = "\n".join(f"- `{code}`: {CODES[code]}" for code in codes)
    return {"description": description, "content": {PROBLEM: {"schema": schema, "examples": examples}}}


def _example(status: str, code: str) -> dict[str, object]:
    said = {"type": f"urn:curbstop:problem:{code}", "title": CODES[code], "status": int(status), "code": code}
    return {**said, "detail": CODES[code]}


def _problem() -> dict[str, Any]:
    meanings = "\n".join(f"- `{code}`: {meaning}" for code, meaning in CODES.items())
    text, number = {"type": "string"}, {"type": "integer"}
    code = {"type": "string", "enum": sorted(CODES), "description": f"Stable, for programs:\n{meanings}"}
    properties = {"type": text, "title": text, "status": number, "code": code, "detail": text}
    return {"type": "object", "required": list(properties), "properties": properties}
