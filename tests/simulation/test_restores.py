"""The control plane restored from a backup in the middle of things: halted, it forgets no customer (Delivery, I1, I15).

The backup is taken at one moment and put back at a later one; what was recorded between is lost. The senders repeat
their stops, an operator resumes, and nothing is closed that was paid for, nor stays closed.
"""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from controlplane.orders import halting
from controlplane.orders.states import OrderState
from controlplane.problems import ConflictError
from protocols.types import MeterId, ValvePosition
from simulators.loop import Virtual, run
from tests.simulation.world import World

AWAY_S = 20.0
BACKUPS_S = (0.0, 1.0, 12.0)
RESTORES_S = (3.0, 8.0, 200.0)


def back_up(folder: Path) -> None:
    source, target = folder / "plane.sqlite", folder / "kept.sqlite"
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)


async def restore(world: World) -> None:
    """Kill the control plane, lose what came after the backup, start it again as `curbstop serve` would: halted."""
    assert world.plane_process is not None
    world.plane_process.kill()
    world.engine.dispose()
    for part in world.folder.glob("plane.sqlite*"):
        part.unlink()
    shutil.copy(world.folder / "kept.sqlite", world.folder / "plane.sqlite")
    await asyncio.sleep(AWAY_S)
    await world.writer.run(lambda db: halting.halt(db, world.context, "restored"))
    world.start_plane()


async def resume(world: World) -> None:
    for _ in range(100):
        try:
            await world.writer.run(lambda db: halting.resume(db, world.context, "anna", "all is sent again"))
        except ConflictError:
            await asyncio.sleep(5)
        else:
            return
    raise AssertionError(f"it could not be resumed\n{world.story()}")


def at_rest(world: World) -> bool:
    ends = (OrderState.COMPLETED, OrderState.WITHDRAWN)
    return all(o.state in ends or o.channel == "field" for o in world.orders("A"))


@pytest.mark.parametrize("restored_s", RESTORES_S)
@pytest.mark.parametrize("backup_s", BACKUPS_S)
def test_I15_a_payment_that_was_lost_and_sent_again_gives_back(
    tmp_path: Path, backup_s: float, restored_s: float
) -> None:
    async def main(virtual: Virtual) -> None:
        world = World(virtual, tmp_path)
        world.start()
        try:
            await asyncio.sleep(200)
            if not backup_s:
                back_up(tmp_path)
            await world.suspend("A")
            await asyncio.sleep(backup_s)
            if backup_s:
                back_up(tmp_path)
            await asyncio.sleep(restored_s)
            await world.pay("A")
            await restore(world)
            closed_before = world.moves("A").count("closed")
            await asyncio.sleep(5)
            await world.pay("A", "payment-1 again")
            await asyncio.sleep(60)
            await resume(world)
            await world.until(lambda: at_rest(world), within_s=3000)
            await asyncio.sleep(200)
            assert world.moves("A").count("closed") == closed_before, f"I1\n{world.story()}"
            assert world.valves[MeterId("A")].position is ValvePosition.OPEN, f"I15\n{world.story()}"
        finally:
            world.stop()

    run(main, seed=int(backup_s * 1000 + restored_s))


@pytest.mark.parametrize("backup_s", BACKUPS_S[1:])
def test_an_order_that_was_not_stopped_ends_closed_once(tmp_path: Path, backup_s: float) -> None:
    async def main(virtual: Virtual) -> None:
        world = World(virtual, tmp_path)
        world.start()
        try:
            await asyncio.sleep(200)
            order = await world.suspend("A")
            await asyncio.sleep(backup_s)
            back_up(tmp_path)
            await asyncio.sleep(30)
            await restore(world)
            assert world.order(order).ever_permitted
            await asyncio.sleep(30)
            await resume(world)
            await world.until(lambda: world.order(order).state is OrderState.COMPLETED, within_s=6000)
            assert world.moves("A") == ["closed"], "I2"
        finally:
            world.stop()

    run(main, seed=int(backup_s * 10))
