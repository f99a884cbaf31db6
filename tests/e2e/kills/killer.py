"""Who kills: whom and when is drawn, any time or right after something has happened, and some twice in a row."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.e2e.kills.files import EACH, gateway
from tests.e2e.kills.town import BROKER, PLANE, Town
from tests.power.disk import Loss

RIGHT_AFTER_S, AT_MOST_S = 0.03, 1.0
AWAY_S, TWICE, BOOTS_WITHIN_S = 0.6, 0.2, 1.2
"""How long somebody may stay away; how often the next kill comes while it starts, and how long that takes it."""

NEAR: dict[str, Callable[[str], str]] = {
    "post": lambda _: PLANE,
    "answer": lambda _: PLANE,
    "acknowledged by plane": lambda _: PLANE,
    "acknowledged by cellar": str,
    "permit": str,
    "deed": lambda meter: gateway(int(meter[1:]) // EACH),
}
"""Whom a moment is most about, given its meter or gateway."""


@dataclass(slots=True)
class Killer:
    """Kills and restarts; `power`: how often power is lost with it, where there is a disk to lose something."""

    town: Town
    chance: Random
    pause_s: float
    power: float = 0.0
    count: Counter[str] = field(default_factory=Counter)

    async def kill(self, times: int) -> None:
        """Kill so often."""
        while self.count.total() < times:
            name, moment = await self._next()
            await self._strike(name, moment)
            while self.chance.random() < TWICE and self.count.total() < times:
                await asyncio.sleep(self.chance.uniform(0, BOOTS_WITHIN_S))
                await self._strike(name, "start")

    async def _strike(self, name: str, moment: str) -> None:
        if name in self.town.disks and self.chance.random() < self.power:
            moment += ", power lost"
            await self.town.cut(name, self.chance.choice(list(Loss)), self.chance.randrange(1 << 30))
        else:
            await self.town.kill(name)
        self.count[f"of {name.partition('-')[0]} at {moment}"] += 1
        await asyncio.sleep(self.chance.choice([0.0, self.chance.uniform(0, AWAY_S)]))
        await self.town.start(name)

    async def _next(self) -> tuple[str, str]:
        """Wait for the next moment; whom to kill then."""
        await asyncio.sleep(self.chance.expovariate(1 / self.pause_s))
        moment = self.chance.choice(["any", *NEAR])
        about = None if moment == "any" else await self.town.moments.next(moment, AT_MOST_S)
        if about is None:
            weights = [3, 1, *[0.4] * len(self.town.place.lines)]
            return self.chance.choices(self.town.names, weights)[0], "any"
        await asyncio.sleep(self.chance.choice([0.0, self.chance.uniform(0, RIGHT_AFTER_S)]))
        return self.chance.choices([NEAR[moment](about), PLANE, BROKER], [8, 1, 1])[0], moment
