"""Both ends in one virtual world: the real gateway and the real control plane, a broker and a line that misbehave.

Either side can be killed between any two awaits and started again; what each had committed is all that is left of it.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Engine, insert, select

from controlplane import news
from controlplane.db import fences, reading
from controlplane.dispatch.doors import Doors
from controlplane.dispatch.loop import Dispatch
from controlplane.orders.context import Context, OrderSettings
from controlplane.orders.life import Order, at_point
from controlplane.orders.models import orders
from controlplane.orders.service import Draft, request
from controlplane.orders.stopping import Stop, record_stop
from controlplane.policy import packs
from controlplane.policy.facts import Act
from controlplane.registry.models import clients, gateways, meters, supply_points
from controlplane.telemetry.service import index_steps, take_readings
from controlplane.writer import InlineWriter
from drivers.catalogue import installed
from gateway.app import Gateway
from gateway.config import parse_config
from gateway.journal import Journal
from protocols.types import GatewayId, Identity, MeterId
from protocols.uplink.keys import KeyRing, SigningKey
from simulators.broker import MemoryBroker
from simulators.faults import Faults
from simulators.line import Line, Station
from simulators.loop import Virtual
from simulators.physics import Constant, Supply
from simulators.process import Process
from simulators.reference.water import Plate, slave
from simulators.valve import Valve
from tests.databases import fresh
from tests.gateway.world import CONFIG, METER

GATEWAY_KEY, PLANE_KEY = SigningKey(b"g" * 32), SigningKey(b"p" * 32)
G = GatewayId("cellar")
NAMES = tuple(MeterId(n) for n in "ABCD")
CLIENT = "cli_1"


def identity(number: int, name: MeterId) -> Identity:
    version = 2 if name == "D" else 1
    return Identity(f"{10 + number:08d}", "CBS", version, 7, f"{10 + number:08d}")


@dataclass
class World:
    """One gateway, one line, four points A to D; D has no valve."""

    virtual: Virtual
    folder: Path
    faults: Faults | None = None
    sticks: frozenset[str] = frozenset()
    per_hour: int = 20
    settings: OrderSettings = field(default_factory=OrderSettings)
    engine: Engine = field(init=False)
    valves: dict[MeterId, Valve] = field(default_factory=dict)
    supplies: dict[MeterId, Supply] = field(default_factory=dict)
    gateway_process: Process | None = None
    plane_process: Process | None = None
    gateway: Gateway | None = None

    def __post_init__(self) -> None:
        clock = self.virtual.clock
        stations = []
        for n, name in enumerate(NAMES, 1):
            who = identity(n, name)
            valve = Valve(clock, sticks=name in self.sticks) if name != "D" else None
            if valve is not None:
                self.valves[name] = valve
            self.supplies[name] = Supply(clock, Constant(600), valve=valve, index_dl=100_000 * n)
            meter = slave(clock, self.supplies[name], Plate(who.id, who.fabrication_number), address=n)
            stations.append(Station(meter, response_s=2.0 if name == "B" else 0.02))
        self.broker = MemoryBroker(seed=self.virtual.seed, faults=self.faults)
        self.line = Line(stations, faults=self.faults, seed=self.virtual.seed)
        self.engine = fresh(self.folder / "plane.sqlite")
        self._register()
        self.context = Context(
            self.virtual.clock, self.virtual.entropy, packs.installed("demo"), self.settings, index_steps
        )
        self.writer = InlineWriter(self.engine, [])

    def _register(self) -> None:
        now = self.virtual.clock.now()
        with self.engine.begin() as db:
            db.execute(insert(clients).values(id=CLIENT, name="Acqua", created_at=now))
            db.execute(insert(gateways).values(id=G, public_key=GATEWAY_KEY.public.hex(), created_at=now, chain=0))
            for n, name in enumerate(NAMES, 1):
                who = identity(n, name)
                point = f"pt_{name}"
                db.execute(
                    insert(supply_points).values(
                        id=point, client=CLIENT, code=name, medium="water", zone="", created_at=now, version=1
                    )
                )
                db.execute(insert(fences).values(point=point, next_sequence=1, epoch=1))
                db.execute(
                    insert(meters).values(
                        name=name,
                        point=point,
                        gateway=G,
                        ident=who.id,
                        manufacturer=who.manufacturer,
                        version_no=who.version,
                        medium=who.medium,
                        fabrication_number=who.fabrication_number,
                        bound_at=now,
                        version=1,
                    )
                )

    # -- processes

    def start_gateway(self) -> None:
        text = CONFIG.format(
            plane=PLANE_KEY.public.hex(), per_hour=self.per_hour, share=1.0, floor=4, every_s=30
        ) + "".join(
            METER.format(name=name, who=identity(n, name), response_s=2.5 if name == "B" else 0.0)
            for n, name in enumerate(NAMES, 1)
        )
        self.gateway_process = Process("gateway")
        database = sqlite3.connect(self.folder / "journal.sqlite", isolation_level=None)
        self.gateway = Gateway(
            parse_config(text, Path("gateway.toml"), installed()),
            clock=self.virtual.clock,
            entropy=self.virtual.entropy,
            dial=lambda _: self.line.dial,
            connect=self.broker.connector(G),
            journal=Journal(database, self.virtual.entropy.token(16).hex()),
            signer=GATEWAY_KEY,
            verifier=KeyRing([PLANE_KEY.public]),
            software="simulated",
        )
        self.gateway_process.on_kill(database.close)
        self.gateway_process.on_kill(lambda: self.broker.cut(G))
        self.gateway_process.start(self.gateway.run())

    def start_plane(self) -> None:
        self.plane_process = Process("control plane")
        dispatch = Dispatch(self.context, self.writer, Doors(self.context, take_readings), PLANE_KEY)
        self.plane_process.on_kill(lambda: self.broker.cut("plane"))
        self.plane_process.start(dispatch.run(self.broker.connector("plane")))

    def start(self) -> None:
        self.start_plane()
        self.start_gateway()

    def stop(self) -> None:
        for process in (self.gateway_process, self.plane_process):
            if process is not None:
                process.kill()
        self.engine.dispose()

    # -- what clients and people do

    async def suspend(self, name: str) -> str:
        notice = (self.virtual.clock.now() - timedelta(days=60)).date()
        draft = Draft(f"pt_{name}", Act.SUSPEND, notice_received_on=notice)
        return (await self.writer.run(lambda db: request(db, self.context, draft, "client"))).id

    async def pay(self, name: str, reference: str = "payment-1") -> None:
        stop = Stop("payment", reference)
        await self.writer.run(lambda db: record_stop(db, self.context, f"pt_{name}", stop, "client"))

    # -- what can be seen

    def order(self, order: str) -> Order:
        with reading(self.engine) as db:
            return next(o for p in NAMES for o in at_point(db, f"pt_{p}") if o.id == order)

    def orders(self, name: str) -> list[Order]:
        with reading(self.engine) as db:
            return at_point(db, f"pt_{name}")

    def moves(self, name: str) -> list[str]:
        return [str(a.wanted) for a in self.valves[MeterId(name)].history]

    async def until(self, reached: Callable[[], object], within_s: float = 900.0) -> None:
        end_s = self.virtual.clock.boot() + within_s
        while not reached():
            if self.virtual.clock.boot() >= end_s:
                raise AssertionError(f"not reached within {within_s} s\n{self.story()}")
            await asyncio.sleep(0.25)

    def story(self) -> str:
        """What happened, readably."""
        with reading(self.engine) as db:
            rows = db.execute(select(news.news).order_by(news.news.c.id)).all()
            states = db.execute(select(orders.c.id, orders.c.point, orders.c.state, orders.c.channel)).all()
        lines = [f"{r.at:%H:%M:%S} {r.type:9} {r.subject} {r.data}" for r in rows[-60:]]
        return "\n".join([*lines, *map(str, states), *(f"{n}: {self.moves(n)}" for n in self.valves)])


TODAY = date(2026, 1, 1)
Story = Callable[[World], Awaitable[None]]
