import asyncio
from datetime import timedelta

import pytest

from simulators import loop as loops
from simulators.loop import START, DeadlockError, Virtual, run


def test_a_year_passes_without_waiting() -> None:
    async def story(world: Virtual) -> tuple[float, timedelta]:
        await asyncio.sleep(365 * 86400)
        return world.clock.boot(), world.clock.now() - START

    assert run(story) == (365 * 86400, timedelta(days=365))


def test_timers_fire_in_order_at_their_exact_times() -> None:
    async def story(world: Virtual) -> list[float]:
        seen: list[float] = []
        for at in (0.3, 0.1, 0.2):
            world.loop.call_at(at, lambda: seen.append(world.loop.time()))
        await asyncio.sleep(1)
        return seen

    assert run(story) == [0.1, 0.2, 0.3]


def test_I14_the_wall_clock_jumps_and_boot_runs_on() -> None:
    async def story(world: Virtual) -> None:
        world.clock.jump(-3600)
        assert world.clock.now() == START - timedelta(hours=1)
        assert world.clock.boot() == 0
        await asyncio.sleep(2)
        assert world.clock.now() == START - timedelta(hours=1) + timedelta(seconds=2)
        assert world.clock.boot() == 2

    run(story)


async def nobody_answers() -> None:
    await asyncio.get_running_loop().create_future()


def test_a_deadlock_is_told_with_who_waits_and_where() -> None:
    async def story(_: Virtual) -> None:
        await asyncio.create_task(nobody_answers(), name="forgotten")

    with pytest.raises(DeadlockError, match=r"nothing is scheduled.*forgotten at .*test_loop\.py:\d+.*story at"):
        run(story)


def test_a_world_whose_time_stands_still_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "MOST_TURNS_AT_ONE_TIME", 100)

    async def story(world: Virtual) -> None:
        def again() -> None:
            world.loop.call_soon(again)

        again()
        await nobody_answers()

    with pytest.raises(DeadlockError, match="time stands still"):
        run(story)


def test_the_same_seed_turns_the_loop_as_often() -> None:
    async def story(world: Virtual) -> int:
        for _ in range(20):
            await asyncio.sleep(world.entropy.fraction())
        return world.loop.turns

    assert run(story, seed=4) == run(story, seed=4)


def test_what_a_story_leaves_behind_is_cancelled() -> None:
    ended: list[str] = []

    async def left() -> None:
        try:
            await asyncio.sleep(10**9)
        finally:
            ended.append("left")

    async def story(_: Virtual) -> asyncio.Task[None]:
        task = asyncio.create_task(left())
        await asyncio.sleep(0)
        return task

    assert run(story).cancelled()
    assert ended == ["left"]


def test_an_error_of_the_story_comes_out() -> None:
    async def story(_: Virtual) -> None:
        raise LookupError("the plot")

    with pytest.raises(LookupError, match="the plot"):
        run(story)


def test_timeouts_work_on_virtual_time() -> None:
    async def story(world: Virtual) -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await nobody_answers()
        return world.loop.time()

    assert run(story) == 30
