"""Either end killed in the middle of an order and started again: one move at most, and a payment still gives back."""

import asyncio
from pathlib import Path

import pytest

from controlplane.orders.states import OrderState
from protocols.types import ValvePosition
from simulators.loop import Virtual, run
from tests.simulation.world import World

NEVER = 1 << 60
ENDED = (OrderState.COMPLETED, OrderState.WITHDRAWN, OrderState.EXECUTED)


def settled(world: World, name: str) -> bool:
    return all(o.state in ENDED or o.channel == "field" for o in world.orders(name))


async def an_order_through_a_kill(world: World, side: str, step: int) -> None:
    world.start()
    await asyncio.sleep(90)
    process = world.gateway_process if side == "gateway" else world.plane_process
    assert process is not None
    process.kill_at(process.steps + step)
    order = await world.suspend("A")
    for _ in range(600):
        await asyncio.sleep(0.5)
        if not process.alive:
            await asyncio.sleep(7)
            world.start_gateway() if side == "gateway" else world.start_plane()
            break
        if settled(world, "A"):
            process.kill_at(NEVER)
            break
    await world.until(lambda: settled(world, "A"))
    closures = world.moves("A").count("closed")
    assert closures <= 1, "I2"
    if closures:
        assert world.order(order).ever_permitted, "I1"
    await world.pay("A")
    await world.until(lambda: settled(world, "A"), within_s=3000)
    gave_back = any(o.channel == "field" and o.kind == "reactivate" for o in world.orders("A"))
    assert world.valves["A"].position is ValvePosition.OPEN or gave_back, f"I15\n{world.story()}"  # type: ignore[index]


@pytest.mark.parametrize("side", ["gateway", "plane"])
@pytest.mark.parametrize("step", [*range(1, 40, 3), *range(40, 260, 12)])
def test_I2_I14_I15_killed_at_a_step_and_started_again(tmp_path: Path, side: str, step: int) -> None:
    async def main(virtual: Virtual) -> None:
        world = World(virtual, tmp_path)
        try:
            await an_order_through_a_kill(world, side, step)
        finally:
            world.stop()

    run(main, seed=step)
