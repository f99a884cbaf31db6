"""Reading a valve on behalf of commands and looks: bounded in time, and every failure as one kind."""

import asyncio
from dataclasses import dataclass

from drivers import mbus
from drivers.mbus import ValveRead
from drivers.plan import PlanError
from gateway.edge import Edge
from gateway.jobs import LineDownError, Priority, Ran
from gateway.meters import Meter
from gateway.receipts import FRAMES_KEPT
from protocols.types import ValvePosition
from protocols.uplink.messages import IndexSeen, Seen
from protocols.uplink.reasons import Why

REACH_S = 90.0
"""How long a read may wait for its line before it counts as not to be had."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was read at a valve, as receipts tell it, and on which connection."""

    read: ValveRead
    seen: Seen
    index: IndexSeen | None
    connection: int


class BlindError(Exception):
    """The valve could not be read."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(detail)
        self.why, self.detail = why, detail


async def sight(edge: Edge, meter: Meter, priority: Priority) -> Sight:
    """Read identity, position and index once; BlindError if that can't be had."""
    try:
        async with asyncio.timeout(REACH_S):
            ran = await meter.line.run_plan(
                meter.name, mbus.read_valve(meter.spec, meter.identity), priority, response_s=meter.response_s
            )
    except PlanError as error:
        edge.saw(meter, ValvePosition.UNKNOWN)
        raise BlindError(error.why, error.detail) from error
    except LineDownError as error:
        raise BlindError(Why.LINE_DOWN, str(error)) from error
    except TimeoutError:
        raise BlindError(Why.LINE_DOWN, f"line {meter.line.name} could not be had for {REACH_S:.0f} s") from None
    edge.saw(meter, ran.value.position)
    return _sight(edge, ran)


async def sight_again(edge: Edge, meter: Meter, priority: Priority, tries: int) -> Sight:
    """Read, and again after a line that was lost in between; what the meter itself refuses is not asked twice."""
    for left in range(tries - 1, -1, -1):
        try:
            return await sight(edge, meter, priority)
        except BlindError as error:
            if left == 0 or error.why not in (Why.LINE_DOWN, Why.NO_ANSWER):
                raise
    raise AssertionError("tries is at least 1")


def _sight(edge: Edge, ran: Ran[ValveRead]) -> Sight:
    at, boot_s, read = edge.clock.now(), edge.clock.boot(), ran.value
    frames = ran.traffic[-FRAMES_KEPT:]
    index = None
    if read.index is not None:
        index = IndexSeen(format(read.index.value, "f"), read.index.unit, at, boot_s, frames)
    seen = Seen(read.position, at, boot_s, frames, tuple(sorted(read.alarms)))
    return Sight(read, seen, index, ran.connection)
