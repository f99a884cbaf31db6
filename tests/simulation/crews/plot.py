"""The plot of every seed: crews are out, customers pay right before their eyes, and what they talk to falls over."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from random import Random

from controlplane.orders.stopping import Stop
from tests.simulation.crews.crew import Crew
from tests.simulation.plots import HORIZON_S, kill_plane
from tests.simulation.world import World

VERBS = ("accept", "arrive", "permit", "report", "abort")
STOPPED_AT = (
    "accept committed",
    "arrive committed",
    "arrive answered",
    "permit asked",
    "permit committed",
    "permit answered",
    "hand moved",
    "report asked",
    "report committed",
    "abort committed",
)
PAID, HELD = 0.75, 0.9


async def crews_are_out(world: World, chance: Random) -> None:
    """Two crews work off what the feed offers. Once or twice a day each of the bad moments is aimed at."""
    world.field.go_out(chance)
    for n in range(chance.randrange(1, 4)):
        world.witness.upon(chance.choice(STOPPED_AT), _stop(world, chance, n))
    for _ in range(chance.randrange(3)):
        moment = f"{chance.choice(VERBS)} {chance.choice(('asked', 'uncommitted', 'committed'))}"
        world.witness.upon(moment, _fall(world, chance, moment))
    for _ in range(chance.randrange(3)):
        await asyncio.sleep(chance.uniform(20, HORIZON_S / 4))
        crew = chance.choice(world.field.crews)
        moment = f"{chance.choice(VERBS)} {chance.choice(('asked', 'committed', 'answered'))}"
        world.witness.upon(moment, lambda _, crew=crew: _kill(crew, chance))  # type: ignore[misc]


def _stop(world: World, chance: Random, n: int) -> Callable[[str], None]:
    def now(meter: str) -> None:
        drawn, reference = chance.random(), f"before-a-crew-{n}"
        until = world.context.now + timedelta(seconds=chance.uniform(20, 300))
        stop = Stop("payment", reference) if drawn < PAID else Stop("hold", reference, until=until)
        if drawn < HELD:
            world.witness.counts["crew: stopped on its way"] += 1
            world.record(meter, stop)
        else:
            world.freeze()
            asyncio.get_running_loop().call_later(chance.uniform(20, 200), _thaw, world)

    return now


def _thaw(world: World) -> None:
    if world.witness.freezes and world.witness.freezes[-1][1] is None:
        world.unfreeze()


def _fall(world: World, chance: Random, moment: str) -> Callable[[str], None]:
    def now(_: str) -> None:
        world.witness.counts[f"crew: house killed, {moment.partition(' ')[2]}"] += 1
        kill_plane(world, chance)

    return now


def _kill(crew: Crew, chance: Random) -> None:
    crew.phone.kill()
    asyncio.get_running_loop().call_later(chance.choice((0.1, 5.0, 60.0, 200.0)), crew.phone.again)
