"""The demo's setting, all on loopback: broker and line here, control plane and gateway as processes of their own."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from curbstop.demo.broker import embedded
from curbstop.demo.child import DemoError, curbstop, running
from curbstop.demo.files import (
    CONTROL_PLANE,
    GATEWAY,
    LOOPBACK,
    SECOND_PLANE,
    Ports,
    write_gateway_file,
    write_plane_file,
)
from curbstop.demo.meters import BAUD, Riser, riser
from curbstop.demo.mosquitto import mosquitto
from curbstop.demo.plane import People, control_plane, enter
from curbstop.demo.stolen import Stolen, steal
from protocols.ports import Entropy
from seams import keyfile
from seams.clock import SystemClock, SystemEntropy
from seams.mqtt import Address
from simulators.serve import serve_line

PASSWORD_BYTES = 16
Say = Callable[[str, str], None]
"""Says who is ready, and where."""
Door = Callable[[str], Address]
"""Where the broker is, for whom."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything that runs, while the demo runs."""

    folder: Path
    base: str
    riser: Riser
    people: People
    stolen: Stolen
    log_key: str
    gateway_key: bytes


PLANES = (CONTROL_PLANE, SECOND_PLANE)


@asynccontextmanager
async def _embedded(_folder: Path, port: int, entropy: Entropy, _now: datetime) -> AsyncIterator[Door]:
    passwords = {name: entropy.token(PASSWORD_BYTES).hex() for name in (*PLANES, GATEWAY)}
    async with embedded(port, passwords) as door:
        yield door


@asynccontextmanager
async def _mosquitto(folder: Path, port: int, _entropy: Entropy, now: datetime) -> AsyncIterator[Door]:
    async with mosquitto(folder, port, PLANES, [GATEWAY], now) as served:
        yield served.address


BROKERS = {"embedded": _embedded, "mosquitto": _mosquitto}
SPEAKS = {"embedded": "MQTT", "mosquitto": "MQTT over TLS, a certificate each,"}


@asynccontextmanager
async def setting(broker: str, say: Say) -> AsyncIterator[Setting]:
    """Start everything, and enter the registry; DemoError says what can't be had."""
    entropy = SystemEntropy()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(_run_folder()))
        served = riser()
        line = await serve_line(served.line, LOOPBACK)
        stack.push_async_callback(line.close)
        ports = Ports(broker=free_port(), line=line.port, rest=free_port())
        door = await _start_broker(stack, broker, folder, ports.broker, entropy)
        say("broker", f"{broker}, {SPEAKS[broker]} at {LOOPBACK}:{ports.broker}")
        say("line", f"{BAUD} baud 8E1 behind a serial converter at {LOOPBACK}:{ports.line}")
        config = write_plane_file(folder, ports, door(CONTROL_PLANE))
        started = await stack.enter_async_context(control_plane(config, ports, entropy))
        say("control", f"a process of its own, answers at {started.base}")
        key = keyfile.make(folder / "gateway.key", entropy)
        people = await enter(started, key, folder)
        say("control", "over REST: client, tokens, 7 points, gateway, 5 meters")
        config = write_gateway_file(folder, ports, door(GATEWAY), started.public_key)
        command = curbstop("gateway", str(config))
        await stack.enter_async_context(running("the gateway", command, folder / "gateway.log"))
        say("gateway", "a process of its own, knows the control plane's public key")
        stolen = steal(folder, door(SECOND_PLANE), key)
        yield Setting(folder, started.base, served, people, stolen, started.log_key, key.public)


async def _start_broker(stack: AsyncExitStack, broker: str, folder: Path, port: int, entropy: Entropy) -> Door:
    try:
        return await stack.enter_async_context(BROKERS[broker](folder, port, entropy, SystemClock().now()))
    except OSError as error:
        detail = f"the broker can't listen on {LOOPBACK}:{port} ({error.strerror or error}); run the demo again"
        raise DemoError(detail) from None


def _run_folder() -> "TemporaryDirectory[str]":
    try:
        return TemporaryDirectory(prefix="curbstop-demo-")
    except OSError as error:
        raise DemoError(f"no folder for the run can be made ({error})") from None


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
