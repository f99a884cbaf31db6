"""The demo's stories of people who go where no wire can: C, D and G, and the device that they report with."""

from dataclasses import dataclass, replace
from datetime import datetime

from curbstop.demo.crew import Crew
from curbstop.demo.meters import UNREAD
from curbstop.demo.rest import Api, Document, RestError
from curbstop.demo.scene import Scene
from simulators.crews.device import Job, Visit

WHO, DEVICE_NAME = "crew", "phone of crew 1"
SEAL_C, SEAL_D = "DEMO-0001", "DEMO-0002"
WITNESSED = "witnessed"
AT_ONCE_S = 2.0
REFUSED = {"unapproved": "no_device", "without_evidence": "evidence_missing", "overtaken": "closed"}
"""What the house must answer, by its code."""


async def refusal(asked: object) -> str:
    """The code with which the house refuses; empty where it does not."""
    try:
        await asked  # type: ignore[misc]
    except RestError as error:
        return error.code
    return ""


@dataclass(frozen=True, slots=True)
class FieldWork(Scene):
    """Tells them. One crew goes, so its work is done one place after the other."""

    crew: Crew

    async def enrolled(self) -> None:
        """A device makes its key, and counts for nothing before an operator has compared its fingerprint."""
        people, device = self.place.people, self.crew.device
        crew = (await people.operator.post("/field/crews", {"name": "crew 1"}))["id"]
        code = (await people.operator.post(f"/field/crews/{crew}/codes", {}))["code"]
        key = {"code": code, "name": DEVICE_NAME, "public_key": device.key.public.hex()}
        made = await people.crew.post("/field/devices", key)
        device.enrolled(made["id"], made["house_key"])
        self.say(WHO, f"its phone has made a key, and shows {device.fingerprint}")
        unseen = await refusal(people.crew.get("/field/feed")) == REFUSED["unapproved"]
        self.promises.hold("a crew's device is shown no work before an operator approves it", kept=unseen)
        shown = {"fingerprint": device.fingerprint}
        approved = await people.operator.post(f"/field/devices/{device.id}/approve", shown)
        self.promises.hold("an operator compares the fingerprint, and approves it", kept=bool(approved["approved_by"]))
        self.say("operator", "has compared it, and approves the phone")
        await issue_seals(people.operator, crew, [SEAL_C, SEAL_D])
        self.say(WHO, f"is given the seals {SEAL_C} and {SEAL_D}")

    async def stuck(self) -> None:
        """C: the valve does not move; a crew gets what was tried, and closes it by hand."""
        await self.uses.until_index_runs("C")
        order = (await self.uses.suspend("C"))["id"]
        settled = await self.told(order, event="field")
        offered = await self.crew.feed.offer(order)
        work = offered["work_order"]
        late = datetime.fromisoformat(offered["at"]) >= settled.at
        self.promises.hold("C's work order is in the crews' feed only when all has settled", kept=late)
        self.promises.hold("C's work order says what was tried", kept=[t["verb"] for t in work["tried"]] == ["close"])
        self.say("C", f"its work order tells what was tried: {in_words(work['tried'][-1])}")
        async with self.crew.at_one_place:
            job = await self.crew.accept(offered)
            await self._permitted(job, "C")
            visit = await self._closed(job, "C", SEAL_C)
            await self._reported_without_its_seal(job, visit)
            await self.crew.report(job, visit)
        await self._witnessed("C", order, "closed by hand")
        proven = (await self.reach(order, "completed"))["grade"] == "corroborated"
        self.promises.hold("C's index stands still afterwards, and corroborates the crew", kept=proven)
        did = [(str(act.by), act.moved) for act in self.place.riser.moves("C")]
        by_hand = did == [("wire", False), ("hand", True)]
        self.promises.hold("C's valve itself was not moved by the wire, and shut by a hand", kept=by_hand)

    async def _reported_without_its_seal(self, job: Job, visit: Visit) -> None:
        """The photograph of the seal is left out, and nothing must come of it."""
        poorer = replace(visit, photographs=tuple(p for p in visit.photographs if p.shot != "seal"))
        refused = await refusal(self.crew.report(job, poorer)) == REFUSED["without_evidence"]
        still = (await self.uses.order(job.order))["state"] == "permitted"
        self.say("C", "first sent without the seal's photograph: refused")
        text = "C's report is refused while a photograph is missing"
        self.promises.hold(text, kept=refused and still)

    async def without_a_valve(self) -> None:
        """D: field work at once; paid while the permit runs, so the crew finishes, and gives it back."""
        order = await self.uses.suspend("D")
        at_once = (order["state"], order["channel"]) == ("planned", "field")
        offered = await self.crew.feed.offer(order["id"])
        self.promises.hold("D is in the crews' feed at once: no valve, nothing to wait for", kept=at_once)
        async with self.crew.at_one_place:
            job = await self.crew.accept(offered)
            await self._permitted(job, "D")
            given_back = str((await self.uses.pay("D"))["gives_back"])
            await self.crew.feed.told(job, "stopped")
            await self.told(given_back, event="waits")
            self.say("D", "the crew is told so; its permit runs, and it finishes")
            permitted = (await self.uses.order(order["id"]))["state"] == "permitted"
            self.promises.hold(
                "D's payment comes when the permit is out: the crew is told, and finishes", kept=permitted
            )
            await self.crew.report(job, await self._closed(job, "D", SEAL_D))
            done = await self._witnessed("D", order["id"], "closed at the curb stop")
            await self._given_back(given_back, done)
        did = [(str(act.wanted), str(act.by)) for act in self.place.riser.moves("D")]
        turned = did == [("closed", "hand"), ("open", "hand")]
        self.promises.hold("D's curb stop itself was turned twice, by hand: shut, and open", kept=turned)

    async def _given_back(self, order: str, done: datetime) -> None:
        """The way back is offered when the crew has reported, to whoever is there; nobody asks a permit for it."""
        offered = await self.crew.feed.offer(order)
        after_s = (datetime.fromisoformat(offered["at"]) - done).total_seconds()
        is_way_back = offered["work_order"]["kind"] == "reactivate"
        text = "D's reactivate work order follows the crew's report at once"
        self.promises.hold(text, kept=is_way_back and 0 <= after_s <= AT_ONCE_S)
        job = await self.crew.accept(offered)
        await self.crew.arrive(job, "D")
        await self.told(order, state="on_site")
        self.say("D", f"the crew takes seal {SEAL_D} off, and opens it again")
        visit = await self.crew.open(job, "D", SEAL_D)
        self._signs("D", visit)
        await self.crew.report(job, visit)
        await self._witnessed("D", order, "opened again")

    async def overtaken(self) -> None:
        """G: paid while the crew is on its way, before it has asked for anything."""
        order = (await self.uses.suspend(UNREAD))["id"]
        offered = await self.crew.feed.offer(order)
        async with self.crew.at_one_place:
            job = await self.crew.accept(offered)
            await self.uses.pay(UNREAD)
            told = await self.crew.feed.told(job, "stopped")
            await self.told(order, state="withdrawn")
            why = told["work_order"]["reason"]
            self.say(UNREAD, f"its feed: stop. {why['en']} {why['it']}")
            stopped = why["code"] == "stopped_payment"
            self.promises.hold("G's payment overtakes the crew: its feed says stop, and why", kept=stopped)
            refused = await refusal(self.crew.ask(job, UNREAD)) == REFUSED["overtaken"]
            self.say(UNREAD, "the crew asks all the same, and gets no permit")
        self.promises.hold("G's crew gets no permit any more", kept=refused)
        self.promises.hold("G's curb stop itself was never touched", kept=self.place.riser.moves(UNREAD) == [])

    async def _permitted(self, job: Job, at: str) -> None:
        """On site, the crew looks, and then asks."""
        await self.crew.arrive(job, at)
        permit = await self.crew.ask(job, at)
        granted = permit.granted and permit.validity_s > 0
        self.promises.hold(f"{at}'s crew is granted a permit on site, signed by the house", kept=granted)
        if granted:
            await self.news.first(lambda t: t.of_order(job.order, event="permit_granted") and t.at >= permit.at)

    async def _closed(self, job: Job, at: str, seal: str) -> Visit:
        self.say(at, f"the crew turns it shut with a key, and puts seal {seal} on")
        visit = await self.crew.close(job, at, seal)
        self._signs(at, visit)
        return visit

    def _signs(self, at: str, visit: Visit) -> None:
        """What the report tells."""
        index = f"index {visit.register.value} {visit.register.unit}" if visit.register is not None else "no index"
        self.say(at, f"{len(visit.photographs)} photographs, plate, {index}, seal, place: signed")

    async def _witnessed(self, at: str, order: str, how: str) -> datetime:
        """The report has come in by the one door: executed, on the device's own word; when."""
        found = await self.reach(order, "executed")
        step = next(s for s in found["timeline"] if s["state"] == "executed")
        kept = (step["grade"], step["actor"]) == (WITNESSED, self.crew.device.id)
        self.promises.hold(f"{at} is {how}: executed on the crew's signed report, witnessed", kept=kept)
        return datetime.fromisoformat(step["at"])


def in_words(tried: Document) -> str:
    """What was tried, for people."""
    why = f", {tried['why']}" if tried["why"] else ""
    return f"{tried['verb']} {tried['outcome']}{why}".replace("_", " ")


async def issue_seals(operator: Api, crew: str, numbers: list[str]) -> Document:
    """Enter seals into the store, and give them to a crew."""
    await operator.post("/field/seals", {"numbers": numbers})
    return await operator.post("/field/seals/issue", {"numbers": numbers, "crew": crew})
