"""The demo's setting: broker, line and meters in this process, the gateway as a process of its own, all on loopback."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from curbstop.demo.broker import CONTROL_PLANE, embedded
from protocols.types import GatewayId, Identity, MeterId
from protocols.uplink.keys import SigningKey
from seams import keyfile
from seams.clock import SystemClock, SystemEntropy
from simulators.line import Line, Station
from simulators.physics import Constant, Supply
from simulators.reference.water import Plate, slave
from simulators.serve import serve_line
from simulators.valve import Valve

GATEWAY = GatewayId("demo-cellar")
POLL_EVERY_S = 10
SLOW_S = 2.0
FLOW_L_H = 600
VERSION_WITH_VALVE, VERSION_WITHOUT = 1, 2


@dataclass(frozen=True, slots=True)
class DemoMeter:
    """One simulated meter: what it is like, in words, and its index at the start in litres."""

    name: MeterId
    words: str
    identity: Identity
    litres: int
    response_s: float = 0.02
    sticks: bool = False

    @property
    def has_valve(self) -> bool:
        """Whether there is a valve in it."""
        return self.identity.version == VERSION_WITH_VALVE


def _who(number: str, version: int) -> Identity:
    return Identity(number, "CBS", version, 7, number)


METERS = (
    DemoMeter(MeterId("A"), "a valve", _who("26110001", VERSION_WITH_VALVE), 104_300),
    DemoMeter(MeterId("B"), "a valve, answers after 2 s", _who("26110002", VERSION_WITH_VALVE), 88_120, SLOW_S),
    DemoMeter(MeterId("C"), "a valve that sticks", _who("26110003", VERSION_WITH_VALVE), 51_975, sticks=True),
    DemoMeter(MeterId("D"), "no valve", _who("26110004", VERSION_WITHOUT), 7_040),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where everything is, while the demo runs."""

    folder: Path
    broker_port: int
    line_port: int
    broker_password: str
    gateway_key: SigningKey
    plane_key: SigningKey


@asynccontextmanager
async def setting() -> AsyncIterator[Setting]:
    """Start broker and line; everything is gone afterwards."""
    entropy = SystemEntropy()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="curbstop-demo-")))
        passwords = {name: entropy.token(16).hex() for name in (CONTROL_PLANE, GATEWAY)}
        broker_port = free_port()
        await stack.enter_async_context(embedded(broker_port, passwords))
        server = await serve_line(_line(), "127.0.0.1")
        stack.push_async_callback(server.close)
        place = Setting(
            folder=folder,
            broker_port=broker_port,
            line_port=server.port,
            broker_password=passwords[CONTROL_PLANE],
            gateway_key=keyfile.make(folder / "gateway.key", entropy),
            plane_key=keyfile.make(folder / "control-plane.key", entropy),
        )
        write_gateway_file(place, passwords[GATEWAY])
        yield place


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _line() -> Line:
    clock = SystemClock()
    stations = []
    for address, meter in enumerate(METERS, 1):
        valve = Valve(clock, sticks=meter.sticks) if meter.has_valve else None
        supply = Supply(clock, Constant(FLOW_L_H), valve=valve, index_dl=meter.litres * 10)
        plate = Plate(meter.identity.id, meter.identity.fabrication_number)
        stations.append(Station(slave(clock, supply, plate, address=address), response_s=meter.response_s))
    return Line(stations)


def write_gateway_file(place: Setting, password: str) -> None:
    """The gateway's own file, as an installer would write it."""
    secret = place.folder / "broker-password"
    secret.touch(mode=0o600)
    secret.write_text(password + "\n")
    text = f"""# The demo's gateway: one line, four meters.
id = "{GATEWAY}"
key_file = "gateway.key"
journal = "journal.sqlite"
control_plane_keys = ["{place.plane_key.public.hex()}"]

[caps]
per_hour = 4
per_day = 8
share = 0.5
floor = 2

[broker]
host = "127.0.0.1"
port = {place.broker_port}
password_file = "broker-password"

[polling]
every_s = {POLL_EVERY_S}

[[lines]]
name = "riser"
host = "127.0.0.1"
port = {place.line_port}
baud = 2400
"""
    (place.folder / "gateway.toml").write_text(text + "".join(_meter_table(meter) for meter in METERS))


def _meter_table(meter: DemoMeter) -> str:
    who = meter.identity
    return f"""
[[meters]]
name = "{meter.name}"
line = "riser"
id = "{who.id}"
manufacturer = "{who.manufacturer}"
version = {who.version}
medium = "water"
fabrication_number = "{who.fabrication_number}"
response_s = {meter.response_s + 0.5 if meter.response_s >= 1 else 0.0}
"""


@asynccontextmanager
async def gateway_process(place: Setting) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `curbstop gateway` in a process of its own; what it has to say goes to a file in the demo's folder."""
    with (place.folder / "gateway.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "curbstop",
            "gateway",
            str(place.folder / "gateway.toml"),
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
