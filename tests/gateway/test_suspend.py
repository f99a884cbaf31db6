"""A machine that sleeps, and clocks that nobody confirms: decisions are made by the clock that runs through suspend.

asyncio's timers are on CLOCK_MONOTONIC, which stands still meanwhile: a wait may last longer than it says. So no wait
decides anything; what was waited for is judged by the boot clock when it is acted on.
"""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from gateway import attempt
from protocols.types import Outcome, Verb
from protocols.uplink.messages import Birth, PermitRequest
from protocols.uplink.reasons import Why
from tests.gateway.world import A, World, config_text, play


async def born(world: World) -> None:
    world.start()
    await world.plane.born.wait()
    await asyncio.sleep(1)


@pytest.mark.parametrize(("slept_s", "why"), [(3.0, None), (60.0, Why.PERMIT_LAPSED), (3600.0, Why.EXPIRED)])
def test_P3_a_permit_lapses_in_sleep_and_so_does_the_command(tmp_path: Path, slept_s: float, why: Why | None) -> None:
    """Between the answer and the write, where no timer of ours is on."""

    async def story(world: World) -> None:
        await born(world)
        guard = attempt.Attempt._guard

        def sleeping(self: attempt.Attempt) -> Why | None:
            if self.grant is not None and not self.sent:
                world.virtual.clock.suspend(slept_s)
            return guard(self)

        attempt.Attempt._guard = sleeping  # type: ignore[method-assign]
        try:
            receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        finally:
            attempt.Attempt._guard = guard  # type: ignore[method-assign]
        assert receipt.why is why
        assert world.moves(A) == ([] if why else ["closed"])

    play(story, tmp_path)


def test_P3_an_answer_that_comes_after_a_sleep_is_as_old_as_its_question(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)

        async def asleep(_: PermitRequest) -> None:
            if len(world.plane.requests) == 1:
                world.virtual.clock.suspend(30.0)

        world.plane.before_permit = asleep
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert receipt.why is Why.PERMIT_LAPSED
        assert world.moves(A) == []

    play(story, tmp_path)


def test_a_night_asleep_is_followed_by_a_reading_of_each_meter(tmp_path: Path) -> None:
    """A timer of 15 minutes that began before would else run its rest first."""

    async def story(world: World) -> None:
        await born(world)
        await asyncio.sleep(300)
        before = len(world.tap)
        await asyncio.sleep(200)
        assert len(world.tap) == before
        world.virtual.clock.suspend(8 * 3600.0)
        await asyncio.sleep(70)
        assert len(world.tap) > before + 4
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert receipt.outcome is Outcome.DONE

    play(story, tmp_path, text=config_text(every_s=900.0))


def asked(world: World) -> list[float]:
    return [birth.at.timestamp() for birth in world.plane.births]


def test_a_clock_that_nobody_confirms_is_asked_about_ever_more_rarely_and_at_once_when_it_was_set(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        world.plane.clock_ahead_s = 600.0
        await born(world)
        await asyncio.sleep(3600)
        gaps = [after - before for before, after in pairwise(asked(world))]
        assert [round(gap / 5) * 5 for gap in gaps[:6]] == [5, 10, 20, 40, 80, 160]
        assert max(gaps) < 310
        assert len(gaps) < 20
        before = len(world.plane.births)
        world.virtual.clock.jump(600.0)
        world.plane.clock_ahead_s = 0.0
        await asyncio.sleep(6)
        assert len(world.plane.births) == before + 1
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert receipt.outcome is Outcome.DONE

    play(story, tmp_path)


def test_a_gateway_that_nobody_acknowledges_announces_itself_at_least_once_a_minute(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.plane.silent = True
        world.start()
        await asyncio.sleep(1800)
        gaps = [after - before for before, after in pairwise(asked(world))]
        assert max(gaps) < 66
        assert 28 < len(gaps) < 36

    play(story, tmp_path)


def test_I14_a_confirmed_clock_is_confirmed_again_before_its_trust_ends(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        assert world.gateway is not None
        for _ in range(24):
            await asyncio.sleep(3600)
            assert world.gateway.edge.watch.trusted
        births = [message for message in world.plane.heard if isinstance(message, Birth)]
        assert 6 <= len(births) <= 8

    play(story, tmp_path, text=config_text(every_s=3600.0))
