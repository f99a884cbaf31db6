"""One visit of a crew: it accepts, travels, looks, asks, acts, photographs and reports, as its fate has it."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from controlplane.field.work.outcomes import OUTCOMES
from protocols.types import MeterId, ValvePosition
from protocols.uplink.crew import Photograph, Register
from simulators.crews import device as sims
from simulators.crews.device import Held, Job, Signed
from tests.simulation.crews.door import Reply
from tests.simulation.crews.fates import NO_ACCESS, Fate
from tests.simulation.crews.film import digest_of, photograph
from tests.simulation.crews.phone import LostError, Phone
from tests.simulation.crews.seen import HandAct

if TYPE_CHECKING:
    from tests.simulation.crews.crew import Crew
    from tests.simulation.world import World

Outcome = Literal["done", "already"]
OPEN, CLOSED = ValvePosition.OPEN, ValvePosition.CLOSED
VIEWS = ("plate", "register", "before", "after")
OK, TRIES = 200, 4
NEIGHBOUR = {"A": "B", "B": "A", "C": "B", "D": "A"}


@dataclass
class Visit:
    """The crew `crew` at the point of the work order `work`."""

    crew: "Crew"
    work: dict[str, Any]
    fate: Fate
    chance: Random
    acted: bool = False
    gone: bool = False
    asked_s: float = -1.0
    began_s: float = -1.0
    serial: str = ""
    photos: dict[str, Photograph] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.phone: Phone = self.crew.phone
        self.world: World = self.crew.world
        self.job = Job(self.work["id"], self.work["order"])
        self.sent_to = MeterId(self.work["code"])
        wrong = self.fate is Fate.WRONG_METER
        self.at = MeterId(NEIGHBOUR[self.sent_to]) if wrong else self.sent_to
        self.takes = self.work["kind"] == "suspend"
        self.wanted = CLOSED if self.takes else OPEN

    def tell(self, text: str) -> None:
        self.world.witness.tell(self.phone.name, text)

    def met(self, what: str) -> None:
        self.world.witness.counts[f"crew: {what}"] += 1

    async def go(self) -> None:
        try:
            await self._go()
        except LostError:
            self.met("lost its device")

    async def _go(self) -> None:
        self.met(self.fate.value)
        self.tell(f"{self.fate.value}, to {self.sent_to} ({self.work['kind']})")
        if (await self._say("accept")).status != OK:
            self.met("came second")
            return
        if self.fate is Fate.NEVER_COMES:
            return
        await self._wait(5, 90)
        self._may_be_lost(Fate.LOST_BEFORE)
        found = await self._arrive()
        if found is None:
            self.met("overtaken before it came")
            return
        if self.fate in NO_ACCESS:
            await self._abort(self.chance.choice(NO_ACCESS[self.fate]), found)
        elif found is self.wanted:
            await self._report(found, found, "already")
        elif self.takes:
            await self._take(found)
        else:
            await self._give(found)

    # -- what it says

    async def _say(self, what: str, body: object = None, signed: Signed | None = None) -> Reply:
        reply = await self.phone.say(what, self.work, body, signed)
        if reply.status != OK:
            self.tell(f"{what} is refused: {reply.status} {reply.code}")
        return reply

    async def _arrive(self) -> ValvePosition | None:
        """Look and say what was found; None where there is nothing more to do here."""
        found = self.world.standing(self.at).valve.position
        while found is ValvePosition.MOVING:
            await asyncio.sleep(1)
            found = self.world.standing(self.at).valve.position
        self.photos["before"] = await self._photograph("before")
        return found if (await self._say("arrive", {"position": found})).status == OK else None

    async def _take(self, found: ValvePosition) -> None:
        if self.fate is Fate.WITHOUT_PERMIT and self.work["serial"] == self.world.standing(self.at).serial:
            await self._act(obeys=False)
            await self._report(found, CLOSED)
            return
        if self.fate is Fate.LATE_ASKING:
            await self._wait(60, 300)
        if not await self._permitted(found):
            return
        self._may_be_lost(Fate.LOST_PERMITTED)
        if self.fate is Fate.SILENT:
            await self._silent()
            return
        await self._wait(*self._prepares())
        if self._is_told_to_stop() and self.chance.randrange(2):
            self.met("stopped with a permit")
            await self._abort("stopped", found)
        elif self.fate is Fate.STUCK:
            await self._abort("valve_stuck", found)
        elif self.fate is Fate.LIES:
            self._lies()
            await self._report(found, CLOSED)
        elif self.fate is not Fate.OVER_TIME and not self._may_begin():
            self.met("permit lapsed")
            await self._abort("permit_lapsed", found)
        elif self.serial != self.world.standing(self.at).serial:
            await self._abort("wrong_meter", found)
        elif not self.gone:
            await self._act(obeys=self.fate is not Fate.OVER_TIME)
            self._may_be_lost(Fate.LOST_AFTERWARDS)
            await self._account(found)

    def _is_told_to_stop(self) -> bool:
        told = self.phone.disk.offered.get(self.job.work_order)
        return self.job.work_order in self.phone.disk.ended or bool(told and told["stopped_at"])

    def _may_begin(self) -> bool:
        return self.phone.pen.may_begin(self.job, self.phone.clock.now())

    def _prepares(self) -> tuple[float, float]:
        """How long it prepares before it turns anything, at least and at most."""
        permit_s = self.world.settings.crew_permit_s
        return (permit_s * 0.9, permit_s * 1.5) if self.fate in (Fate.LATE_ACTING, Fate.OVER_TIME) else (3.0, 40.0)

    async def _account(self, found: ValvePosition) -> None:
        """Report what was done, or be one who does not."""
        if self.fate is Fate.SILENT_AFTERWARDS:
            await self._silent()
        elif self.fate is Fate.ANOTHERS_REPORT and self.crew.spare is not None:
            mine, other = self.phone, self.crew.spare
            other.again()
            other.pen._held[self.job.work_order] = mine.pen._held[self.job.work_order]
            self.phone = other
            await self._report(found, CLOSED)
        else:
            if self.fate is Fate.NO_NETWORK:
                self._dark()
            await self._report(found, CLOSED)

    async def _give(self, found: ValvePosition) -> None:
        if self._is_gas_given() and self.world.leaking() and self.chance.randrange(3) == 0:
            await self._abort("leak_suspected", found)
            return
        if self.fate is Fate.LIES:
            self._lies()
        elif self.fate in (Fate.SILENT, Fate.SILENT_AFTERWARDS):
            return
        else:
            await self._act(obeys=True)
        if self.fate is Fate.NO_NETWORK:
            self._dark()
        for _ in range(TRIES):
            reply = await self._report(found, OPEN)
            if reply.code != "unsettled":
                return
            await self._wait(20, 60)
            if await self._arrive() is None:
                return

    async def _silent(self) -> None:
        """It is never heard of again: some have acted, some act while their permit lasts."""
        self.met("fell silent")
        await self._wait(1, 60)
        same = self.serial == self.world.standing(self.at).serial
        if same and not self.gone and self.chance.randrange(2) and self._may_begin():
            await self._act(obeys=True)

    def _lies(self) -> None:
        self.world.field.seen.lies.add(self.job.order)

    def _dark(self) -> None:
        dark_s = self.chance.uniform(60, 500)
        self.tell(f"has no network for {dark_s:.0f} s")
        self.crew.radio.dark[self.phone.name] = asyncio.get_running_loop().time() + dark_s

    def _may_be_lost(self, when: Fate) -> None:
        if self.fate is when:
            self.tell("has lost its device")
            self.crew.lost(self.phone)
            raise LostError

    # -- the permit

    async def _permitted(self, found: ValvePosition) -> bool:
        """Ask until there is an answer that counts; whether it may act."""
        misread = self.fate is Fate.MISREADS
        for _ in range(TRIES):
            self.serial = self.world.standing(self.at).serial
            told = f"9{self.serial[1:]}" if misread else self.serial
            self.asked_s = asyncio.get_running_loop().time()
            raw = self.phone.pen.ask(self.job, found, told, self.phone.clock.now())
            reply = await self._say("permit", signed=Signed(raw, "", self.job))
            if reply.status == OK:
                return self._heard(reply)
            if reply.code == "too_old":
                self.phone.clock.offset_s = 0.0
                self.met("clock was wrong")
            elif reply.code == "wrong_serial" and misread:
                misread = False
            elif reply.code == "wrong_serial":
                await self._abort("wrong_meter", found)
                return False
            else:
                self.met("overtaken before its permit")
                return False
        return False

    def _heard(self, reply: Reply) -> bool:
        permit = self.phone.pen.hear(json.dumps(reply.said["signed"]).encode())
        self.tell("may act" if permit.granted else f"may not act: {permit.reason.code if permit.reason else ''}")
        self.met("permitted" if permit.granted else "denied")
        return permit.granted

    # -- what it does

    async def _act(self, *, obeys: bool) -> None:
        """A hand at the valve. Gas is opened by a technician who has mended what leaked."""
        standing = self.world.standing(self.at)
        held = self._held()
        self.began_s = asyncio.get_running_loop().time()
        permit, device = held.digest if held is not None else None, self.phone.pen.id
        act = HandAct(
            at_s=self.began_s,
            device=device,
            work_order=self.job.work_order,
            order=self.job.order,
            meter=self.at,
            sent_to=self.sent_to,
            wanted=self.wanted,
            permit=permit,
            asked_s=self.asked_s,
            obeys=obeys,
        )
        self.world.field.seen.acts.append(act)
        self.acted = True
        self.world.turn(self.at, self.wanted)
        self.world.witness.moment("hand moved", self.at)
        await asyncio.sleep(standing.valve.travel_s + self.chance.uniform(1, 10))

    def _held(self) -> Held | None:
        return self.phone.pen._held.get(self.job.work_order)

    async def _photograph(self, shot: str) -> Photograph:
        where = f"{self.at} {self.job.work_order} {self.phone.name}"
        photo = photograph(where, shot, self.phone.clock.now() + timedelta(microseconds=self.chance.randrange(1000)))
        digest = digest_of(photo)
        self.world.field.seen.shots.add(digest)
        work = {**self.work, "digest": digest}
        await self.phone.say("evidence", work, photo)
        return Photograph(shot=shot, digest=digest)

    async def _shots(self, outcome: str) -> list[Photograph]:
        views = [*VIEWS, *(["test"] if self._is_gas_given() else [])]
        for view in views:
            if view not in self.photos and (view != "after" or outcome == "done"):
                same = self.photos["plate"] if view == "register" else await self._photograph(view)
                self.photos[view] = Photograph(shot=view, digest=same.digest)
        return [self.photos[view] for view in views if view in self.photos]

    def _is_gas_given(self) -> bool:
        return self.work["medium"] == "gas" and not self.takes

    async def _report(self, found: ValvePosition, left: ValvePosition, outcome: Outcome = "done") -> Reply:
        """Report, and mend what the house finds missing."""
        shots = await self._shots(outcome)
        if self.fate is Fate.MISSING_SHOT:
            shots = shots[1:]
        elif self.fate is Fate.WRONG_DIGEST:
            shots[0] = Photograph(shot=shots[0].shot, digest=digest_of(b"another"))
        reply = await self._says(found, left, outcome, shots)
        if reply.code in ("evidence_missing", "evidence_unknown"):
            self.met(f"refused: {reply.code}")
            self.phone.clock.offset_s = 0.0
            reply = await self._says(found, left, outcome, await self._shots(outcome))
        return reply

    async def _says(
        self, found: ValvePosition, left: ValvePosition, outcome: Outcome, shots: list[Photograph]
    ) -> Reply:
        now = self.phone.clock.now()
        lasted_s = asyncio.get_running_loop().time() - self.began_s if self.began_s >= 0 else 0.0
        said = sims.Visit(
            found=found,
            left=left,
            serial=self.world.standing(self.at).serial,
            began_at=now - timedelta(seconds=lasted_s),
            ended_at=now,
            outcome=outcome,
            register=Register(value=f"{self._index()}", unit="m3"),
            photographs=tuple(shots),
            checks={"leak_check": "tight"} if self._is_gas_given() else {},
        )
        return await self._say("report", signed=self.phone.pen.report(self.job, said, now))

    def _index(self) -> Decimal:
        index = Decimal(self.world.standing(self.at).supply.index_dl()) / 10_000
        read = index - 5 if self.fate is Fate.WRONG_INDEX else index
        return read.quantize(Decimal("0.001"), "ROUND_FLOOR")

    async def _abort(self, code: str, left: ValvePosition) -> None:
        self.met(f"aborts: {code}")
        shots = [await self._photograph(view) for view in OUTCOMES[code].shots]
        now = self.phone.clock.now()
        await self._say("abort", signed=self.phone.pen.abort(self.job, code, left, now, tuple(shots)))

    async def _wait(self, least_s: float, most_s: float) -> None:
        await asyncio.sleep(self.chance.uniform(least_s, most_s))
        if not self.phone.lost:
            await self.phone.look()
