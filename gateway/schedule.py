"""When which meter is polled, and what becomes of its readings. Commands always go first (the line's priorities).

One schedule a line, one meter at a time: the line serves one at a time anyhow. A meter that does not answer costs its
retries once, and is then asked more and more rarely, so that the dead ones do not take the line from the living.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

import structlog

from drivers import mbus
from drivers.plan import PlanError
from drivers.readings import readings_of
from gateway.edge import Edge
from gateway.jobs import LineDownError, Priority
from gateway.journal.errors import StorageError
from gateway.journal.readings import ReadingStore
from gateway.liveness.duty import Duty
from gateway.meters import Meter
from protocols.ports import Entropy
from protocols.types import MeterId, ValvePosition
from seams.logs import Level

LOOK_AGAIN_S = 1.0
RAREST = 8
"""A meter that does not answer is asked once in so many turns at the least."""
LONGEST_SLEEP_S = 60.0
"""The loop's timers stand still while the machine is suspended; what became due meanwhile is seen so soon after."""
SOON_S = 0.001
"""So near is now: the last bits of a float would be slept for ever."""
TERM_S = 2 * LONGEST_SLEEP_S
log: structlog.stdlib.BoundLogger = structlog.get_logger("polling")


@dataclass(slots=True)
class Polled:
    """One meter's place in the schedule, and how its last turn went. Times are on the boot clock."""

    meter: Meter
    failures: int = 0
    read_s: float | None = None
    error: str = ""
    level: Level = field(default_factory=Level)


class Schedule:
    """Reads the meters of one line again and again."""

    def __init__(
        self,
        line: str,
        meters: Iterable[Meter],
        edge: Edge,
        store: ReadingStore,
        entropy: Entropy,
        on_readings: Callable[[], None],
        meter_free: Callable[[MeterId], bool],
    ) -> None:
        self._edge, self._store, self._entropy = edge, store, entropy
        self._pace_s = edge.every_s
        self._on_readings, self._meter_free = on_readings, meter_free
        self.polled = {meter.name: Polled(meter) for meter in meters}
        self._due: list[tuple[float, int, MeterId]] = []
        self.duty = Duty(f"polling of {line}", TERM_S)

    async def run(self) -> None:
        """Poll for ever: all once soon after the start, then each at an even pace of its own."""
        await asyncio.sleep(self._entropy.fraction() * min(self._edge.every_s, 1.0))
        now_s = self._edge.clock.boot()
        self._due = [(now_s, n, name) for n, name in enumerate(self.polled)]
        heapify(self._due)
        while self._due:
            self.duty.got_on()
            self._keep_pace()
            due_s, n, name = self._due[0]
            if (left_s := due_s - self._edge.clock.boot()) > SOON_S:
                await asyncio.sleep(min(left_s, LONGEST_SLEEP_S))
                continue
            begun_s, polled = self._edge.clock.boot(), self.polled[name]
            if not self._meter_free(name):
                heappop(self._due)
                heappush(self._due, (begun_s + LOOK_AGAIN_S, n, name))
                continue
            self.duty.rests()
            await self.poll(polled)
            heappop(self._due)
            heappush(self._due, (begun_s + self._edge.every_s * min(2**polled.failures, RAREST), n, name))
        await asyncio.get_running_loop().create_future()

    def _keep_pace(self) -> None:
        """Where another pace holds now, nobody's next turn is further away than that."""
        if (pace_s := self._edge.every_s) != self._pace_s:
            self._pace_s, latest_s = pace_s, self._edge.clock.boot() + pace_s
            self._due = [(min(due_s, latest_s), n, name) for due_s, n, name in self._due]
            heapify(self._due)

    async def poll(self, polled: Polled) -> None:
        """Read once; what fails is told, and tried again at the next turn."""
        meter = polled.meter
        try:
            await self._read(polled)
        except (PlanError, LineDownError, StorageError) as error:
            polled.error = str(error)
            log.log(polled.level.failed(), "a meter can't be read", meter=meter.name, error=polled.error)
            if isinstance(error, PlanError):
                polled.failures += 1
            return
        polled.failures, polled.error, polled.read_s = 0, "", self._edge.clock.boot()
        if (level := polled.level.recovered()) is not None:
            log.log(level, "a meter reads again", meter=meter.name)
        log.log(logging.DEBUG, "read", meter=meter.name)
        self._on_readings()

    async def _read(self, polled: Polled) -> None:
        meter = polled.meter
        plan = mbus.read_meter(meter.spec, meter.identity, meter.address)
        try:
            ran = await meter.line.run_plan(meter.name, plan, Priority.POLL, response_s=meter.response_s)
        except PlanError:
            self._edge.saw(meter, ValvePosition.UNKNOWN)
            raise
        self._store.add(readings_of(meter.name, ran.value, self._edge.clock.now()))
        if ran.value.position is not None:
            self._edge.saw(meter, ran.value.position)
