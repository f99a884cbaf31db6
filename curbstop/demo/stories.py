"""The demo's stories: what is promised about each meter, and whether it held."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curbstop.demo import law
from curbstop.demo.fieldwork import FieldWork
from curbstop.demo.meters import METERS, UNREAD
from curbstop.demo.news import Told
from curbstop.demo.scene import Scene, Story
from protocols.types import Outcome
from protocols.uplink.reasons import Why

PATIENCE_S, NEWS_WITHIN_S = 100.0, 0.5


def overtaken_between_dispatch_and_permit(states: Sequence[str]) -> bool:
    """Whether an order's states say: dispatched, then stopped, and no permit was ever asked before or after.

    A permit that is asked first shows as `permitted` when granted and as `held` when denied for another reason.
    """
    return list(states[-2:]) == ["dispatched", "withdrawn"] and not {"permitted", "held"} & set(states)


@dataclass(frozen=True, slots=True)
class Teller(Scene):
    """Plays the stories side by side."""

    all_read: asyncio.Event
    """Set when every meter was read once."""
    field: FieldWork

    async def play(self) -> None:
        """All of them; a story that takes too long breaks its promise and stops no other."""
        first = {"the gateway": self.announced, "the crew's device": self.field.enrolled}
        await self._side_by_side(first)
        stories = {"A": self.closed_and_opened, "B": self.overtaken, "C": self.field.stuck}
        stories |= {"D": self.field.without_a_valve, "E": self.gas, law.POINT: self.under_the_law}
        stories[UNREAD] = self.field.overtaken
        await self._side_by_side({f"meter {name}": story for name, story in stories.items()})

    async def _side_by_side(self, stories: Mapping[str, Story]) -> None:
        async with asyncio.TaskGroup() as group:
            for name, story in stories.items():
                group.create_task(self._tell(name, story), name=name)

    async def _tell(self, name: str, story: Story) -> None:
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
        await self.uses.until_index_runs("A")
        self.promises.hold("A's index is seen to run, so that a standing one will prove something", kept=True)
        suspend = (await self.uses.suspend("A"))["id"]
        done = await self.reach(suspend, "completed")
        shut = await self.uses.position("A") == "closed"
        text = "A closes, is read back, and its standing index corroborates it"
        self.promises.hold(text, kept=done["grade"] == "corroborated" and shut)
        given_back = (await self.uses.pay("A"))["gives_back"]
        self.promises.hold("A's payment itself enters the order that opens it", kept=given_back is not None)
        given = await self.reach(str(given_back), "completed")
        flows = await self.uses.position("A") == "open"
        self.promises.hold("A opens again, proven the same way", kept=given["grade"] == "corroborated" and flows)
        asked = [str(act.wanted) for act in self.place.riser.moves("A")]
        self.promises.hold("A's valve itself was moved twice: shut, and open", kept=asked == ["closed", "open"])

    async def overtaken(self) -> None:
        """B: the payment is posted on the event `dispatched`; it must come before the permit is asked."""
        order = (await self.uses.suspend("B"))["id"]
        await self.told(order, state="dispatched")
        await self.uses.pay("B")
        await self.told(order, event="stop")
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

    async def gas(self) -> None:
        """E: suspended; on payment armed, opened by a person, read open. Then an open is tried with the stolen key."""
        suspend = (await self.uses.suspend("E"))["id"]
        await self.reach(suspend, "completed")
        shut = await self.uses.position("E") == "closed"
        self.promises.hold("E, of gas, closes and is read back", kept=shut)
        given_back = str((await self.uses.pay("E"))["gives_back"])
        await self.told(given_back, event="armed")
        waits = (await self.uses.order(given_back))["state"] == "dispatched"
        self.promises.hold("E is armed on its payment, and armed is not yet supply", kept=waits)
        self.say("E", "somebody presses the key at the meter")
        self.place.riser.press()
        await self.reach(given_back, "executed")
        flows = await self.uses.position("E") == "open"
        self.promises.hold("E's order is executed when open is read back", kept=flows)
        await self.reach(given_back, "completed")
        await self._opened_with_the_stolen_key()
        did = [(str(act.wanted), str(act.by)) for act in self.place.riser.moves("E")]
        by_hand = did == [("closed", "wire"), ("armed", "wire"), ("open", "button")]
        self.promises.hold("E's valve itself was opened by a hand alone", kept=by_hand)

    async def _opened_with_the_stolen_key(self) -> None:
        (meter,) = [m for m in METERS if m.name == "E"]
        self.say("E", "told to open, under the control plane's own key")
        receipt = await self.place.stolen.open(meter.name, meter.identity, self.uses.clock)
        self.say(
            "E", f"the gateway's signed receipt: {receipt.verb} {receipt.outcome}, {receipt.why}".replace("_", " ")
        )
        refused = (receipt.outcome, receipt.why) == (Outcome.REFUSED, Why.GAS_NEVER_OPENED)
        self.promises.hold("an open for gas, signed with the control plane's own key, is refused", kept=refused)

    async def under_the_law(self) -> None:
        """F: stands as its own rules say of today; the clock is read before and after, as midnight may fall between."""
        before = law.stands_by(self.uses.clock.now())
        order = await self.uses.suspend(law.POINT)
        lawful = law.stands(order) in (before, law.stands_by(self.uses.clock.now()))
        await self.told(order["id"], state=order["state"])
        await asyncio.sleep(NEWS_WITHIN_S)
        self.say(law.POINT, law.in_words(order))
        self.promises.hold(f"F's order stands as {law.LAW} says of today", kept=lawful)


def _refused(told: Told, order: str) -> bool:
    data = told.data
    mine = told.kind == "receipt" and told.subject == order
    return mine and (data["outcome"], data["why"]) == ("refused", "permit_denied")
