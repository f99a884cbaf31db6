"""When which meter is polled, and what becomes of its readings. Commands always go first (the line's priorities)."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from drivers import mbus
from drivers.plan import PlanError
from drivers.readings import readings_of
from gateway.edge import Edge
from gateway.jobs import LineDownError, Priority
from gateway.journal.errors import StorageError
from gateway.journal.readings import ReadingStore
from gateway.meters import Meter
from protocols.ports import Entropy
from protocols.types import ValvePosition
from seams.logs import Level

LOOK_AGAIN_S = 1.0
log: structlog.stdlib.BoundLogger = structlog.get_logger("polling")


@dataclass(slots=True)
class Poller:
    """Reads one meter again and again."""

    edge: Edge
    meter: Meter
    store: ReadingStore
    entropy: Entropy
    every_s: float
    on_readings: Callable[[], None]
    meter_free: Callable[[], bool]
    _level: Level = field(default_factory=Level)

    async def run(self) -> None:
        """Poll for ever: once soon after the start, then at an even pace of its own, so that a fleet is spread out."""
        await asyncio.sleep(self.entropy.fraction() * min(self.every_s, 1.0))
        while True:
            begun_s = self.edge.clock.boot()
            free = self.meter_free()
            if free:
                await self.poll()
            due_s = begun_s + (self.every_s if free else LOOK_AGAIN_S)
            await asyncio.sleep(max(due_s - self.edge.clock.boot(), 0.0))

    async def poll(self) -> None:
        """Read once; what fails is told, and tried again at the next turn."""
        try:
            ran = await self.meter.line.run_plan(
                self.meter.name,
                mbus.read_meter(self.meter.spec, self.meter.identity, self.meter.address),
                Priority.POLL,
                response_s=self.meter.response_s,
            )
            self.store.add(readings_of(self.meter.name, ran.value, self.edge.clock.now()))
        except (PlanError, LineDownError, StorageError) as error:
            log.log(self._level.failed(), "a meter can't be read", meter=self.meter.name, error=str(error))
            if isinstance(error, PlanError):
                self.edge.saw(self.meter, ValvePosition.UNKNOWN)
            return
        if ran.value.position is not None:
            self.edge.saw(self.meter, ran.value.position)
        if (level := self._level.recovered()) is not None:
            log.log(level, "a meter reads again", meter=self.meter.name)
        log.log(logging.DEBUG, "read", meter=self.meter.name)
        self.on_readings()
