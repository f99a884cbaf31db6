"""Gas, both real ends: armed on payment, opened by a hand, and what becomes of an arm that goes wrong."""

import asyncio
from pathlib import Path

from controlplane.orders.context import OrderSettings
from controlplane.orders.life import Order
from controlplane.orders.states import OrderState
from simulators.loop import Virtual, run
from tests.simulation.bodies import ARM_EXPIRES_S
from tests.simulation.world import Story, World


def play(story: Story, folder: Path, *, leaks: bool = False) -> None:
    async def main(virtual: Virtual) -> None:
        world = World(virtual, folder, leaks=leaks)
        world.start()
        try:
            await story(world)
        finally:
            world.stop()

    run(main)


async def armed(world: World) -> Order:
    """Suspend gas, pay, and wait until it is armed; the order that gives it back."""
    await asyncio.sleep(60)
    order = await world.suspend("C")
    await world.until(lambda: world.order(order).state is OrderState.COMPLETED)
    await world.pay("C")
    (_, back) = world.orders("C")
    await world.until(lambda: world.order(back.id).armed_until)
    return world.order(back.id)


def state(world: World, order: Order) -> OrderState:
    return world.order(order.id).state


def by(world: World) -> list[tuple[str, str]]:
    return [(str(act.wanted), str(act.by)) for act in world.gas_meter.valve.history]


def test_I4_gas_is_armed_on_payment_and_executed_when_a_hand_has_opened_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        back = await armed(world)
        await asyncio.sleep(100)
        assert state(world, back) is OrderState.DISPATCHED
        world.gas_meter.press()
        await world.until(lambda: state(world, back) is OrderState.EXECUTED)
        await world.until(lambda: state(world, back) is OrderState.COMPLETED)
        assert world.order(back.id).grade == "corroborated"
        assert by(world) == [("closed", "wire"), ("armed", "wire"), ("open", "button")]

    play(story, tmp_path)


def test_G2_an_arm_that_nobody_used_expires_in_the_meter_and_becomes_field_work(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        back = await armed(world)
        await world.until(lambda: world.order(back.id).channel == "field", ARM_EXPIRES_S + 300)
        found = world.order(back.id)
        assert found.reason is not None
        assert (found.state, found.reason["code"]) == (OrderState.PLANNED, "arm_unused")
        assert found.tried[-1]["position"] == "armed"
        assert by(world) == [("closed", "wire"), ("armed", "wire"), ("closed", "expiry")]

    play(story, tmp_path)


def test_G4_what_the_leak_check_has_closed_again_is_a_technicians_and_never_armed_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        back = await armed(world)
        world.gas_meter.press()
        await world.until(lambda: world.order(back.id).channel == "field", 1200)
        found = world.order(back.id)
        assert found.reason is not None
        assert (found.state, found.reason["code"]) == (OrderState.PLANNED, "leak_alarm")
        await asyncio.sleep(2 * OrderSettings().leak_watch_s)
        assert by(world)[-1] == ("closed", "leak check")
        assert by(world).count(("armed", "wire")) == 1

    play(story, tmp_path, leaks=True)
