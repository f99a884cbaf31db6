"""What crews truly did, seen where it happens: by which hand, at which valve, under which permit, and by what right."""

from dataclasses import dataclass, field

from protocols.types import MeterId, ValvePosition


@dataclass(frozen=True, slots=True)
class HandAct:
    """A hand at a valve. `sent_to` is the meter of its work order; `obeys` says that it keeps to the rules.

    `asked_s` is the true time at which its permit was asked.
    """

    at_s: float
    device: str
    work_order: str
    order: str
    meter: MeterId
    sent_to: MeterId
    wanted: ValvePosition
    permit: str | None
    asked_s: float
    obeys: bool


@dataclass(slots=True)
class FieldSeen:
    """All of it. `lies` are orders of which a crew has reported what it did not do.

    `vouched_for` are those of which two persons have accepted a report that the house doubted.
    """

    acts: list[HandAct] = field(default_factory=list)
    lies: set[str] = field(default_factory=set)
    vouched_for: set[str] = field(default_factory=set)
    revoked: dict[str, float] = field(default_factory=dict)
    approved: set[str] = field(default_factory=set)
    shots: set[str] = field(default_factory=set)
    strangers: list[str] = field(default_factory=list)
    """What somebody who is none of the crews was answered, where that was no refusal."""
