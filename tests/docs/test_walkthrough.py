"""The walkthrough's events are those of a run."""

import asyncio
import re
from pathlib import Path

from sqlalchemy import select

from controlplane.db import reading
from controlplane.orders.models import order_events, orders
from controlplane.orders.states import OrderState
from simulators.loop import Virtual, run
from tests.simulation.world import World

PAGE = Path(__file__).resolve().parents[2] / "docs" / "walkthrough.md"


def played(folder: Path) -> list[list[str]]:
    async def main(virtual: Virtual) -> list[list[str]]:
        world = World(virtual, folder)
        world.start()
        await asyncio.sleep(400)
        suspend = await world.suspend("A")
        await world.until(lambda: world.order(suspend).state is OrderState.COMPLETED)
        await world.pay("A")
        await world.until(lambda: world.orders("A")[-1].state is OrderState.COMPLETED)
        with reading(world.engine) as db:
            query = select(orders.c.kind, order_events).join(orders, orders.c.id == order_events.c.order)
            rows = db.execute(query.order_by(order_events.c.id)).all()
        world.stop()
        return [[r.kind, r.event, r.state, *([r.grade] if r.grade else [])] for r in rows]

    return run(main)


def test_the_walkthrough_is_what_happens(tmp_path: Path) -> None:
    block = re.search(r"```events\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert block is not None
    assert played(tmp_path) == [line.split() for line in block[1].splitlines()]


def test_every_module_that_is_named_is_there() -> None:
    root = PAGE.parents[1]
    for package, module in re.findall(r"`(orders|policy|gateway|drivers|dispatch)\.(\w+)[.\w]*`", PAGE.read_text()):
        folder = root / package if (root / package).is_dir() else root / "controlplane" / package
        assert (folder / f"{module}.py").exists(), f"{package}.{module}"
