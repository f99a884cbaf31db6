"""Crews at work, and what the world does to them: who goes where, which device is lost, who comes home."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from simulators.chance import SeededEntropy, stream
from simulators.crews.device import Device
from simulators.loop import VirtualClock
from tests.simulation.crews.door import Door
from tests.simulation.crews.fates import drawn
from tests.simulation.crews.film import Film
from tests.simulation.crews.office import Office
from tests.simulation.crews.phone import Disk, Phone
from tests.simulation.crews.radio import Radio
from tests.simulation.crews.seen import FieldSeen
from tests.simulation.crews.thieves import Thief
from tests.simulation.crews.visit import Visit
from tests.simulation.house import Enrolled, enrolled
from tests.simulation.machine import PLANE_KEY

if TYPE_CHECKING:
    from tests.simulation.world import World

CLOCK_WRONG, OUTBOXES_S, REPLAYED = 0.2, 1200.0, 20


@dataclass
class Crew:
    """A crew with its device, and one to spare."""

    world: "World"
    radio: Radio
    phone: Phone
    spare: Phone | None
    chance: Random
    visit: Visit | None = None

    async def work_on(self) -> None:
        """Go from visit to visit, while there is a device and the day is not over."""
        while not self.world.field.over and not self.phone.lost:
            await asyncio.sleep(self.chance.uniform(3, 20))
            if (work := next(iter(self.phone.open_work()), None)) is None:
                continue
            fate = drawn(self.chance, takes=work["kind"] == "suspend")
            self.visit = Visit(self, work, fate, stream(self.chance.getrandbits(32), "visit"))
            await self.visit.go()
            self.phone.disk.offered.pop(work["id"], None)

    def lost(self, phone: Phone) -> None:
        """A device is gone: the office is told, and whoever finds it tries it; the crew goes on with the other."""
        field_ = self.world.field
        phone.lose()
        field_.begin(field_.office.revoke(phone, self.chance.uniform(1, 60)))
        field_.begin(Thief(self.world, self.chance).use(phone))
        if self.spare is not None:
            self.phone, self.spare = self.spare, None
            self.phone.again()


@dataclass
class Field:
    """Everything of crews in one world; nobody is there until `go_out`."""

    world: "World"
    seen: FieldSeen = field(default_factory=FieldSeen)
    film: Film = field(default_factory=Film)
    door: Door | None = None
    crews: list[Crew] = field(default_factory=list)
    over: bool = False
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        chance = stream(self.world.virtual.seed, "radio")
        self.radio = Radio(self.world.answers, chance, self.world.witness)
        self.office = Office(self.world)

    def begin(self, what: "asyncio._CoroutineLike[None]") -> None:
        """Have it done beside everything else, to its end."""
        self.tasks.append(asyncio.get_running_loop().create_task(what))

    def go_out(self, chance: Random) -> None:
        """Crews begin their day, and so does the office."""
        known = {each.name: each for each in enrolled()}
        self.seen.approved |= {each.id for each in known.values() if each.approved}
        for name in ("mario", "luigi"):
            branch = stream(chance.getrandbits(32), name)
            phone, spare = self.phone(known[name], branch), self.phone(known[f"{name} too"], branch)
            self.crews.append(Crew(self.world, self.radio, phone, spare, branch))
            phone.start()
        for crew in self.crews:
            self.begin(crew.work_on())
        self.begin(self.office.work_on(stream(chance.getrandbits(32), "office")))
        self.begin(Thief(self.world, chance).try_doors(known["ghost"]))

    def phone(self, who: Enrolled, chance: Random) -> Phone:
        """A device as it was enrolled; its clock drifts, and may stand wrong."""
        world = self.world
        pen = Device(who.key, SeededEntropy(world.virtual.seed, who.name))
        pen.enrolled(who.id, PLANE_KEY.public.hex())
        off_s = chance.uniform(100, 4000) * chance.choice((-1, 1)) if chance.random() < CLOCK_WRONG else 0.0
        rate = 1 + chance.uniform(-0.004, 0.004)
        clock = VirtualClock(world.virtual.loop, offset_s=off_s or chance.uniform(-3, 3), rate=rate)
        return Phone(who.name, who.secret, Disk(pen), clock, self.radio, world.witness, chance)

    @property
    def phones(self) -> Iterable[Phone]:
        """All that are in their crews' hands."""
        for crew in self.crews:
            yield from (p for p in (crew.phone, crew.spare) if p is not None and not p.lost)

    async def come_home(self, chance: Random) -> None:
        """The day is over: the network is there again, whoever is out ends his visit, and everything is sent."""
        self.over = True
        self.radio.heal()
        end_s = self.world.virtual.loop.time() + OUTBOXES_S
        while self.world.virtual.loop.time() < end_s and not self.at_rest():
            for crew in self.crews:
                if not crew.phone.lost:
                    crew.phone.again()
            await asyncio.sleep(10)
        for call in chance.sample(self.radio.carried, min(REPLAYED, len(self.radio.carried))):
            await self.radio.arrive(call)

    def at_rest(self) -> bool:
        """Nothing waits in an outbox, nobody is on a visit, and no hand is out."""
        rests = all(task.done() for task in self.tasks if task is not self.office.task)
        return rests and not any(phone.disk.outbox for phone in self.phones) and not self.office.awaits()

    def check(self) -> None:
        """Raise what went wrong in anybody's life here."""
        for task in self.tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        for phone in self.phones:
            if phone.process is not None:
                phone.process.kill()
