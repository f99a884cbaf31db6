import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from simulators.loop import Virtual, run
from simulators.process import Process


async def write_three(journal: list[str]) -> None:
    try:
        for word in ("received", "started", "finished"):
            await asyncio.sleep(1)
            journal.append(word)
    finally:
        journal.append("finally")


def test_a_killed_process_runs_nothing_more_while_the_world_lasts() -> None:
    journal: list[str] = []

    async def story(_: Virtual) -> list[str]:
        process = Process("gateway")
        process.start(write_three(journal))
        await asyncio.sleep(1.5)
        process.kill()
        await process.ended()
        await asyncio.sleep(100)
        return list(journal)

    assert run(story) == ["received"]


def test_a_cancelled_process_on_the_other_hand_cleans_up() -> None:
    journal: list[str] = []

    async def story(_: Virtual) -> list[str]:
        task = Process("gateway").start(write_three(journal))
        await asyncio.sleep(1.5)
        task.cancel()
        await asyncio.wait([task])
        return list(journal)

    assert run(story) == ["received", "finally"]


def test_every_step_can_be_the_last() -> None:
    def killed_at(step: int) -> list[str]:
        journal: list[str] = []

        async def story(_: Virtual) -> list[str]:
            process = Process("gateway")
            process.kill_at(step)
            process.start(write_three(journal))
            await process.ended()
            return list(journal)

        return run(story)

    assert [killed_at(step) for step in range(1, 6)] == [
        [],
        [],
        ["received"],
        ["received", "started"],
        ["received", "started", "finished", "finally"],
    ]


def test_tasks_that_a_process_begins_die_with_it() -> None:
    beats: list[float] = []

    async def beat(world: Virtual) -> None:
        while True:
            await asyncio.sleep(1)
            beats.append(world.loop.time())

    async def main(world: Virtual) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(beat(world))
            group.create_task(asyncio.sleep(10**6))

    async def story(world: Virtual) -> list[float]:
        process = Process("gateway")
        process.start(main(world))
        await asyncio.sleep(2.5)
        process.kill()
        await process.ended()
        await asyncio.sleep(10)
        return list(beats)

    assert run(story) == [1.0, 2.0]


def test_others_live_on_and_what_the_system_takes_back_is_taken_back() -> None:
    async def story(world: Virtual) -> tuple[list[str], list[float]]:
        taken: list[str] = []
        process, other = Process("gateway"), asyncio.create_task(asyncio.sleep(5, "alive"))
        process.on_kill(lambda: taken.append("lock"))
        process.start(asyncio.sleep(100))
        await asyncio.sleep(1)
        process.kill()
        process.kill()
        return [*taken, await other], [world.loop.time()]

    assert run(story) == (["lock", "alive"], [5.0])


@asynccontextmanager
async def session(log: list[str]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await asyncio.sleep(1)
        log.append("left cleanly")


def test_the_dead_who_would_still_await_are_buried_quietly() -> None:
    log: list[str] = []

    async def main() -> None:
        async with session(log):
            await asyncio.sleep(100)

    async def story(_: Virtual) -> None:
        process = Process("gateway")
        process.start(main())
        await asyncio.sleep(1)
        process.kill()
        await process.ended()

    run(story)
    assert log == []


def test_steps_are_the_same_in_every_replay() -> None:
    async def story(world: Virtual) -> int:
        process = Process("gateway")
        process.start(write_three([]))
        await process.ended()
        assert world.loop.time() == 3
        return process.steps

    assert run(story) == run(story) == 4
