"""What the journal hands out and takes in, as values."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from protocols.types import MeterId, Outcome
from protocols.uplink.messages import Chain, Number


@dataclass(frozen=True, slots=True)
class Task:
    """A journaled command or look. `began` is whether its moving write may have left."""

    digest: str
    kind: str
    meter: MeterId
    number: Number
    payload: bytes
    state: str
    outcome: Outcome | None
    began: bool
    permit: str | None
    received_at: datetime
    received_boot_s: float


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed message on its way up."""

    number: int
    kind: str
    digest: str
    raw: bytes


class Taking(NamedTuple):
    """One use of the caps, when the journal had lived `lived_s`. `unsettled`: how it ended is not known."""

    meter: MeterId
    at: datetime
    boot: int
    lived_s: float
    unsettled: bool = True


Build = Callable[[Chain], tuple[bytes, str]]
"""Given its place in the chain, makes a message: the sealed bytes and the digest."""
