"""Who is no crew: the finder of a revoked device, a device that nobody has approved, and one with a stolen token."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from protocols.types import ValvePosition
from protocols.uplink.keys import SigningKey
from simulators.chance import SeededEntropy
from simulators.crews import device as sims
from simulators.crews.device import Device, Held, Job, Signed
from tests.simulation.crews.door import Call
from tests.simulation.crews.phone import Phone
from tests.simulation.house import Enrolled

if TYPE_CHECKING:
    from tests.simulation.world import World

OK = 200
CLOSED, OPEN = ValvePosition.CLOSED, ValvePosition.OPEN
WORK = 'SELECT id, "order", kind, point FROM work_orders WHERE closed_at IS NULL'
ITS_CREWS = """SELECT id, "order", kind, point FROM work_orders
WHERE closed_at IS NULL AND crew = (SELECT crew FROM devices WHERE id = ?)"""
HANDS = 'SELECT w.id, w."order", h.digest FROM hands h JOIN work_orders w ON w."order" = h."order"'


@dataclass
class Thief:
    """He turns no valve: he says that one was turned."""

    world: "World"
    chance: Random

    async def use(self, phone: Phone) -> None:
        """Once it was revoked, send what waits on a found device, and sign more with its key."""
        while phone.pen.id not in self.world.field.seen.revoked:  # noqa: ASYNC110 - no revocation sets an event
            await asyncio.sleep(5)
        await asyncio.sleep(self.chance.uniform(0, 60))
        for letter in list(phone.disk.outbox):
            await self._try(letter.call, "a revoked device's outbox")
        for _ in range(3):
            await asyncio.sleep(self.chance.uniform(5, 60))
            await self._says(phone.pen, phone.secret, "a revoked device")

    async def try_doors(self, ghost: Enrolled) -> None:
        """A device that is not approved; then a stolen token with a key of one's own."""
        mine = Device(ghost.key, SeededEntropy(1))
        mine.enrolled(ghost.id, "")
        await self._chance_for(ghost.id)
        await self._says(mine, ghost.secret, "a device that nobody has approved")
        crew = self.chance.choice(self.world.field.crews)
        if not crew.phone.lost:
            forged = Device(SigningKey(b"t" * 32), SeededEntropy(2))
            forged.enrolled(crew.phone.pen.id, "")
            await self._chance_for(crew.phone.pen.id)
            await self._says(forged, crew.phone.secret, "a stolen token")

    async def _chance_for(self, device: str) -> None:
        """Wait for the best moment, for a while: a crew has accepted something, and something was signed about it."""
        await asyncio.sleep(self.chance.uniform(60, 300))
        for _ in range(20):
            if self.world.eye.execute(ITS_CREWS, (device,)).fetchone() is not None:
                return
            await asyncio.sleep(15)

    async def _says(self, pen: Device, secret: str, who: str) -> None:
        """Every verb, about whatever is open: best where a permit is out."""
        eye, clock = self.world.eye, self.world.plane_clock
        open_ = eye.execute(ITS_CREWS, (pen.id,)).fetchall() or eye.execute(WORK).fetchall()
        if not open_:
            return
        work_order, order, kind, point = self.chance.choice(open_)
        job, now = Job(work_order, order), clock.now()
        for held_by, _, permit in eye.execute(HANDS).fetchall():
            if held_by == work_order:
                pen._held[work_order] = Held(permit, now)
        left = CLOSED if kind == "suspend" else OPEN
        visit = sims.Visit(OPEN, left, "1", now, now)
        whole: list[tuple[str, Any]] = [
            ("permit", Signed(pen.ask(job, OPEN, "1", now), "", job)),
            ("report", pen.report(job, visit, now)),
            ("abort", pen.abort(job, "dog", OPEN, now)),
        ]
        for what, signed in whole:
            await self._try(Call(secret, what, point.removeprefix("pt_"), work_order, "", signed.raw), who)

    async def _try(self, call: Call, who: str) -> None:
        own = call if call.key else call._replace(key=f"stolen-{self.chance.getrandbits(64):x}")
        reply = await self.world.field.radio.arrive(own)
        if reply is None:
            return
        self.world.witness.counts[f"crew: {who} refused"] += reply.status != OK
        if reply.status == OK:
            self.world.field.seen.strangers.append(f"{who} was answered {reply.status} to {call.what}")
