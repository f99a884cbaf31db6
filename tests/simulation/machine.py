"""One gateway's machine: its clock, its disk, its line, and the process that is killed and started again on it."""

import asyncio
import sqlite3
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from drivers.catalogue import Catalogue, installed
from drivers.spec import Spec
from gateway.app import Gateway
from gateway.config import Config, parse_config
from protocols.types import GatewayId, Identity, Medium, MeterId
from protocols.uplink.keys import KeyRing, SigningKey
from simulators.broker import MemoryBroker
from simulators.line import Line
from simulators.loop import Virtual, VirtualClock
from simulators.process import Process
from tests.gateway.world import CONFIG, METER
from tests.simulation.bodies import ARM_EXPIRES_S
from tests.simulation.witness import WatchedJournal, Witness

PLANE_KEY = SigningKey(b"p" * 32)
EVERY_S = 60


@dataclass(frozen=True, slots=True)
class Caps:
    """What stands in the gateway's own file."""

    per_hour: int = 20
    share: float = 1.0
    floor: int = 4


@cache
def catalogue() -> Catalogue:
    """The installed device specs, read once for all worlds; the gas meters here end an unused arm sooner."""
    found = installed()
    specs = [found.by_name(name) for name in found.names()]
    return Catalogue([_sooner(spec) if spec.medium == Medium.GAS else spec for spec in specs])


def _sooner(spec: Spec) -> Spec:
    assert spec.valve is not None
    assert spec.valve.arm is not None
    return replace(spec, valve=replace(spec.valve, arm=replace(spec.valve.arm, expires_s=ARM_EXPIRES_S)))


@cache
def config(gateway: str, caps: Caps, every_s: int, meters: tuple[tuple[MeterId, Identity, float], ...]) -> Config:
    """The gateway's own file; the same text is read once for all worlds."""
    text = CONFIG.format(
        plane=PLANE_KEY.public.hex(), per_hour=caps.per_hour, share=caps.share, floor=caps.floor, every_s=every_s
    ).replace('id = "cellar"', f'id = "{gateway}"')
    for name, who, slow_s in meters:
        entry = METER.format(name=name, who=who, response_s=slow_s)
        text += entry.replace('"water"', '"gas"') if who.medium == Medium.GAS else entry
    return parse_config(text, Path("gateway.toml"), catalogue())


@dataclass
class Machine:
    """`clock` is this machine's own: its wall may stand wrong, its crystal drifts, a power cut begins its boot anew."""

    virtual: Virtual
    id: GatewayId
    key: SigningKey
    line: Line
    broker: MemoryBroker
    witness: Witness
    folder: Path
    meters: tuple[tuple[MeterId, Identity, float], ...]
    caps: Caps
    clock: VirtualClock
    every_s: int = EVERY_S
    journals: list[Path] = field(default_factory=list)
    power_cuts: int = 0
    process: Process | None = None
    gateway: Gateway | None = None
    _database: sqlite3.Connection | None = None

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.alive

    def start(self) -> None:
        """Start the process over the last journal."""
        if not self.journals:
            self.new_disk()
        self.process = Process(self.id)
        self._database = sqlite3.connect(self.journals[-1], isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self.gateway = Gateway(
            config(self.id, self.caps, self.every_s, self.meters),
            clock=self.clock,
            entropy=self.virtual.entropy,
            dial=lambda _: self.line.dial,
            connect=self.broker.connector(self.id),
            journal=WatchedJournal(self._database, self.virtual.entropy.token(16).hex(), self.witness, self.id),
            signer=self.key,
            verifier=KeyRing([PLANE_KEY.public]),
            software="simulated",
            machine=f"start {self.power_cuts}",
        )
        self.process.on_kill(self._take_back)
        self.process.start(self.gateway.run())

    def _take_back(self) -> None:
        """What the operating system takes back: the journal's file, the broker's and the converter's connections."""
        assert self._database is not None
        self._database.close()
        self.broker.cut(self.id)
        self.line.go_down()
        self.line.come_up()

    def kill(self, why: str = "killed") -> None:
        """Kill the process, as the system kills it."""
        if self.alive:
            assert self.process is not None
            self.witness.counts["kills"] += 1
            self.witness.tell(self.id, why)
            self.process.kill()

    def cut_power(self) -> None:
        """Kill it with its machine: the boot clock begins anew."""
        self.kill("power cut")
        self.power_cuts += 1
        loop = asyncio.get_running_loop()
        self.clock = VirtualClock(loop, offset_s=self.clock.offset_s, rate=self.clock.rate, booted_s=loop.time())

    def new_disk(self) -> None:
        """Put in an empty disk: the journal begins anew, under an id of its own."""
        self.journals.append(self.folder / f"{self.id}-{len(self.journals)}.sqlite")

    def jump(self, seconds: float) -> None:
        """Set the wall clock."""
        self.witness.counts["clock jumps"] += 1
        self.witness.tell(self.id, f"its wall clock jumps by {seconds:+.0f} s")
        self.clock.jump(seconds)

    def again(self) -> None:
        """Start it where it is dead."""
        if not self.alive:
            self.witness.tell(self.id, "started again")
            self.start()
