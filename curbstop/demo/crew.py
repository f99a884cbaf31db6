"""The demo's crew: simulated people with a simulated device, who really walk, look, turn and photograph; by REST.

What it reports is read off the simulated world, after it was done there.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from curbstop.demo.child import DemoError
from curbstop.demo.meters import Riser
from curbstop.demo.rest import Api, Document
from curbstop.demo.setting import Setting
from protocols.errors import TheirsError
from protocols.ports import Clock
from protocols.types import ValvePosition
from protocols.uplink.crew import CrewPermit, Photograph, Place, Register
from simulators.crews.camera import Camera, Shot
from simulators.crews.device import Device, Job, NotOursError, Signed, Visit, envelope, make

LOOK_EVERY_S, WALK_S = 0.4, 1.0
LARGEST_PAGE = 100
HERE = Place(latitude=43.7695604, longitude=11.2558136, accuracy_m=4.5)
CUBIC_METRES = "m3"


class PermitError(DemoError):
    """A permit that is none: the house has not signed it, or it runs no more."""


@dataclass(slots=True)
class Feed:
    """The crews' feed of work orders, as a workforce system follows it: from a cursor on, nothing twice."""

    api: Api
    entries: list[Document] = field(default_factory=list)
    _cursor: str | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def first(self, wanted: Callable[[Document], bool]) -> Document:
        """The first entry that is wanted, come already or yet to come."""
        seen = 0
        while True:
            for entry in self.entries[seen:]:
                if wanted(entry):
                    return entry
            seen = len(self.entries)
            if not await self._more():
                await asyncio.sleep(LOOK_EVERY_S)

    async def offer(self, order: str) -> Document:
        """The entry that offers the first work order of an order."""
        return await self.first(lambda e: e["type"] == "created" and e["work_order"]["order"] == order)

    async def told(self, job: Job, kind: str) -> Document:
        """The first entry of a kind about a work order."""
        return await self.first(lambda e: (e["type"], e["subject"]) == (kind, job.work_order))

    async def to_its_end(self) -> list[Document]:
        """All entries, up to the newest."""
        while await self._more():
            pass
        return self.entries

    async def _more(self) -> bool:
        async with self._turn:
            query = {"cursor": self._cursor} if self._cursor else {}
            page = await self.api.get("/field/feed", limit=LARGEST_PAGE, **query)
            self._cursor = page["next"]
            self.entries += page["items"]
            return bool(page["items"])


@dataclass(slots=True)
class Crew:
    """One crew, with one device, at one place at a time."""

    api: Api
    device: Device
    riser: Riser
    clock: Clock
    feed: Feed
    at_one_place: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def accept(self, entry: Document) -> Job:
        """Take a work order, and go there."""
        job = Job(entry["subject"], entry["work_order"]["order"])
        await self.api.post(f"/field/work-orders/{job.work_order}/accept", {})
        await asyncio.sleep(WALK_S)
        return job

    async def arrive(self, job: Job, at: str) -> None:
        """Be there, and say what is found before anything is asked."""
        found = {"position": self.riser.seen_at(at)}
        await self.api.post(f"/field/work-orders/{job.work_order}/arrive", found)

    async def ask(self, job: Job, at: str) -> CrewPermit:
        """Ask for the permit; believed only under the house's key, and as the answer to this question."""
        raw = self.device.ask(job, self.riser.seen_at(at), self.riser.serial_of(at), self.clock.now())
        answer = await self.api.post(f"/field/work-orders/{job.work_order}/permit", envelope(raw))
        try:
            return self.device.hear(json.dumps(answer["signed"]).encode())
        except (TheirsError, NotOursError) as error:
            raise PermitError(f"the permit for work order {job.work_order} is not believed: {error}") from None

    async def close(self, job: Job, at: str, seal: str) -> Visit:
        """Photograph, close it by hand, put the seal on, photograph; PermitError without a permit that runs."""
        if not self.device.may_begin(job, self.clock.now()):
            raise PermitError(f"no permit runs for work order {job.work_order}")
        return await self._turn(job, at, ValvePosition.CLOSED, applied=seal)

    async def open(self, job: Job, at: str, seal: str) -> Visit:
        """The way back, for which no permit is asked: the seal is taken off."""
        return await self._turn(job, at, ValvePosition.OPEN, removed=seal)

    async def report(self, job: Job, visit: Visit) -> Signed:
        """Sign what was done, and send it; RestError where the house does not take it."""
        account = self.device.report(job, visit, self.clock.now())
        await self.api.post(f"/field/work-orders/{job.work_order}/report", account.document)
        self.device.taken(account)
        return account

    async def _turn(
        self, job: Job, at: str, wanted: ValvePosition, applied: str | None = None, removed: str | None = None
    ) -> Visit:
        camera, found, began = Camera(job.work_order, HERE), self.riser.seen_at(at), self.clock.now()
        before = await self._photograph(camera.valve, "before", found, began)
        self.riser.turn(at, wanted)
        while (left := self.riser.seen_at(at)) is ValvePosition.MOVING:  # noqa: ASYNC110 - a valve sets no event
            await asyncio.sleep(LOOK_EVERY_S)
        ended, serial, index = self.clock.now(), self.riser.serial_of(at), self.riser.index_of(at)
        after = [
            await self._photograph(camera.plate, serial, ended),
            await self._photograph(camera.register, f"{index} {CUBIC_METRES}", ended),
            await self._photograph(camera.valve, "after", left, ended),
            await self._photograph(camera.seal, applied or removed or "none", ended),
        ]
        return Visit(
            found=found,
            left=left,
            serial=serial,
            began_at=began,
            ended_at=ended,
            register=Register(value=index, unit=CUBIC_METRES),
            photographs=(before, *after),
            seals_applied=(applied,) if applied else (),
            seals_removed=(removed,) if removed else (),
            place=HERE,
        )

    async def _photograph(self, draw: Callable[..., Shot], *what: str | ValvePosition | datetime) -> Photograph:
        """Draw it beside the loop, and put it into the house before any report names it."""
        shot = await asyncio.to_thread(draw, *what)
        await self.api.put(f"/field/evidence/{shot.named.digest}", shot.jpeg)
        return shot.named


def crew_of(place: Setting, clock: Clock) -> Crew:
    """The crew of a run, with a new device."""
    api = place.people.crew
    return Crew(api, make(api.entropy), place.riser, clock, Feed(api))
