"""What every story of the demo stands on: who acts, what is told, where it is shown, and what was promised."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from curbstop.demo.news import News, Told
from curbstop.demo.rest import Document
from curbstop.demo.setting import Setting
from curbstop.demo.timeline import Timeline
from curbstop.demo.uses import Uses

Story = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Promises:
    """What was promised, in the order in which it was kept or broken."""

    kept: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def hold(self, text: str, *, kept: bool) -> None:
        """Note one."""
        (self.kept if kept else self.broken).append(text)


@dataclass(frozen=True, slots=True)
class Scene:
    """Hands and ears of whoever tells a story."""

    uses: Uses
    news: News
    place: Setting
    promises: Promises
    timeline: Timeline

    def say(self, who: str, what: str) -> None:
        """Put something on the timeline that no event tells."""
        self.timeline.say(self.uses.clock.now(), who, what, "yellow")

    async def told(self, order: str, *, state: str | None = None, event: str | None = None) -> Told:
        """The news that an order came to a state, or by an event."""
        return await self.news.first(lambda told: told.of_order(order, state=state, event=event))

    async def reach(self, order: str, state: str) -> Document:
        """An order as it stands once it has come to a state."""
        await self.told(order, state=state)
        return await self.uses.order(order)
