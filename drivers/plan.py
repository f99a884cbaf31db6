"""What a plan yields and what it gets back. A plan is a generator; whoever drives it owns the line.

A plan yields `Send` or `Wait`, is sent an `Event` or None, and returns its result. `Send` is answered by the event that
came, or None when nothing valid came after all link retries. A `Wait` is answered by None; it releases the line to
other meters, not the meter: whoever drives the plan lets no other plan of that meter run meanwhile.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from protocols.mbus.frame import Frame
from protocols.uplink.reasons import Why

Event = Frame
"""What a link delivers: one valid frame."""


@dataclass(frozen=True, slots=True)
class Send:
    """One request and the wait for its answer.

    `moves_valve` marks the one write that acts: the bus runs the guard right before it and before each link retry.
    `hold` keeps the line for the next step, so that nothing comes between (select, identify, write): until this plan
    yields a `Wait`, a `Send` without `hold`, or ends, whoever drives it lets no other frame onto the line, not another
    plan's and not a reset of the selected slave (FD). If that can't be kept, the plan is to be closed, not resumed.
    """

    frame: Frame
    moves_valve: bool = False
    hold: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """Let `seconds` pass with the line free for other meters."""

    seconds: float


class PlanError(Exception):
    """A plan can't reach its end; `why` says so for receipts, `detail` for people."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why
        self.detail = detail


T = TypeVar("T")
Plan = Generator[Send | Wait, Event | None, T]
