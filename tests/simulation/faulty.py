"""A seed's life: six orders, payments and holds at random moments, faults on line and broker, either end killed.

Then the faults end, both ends run, and the world is left until it is quiet. The same seed lives the same life.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from controlplane.orders.freezing import freeze, unfreeze
from controlplane.orders.states import TERMINAL, OrderState
from controlplane.orders.stopping import Stop, record_stop
from controlplane.problems import RefusalError
from simulators.chance import stream
from simulators.faults import Faults, plan
from simulators.loop import Virtual, run
from tests.simulation.checkers import broken
from tests.simulation.world import World

ORDERS, HORIZON_S, QUIET_S = 6, 900.0, 4 * 3600.0
STUCK = 0.15


@dataclass(frozen=True, slots=True)
class Lived:
    """What came of a seed: what is broken, and its story."""

    seed: int
    broken: list[str]
    story: str


def live(seed: int) -> Lived:
    """Live one seed, its databases on a disk of memory where there is one: a killed process loses no disk."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        return _live(seed, Path(folder))


def _live(seed: int, folder: Path) -> Lived:

    async def main(virtual: Virtual) -> Lived:
        chance = stream(seed, "life")
        sticks = frozenset(name for name in "ABC" if chance.random() < STUCK)
        world = World(virtual, folder, faults=Faults(seed, plan(seed, HORIZON_S)), sticks=sticks)
        world.start()
        try:
            await _life(world, chance)
            await _quiet(world)
            return Lived(seed, broken(world), world.story())
        finally:
            world.stop()

    return run(main, seed=seed)


def _branch(chance: Random) -> Random:
    return stream(chance.getrandbits(32), "branch")


async def _life(world: World, chance: Random) -> None:
    async with asyncio.TaskGroup() as group:
        for n in range(ORDERS):
            group.create_task(_order(world, _branch(chance), n))
        for side in ("gateway", "plane"):
            if chance.random() < 1 / 2:
                group.create_task(_kill(world, _branch(chance), side))
        if chance.random() < 1 / 5:
            group.create_task(_freeze(world, _branch(chance)))
        await asyncio.sleep(HORIZON_S)


async def _order(world: World, chance: Random, n: int) -> None:
    name = chance.choice("AAABBCD")
    await asyncio.sleep(chance.uniform(5, HORIZON_S * 0.7))
    try:
        await world.suspend(name)
    except RefusalError:
        return
    what = chance.random()
    if what < 1 / 5:
        return
    await asyncio.sleep(chance.choice([0.0, chance.uniform(0, 15), chance.uniform(0, 200)]))
    if what < 1 / 3:
        until = world.context.now + timedelta(seconds=chance.uniform(10, 400))
        stop = Stop("hold", f"hold-{n}", until=until)
        await world.writer.run(lambda db: record_stop(db, world.context, f"pt_{name}", stop, "client"))
    else:
        await world.pay(name, f"payment-{n}")


async def _kill(world: World, chance: Random, side: str) -> None:
    await asyncio.sleep(chance.uniform(20, HORIZON_S * 0.8))
    process = world.gateway_process if side == "gateway" else world.plane_process
    assert process is not None
    process.kill_at(process.steps + chance.randrange(1, 400))
    while process.alive:  # noqa: ASYNC110 - a killed process sets no event
        await asyncio.sleep(1)
    await asyncio.sleep(chance.choice([1.0, 20.0, 150.0]))
    if side == "gateway":
        world.start_gateway()
    else:
        world.start_plane()


async def _freeze(world: World, chance: Random) -> None:
    await asyncio.sleep(chance.uniform(20, HORIZON_S * 0.6))
    await world.writer.run(lambda db: freeze(db, world.context, "storm", "anna"))
    await asyncio.sleep(chance.uniform(10, 200))
    for who in ("bruno", "carla"):
        await world.writer.run(lambda db, who=who: unfreeze(db, world.context, who, who))  # type: ignore[misc]


async def _quiet(world: World) -> None:
    """Leave the world until nothing is under way any more."""
    end_s = world.virtual.clock.boot() + QUIET_S
    while world.virtual.clock.boot() < end_s and not _still(world):  # noqa: ASYNC110 - nor does a quiet world
        await asyncio.sleep(30)


def _still(world: World) -> bool:
    return all(
        order.state in TERMINAL or (order.state is OrderState.PLANNED and order.channel == "field")
        for name in "ABCD"
        for order in world.orders(name)
    )
