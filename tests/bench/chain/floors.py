"""What the parts of a chain cost by themselves: one FULL commit, one hop, one signature, one verification, one POST.

Each is measured back to back with the others and with the orders that it judges, several at a time, so that nothing has
gone cold: floors that are measured singly after idling come out at twice as much, and flatter whatever stands on them.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from protocols.ports import Broker, Message
from protocols.uplink.keys import KeyRing, SigningKey
from seams.clock import SystemEntropy
from seams.mqtt import Address, connector

BURST = 5
SIZE = 700
"""Bytes: a signed command. What is committed is a row of as many."""
PAGE, LOG_PAGES = 4096, 1200
"""SQLite's page, and more of them than it lets its log grow to."""
TOPIC = "curbstop/v1/floor/down/command"


@dataclass(slots=True)
class Floors:
    """Seconds, by name."""

    commits: sqlite3.Connection
    sender: Broker
    heard: AsyncIterator[Message]
    post: Callable[[], None]
    key: SigningKey = field(default_factory=lambda: SigningKey(SystemEntropy().token(32)))
    seen: dict[str, list[float]] = field(default_factory=dict)

    async def measure(self) -> None:
        """One burst of each."""
        for _ in range(BURST):
            await self._hop()
        for _ in range(BURST):
            self._timed("commit", self._commit)
        for _ in range(BURST):
            self._timed("post", self.post)
        message = bytes(SIZE)
        ring, signature = KeyRing([self.key.public]), self.key.sign(message)
        for _ in range(BURST):
            self._timed("signature", lambda: self.key.sign(message))
            self._timed("verification", lambda: ring.verify(self.key.keyid, message, signature))

    def floor(self, name: str) -> float:
        """The median, in seconds."""
        return median(self.seen[name])

    def _timed(self, name: str, work: Callable[[], object]) -> None:
        began = time.perf_counter()
        work()
        self.seen.setdefault(name, []).append(time.perf_counter() - began)

    async def _hop(self) -> None:
        """From the call to publish until the other client has it; the broker's acknowledgement is not waited for."""
        began = time.perf_counter()
        published = asyncio.create_task(self.sender.publish(TOPIC, bytes(SIZE)))
        await anext(self.heard)
        self.seen.setdefault("hop", []).append(time.perf_counter() - began)
        await published

    def _commit(self) -> None:
        self.commits.execute("BEGIN IMMEDIATE")
        self.commits.execute("INSERT INTO floor (row) VALUES (?)", (bytes(SIZE),))
        self.commits.execute("COMMIT")


def _grow(commits: sqlite3.Connection) -> None:
    """Let the log become as long as it will be: from then on it is written over, as that of a house that has run."""
    commits.execute("BEGIN")
    commits.executemany("INSERT INTO floor (row) VALUES (?)", [(bytes(PAGE),)] * LOG_PAGES)
    commits.execute("COMMIT")


@asynccontextmanager
async def floors(
    folder: Path, broker_port: int, plane: str, other: str, post: Callable[[], None]
) -> AsyncIterator[Floors]:
    """Floors on this folder's disk and over this broker; `plane` and `other` are the passwords of its two users."""
    commits = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "CREATE TABLE floor (row BLOB)"):
        commits.execute(statement)
    _grow(commits)
    sender = Address("127.0.0.1", broker_port, "control-plane", "floor-sender", plane)
    receiver = Address("127.0.0.1", broker_port, "floor", "floor", other)
    async with connector(sender)([], None) as one, connector(receiver)([TOPIC], None) as two:
        yield Floors(commits, one, aiter(two.messages()), post)
    commits.close()
