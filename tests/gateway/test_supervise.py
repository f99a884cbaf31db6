"""I12: what fails is started again, slowly while it goes on failing, and its neighbours never notice."""

import asyncio
from itertools import pairwise

from structlog.testing import capture_logs

from gateway.supervise import LONGEST_PAUSE_S, supervised
from simulators.loop import Virtual, run


def starts(lives_s: list[float], until_s: float) -> list[float]:
    """When a task begins that lives so long each time (the last for ever) before it fails."""
    begun: list[float] = []

    async def story(virtual: Virtual) -> None:
        async def fails() -> None:
            begun.append(virtual.clock.boot())
            await asyncio.sleep(lives_s[min(len(begun), len(lives_s)) - 1])
            raise ValueError("again")

        task = asyncio.create_task(supervised("bad", fails))
        await asyncio.sleep(until_s)
        task.cancel()

    run(story)
    return begun


def test_pauses_double_up_to_a_bound() -> None:
    begun = starts([0.0], 400)
    gaps = [round(after - before, 3) for before, after in pairwise(begun)]
    assert gaps[:7] == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE_S]
    assert set(gaps[7:]) == {LONGEST_PAUSE_S}


def test_what_ran_well_for_long_is_started_again_soon() -> None:
    begun = starts([0.0, 0.0, 0.0, 0.0, 1000.0, 0.0], 1100)
    assert round(begun[5] - begun[4] - 1000.0, 3) == 1


def test_the_same_failure_is_told_once_with_its_traceback_and_another_one_anew() -> None:
    ends: list[Exception] = [ValueError("a"), ValueError("a"), ValueError("a"), KeyError("b"), ValueError("a")]

    async def story(_: Virtual) -> None:
        async def fails() -> None:
            if ends:
                raise ends.pop(0)
            await asyncio.sleep(1e6)

        task = asyncio.create_task(supervised("bad", fails))
        with capture_logs() as told:
            await asyncio.sleep(300)
        task.cancel()
        assert [log["log_level"] for log in told] == ["error", "debug", "debug", "error", "error"]
        assert [log["exc_info"] is not None for log in told] == [True, False, False, True, True]

    run(story)


def test_a_stop_stops_it() -> None:
    async def story(_: Virtual) -> None:
        task = asyncio.create_task(supervised("good", lambda: asyncio.sleep(1e6)))
        await asyncio.sleep(5)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    run(story)
