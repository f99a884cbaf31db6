"""A gateway in a simulated world: real meters' behaviour on a line, a broker, and a control plane that is scripted.

The control plane here is only what each test makes it: it signs what it is told to, and keeps what it hears.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from drivers.catalogue import Catalogue, installed
from gateway.app import Gateway
from gateway.config import parse_config
from gateway.journal.journal import Journal
from protocols.ports import Broker, Connect, Dial, Message
from protocols.types import GatewayId, Identity, MeterId, ValvePosition, Verb
from protocols.uplink import codec, topics
from protocols.uplink.keys import KeyRing, SigningKey
from protocols.uplink.messages import (
    Ack,
    Birth,
    BirthTerms,
    Body,
    Command,
    Condition,
    Freeze,
    Look,
    LookAnswer,
    Number,
    Permit,
    PermitRequest,
    Readings,
    ReadingsMark,
    Reason,
    Receipt,
    Standing,
)
from protocols.uplink.remote import BrokerAt
from simulators.broker import MemoryBroker
from simulators.faults import Faults
from simulators.line import Line, Station
from simulators.loop import Virtual, VirtualClock, run
from simulators.physics import Constant, Supply
from simulators.process import Process
from simulators.reference import gas
from simulators.reference.gas import GasMeter, Setting
from simulators.reference.water import Plate, slave
from simulators.valve import Valve

G = GatewayId("cellar")
GATEWAY_KEY, PLANE_KEY, STRANGER = SigningKey(b"g" * 32), SigningKey(b"p" * 32), SigningKey(b"s" * 32)
A, B, C, D = (MeterId(x) for x in "ABCD")
E = MeterId("E")
"""The gas meter, in worlds that have one."""
GAS = Identity("00000015", "CBS", 3, 3, "00000015")
IDENTITIES = {
    A: Identity("00000011", "CBS", 1, 7, "00000011"),
    B: Identity("00000012", "CBS", 1, 7, "00000012"),
    C: Identity("00000013", "CBS", 1, 7, "00000013"),
    D: Identity("00000014", "CBS", 2, 7, "00000014"),
}
CONFIG = """
id = "cellar"
key_file = "g.key"
journal = "journal.sqlite"
control_plane_keys = ["{plane}"]
[caps]
per_hour = {per_hour}
per_day = 20
share = {share}
floor = {floor}
[broker]
host = "localhost"
password_file = "password"
[polling]
every_s = {every_s}
[[lines]]
name = "riser"
host = "127.0.0.1"
port = 5000
"""
METER = """
[[meters]]
name = "{name}"
line = "riser"
id = "{who.id}"
manufacturer = "CBS"
version = {who.version}
medium = "water"
fabrication_number = "{who.fabrication_number}"
response_s = {response_s}
"""


GAS_METER = METER.format(name=E, who=GAS, response_s=0.0).replace('"water"', '"gas"')


def config_text(*, per_hour: int = 10, share: float = 1.0, floor: int = 2, every_s: float = 600.0) -> str:
    text = CONFIG.format(plane=PLANE_KEY.public.hex(), per_hour=per_hour, share=share, floor=floor, every_s=every_s)
    return text + "".join(
        METER.format(name=name, who=who, response_s=2.5 if name == B else 0.0) for name, who in IDENTITIES.items()
    )


@dataclass
class Plane:
    """The scripted control plane: `answer_permit` decides; everything heard is kept."""

    virtual: Virtual
    epoch: int = 1
    sequence: int = 0
    grants: bool = True
    silent: bool = False
    holds: bool = True
    heard: list[Body] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    answers: list[LookAnswer] = field(default_factory=list)
    requests: list[PermitRequest] = field(default_factory=list)
    readings: list[Readings] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    births: list[Birth] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    acked: list[str] = field(default_factory=list)
    before_permit: Callable[[PermitRequest], Awaitable[None]] | None = None
    broker: Broker | None = None
    clock_ahead_s: float = 0.0
    born: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> datetime:
        """The control plane's own wall clock."""
        return self.virtual.clock.now() + timedelta(seconds=self.clock_ahead_s)

    async def run(self, world: "World") -> None:
        while True:
            try:
                async with world.broker.connector("plane")([topics.control_plane_filter()], None) as broker:
                    self.broker = broker
                    async for message in broker.messages():
                        await self._hear(topics.parse(message.topic).kind, message.payload)
            except ConnectionError:
                await asyncio.sleep(1)

    async def _hear(self, kind: str, raw: bytes) -> None:
        classes = {c.kind: c for c in (Birth, PermitRequest, Receipt, LookAnswer, Ack, Condition, Standing)}
        if kind == Readings.kind:
            await self._readings(codec.decode_plain(raw, Readings))
            return
        if kind not in classes:
            return
        opened = codec.open_signed(raw, classes[kind], KeyRing([GATEWAY_KEY.public]))
        message = opened.message
        self.heard.append(message)
        match message:
            case Birth():
                self.births.append(message)
                await self._terms(message)
            case PermitRequest():
                self.requests.append(message)
                await self._permit(message)
            case Receipt():
                if message not in self.receipts:
                    self.receipts.append(message)
                await self.ack(opened.digest)
            case LookAnswer():
                if message not in self.answers:
                    self.answers.append(message)
                await self.ack(opened.digest)
            case Standing():
                self.standings.append(message)
                await self.ack(opened.digest)
            case Condition():
                self.conditions.append(message)
                await self.ack(opened.digest)
            case Ack():
                self.acked.extend(message.digests)

    async def _readings(self, message: Readings) -> None:
        self.readings.append(message)
        if self.holds:
            mark = ReadingsMark(message.journal, message.boot, message.first + len(message.readings) - 1)
            await self.send(Ack(gateway=G, at=self.now(), readings=mark))

    async def _terms(self, birth: Birth) -> None:
        if self.silent:
            return
        epochs = {m.meter: self.epoch for m in birth.meters}
        terms = BirthTerms(birth.nonce, birth.boot, birth.journal, epochs, 0, False)
        await self.send(Ack(gateway=G, at=self.now(), birth=terms))
        self.born.set()

    async def _permit(self, request: PermitRequest) -> None:
        if self.before_permit is not None:
            await self.before_permit(request)
        if not self.silent:
            await self.send(self.permit(request))

    def permit(self, request: PermitRequest) -> Permit:
        reason = None if self.grants else Reason("stopped_payment", "paid", "pagato")
        return Permit(
            gateway=G,
            meter=request.meter,
            command=request.command,
            nonce=request.nonce,
            granted=self.grants,
            validity_s=10.0 if self.grants else 0.0,
            reason=reason,
            at=self.now(),
        )

    async def ack(self, digest: str) -> None:
        if self.holds:
            await self.send(Ack(gateway=G, at=self.now(), digests=(digest,)))

    async def send(self, message: Body, key: SigningKey = PLANE_KEY, gateway: GatewayId = G) -> str:
        raw, digest = codec.seal(message, key)
        await self.send_raw(message.kind, raw, gateway)
        return digest

    async def send_raw(self, kind: str, raw: bytes, gateway: GatewayId = G) -> None:
        assert self.broker is not None
        await self.broker.publish(topics.down(gateway, kind), raw)

    def command(self, meter: MeterId, verb: Verb, **changes: object) -> Command:
        self.sequence += 1
        now = self.now()
        fields = {
            "gateway": G,
            "meter": meter,
            "identity": GAS if meter == E else IDENTITIES.get(meter, IDENTITIES[A]),
            "number": Number(self.epoch, self.sequence),
            "verb": verb,
            "issued_at": now,
            "expires_at": now + timedelta(seconds=120),
            **changes,
        }
        return Command(**fields)  # type: ignore[arg-type]

    def look(self, meter: MeterId, observe_s: float = 0.0, identity: Identity | None = None) -> Look:
        self.sequence += 1
        return Look(
            gateway=G,
            meter=meter,
            identity=identity or (GAS if meter == E else IDENTITIES[meter]),
            number=Number(self.epoch, self.sequence),
            observe_s=observe_s,
            issued_at=self.now(),
        )

    def freeze(self, number: int, *, on: bool) -> Freeze:
        return Freeze(gateway=G, number=number, on=on, reason="storm", at=self.now())


