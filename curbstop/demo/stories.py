"""The demo's stories: what is promised about each meter, and whether it held."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from controlplane.orders.life import Order
from controlplane.orders.states import OrderState
from curbstop.demo.plane import Plane
from curbstop.demo.timeline import Timeline

PATIENCE_S = 85.0
LOOK_EVERY_S = 0.2


@dataclass(slots=True)
class Promises:
    """What was promised, in the order in which it was kept or broken."""

    kept: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def hold(self, text: str, *, kept: bool) -> None:
        """Note one."""
        (self.kept if kept else self.broken).append(text)


@dataclass(frozen=True, slots=True)
class Teller:
    """Plays the stories side by side."""

    plane: Plane
    timeline: Timeline
    promises: Promises

    async def play(self) -> None:
        """All of them; a story that takes too long breaks its promise and stops no other."""
        stories = {"A": self.closed_and_opened, "B": self.overtaken, "C": self.stuck, "D": self.without_a_valve}
        await self._until(self._announced, "the gateway announces itself and its meters")
        await asyncio.gather(*(self._tell(name, story) for name, story in stories.items()))

    async def _tell(self, meter: str, story: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await story()
        except TimeoutError:
            self.promises.hold(f"the story of meter {meter} ends in time", kept=False)

    async def _announced(self) -> bool:
        return any(row["type"] == "gateway" for row in await self.plane.news_after(0))

    async def closed_and_opened(self) -> None:
        """A: suspended, proven, paid, given back, proven."""
        await self._until(self._running, "A's index is seen to run, so that a standing one will prove something")
        order = await self._suspend("A")
        done = await self._reach(order.id, OrderState.COMPLETED)
        self.promises.hold("A closes, and its standing index corroborates it", kept=done.grade == "corroborated")
        await self.plane.pay("A")
        back = (await self.plane.at("A"))[-1]
        self.timeline.names[back.id] = "reactivate"
        given = await self._reach(back.id, OrderState.COMPLETED)
        self.promises.hold("A's payment opens it again, proven", kept=given.grade == "corroborated")

    async def _running(self) -> bool:
        return await self.plane.rate_is_known("A")

    async def overtaken(self) -> None:
        """B: the payment comes between dispatch and permit."""
        order = await self._suspend("B")
        before = [row["state"] for row in await self.plane.timeline(order.id)]
        await self.plane.pay("B")
        withdrawn = await self._reach(order.id, OrderState.WITHDRAWN)
        self.promises.hold("B's payment came before any permit", kept="permitted" not in before)
        await self._until(self._refused(order.id), "B's refusal arrives, signed")
        self.promises.hold("B is withdrawn and was never permitted", kept=not withdrawn.ever_permitted)

    def _refused(self, order: str) -> Callable[[], Awaitable[bool]]:
        async def refused() -> bool:
            tried = (await self.plane.order(order)).tried
            return any(t["outcome"] == "refused" and t["why"] == "permit_denied" for t in tried)

        return refused

    async def stuck(self) -> None:
        """C: the valve does not move; a crew gets what was tried."""
        order = await self._suspend("C")
        await self._until(self._on_the_field(order.id), "C becomes field work when all is settled")
        found = await self.plane.order(order.id)
        self.promises.hold("C's order carries what was tried", kept=bool(found.tried))

    async def without_a_valve(self) -> None:
        """D: field work at once."""
        order = await self._suspend("D")
        self.promises.hold("D is field work at once", kept=order.channel == "field")

    def _on_the_field(self, order: str) -> Callable[[], Awaitable[bool]]:
        async def on_the_field() -> bool:
            found = await self.plane.order(order)
            return found.channel == "field" and found.state is OrderState.PLANNED

        return on_the_field

    async def _suspend(self, meter: str) -> Order:
        order = await self.plane.suspend(meter)
        self.timeline.names[order.id] = "suspend"
        return order

    async def _reach(self, order: str, state: OrderState) -> Order:
        while (found := await self.plane.order(order)).state is not state:  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(LOOK_EVERY_S)
        return found

    async def _until(self, reached: Callable[[], Awaitable[bool]], promise: str) -> None:
        while not await reached():  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(LOOK_EVERY_S)
        self.promises.hold(promise, kept=True)
