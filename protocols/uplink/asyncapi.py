"""The uplink as an AsyncAPI 3.0 document, drawn from the messages themselves, so that it can't say anything else.

It is told from the side of a gateway: what it sends and what it receives. Signed messages travel as the base64 payload
of a DSSE envelope; `contentSchema` says what is within.
"""

from functools import cache
from typing import Any

import msgspec

from protocols.uplink import codec
from protocols.uplink.examples import EXAMPLES
from protocols.uplink.messages import DOWN, PLAIN, SIGNED, UP, Body
from protocols.uplink.topics import GATEWAY_ID, ROOT, Direction

SCHEMAS = "#/components/schemas/"
KINDS: dict[str, type[Body]] = {body.kind: body for body in (*SIGNED, *PLAIN)}
ABOUT = """Gateways and the control plane of Curbstop over MQTT 3.1.1: QoS 1, persistent sessions, nothing retained.

The MQTT user name is the gateway's id, and the broker lets it publish and subscribe its own topics alone. Whatever
moves a valve, permits it or tells of it is signed (DSSE, Ed25519): the transport is never trusted with that. An unknown
field is refused; a new field is a new version."""


@cache
def document(version: str) -> dict[str, Any]:
    """Draw it for a product of this version."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:curbstop:uplink:1",
        "info": {"title": "Curbstop uplink", "version": version, "description": ABOUT, "license": _licence()},
        "defaultContentType": "application/json",
        "channels": {_name(way, kind): _channel(way, kind) for way, kind in _ways()},
        "operations": {_name(way, kind): _operation(way, kind) for way, kind in _ways()},
        "components": {
            "schemas": {**_inner(), **{f"{kind}-on-the-wire": _wire(body) for kind, body in sorted(KINDS.items())}},
            "messages": {kind: _message(body) for kind, body in sorted(KINDS.items())},
            "parameters": {"gateway": _gateway()},
        },
    }


def _inner() -> dict[str, dict[str, Any]]:
    """The schema of each message and of its parts, with examples."""
    _, drawn = msgspec.json.schema_components((*SIGNED, *PLAIN), ref_template=SCHEMAS + "{name}")
    for example in EXAMPLES:
        drawn[type(example).__name__].setdefault("examples", []).append(msgspec.json.decode(codec.encode(example)))
    return msgspec.json.decode(msgspec.json.encode(drawn), type=dict[str, dict[str, Any]])


def _licence() -> dict[str, str]:
    return {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}


def _ways() -> list[tuple[Direction, str]]:
    return [*(("up", kind) for kind in sorted(UP)), *(("down", kind) for kind in sorted(DOWN))]


def _name(way: Direction, kind: str) -> str:
    return f"{way}-{kind}"


def _channel(way: Direction, kind: str) -> dict[str, Any]:
    return {
        "address": f"{ROOT}/{{gateway}}/{way}/{kind}",
        "parameters": {"gateway": {"$ref": "#/components/parameters/gateway"}},
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"}},
    }


def _operation(way: Direction, kind: str) -> dict[str, Any]:
    channel = f"#/channels/{_name(way, kind)}"
    return {
        "action": "send" if way == "up" else "receive",
        "summary": _first_line(KINDS[kind]),
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{kind}"}],
        "bindings": {"mqtt": {"qos": 1, "retain": False, "bindingVersion": "0.2.0"}},
    }


def _message(body: type[Body]) -> dict[str, Any]:
    return {
        "name": body.kind,
        "title": body.__name__,
        "summary": _first_line(body),
        "description": f"{body.__doc__}\n\n{_trust(signed=body in SIGNED)}",
        "payload": {"$ref": f"{SCHEMAS}{body.kind}-on-the-wire"},
    }


def _first_line(body: type[Body]) -> str:
    return (body.__doc__ or "").splitlines()[0]


def _trust(*, signed: bool) -> str:
    if signed:
        return "Signed by its sender; the digest that others name it by is the SHA-256 of the payload's bytes."
    return "Unsigned: never a fact about a valve."


def _wire(body: type[Body]) -> dict[str, Any]:
    """The JSON object that is published."""
    media, content = codec.payload_type(body), {"$ref": f"{SCHEMAS}{body.__name__}"}
    if body in PLAIN:
        return _object({"type": {"const": media}, "message": content})
    packed = {
        "type": "string",
        "contentEncoding": "base64",
        "contentMediaType": media,
        "contentSchema": content,
    }
    signature = _object({"keyid": {"type": "string"}, "sig": {"type": "string", "contentEncoding": "base64"}})
    signatures = {"type": "array", "items": signature, "minItems": 1}
    return _object({"payload": packed, "payloadType": {"const": media}, "signatures": signatures})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _gateway() -> dict[str, Any]:
    return {
        "description": f"The gateway's id, which is its MQTT user name: {GATEWAY_ID.pattern}",
        "examples": ["cellar-12"],
    }