@dataclass
class World:
    """One line with four meters, a broker, the scripted plane, and a gateway that can be killed and started again."""

    virtual: Virtual
    path: Path | None
    text: str
    faults: Faults | None
    plane: Plane
    broker: MemoryBroker
    line: Line
    valves: dict[MeterId, Valve]
    supplies: dict[MeterId, Supply]
    tap: list[tuple[float, str, bytes]]
    process: Process | None = None
    gateway: Gateway | None = None
    database: sqlite3.Connection | None = None
    catalogue: Catalogue = field(default_factory=installed)
    gas: GasMeter | None = None
    dials: dict[str, Dial] = field(default_factory=dict)
    """Of lines that are not the one line, by name."""

    def start(self, clock: VirtualClock | None = None) -> Gateway:
        """Start it on the world's clock, or on that of a machine that was started anew."""
        assert self.path is not None
        self.process = Process("gateway")
        database = sqlite3.connect(self.path, isolation_level=None)
        self.database = database
        clock, entropy = clock or self.virtual.clock, self.virtual.entropy
        config = parse_config(self.text, self.path.with_name("gateway.toml"), self.catalogue)
        self.gateway = Gateway(
            config,
            clock=clock,
            entropy=entropy,
            dial=lambda line: self.dials.get(line.name, self.line.dial),
            connect=self.broker.connector(G),
            journal=Journal(database, entropy.token(16).hex()),
            signer=GATEWAY_KEY,
            verifier=KeyRing(config.control_plane_keys),
            software="curbstop test",
            machine=str(id(clock)),
            connect_to=self.other_broker,
        )
        self.process.on_kill(database.close)
        self.process.on_kill(lambda: self.broker.cut(G))
        self.process.start(self.gateway.run())
        return self.gateway

    def other_broker(self, at: BrokerAt) -> Connect:
        """The world's broker goes by several names: `elsewhere` is one of them, any other leads nowhere."""

        @asynccontextmanager
        async def led(topics: list[str], will: Message | None) -> AsyncIterator[Broker]:
            if at.host != "elsewhere":
                await asyncio.sleep(3)
                raise ConnectionError(at.host)
            async with self.broker.connector(G)(topics, will) as broker:
                yield broker

        return led

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()

    async def until(self, reached: Callable[[], object], within_s: float = 600.0) -> None:
        end_s = self.virtual.loop.time() + within_s
        while not reached():
            assert self.virtual.loop.time() < end_s, f"not reached within {within_s} s: {self.plane.receipts}"
            await asyncio.sleep(0.1)

    async def receipt(self, digest: str) -> Receipt:
        await self.until(lambda: any(r.command == digest for r in self.plane.receipts))
        return next(r for r in self.plane.receipts if r.command == digest)

    async def answer(self, digest: str) -> LookAnswer:
        await self.until(lambda: any(a.look == digest for a in self.plane.answers))
        return next(a for a in self.plane.answers if a.look == digest)

    def moves(self, meter: MeterId) -> list[str]:
        """What was accepted at the valve, by the valve's own history."""
        return [str(a.wanted) for a in self.valves[meter].history]


