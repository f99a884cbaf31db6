"""What every message is made of: bounded fields, strict structs, and the kind by which a message is named.

An unknown field is refused everywhere, because a condition that a reader skips may be the one that forbids to act.
"""

from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import DecodeError, Meta, Struct

from protocols.types import GatewayId

Count = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
"""What every database and every reader of JSON can hold."""
Seconds = Annotated[float, Meta(ge=0)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Token = Annotated[str, Meta(pattern="^[0-9a-f]{16,64}$")]
Hex = Annotated[str, Meta(pattern="^([0-9a-f]{2})*$")]
Text = Annotated[str, Meta(max_length=1000)]
Moment = Annotated[datetime, Meta(tz=True)]
UNREADABLE = (DecodeError, UnicodeDecodeError, RecursionError)
"""What reading JSON raises where it is none, or is nested without end."""
GENESIS = "0" * 64
"""What stands before the first link of a chain."""


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a message."""


class Message(Part, frozen=True, kw_only=True):
    """A whole message. `kind` names it in topics and payload types."""

    kind: ClassVar[str]
    version: ClassVar[int] = 1


class Body(Message, frozen=True, kw_only=True):
    """A message between a gateway and the control plane."""

    gateway: GatewayId


class Reason(Part, frozen=True):
    """Why not, for programs and for people of both languages."""

    code: str
    en: Text
    it: Text


class Chain(Part, frozen=True):
    """Place in one journal's chain of signed accounts; the first has number 1 and 64 zeros before it."""

    journal: Token
    number: Annotated[int, Meta(ge=1)]
    previous: Digest
