"""The main job, both real ends: an order closes a valve with a permit, a payment opens it, and neither can go wrong."""

import asyncio
from pathlib import Path

from sqlalchemy import select

from controlplane.db import reading
from controlplane.news import news
from controlplane.orders.states import OrderState
from simulators.loop import Virtual, run
from tests.simulation.world import Story, World


def play(
    story: Story,
    folder: Path,
    *,
    sticks: frozenset[str] = frozenset(),
    passes: frozenset[str] = frozenset(),
    seed: int = 0,
) -> None:
    async def main(virtual: Virtual) -> None:
        world = World(virtual, folder, sticks=sticks, passes=passes)
        world.start()
        try:
            await story(world)
        finally:
            world.stop()

    run(main, seed=seed)


def reached(world: World, order: str, state: OrderState):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a test's own
    return lambda: world.order(order).state is state


def test_a_suspension_is_executed_corroborated_and_given_back_on_payment(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(400)
        order = await world.suspend("A")
        await world.until(reached(world, order, OrderState.COMPLETED))
        assert world.order(order).grade == "corroborated"
        assert world.moves("A") == ["closed"]
        await world.pay("A")
        (_, back) = world.orders("A")
        await world.until(reached(world, back.id, OrderState.COMPLETED))
        assert world.order(back.id).grade in ("corroborated", "read_back")
        assert world.moves("A") == ["closed", "open"]

    play(story, tmp_path)


def test_I1_a_payment_between_dispatch_and_permit_stops_the_order(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(60)
        order = await world.suspend("B")
        assert world.order(order).state is OrderState.DISPATCHED
        await world.pay("B")
        await asyncio.sleep(300)
        assert world.order(order).state is OrderState.WITHDRAWN
        assert world.moves("B") == []
        assert len(world.orders("B")) == 1

    play(story, tmp_path)


def test_I11_a_stuck_valve_becomes_field_work_with_what_was_tried(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(60)
        order = await world.suspend("C")
        await world.until(lambda: world.order(order).channel == "field")
        found = world.order(order)
        assert found.state is OrderState.PLANNED
        assert found.tried[0]["outcome"] == "failed"

    play(story, tmp_path, sticks=frozenset({"C"}))


def test_I11_a_meter_without_a_valve_is_field_work_at_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(60)
        order = await world.suspend("D")
        assert (world.order(order).state, world.order(order).channel) == (OrderState.PLANNED, "field")

    play(story, tmp_path)


def test_G5_a_passing_valve_is_an_alarm_and_never_a_second_closure(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(400)
        order = await world.suspend("A")
        await world.until(reached(world, order, OrderState.COMPLETED))
        found = world.order(order)
        assert found.reason is not None
        assert (found.grade, found.reason["code"]) == ("read_back", "passing_valve")
        with reading(world.engine) as db:
            (alarm,) = db.execute(select(news).where(news.c.type == "alarm")).all()
        assert (alarm.data["code"], alarm.data["to"]) == ("passing_valve", "planner")
        await asyncio.sleep(3600)
        assert world.moves("A") == ["closed"]

    play(story, tmp_path, passes=frozenset({"A"}))
