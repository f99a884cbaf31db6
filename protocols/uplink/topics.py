"""Topics, built and parsed in this one place: `curbstop/v1/<gateway>/up|down/<kind>`."""

import re
from dataclasses import dataclass
from typing import Literal

from protocols.errors import MalformedError
from protocols.types import GatewayId
from protocols.uplink.messages import DOWN, UP

Direction = Literal["up", "down"]
GATEWAY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
ROOT = "curbstop/v1"


@dataclass(frozen=True, slots=True)
class Topic:
    """Where one kind of message of one gateway travels."""

    gateway: GatewayId
    direction: Direction
    kind: str

    def __str__(self) -> str:
        return f"{ROOT}/{self.gateway}/{self.direction}/{self.kind}"


def gateway_id(text: str) -> GatewayId:
    """Return `text` as a gateway's name; `MalformedError` unless it is fit to stand in a topic."""
    if not GATEWAY_ID.fullmatch(text):
        expected = "1 to 63 of a-z, 0-9 and -, not beginning with -"
        raise MalformedError("gateway_id", f"{text!r} can't name a gateway: {expected}", expected=expected)
    return GatewayId(text)


def up(gateway: GatewayId, kind: str) -> str:
    """Topic of a message from this gateway."""
    return str(Topic(gateway, "up", kind))


def down(gateway: GatewayId, kind: str) -> str:
    """Topic of a message to this gateway."""
    return str(Topic(gateway, "down", kind))


def gateway_filter(gateway: GatewayId) -> str:
    """What a gateway subscribes to: all that is sent to it."""
    return f"{ROOT}/{gateway}/down/+"


def control_plane_filter() -> str:
    """What a control plane subscribes to: all that any gateway sends."""
    return f"{ROOT}/+/up/+"


def parse(text: str) -> Topic:
    """Return what `text` names; `MalformedError` where it is none of our topics."""
    parts = text.split("/")
    if len(parts) == len(("curbstop", "v1", "g", "up", "kind")) and "/".join(parts[:2]) == ROOT:
        gateway, direction, kind = gateway_id(parts[2]), parts[3], parts[4]
        if direction == "up" and kind in UP:
            return Topic(gateway, "up", kind)
        if direction == "down" and kind in DOWN:
            return Topic(gateway, "down", kind)
    raise MalformedError("topic", f"no topic of ours: {text!r}", expected=f"{ROOT}/<gateway>/up|down/<kind>")
