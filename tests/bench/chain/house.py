"""The whole house of the bench as processes: broker, lines, control plane, gateway, and a client of its API."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from curbstop.demo.broker import embedded
from curbstop.demo.files import CONTROL_PLANE
from curbstop.demo.mosquitto import mosquitto
from protocols.uplink.keys import SigningKey
from seams import keyfile
from seams.clock import SystemEntropy
from seams.mqtt import Address
from tests.bench.chain.line import number
from tests.e2e import servers

GATEWAY, FLOOR = "bench", "floor"
BAUD = 38400
START_S = 60
PLANE = """pack = "demo"
key_file = "plane.key"
[listen]
port = {port}
[broker]
host = "127.0.0.1"
port = {broker}
password_file = "plane.password"
[orders]
client_per_hour = 10000
client_per_day = 10000
zone_per_hour = 10000
zone_per_day = 10000
gateway_per_hour = 10000
gateway_per_day = 10000
"""
EDGE = """id = "bench"
key_file = "gateway.key"
journal = "journal.sqlite"
control_plane_keys = ["{plane}"]
[caps]
per_hour = 10000
per_day = 10000
share = 1.0
floor = 2
[broker]
host = "127.0.0.1"
port = {broker}
password_file = "gateway.password"
[polling]
every_s = 3600
"""
LINE = '\n[[lines]]\nname = "line{name}"\nhost = "127.0.0.1"\nport = {port}\nbaud = {baud}\n'
METER = """
[[meters]]
name = "m{id}"
line = "line{line}"
id = "{id}"
manufacturer = "CBS"
version = 1
medium = "water"
fabrication_number = "{id}"
"""


@dataclass
class House:
    """Everything that runs, and the API."""

    folder: Path
    lines: int
    meters: int
    broker: str = ""
    broker_port: int = 0
    plane_port: int = 0
    keys: Any = field(default_factory=count)
    points: list[list[str]] = field(default_factory=list)
    http: httpx.AsyncClient = field(init=False)

    @property
    def base(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.plane_port}"

    async def post(self, path: str, body: dict[str, object]) -> dict[str, Any]:
        """Post once; the answer."""
        headers = {"idempotency-key": f"k{next(self.keys)}"}
        answer = await self.http.post(f"/api/v1{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def suspend(self, point: str) -> str:
        """Order a suspension whose notice is long served."""
        notice = {"received_on": "2026-01-02", "channel": "registered letter"}
        order = await self.post("/orders", {"supply_point": point, "kind": "suspend", "notice": notice})
        assert order["state"] == "dispatched", order
        return str(order["id"])

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """News, as they come."""
        async with self.http.stream("GET", "/api/v1/events", timeout=None) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def floor_addresses(self) -> tuple[Address, Address]:
        """Two sessions that measure a hop: a writer like a gateway, a reader like the control plane."""
        port = self.broker_port
        return (
            Address("127.0.0.1", port, FLOOR, FLOOR, "f" * 32),
            Address("127.0.0.1", port, CONTROL_PLANE, "floor-reader", "c" * 32),
        )


@asynccontextmanager
async def house(folder: Path, lines: int, meters: int) -> AsyncIterator[House]:
    """Start everything, register everything, and wait for the gateway's birth."""
    here = House(folder, lines, meters, broker_port=servers.free_port(), plane_port=servers.free_port())
    async with AsyncExitStack() as stack:
        await _broker(stack, here)
        arguments = map(str, (lines, meters, BAUD, folder / "busy"))
        wires = await _process(stack, "tests.bench.chain.line", *arguments)
        assert wires.stdout is not None
        ports = json.loads(await wires.stdout.readline())
        (folder / "plane.toml").write_text(PLANE.format(port=here.plane_port, broker=here.broker_port))
        plane = await _process(stack, "curbstop", "serve", str(folder / "plane.toml"))
        public, token = await _said(plane)
        here.http = httpx.AsyncClient(base_url=here.base, headers={"authorization": f"Bearer {token}"}, timeout=30)
        await stack.enter_async_context(here.http)
        await _answers(here)
        key = keyfile.make(folder / "gateway.key", SystemEntropy())
        await _register(here, key)
        _edge_file(here, public, ports)
        born = asyncio.create_task(_born(here))
        await _process(stack, "tests.bench.chain.gateway", str(folder / "gateway.toml"))
        async with asyncio.timeout(START_S):
            await born
        yield here


async def _broker(stack: AsyncExitStack, here: House) -> None:
    passwords = {CONTROL_PLANE: "c" * 32, GATEWAY: "g" * 32, FLOOR: "f" * 32}
    for name, user in (("plane", CONTROL_PLANE), ("gateway", GATEWAY)):
        path = here.folder / f"{name}.password"
        path.touch(mode=0o600)
        path.write_text(passwords[user])
    if servers.obtain("mosquitto") is not None:
        (here.folder / "mosquitto").mkdir()
        await stack.enter_async_context(mosquitto(here.folder / "mosquitto", here.broker_port, passwords))
        here.broker = "mosquitto"
    else:
        await stack.enter_async_context(embedded(here.broker_port, passwords))
        here.broker = "the embedded broker, in the bench's own process"


async def _process(stack: AsyncExitStack, module: str, *arguments: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    log = pipe if module == "curbstop" else asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdin=pipe, stdout=pipe, stderr=log
    )
    stack.push_async_callback(_end, process)
    return process


async def _end(process: asyncio.subprocess.Process) -> None:
    """The lines end with their input; the others are told."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(2):
            await process.wait()
    except TimeoutError:
        process.terminate()
        await process.wait()


async def _said(plane: asyncio.subprocess.Process) -> tuple[str, str]:
    assert plane.stderr is not None
    said: dict[str, str] = {}
    async with asyncio.timeout(START_S):
        while "admin" not in said:
            line = (await plane.stderr.readline()).decode()
            assert line, "the control plane did not start"
            first, *_, last = line.split()
            said[first] = last
    drain = asyncio.create_task(plane.stderr.read())
    drain.add_done_callback(lambda _: None)
    return said["public"], said["admin"]


async def _answers(here: House) -> None:
    async with asyncio.timeout(START_S):
        while True:
            try:
                if (await here.http.get("/healthz")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)


async def _register(here: House, key: SigningKey) -> None:
    client = await here.post("/clients", {"name": "Bench"})
    await here.post("/gateways", {"id": GATEWAY, "public_key": key.public.hex()})
    for line in range(here.lines):
        here.points.append([])
        for meter in range(here.meters):
            who = number(line, meter)
            point = await here.post("/supply-points", {"client": client["id"], "code": who, "medium": "water"})
            here.points[-1].append(point["id"])
            plate = {"fabrication_number": who, "id": who, "manufacturer": "CBS", "version": 1, "medium": 7}
            told = {"supply_point": point["id"], "gateway": GATEWAY, "name": f"m{who}", "identity": plate}
            await here.post("/meters", told)


def _edge_file(here: House, public: str, ports: list[int]) -> None:
    text = EDGE.format(plane=public, broker=here.broker_port)
    text += "".join(LINE.format(name=n, port=port, baud=BAUD) for n, port in enumerate(ports))
    text += "".join(
        METER.format(id=number(line, meter), line=line) for line in range(here.lines) for meter in range(here.meters)
    )
    (here.folder / "gateway.toml").write_text(text)


async def _born(here: House) -> None:
    async for event in here.events():
        if event["type"] == "gateway":
            await asyncio.sleep(SETTLE_S)
            return


SETTLE_S = 15.0
"""After the birth every meter is read once; the lines are quiet after that."""