@asynccontextmanager
async def _world(
    virtual: Virtual, path: Path, text: str, faults: Faults | None, sticks: MeterId | None, plane: Plane
) -> AsyncIterator[World]:
    clock = virtual.clock
    valves = {m: Valve(clock, sticks=m == sticks) for m in (A, B, C)}
    supplies = {
        m: Supply(clock, Constant(600), valve=valves.get(m), index_dl=1000 * n) for n, m in enumerate(IDENTITIES, 1)
    }
    stations = [
        Station(
            slave(clock, supplies[m], Plate(who.id, who.fabrication_number), address=n),
            response_s=2.0 if m == B else 0.02,
        )
        for n, (m, who) in enumerate(IDENTITIES.items(), 1)
    ]
    tap: list[tuple[float, str, bytes]] = []
    line = Line(stations, faults=faults, seed=virtual.seed, tap=lambda *told: tap.append(told))
    world = World(
        virtual, path, text, faults, plane, MemoryBroker(seed=virtual.seed, faults=faults), line, valves, supplies, tap
    )
    listening = asyncio.create_task(world.plane.run(world))
    try:
        yield world
    finally:
        if world.process is not None:
            world.kill()
        listening.cancel()


def _add_gas(world: World, setting: Setting) -> None:
    """A gas meter beside the others, closed."""
    valve = world.valves[E] = Valve(world.virtual.clock, ValvePosition.CLOSED)
    supply = world.supplies[E] = Supply(world.virtual.clock, Constant(60), valve=valve, index_dl=5000)
    link = gas.slave(world.virtual.clock, supply, Plate(GAS.id, GAS.fabrication_number), setting, address=5)
    assert isinstance(link.application, GasMeter)
    world.gas = link.application
    world.line.stations.append(Station(link, response_s=0.02))
    world.text += GAS_METER


def play(
    story: Callable[[World], Awaitable[None]],
    path: Path,
    *,
    seed: int = 0,
    text: str | None = None,
    gas: Setting | None = None,
    faults: Callable[[], Faults] | None = None,
    sticks: MeterId | None = None,
    plane: Callable[[Virtual], Plane] = Plane,
) -> None:
    """Run a story in a fresh world."""

    async def main(virtual: Virtual) -> None:
        made = faults() if faults else None
        async with _world(
            virtual, path / "journal.sqlite", text or config_text(), made, sticks, plane(virtual)
        ) as world:
            if gas is not None:
                _add_gas(world, gas)
            await story(world)

    run(main, seed=seed)
