"""The way between devices and the house: lost, doubled, late on either way, or away for long."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from random import Random

from simulators.process import Process
from tests.simulation.crews.door import Call, Door, Reply
from tests.simulation.witness import Witness

ANSWER_WITHIN_S = 15.0
LOST_UP, LOST_DOWN, TWICE, LATE = 0.06, 0.08, 0.05, 0.05
House = Callable[[], tuple[Process | None, Door | None]]


@dataclass
class Radio:
    """`dark` says until when a device has no network; once `healed`, everything comes at once, and once."""

    house: House
    chance: Random
    witness: Witness
    healed: bool = False
    dark: dict[str, float] = field(default_factory=dict)
    carried: list[Call] = field(default_factory=list)
    fallen: list[str] = field(default_factory=list)
    _late: set[asyncio.Future[Reply | None]] = field(default_factory=set)

    def heal(self) -> None:
        self.healed = True
        self.dark.clear()

    async def carry(self, device: str, call: Call) -> Reply | None:
        """The house's answer; None where none has come."""
        loop, chance = asyncio.get_running_loop(), self.chance
        if self.dark.get(device, 0.0) > loop.time():
            await asyncio.sleep(min(ANSWER_WITHIN_S, self.dark[device] - loop.time()))
            return None
        if call.what not in ("feed", "evidence"):
            self.carried.append(call)
        if self.healed:
            return await self.arrive(call)
        fate = chance.random()
        await asyncio.sleep(chance.choice((0.05, 0.3, chance.uniform(0, 4))))
        if fate < LOST_UP:
            self.witness.counts["crew: request lost"] += 1
            return None
        if fate < LOST_UP + TWICE + LATE and call.what != "feed":
            late_s = 0.1 if fate < LOST_UP + TWICE else chance.uniform(10, 400)
            self.witness.counts["crew: request sent twice" if late_s < 1 else "crew: request late"] += 1
            loop.call_later(late_s, self._again, call, context=Context())
            if late_s > 1 and chance.randrange(2):
                return None
        reply = await self.arrive(call)
        if chance.random() < LOST_DOWN:
            self.witness.counts["crew: answer lost"] += 1
            return None
        return reply

    def _again(self, call: Call) -> None:
        task = asyncio.ensure_future(self.arrive(call))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def arrive(self, call: Call) -> Reply | None:
        """Have the house do it, if it runs; None where it does not, or dies over it."""
        process, door = self.house()
        if process is None or door is None or not process.alive:
            return None
        task = process.start(door.answer(call))
        await asyncio.wait([task], timeout=ANSWER_WITHIN_S)
        if not task.done() or task.cancelled():
            return None
        if (error := task.exception()) is not None:
            self.fallen.append(f"{call.what}: {error!r}")
            return None
        return task.result()
