"""The AsyncAPI document: whole, drawn from the messages, and true of what both ends write to the last bit."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from protocols.types import GatewayId
from protocols.uplink import asyncapi, codec, topics
from protocols.uplink.examples import EXAMPLES
from protocols.uplink.messages import DOWN, PLAIN, SIGNED, UP

DOCUMENT = asyncapi.document("1.2.3")
COMPONENTS = DOCUMENT["components"]
GOLDEN = Path(__file__).parents[2] / "contract" / "golden" / "uplink.jsonl"
LINES = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
SIGNED_KINDS = sorted(body.kind for body in SIGNED)


SPECIFICATION = Path(__file__).parents[3] / "front/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"


def validator(name: str) -> Any:
    """Checks against one schema of the document."""
    return jsonschema_rs.validator_for({"$ref": f"{asyncapi.SCHEMAS}{name}", "components": COMPONENTS})


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolved(reference: str) -> Any:
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_it_can_be_written_as_json() -> None:
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT["info"]["version"] == "1.2.3"


def test_it_is_what_the_specification_calls_a_document() -> None:
    specification = jsonschema_rs.validator_for(json.loads(SPECIFICATION.read_text()))
    specification.validate(DOCUMENT)
    assert not specification.is_valid({**DOCUMENT, "channels": []})
    assert not specification.is_valid({**DOCUMENT, "operations": {"up-birth": {"action": "tell"}}})


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 40
    assert all(resolved(reference) for reference in found)


@pytest.mark.parametrize(("way", "kinds"), [("up", UP), ("down", DOWN)])
def test_each_topic_is_a_channel_that_its_sender_sends_on(way: str, kinds: frozenset[str]) -> None:
    for kind in kinds:
        address = DOCUMENT["channels"][f"{way}-{kind}"]["address"]
        topic = topics.parse(address.replace("{gateway}", "cellar-12"))
        assert (topic.gateway, topic.direction, topic.kind) == (GatewayId("cellar-12"), way, kind)
        assert DOCUMENT["operations"][f"{way}-{kind}"]["action"] == {"up": "send", "down": "receive"}[way]
    assert len([name for name in DOCUMENT["channels"] if name.startswith(way)]) == len(kinds)


def test_every_message_is_told_with_its_words_and_an_example() -> None:
    for body in (*SIGNED, *PLAIN):
        told = COMPONENTS["messages"][body.kind]
        assert told["summary"] == (body.__doc__ or "").splitlines()[0]
        assert COMPONENTS["schemas"][body.__name__]["examples"]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["kind"])
def test_what_both_ends_write_is_valid(line: dict[str, str]) -> None:
    validator(f"{line['kind']}-on-the-wire").validate(json.loads(line["wire"]))


@pytest.mark.parametrize(
    "line", [line for line in LINES if line["kind"] in SIGNED_KINDS], ids=lambda line: line["kind"]
)
def test_what_is_within_an_envelope_is_valid_as_its_content_schema(line: dict[str, str]) -> None:
    packed = COMPONENTS["schemas"][f"{line['kind']}-on-the-wire"]["properties"]["payload"]
    inner = json.loads(b64decode(json.loads(line["wire"])["payload"]))
    name = packed["contentSchema"]["$ref"].removeprefix(asyncapi.SCHEMAS)
    validator(name).validate(inner)
    assert not validator(name).is_valid({**inner, "surprise": 1})
    assert packed["contentMediaType"] == json.loads(line["wire"])["payloadType"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.kind)
def test_an_example_is_read_back_as_the_message(example: Any) -> None:
    shown = COMPONENTS["schemas"][type(example).__name__]["examples"]
    read = [codec.decode_payload(json.dumps(one).encode(), type(example)) for one in shown]
    assert example in read
