"""Two replicas of the control plane over the one database: each killed, paused, cut off from the broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, TypeVar

from controlplane.dispatch.doors import Doors
from controlplane.dispatch.loop import Dispatch
from controlplane.replicas.leading import Fenced, Leading
from controlplane.telemetry.service import take_readings
from controlplane.writer import Verb
from protocols.ports import Broker, Message
from simulators.loop import VirtualClock
from simulators.process import Process
from tests.simulation import proving
from tests.simulation.crews.door import Door
from tests.simulation.machine import PLANE_KEY
from tests.simulation.witness import WatchedWriter

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")
NEVER = 0
DRIFT = 0.004


class OwnCrystal(VirtualClock):
    """The other machine: its wall is kept to the first one's, as ADR 9 asks for; its boot is its own."""

    def __init__(self, wall: VirtualClock, loop: asyncio.AbstractEventLoop, chance: Random) -> None:
        super().__init__(loop, rate=1 + chance.uniform(-DRIFT, DRIFT), booted_s=-chance.uniform(0, 1e6))
        self._wall = wall

    def now(self) -> datetime:
        return self._wall.now()


@dataclass(slots=True)
class Gate:
    """A process that is paused goes no further than here: its next word to database or broker waits."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.opened.set()


@dataclass(slots=True)
class PausedWriter(WatchedWriter):
    """The writer of a replica that may be paused."""

    gate: Gate = field(default_factory=Gate)

    async def run(self, verb: Verb[T]) -> T:
        await self.gate.opened.wait()
        return await WatchedWriter.run(self, verb)

    async def read(self, verb: Verb[T]) -> T:
        await self.gate.opened.wait()
        return await WatchedWriter.read(self, verb)

    async def quietly(self, verb: Verb[T]) -> T:
        await self.gate.opened.wait()
        return await WatchedWriter.quietly(self, verb)


@dataclass(slots=True)
class Wire:
    """A session with the broker, as a replica that may be paused has it."""

    inner: Broker
    gate: Gate

    async def publish(self, topic: str, payload: bytes) -> None:
        await self.gate.opened.wait()
        await self.inner.publish(topic, payload)

    async def messages(self) -> AsyncIterator[Message]:
        async for message in self.inner.messages():
            await self.gate.opened.wait()
            yield message


@dataclass(slots=True)
class Replica:
    """One of them; its machine keeps its clock over kills."""

    world: "World"
    name: str
    clock: VirtualClock
    gate: Gate = field(default_factory=Gate)
    parted: bool = False
    connected: bool = False
    process: Process | None = None
    door: Door | None = None
    leads: list[float] | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.alive

    def start(self) -> None:
        world = self.world
        process = self.process = Process(f"replica {self.name}")
        self.gate = Gate()
        process.on_kill(self._is_down)
        writer = PausedWriter(world.engine, world.wakes, world.witness, process, world.eye, self.gate)
        context, fenced = replace(world.context, clock=self.clock), Fenced(writer)
        self.door = Door(context, writer, world.field.film)
        dispatch = Dispatch(context, fenced, Doors(context, take_readings), PLANE_KEY)
        log = proving.sequencing(fenced, self.clock)

        async def work() -> None:
            self._leads()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(log.run())
                    group.create_task(dispatch.run(self._connect))
            finally:
                self._leads_no_more()

        process.start(Leading(self.name, fenced, self.clock, work, dispatch.reached).run())

    @asynccontextmanager
    async def _connect(self, topics: list[str], will: Message | None) -> AsyncIterator[Broker]:
        await self.gate.opened.wait()
        if self.parted:
            raise ConnectionError("broker: can't be reached from here")
        async with self.world.broker.connector("plane")(topics, will) as session:
            self.connected = True
            try:
                yield Wire(session, self.gate)
            finally:
                self.connected = False

    def _leads(self) -> None:
        self.world.witness.counts["terms of replicas"] += 1
        self.world.witness.tell("plane", f"replica {self.name} leads")
        self.world.plane_process = self.process
        self.leads = [self.world.virtual.loop.time(), float("inf")]
        self.world.plane_ups.append(self.leads)

    def _leads_no_more(self) -> None:
        if self.leads is not None:
            self.leads[1] = min(self.leads[1], self.world.virtual.loop.time())

    def _is_down(self) -> None:
        self._leads_no_more()
        self.hang_up()

    def hang_up(self) -> None:
        """The session with the broker is lost, where this replica has it."""
        if self.connected:
            self.connected = False
            self.world.broker.cut("plane")

    async def pause(self, for_s: float) -> None:
        """As SIGSTOP does: it wakes with all it knew."""
        gate = self.gate
        self.world.witness.counts["replica paused"] += 1
        self.world.witness.tell("plane", f"replica {self.name} is paused for {for_s:.0f} s")
        gate.opened.clear()
        await asyncio.sleep(for_s)
        gate.opened.set()

    async def part(self, for_s: float) -> None:
        """The broker can't be reached from here, and from the other one it can."""
        self.world.witness.counts["replica cut off"] += 1
        self.world.witness.tell("plane", f"replica {self.name} is cut off from the broker for {for_s:.0f} s")
        self.parted = True
        self.hang_up()
        await asyncio.sleep(for_s)
        self.parted = False


class Twins:
    """Both; whoever asks the house is answered by either."""

    def __init__(self, world: "World", chance: Random) -> None:
        clock = OwnCrystal(world.plane_clock, world.virtual.loop, chance)
        self.both = (Replica(world, "a", world.plane_clock), Replica(world, "b", clock))
        self.chance = chance

    def again(self) -> None:
        """Start whoever is dead."""
        for each in self.both:
            if not each.alive:
                each.start()

    def mend(self) -> None:
        """All faults are over."""
        for each in self.both:
            each.gate.opened.set()
            each.parted = False
            if each.process is not None:
                each.process.kill_at(NEVER)
        self.again()

    def answers(self) -> tuple[Process | None, Door | None]:
        """Where a request comes to."""
        each = self.chance.choice(self.both)
        return each.process, each.door


async def two_replicas(world: "World", chance: Random) -> None:
    """Another replica joins; then either is paused, cut off or killed, at any time, whoever leads."""
    twins = world.twins = Twins(world, chance)
    assert world.plane_process is not None
    world.plane_process.kill()
    twins.again()
    for _ in range(chance.randrange(2, 7)):
        await asyncio.sleep(chance.uniform(5, 150))
        each = chance.choice(twins.both)
        fate = chance.choice(("paused", "cut off", "killed", "killed"))
        if not each.alive:
            each.start()
        elif fate == "paused":
            await each.pause(chance.choice((2.0, 8.0, 60.0)))
        elif fate == "cut off":
            await each.part(chance.choice((3.0, 15.0, 90.0)))
        else:
            assert each.process is not None
            world.witness.counts["kills"] += 1
            world.witness.tell("plane", f"replica {each.name} is killed")
            each.process.kill()
            asyncio.get_running_loop().call_later(chance.choice((0.1, 4.0, 30.0)), twins.again)
