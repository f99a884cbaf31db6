"""The demo's stories: what is promised about each meter, and whether it held."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from curbstop.demo import law
from curbstop.demo.meters import METERS
from curbstop.demo.news import News, Told
from curbstop.demo.rest import Document
from curbstop.demo.setting import Setting
from curbstop.demo.timeline import Timeline
from curbstop.demo.uses import Uses
from protocols.types import Outcome
from protocols.uplink.reasons import Why

PATIENCE_S = 85.0
LOOK_EVERY_S = 0.5


@dataclass(slots=True)
class Promises:
    """What was promised, in the order in which it was kept or broken."""

    kept: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def hold(self, text: str, *, kept: bool) -> None:
        """Note one."""
        (self.kept if kept else self.broken).append(text)


def overtaken_between_dispatch_and_permit(states: Sequence[str]) -> bool:
    """Whether an order's states say: dispatched, then stopped, and no permit was ever asked before or after.

    A permit that is asked first shows as `permitted` when granted and as `held` when denied for another reason.
    """
    return list(states[-2:]) == ["dispatched", "withdrawn"] and not {"permitted", "held"} & set(states)


@dataclass(frozen=True, slots=True)
class Teller:
    """Plays the stories side by side."""

    uses: Uses
    news: News
    place: Setting
    promises: Promises
    all_read: asyncio.Event
    """Set when every meter was read once."""
    timeline: Timeline

    async def play(self) -> None:
        """All of them; a story that takes too long breaks its promise and stops no other."""
        await self._tell("the gateway", self.announced)
        stories = {"A": self.closed_and_opened, "B": self.overtaken, "C": self.stuck, "D": self.without_a_valve}
        stories["E"] = self.gas
        stories[law.POINT] = self.under_the_law
        async with asyncio.TaskGroup() as group:
            for name, story in stories.items():
                group.create_task(self._tell(f"meter {name}", story), name=name)

    async def _tell(self, name: str, story: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await story()
        except TimeoutError:
            self.promises.hold(f"the story of {name} ends within {PATIENCE_S:.0f} s", kept=False)

    async def announced(self) -> None:
        """The gateway's signed birth; then its meters are read, before anything is asked of them."""
        await self.news.first(lambda told: told.kind == "gateway")
        self.promises.hold("the gateway announces itself and its meters", kept=True)
        await self.all_read.wait()
        self.promises.hold("every meter is read: values, units and times", kept=True)

    async def closed_and_opened(self) -> None:
        """A: suspended, proven, paid, given back, proven."""
        while not await self.uses.index_runs("A"):  # noqa: ASYNC110 - readings are no news
            await asyncio.sleep(LOOK_EVERY_S)
        self.promises.hold("A's index is seen to run, so that a standing one will prove something", kept=True)
        suspend = (await self.uses.suspend("A"))["id"]
        done = await self._reach(suspend, "completed")
        shut = await self.uses.position("A") == "closed"
        text = "A closes, is read back, and its standing index corroborates it"
        self.promises.hold(text, kept=done["grade"] == "corroborated" and shut)
        given_back = (await self.uses.pay("A"))["gives_back"]
        self.promises.hold("A's payment itself enters the order that opens it", kept=given_back is not None)
        given = await self._reach(str(given_back), "completed")
        flows = await self.uses.position("A") == "open"
        self.promises.hold("A opens again, proven the same way", kept=given["grade"] == "corroborated" and flows)
        asked = [str(act.wanted) for act in self.place.riser.moves("A")]
        self.promises.hold("A's valve itself was moved twice: shut, and open", kept=asked == ["closed", "open"])

    async def overtaken(self) -> None:
        """B: the payment is posted on the event `dispatched`; it must come before the permit is asked."""
        order = (await self.uses.suspend("B"))["id"]
        await self._news(order, state="dispatched")
        await self.uses.pay("B")
        await self._news(order, event="stop")
        states = [step["state"] for step in (await self.uses.order(order))["timeline"]]
        before = overtaken_between_dispatch_and_permit(states)
        self.promises.hold("B's payment comes after dispatch, before any permit is asked", kept=before)
        if not before:
            return
        await self.news.first(lambda told: _refused(told, order))
        self.promises.hold("B's refusal arrives, signed by the gateway", kept=True)
        still = (await self.uses.order(order))["state"] == "withdrawn" and await self.uses.position("B") == "open"
        self.promises.hold("B's order is withdrawn, and its valve is read open", kept=still)
        self.promises.hold("B's valve itself was never moved", kept=self.place.riser.moves("B") == [])

    async def stuck(self) -> None:
        """C: the valve does not move; a crew gets what was tried."""
        order = (await self.uses.suspend("C"))["id"]
        await self._news(order, event="field")
        found = await self.uses.order(order)
        stands = (found["state"], found["channel"]) == ("planned", "field")
        self.promises.hold("C becomes field work when all is settled", kept=stands)
        self.promises.hold("C's order carries what was tried", kept=bool(found["tried"]))

    async def without_a_valve(self) -> None:
        """D: field work at once."""
        order = await self.uses.suspend("D")
        at_once = (order["state"], order["channel"]) == ("planned", "field")
        self.promises.hold("D is field work at once", kept=at_once)

    async def gas(self) -> None:
        """E: suspended; on payment armed, opened by a person, read open. Then an open is tried with the stolen key."""
        suspend = (await self.uses.suspend("E"))["id"]
        await self._reach(suspend, "completed")
        shut = await self.uses.position("E") == "closed"
        self.promises.hold("E, of gas, closes and is read back", kept=shut)
        given_back = str((await self.uses.pay("E"))["gives_back"])
        await self._news(given_back, event="armed")
        waits = (await self.uses.order(given_back))["state"] == "dispatched"
        self.promises.hold("E is armed on its payment, and armed is not yet supply", kept=waits)
        self._say("E", "somebody presses the key at the meter")
        self.place.riser.press()
        await self._reach(given_back, "executed")
        flows = await self.uses.position("E") == "open"
        self.promises.hold("E's order is executed when open is read back", kept=flows)
        await self._reach(given_back, "completed")
        await self._opened_with_the_stolen_key()
        did = [(str(act.wanted), str(act.by)) for act in self.place.riser.moves("E")]
        by_hand = did == [("closed", "wire"), ("armed", "wire"), ("open", "button")]
        self.promises.hold("E's valve itself was opened by a hand alone", kept=by_hand)

    async def _opened_with_the_stolen_key(self) -> None:
        (meter,) = [m for m in METERS if m.name == "E"]
        self._say("E", "told to open, under the control plane's own key")
        receipt = await self.place.stolen.open(meter.name, meter.identity, self.uses.clock)
        self._say(
            "E", f"the gateway's signed receipt: {receipt.verb} {receipt.outcome}, {receipt.why}".replace("_", " ")
        )
        refused = (receipt.outcome, receipt.why) == (Outcome.REFUSED, Why.GAS_NEVER_OPENED)
        self.promises.hold("an open for gas, signed with the control plane's own key, is refused", kept=refused)

    async def under_the_law(self) -> None:
        """F: stands as its own rules say of today; the clock is read before and after, as midnight may fall between."""
        before = law.stands_by(self.uses.clock.now())
        order = await self.uses.suspend(law.POINT)
        lawful = law.stands(order) in (before, law.stands_by(self.uses.clock.now()))
        await self._news(order["id"], state=order["state"])
        await asyncio.sleep(LOOK_EVERY_S)
        self._say(law.POINT, law.in_words(order))
        self.promises.hold(f"F's order stands as {law.LAW} says of today", kept=lawful)

    def _say(self, who: str, what: str) -> None:
        self.timeline.say(self.uses.clock.now(), who, what, "yellow")

    async def _news(self, order: str, *, state: str | None = None, event: str | None = None) -> Told:
        return await self.news.first(lambda told: told.of_order(order, state=state, event=event))

    async def _reach(self, order: str, state: str) -> Document:
        await self._news(order, state=state)
        return await self.uses.order(order)


def _refused(told: Told, order: str) -> bool:
    data = told.data
    mine = told.kind == "receipt" and told.subject == order
    return mine and (data["outcome"], data["why"]) == ("refused", "permit_denied")
