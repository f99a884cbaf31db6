"""A crew's device as a machine: its clock, its disk that a kill leaves, and the process that sends what it has signed.

Whatever it has to say waits in its outbox, and is sent in its order under the same key until the house has answered.
"""

import asyncio
import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from controlplane.bell import heard
from controlplane.field.work.models import REPAIR
from simulators.crews.device import Device, Signed
from simulators.loop import VirtualClock
from simulators.process import Process
from tests.simulation.crews.door import Call, Reply
from tests.simulation.crews.radio import Radio
from tests.simulation.witness import Witness

POLL_S = 80.0
REFUSED_FROM, BROKEN_FROM = 400, 500
ENDED = ("stopped", "withdrawn", "done", "taken")


class LostError(Exception):
    """The device is in nobody's hands, or in the wrong ones."""


@dataclass
class Letter:
    """What waits in the outbox, and the answer, once it is there."""

    call: Call
    signed: Signed | None = None
    reply: Reply | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Disk:
    """All that a kill leaves: the key and the chain, what waits, how far the feed was read, and what it told."""

    pen: Device
    outbox: deque[Letter] = field(default_factory=deque)
    cursor: str | None = None
    offered: dict[str, dict[str, Any]] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    keys: int = 0


@dataclass
class Phone:
    """One device. `lost`: its crew has it no more."""

    name: str
    secret: str
    disk: Disk
    clock: VirtualClock
    radio: Radio
    witness: Witness
    chance: Random
    lost: bool = False
    process: Process | None = None
    replies: list[tuple[float, Call, Reply]] = field(default_factory=list)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pen(self) -> Device:
        return self.disk.pen

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.alive

    def start(self) -> None:
        self._bell = asyncio.Event()
        self.process = Process(self.name)
        self.process.start(self._run())

    def kill(self) -> None:
        if self.alive and self.process is not None:
            self.witness.counts["crew: device killed"] += 1
            self.witness.tell(self.name, "its device is killed")
            self.process.kill()

    def again(self) -> None:
        if not self.alive and not self.lost:
            self.start()

    def lose(self) -> None:
        """It is gone, with all that waits on it; whoever waited for an answer waits no more."""
        self.kill()
        self.lost = True
        for letter in self.disk.outbox:
            letter.answered.set()

    async def say(self, what: str, work: dict[str, Any], body: object = None, signed: Signed | None = None) -> Reply:
        """Put it into the outbox and wait for the answer, however long that takes. LostError where none will come."""
        raw = signed.raw if signed is not None else body if isinstance(body, bytes) else json.dumps(body).encode()
        digest = work.get("digest", "")
        self.disk.keys += 1
        key = f"{self.name}-{self.disk.keys}"
        letter = Letter(Call(self.secret, what, work["code"], work["id"], key, raw, digest), signed)
        self.disk.outbox.append(letter)
        self._bell.set()
        await letter.answered.wait()
        if self.lost or letter.reply is None:
            raise LostError
        return letter.reply

    async def look(self) -> None:
        """Read the feed now, if the house can be reached."""
        reply = await self.radio.carry(self.name, Call(self.secret, "feed", cursor=self.disk.cursor))
        if reply is None or reply.status >= REFUSED_FROM:
            return
        self.disk.cursor = reply.said["next"]
        for entry in reply.said["items"]:
            self._hear(entry)

    def _hear(self, entry: dict[str, Any]) -> None:
        subject, kind = entry["subject"], entry["type"]
        if kind in ENDED:
            self.disk.ended[subject] = kind
        if entry["work_order"] is not None:
            self.disk.offered[subject] = entry["work_order"]

    def open_work(self) -> Iterable[dict[str, Any]]:
        """What the feed has offered and nobody was told to have taken, of work that moves supply."""
        return [
            work
            for name, work in self.disk.offered.items()
            if work["kind"] != REPAIR
            and work["state"] == "planned"
            and work["crew"] is None
            and name not in self.disk.ended
        ]

    async def _run(self) -> None:
        poll_at = 0.0
        while True:
            self._bell.clear()
            if self.disk.outbox:
                await self._send(self.disk.outbox[0])
                continue
            now_s = asyncio.get_running_loop().time()
            if now_s >= poll_at:
                await self.look()
                poll_at = now_s + POLL_S
                continue
            await heard(self._bell, poll_at - now_s)

    async def _send(self, letter: Letter) -> None:
        reply = await self.radio.carry(self.name, letter.call)
        if reply is None or reply.status >= BROKEN_FROM:
            await asyncio.sleep(self.chance.uniform(1.0, 8.0))
            return
        if reply.status < REFUSED_FROM and letter.signed is not None and letter.call.what != "permit":
            self.pen.taken(letter.signed)
        self.replies.append((asyncio.get_running_loop().time(), letter.call, reply))
        letter.reply = reply
        self.disk.outbox.popleft()
        letter.answered.set()
        self.witness.moment(f"{letter.call.what} answered", letter.call.about)
