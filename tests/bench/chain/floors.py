"""What the least of each kind of step costs on this machine, at this moment: measured between the orders it judges."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx

from protocols.ports import Broker
from protocols.uplink.keys import KeyRing, SigningKey
from seams.mqtt import Address, connector

PATH = {"POST": 1, "FULL commit": 6, "hop": 4, "sign": 4, "verify": 4}
"""The least an order needs until its receipt is recorded. Commits: order, received, grant, started, finished, receipt.
Hops, signed and verified once each: command, request, permit, receipt."""
KEY = SigningKey(b"f" * 32)
BODY = b"x" * 600
TOPIC = "curbstop/v1/floor/up/receipt"


@dataclass
class Floors:
    """One sample of each kind whenever `sample` is awaited, in seconds."""

    seen: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PATH})

    async def open(self, stack: AsyncExitStack, folder: Path, base: str, broker: tuple[Address, Address]) -> None:
        """Open what the samples need: a database of its own, two sessions at the broker, a client of the API."""
        self._db = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE floor (number INTEGER PRIMARY KEY, body BLOB)")
        self._http = await stack.enter_async_context(httpx.AsyncClient(base_url=base))
        writer, reader = broker
        self._down: Broker = await stack.enter_async_context(connector(writer)([], None))
        up: Broker = await stack.enter_async_context(connector(reader)(["curbstop/v1/+/up/+"], None))
        self._came = asyncio.Event()
        watch = asyncio.create_task(self._watch(up))
        stack.callback(watch.cancel)

    async def _watch(self, up: Broker) -> None:
        async for message in up.messages():
            if message.topic == TOPIC:
                self._came.set()

    async def sample(self) -> None:
        """Measure each kind once, back to back."""
        await self._timed("POST", self._post)
        await self._timed("FULL commit", self._commit)
        await self._timed("hop", self._hop)
        signature = KEY.sign(BODY)
        await self._timed("sign", self._plain(lambda: KEY.sign(BODY)))
        ring = KeyRing([KEY.public])
        await self._timed("verify", self._plain(lambda: ring.verify(KEY.keyid, BODY, signature)))

    async def _timed(self, name: str, step: Callable[[], Awaitable[object]]) -> None:
        begin = time.perf_counter()
        await step()
        self.seen[name].append(time.perf_counter() - begin)

    async def _post(self) -> None:
        """A request that is turned away at the gate: the server's and the wire's share."""
        await self._http.post("/api/v1/orders", json={"supply_point": "pt"})

    async def _commit(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("INSERT INTO floor (body) VALUES (?)", (BODY,))
        self._db.execute("COMMIT")

    async def _hop(self) -> None:
        self._came.clear()
        await self._down.publish(TOPIC, BODY)
        await self._came.wait()

    @staticmethod
    def _plain(work: Callable[[], object]) -> Callable[[], Awaitable[object]]:
        async def step() -> None:
            work()

        return step

    def each(self) -> dict[str, float]:
        """The median of each kind."""
        return {name: median(times) for name, times in self.seen.items()}

    def total(self) -> float:
        """The sum over the path."""
        return sum(count * self.each()[name] for name, count in PATH.items())
