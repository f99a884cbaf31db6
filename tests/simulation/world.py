"""Both ends in one virtual world: the real gateway and the real control plane, a broker and a line that misbehave.

Either side can be killed between any two awaits and started again; what each had committed is all that is left of it.
Each machine has a clock of its own; the true time is the loop's, which only the valves and the checkers know.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select, text

from controlplane.db import reading
from controlplane.dispatch.doors import Doors
from controlplane.dispatch.loop import Dispatch
from controlplane.field.work.offering import heard
from controlplane.orders.context import Context, OrderSettings
from controlplane.orders.freezing import freeze, unfreeze
from controlplane.orders.life import Order, at_point
from controlplane.orders.models import stops
from controlplane.orders.service import Draft, request, withdraw
from controlplane.orders.stopping import Stop, record_stop
from controlplane.policy import packs
from controlplane.policy.facts import Act
from controlplane.protection.service import end_hold, end_protection, hold, protect
from controlplane.registry.service import Forbidden
from controlplane.telemetry.service import index_steps, take_readings
from controlplane.writer import InlineWriter
from gateway.app import Gateway
from protocols.types import GatewayId, MeterId, ValvePosition
from simulators.broker import MemoryBroker
from simulators.faults import Faults
from simulators.line import Line
from simulators.loop import START, Virtual, VirtualClock
from simulators.physics import Supply
from simulators.process import Process
from simulators.reference.gas import GasMeter
from simulators.valve import Valve
from tests.simulation import bodies, house, proving
from tests.simulation.bodies import NAMES, SLOW, Bodies, Standing, identity
from tests.simulation.crews.crew import Field
from tests.simulation.crews.door import Door
from tests.simulation.house import ATTIC, KEYS, G
from tests.simulation.machine import EVERY_S, PLANE_KEY, Caps, Machine
from tests.simulation.replicas import Twins
from tests.simulation.story import story
from tests.simulation.witness import Recorded, WatchedWriter, Witness

DUE_DONE_S = 20.0
LAST = text("rowid DESC")
PACK = packs.served("demo")
Story = Callable[["World"], Awaitable[None]]


@dataclass
class World:
    """One gateway with the points A to D on its line, C of gas, D without a valve; in the attic another reaches A."""

    virtual: Virtual
    folder: Path
    faults: Faults | None = None
    sticks: frozenset[str] = frozenset()
    passes: frozenset[str] = frozenset()
    leaks: bool = False
    per_hour: int = 20
    caps: Caps | None = None
    plane_rate: float = 1.0
    gateway_rate: float = 1.0
    every_s: int = EVERY_S
    settings: OrderSettings = field(default_factory=OrderSettings)
    engine: Engine = field(init=False)
    eye: sqlite3.Connection = field(init=False)
    witness: Witness = field(init=False)
    bodies: Bodies = field(init=False)
    plane_process: Process | None = None
    twins: Twins | None = None

    def __post_init__(self) -> None:
        loop = self.virtual.loop
        self.plane_clock = VirtualClock(loop, rate=self.plane_rate)
        self.witness = Witness(loop.time, self._skew_s)
        if self.faults is not None:
            self.faults.told = self.witness.struck
        self.bodies = bodies.build(self.virtual, self.witness, self.sticks, self.passes, leaks=self.leaks)
        self.broker = MemoryBroker(seed=self.virtual.seed, faults=self.faults, tap=self.witness.tap)
        self.engine, self.eye = house.build(self.folder)
        self.context = Context(self.plane_clock, self.virtual.entropy, PACK, self.settings, index_steps, heard)
        self.plane_ups: list[list[float]] = []
        self.wakes: list[Callable[[], None]] = []
        self.writer = InlineWriter(self.engine, self.wakes)
        self.caps = self.caps or Caps(per_hour=self.per_hour)
        self.strangers: list[Valve] = []
        self.places = {name: self._own(name) for name in NAMES}
        self.field = Field(self)
        self.machines = {G: self._machine(G, NAMES), ATTIC: self._machine(ATTIC, NAMES[:1])}

    def _own(self, name: MeterId) -> Standing:
        valve = self.bodies.valves.get(name, self.bodies.curb)
        return Standing(identity(NAMES.index(name) + 1, name).fabrication_number, valve, self.bodies.supplies[name])

    def _machine(self, gateway: GatewayId, names: tuple[MeterId, ...]) -> Machine:
        assert self.caps is not None
        return Machine(
            virtual=self.virtual,
            id=gateway,
            key=KEYS[gateway],
            line=bodies.line(self.virtual, self.bodies, self.witness, self.faults, names),
            broker=self.broker,
            witness=self.witness,
            folder=self.folder,
            meters=tuple((n, identity(NAMES.index(n) + 1, n), SLOW.get(n, 0.0)) for n in names),
            caps=self.caps,
            every_s=self.every_s,
            clock=VirtualClock(self.virtual.loop, rate=self.gateway_rate),
        )

    # -- processes

    @property
    def valves(self) -> Mapping[MeterId, Valve]:
        return self.bodies.valves

    @property
    def gas_meter(self) -> GasMeter:
        assert self.bodies.gas is not None
        return self.bodies.gas

    @property
    def supplies(self) -> dict[MeterId, Supply]:
        return self.bodies.supplies

    @property
    def cellar(self) -> Machine:
        return self.machines[G]

    @property
    def line(self) -> Line:
        return self.cellar.line

    @property
    def gateway_process(self) -> Process | None:
        return self.cellar.process

    @property
    def gateway(self) -> Gateway | None:
        return self.cellar.gateway

    def start_gateway(self) -> None:
        self.cellar.start()

    def start_plane(self) -> None:
        if self.twins is not None:
            self.twins.again()
            return
        process = self.plane_process = Process("control plane")
        self.wakes.clear()
        self.plane_ups.append([self.virtual.loop.time(), float("inf")])
        process.on_kill(self._plane_is_down)
        writer = WatchedWriter(self.engine, self.wakes, self.witness, process, self.eye)
        self.field.door = Door(self.context, writer, self.field.film)
        dispatch = Dispatch(self.context, writer, Doors(self.context, take_readings), PLANE_KEY)
        process.on_kill(lambda: self.broker.cut("plane"))
        process.start(dispatch.run(self.broker.connector("plane")))
        process.start(proving.sequencing(writer, self.plane_clock).run())

    def _plane_is_down(self) -> None:
        self.plane_ups[-1][1] = self.virtual.loop.time()

    def plane_was_up(self, since_s: float, until_s: float) -> bool:
        """Whether the control plane ran for long enough between to do what was due."""
        return any(min(end, until_s) - max(begin, since_s) > DUE_DONE_S for begin, end in self.plane_ups)

    def kill_plane(self) -> None:
        if self.plane_process is not None and self.plane_process.alive:
            self.witness.counts["kills"] += 1
            self.witness.tell("plane", "killed")
            self.plane_process.kill()

    def plane_again(self) -> None:
        if self.twins is not None:
            self.twins.again()
        elif self.plane_process is None or not self.plane_process.alive:
            self.witness.tell("plane", "started again")
            self.start_plane()

    def answers(self) -> tuple[Process | None, Door | None]:
        """Where a request to the house comes to."""
        return self.twins.answers() if self.twins is not None else (self.plane_process, self.field.door)

    def start(self) -> None:
        self.start_plane()
        self.start_gateway()

    def stop(self) -> None:
        self.field.stop()
        planes = [each.process for each in self.twins.both] if self.twins is not None else [self.plane_process]
        for process in (*(m.process for m in self.machines.values()), *planes):
            if process is not None:
                process.kill()
        self.eye.close()
        self.engine.dispose()

    def swap(self, name: str) -> Callable[[], None]:
        """Have another meter stand where this one stood, of the same address; what is returned swaps it back."""
        place, station = bodies.stranger(self.virtual, self.witness, MeterId(name))
        self.strangers.append(place.valve)
        self.places[MeterId(name)] = place
        at = NAMES.index(MeterId(name))
        own, self.line.stations[at] = self.line.stations[at], station

        def back() -> None:
            self.line.stations[at] = own
            self.places[MeterId(name)] = self._own(MeterId(name))

        return back

    def standing(self, name: MeterId) -> Standing:
        """What a crew finds where this meter should be."""
        return self.places[name]

    def leaking(self) -> bool:
        """Whether gas leaks at its point, as a technician finds it."""
        return self.bodies.taps[bodies.GAS].l_h == bodies.LEAKING_L_H

    def turn(self, name: MeterId, wanted: ValvePosition) -> None:
        """A hand at the valve there."""
        self.bodies.turn(name, wanted, self.places[name])

    # -- times

    def _skew_s(self, gateway: str) -> float:
        ahead = self.machines[GatewayId(gateway)].clock.now() - self.plane_clock.now()
        return ahead / timedelta(seconds=1)

    def true_s(self, at: datetime) -> float:
        """The true time of a moment on the control plane's clock, which never jumps."""
        return ((at - START) / timedelta(seconds=1) - self.plane_clock.offset_s) / self.plane_clock.rate

    # -- what clients and people do

    async def suspend(self, name: str) -> str:
        return (await self.ask(name, Act.SUSPEND)).id

    async def ask(self, name: str, kind: Act) -> Order:
        notice = (self.plane_clock.now() - timedelta(days=60)).date()
        draft = Draft(f"pt_{name}", kind, notice_received_on=notice)
        return await self.writer.run(lambda db: request(db, self.context, draft, "client"))

    async def pay(self, name: str, reference: str = "payment-1") -> None:
        self.record(name, Stop("payment", reference))

    def record(self, name: str, stop: Stop) -> Recorded:
        """Record a stop, now, whoever is in the middle of what."""
        point, who = f"pt_{name}", "client"
        with self.people() as after, self.engine.begin() as db:
            if stop.kind == "protection":
                protect(db, self.context, point, Forbidden(stop.act or "suspend", "frail", stop.until), who)
            elif stop.kind == "hold":
                hold(db, self.context, point, "asked for", stop.until, who)
            else:
                record_stop(db, self.context, point, stop, who)
        return self._stopped(point, after)

    def end(self, stop: Recorded) -> None:
        """Record the end of a hold or protection."""
        with self.people() as after, self.engine.begin() as db:
            if stop.kind == "hold":
                end_hold(db, self.context, stop.point, stop.id, "client", "settled")
            else:
                end_protection(db, self.context, stop.point, stop.id, "client", "moved out")
        self.witness.ended[stop.id] = after
        self.witness.tell("people", f"the {stop.kind} at {stop.point} is ended")

    def withdraw(self, order: Order) -> None:
        """The client takes its order back, by the version it has just read."""
        with self.people() as after, self.engine.begin() as db:
            withdraw(db, self.context, order.id, order.version, "client")
        self._stopped(order.point, after)

    def freeze(self) -> None:
        with self.people() as after, self.engine.begin() as db:
            freeze(db, self.context, "storm", "anna")
        self.witness.tell("people", "freeze everything")
        self.witness.freezes.append((after, None))

    def unfreeze(self) -> None:
        for who in ("bruno", "carla"):
            with self.people(), self.engine.begin() as db:
                unfreeze(db, self.context, who, who)
        self.witness.tell("people", "the freeze is lifted")
        ended = self._last_event()
        self.witness.freezes = [(since, ended if until is None else until) for since, until in self.witness.freezes]

    def people(self) -> "_Act":
        """Persons act, in a transaction of their own, whether or not the house's process runs."""
        return _Act(self._last_event(), self.wakes)

    def _last_event(self) -> int:
        return int(self.eye.execute("SELECT coalesce(max(id), 0) FROM order_events").fetchone()[0])

    def _stopped(self, point: str, after: int) -> Recorded:
        with reading(self.engine) as db:
            row = db.execute(select(stops).where(stops.c.point == point).order_by(LAST)).first()
        assert row is not None
        at_s = self.virtual.loop.time()
        self.witness.tell("people", f"{row.kind} at {point}" + (f" until {row.until:%H:%M:%S}" if row.until else ""))
        self.witness.counts[row.kind] += 1
        named = row.reference if row.kind == "protection" else row.id
        recorded = Recorded(at_s, point, row.kind, row.act, row.until, row.up_to or 0, after, named)
        self.witness.stops.append(recorded)
        return recorded

    # -- what can be seen

    def order(self, order: str) -> Order:
        with reading(self.engine) as db:
            return next(o for p in (*NAMES, house.FREE) for o in at_point(db, f"pt_{p}") if o.id == order)

    def orders(self, name: str) -> list[Order]:
        with reading(self.engine) as db:
            return at_point(db, f"pt_{name}")

    def moves(self, name: str) -> list[str]:
        return [str(a.wanted) for a in self.valves[MeterId(name)].history]

    async def until(self, reached: Callable[[], object], within_s: float = 900.0) -> None:
        end_s = self.virtual.loop.time() + within_s
        while not reached():
            if self.virtual.loop.time() >= end_s:
                raise AssertionError(f"not reached within {within_s} s\n{self.story()}")
            await asyncio.sleep(0.25)

    def story(self) -> str:
        """What happened, in one line of time."""
        return story(self.witness.told, self.engine, self.true_s)


@dataclass(slots=True)
class _Act:
    """People act in a transaction of their own; once it is committed, whoever waits for commits is woken."""

    after: int
    wakes: list[Callable[[], None]]

    def __enter__(self) -> int:
        return self.after

    def __exit__(self, *_: object) -> None:
        for wake in self.wakes:
            wake()
