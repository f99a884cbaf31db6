"""What is asked of a line: one plan, how urgent it is, the guard before its moving write, and what came of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, TypeVar

from drivers.plan import Plan, PlanError, Send, Wait
from protocols.errors import ProtocolError
from protocols.mbus.frame import Frame
from protocols.types import MeterId
from protocols.uplink.messages import Traffic
from protocols.uplink.reasons import Why

T = TypeVar("T")
Guard = Callable[[], Why | None]
"""Asked with no await before the write; None lets it out. What it must make durable it does itself."""


class Priority(IntEnum):
    """Giving supply back goes first, polling last."""

    OPEN = 0
    TAKE = 1
    READ_BACK = 2
    POLL = 3


class GuardError(Exception):
    """The guard refused: the moving write was not sent."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class LineDownError(Exception):
    """The connection was lost in the middle of a plan."""


@dataclass(frozen=True, slots=True)
class Ran(Generic[T]):
    """A plan's result with the frames of its run and the connection it ran on."""

    value: T
    traffic: tuple[Traffic, ...]
    moving: tuple[Traffic, ...]
    connection: int


def refuse_everything() -> Why:
    """The guard of plans that read: no write of theirs may move a valve."""
    return Why.NOT_CAPABLE


@dataclass(slots=True)
class Job(Generic[T]):
    """A plan under way on a line."""

    meter: MeterId
    plan: Plan[T]
    priority: Priority
    response_s: float
    guard: Guard
    done: asyncio.Future[Ran[T]]
    traffic: list[Traffic] = field(default_factory=list)
    moving: list[Traffic] = field(default_factory=list)
    step: Send | Wait | None = None
    connection: int = 0

    def advance(self, event: Frame | None) -> bool:
        """Give the plan what came and take its next step; False when it has ended, well or badly."""
        try:
            self.step = self.plan.send(event)
        except StopIteration as end:
            self._end(end.value)
            return False
        except PlanError as error:
            self.fail(error)
            return False
        except ProtocolError as error:
            self.fail(PlanError(Why.MALFORMED, str(error)))
            return False
        return True

    def fail(self, error: Exception) -> None:
        """End it; whoever waits gets the error."""
        self.plan.close()
        if not self.done.done():
            self.done.set_exception(error)

    def _end(self, value: T) -> None:
        if not self.done.done():
            self.done.set_result(Ran(value, tuple(self.traffic), tuple(self.moving), self.connection))
