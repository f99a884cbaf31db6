"""I5 in the virtual world: never more closures in any true hour or day, whatever the clocks and the power do.

The control plane here is a stolen one: it grants all, and it signs whatever time the gateway's wall clock shows.
"""

import asyncio
from pathlib import Path
from random import Random

import pytest

from gateway.journal.journal import Journal
from gateway.journal.place import open_at
from gateway.lived import Lived
from protocols.types import MeterId, Outcome, Verb
from protocols.uplink.messages import Receipt
from protocols.uplink.reasons import Why
from simulators.chance import SeededEntropy
from simulators.loop import Virtual, VirtualClock, run
from tests.gateway.world import A, B, C, World, config_text, play

HOUR_S, DAY_S = 3600.0, 86_400.0
PER_HOUR, PER_DAY = 2, 4
TEXT = config_text(per_hour=PER_HOUR, every_s=86_400.0).replace("per_day = 20", f"per_day = {PER_DAY}")
DST_S = 3600.0


def closures(world: World) -> list[float]:
    """When a valve was told to close, by the world's own time."""
    acts = [act for valve in world.valves.values() for act in valve.history if str(act.wanted) == "closed"]
    return sorted(act.at_s for act in acts)


def held(world: World) -> None:
    took = closures(world)
    for begin_s in took:
        assert sum(begin_s <= at_s < begin_s + HOUR_S for at_s in took) <= PER_HOUR
        assert sum(begin_s <= at_s < begin_s + DAY_S for at_s in took) <= PER_DAY


async def closed_and_opened(world: World, meter: MeterId) -> Receipt:
    receipt = await world.receipt(await world.plane.send(world.plane.command(meter, Verb.CLOSE)))
    await world.receipt(await world.plane.send(world.plane.command(meter, Verb.OPEN)))
    return receipt


async def started(world: World, clock: VirtualClock | None = None) -> None:
    births = len(world.plane.births)
    world.start(clock)
    await world.until(lambda: len(world.plane.births) > births)
    await asyncio.sleep(5)


def booted(world: World) -> VirtualClock:
    """The clock of a machine that has just begun: its wall clock is whatever the world's was set to."""
    now, loop = world.virtual.clock, world.virtual.loop
    return VirtualClock(loop, offset_s=now.offset_s, booted_s=loop.time())


@pytest.mark.parametrize("seed", range(4))
def test_I5_whatever_the_clocks_and_the_power_do(tmp_path: Path, seed: int) -> None:
    async def story(world: World) -> None:
        chance, clock = Random(seed), world.virtual.clock  # noqa: S311 - a world has to come again
        await started(world, clock)
        receipts = []
        for _ in range(40):
            await asyncio.sleep(chance.choice((1.0, 60.0, 1500.0, 3000.0)))
            step_s = chance.choice((0.0, DST_S, -DST_S, DAY_S, -DAY_S, 40 * DAY_S, -3 * HOUR_S))
            world.virtual.clock.offset_s += step_s
            power = chance.random()
            if power < 0.5:
                world.kill()
                clock = booted(world) if power < 0.25 else clock
            clock.offset_s = world.virtual.clock.offset_s
            if power < 0.5:
                await started(world, clock)
            else:
                await asyncio.sleep(20)
            receipts.append(await closed_and_opened(world, chance.choice((A, B, C))))
        held(world)
        assert len(closures(world)) >= PER_DAY, "nothing was tried"
        refused = [r for r in receipts if r.outcome is Outcome.REFUSED]
        assert refused
        assert {r.why for r in refused} <= {Why.CAP, Why.CLOCK_UNTRUSTED}

    play(story, tmp_path, text=TEXT, seed=seed)


def test_I5_after_a_true_day_at_work_the_caps_are_free_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await started(world)
        for _ in range(PER_DAY):
            assert (await closed_and_opened(world, A)).outcome is Outcome.DONE
            await asyncio.sleep(HOUR_S * 0.6)
        assert (await closed_and_opened(world, A)).why is Why.CAP
        await asyncio.sleep(DAY_S * 1.02)
        assert (await closed_and_opened(world, A)).outcome is Outcome.DONE
        held(world)

    play(story, tmp_path, text=TEXT)


def test_I5_killed_at_every_step_of_a_closure_its_use_of_the_cap_is_never_forgotten(tmp_path: Path) -> None:
    text = TEXT.replace(f"per_hour = {PER_HOUR}", "per_hour = 1")

    async def story(world: World, step: int) -> None:
        world.start()
        assert world.process is not None
        world.process.kill_at(step)
        await world.until(lambda: world.plane.births or not world.process or not world.process.alive)
        await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await asyncio.sleep(30)
        world.kill()
        world.virtual.clock.jump(3 * DAY_S)
        await started(world, booted(world))
        for meter in (A, B, C):
            await closed_and_opened(world, meter)
        assert len(closures(world)) == 1, f"killed at step {step}"

    for step in range(40, 180, 4):
        folder = tmp_path / str(step)
        folder.mkdir()
        play(lambda world, step=step: story(world, step), folder, text=text)  # type: ignore[misc]


def test_I5_a_journal_put_back_from_a_backup_may_have_forgotten_closures(tmp_path: Path) -> None:
    """For the first day that it works again it closes nothing."""
    path, entropy = tmp_path / "journal.sqlite", SeededEntropy(0)

    def opened() -> Journal:
        placed = open_at(path, entropy)
        placed.lock.release()
        return placed.journal

    async def story(virtual: Virtual) -> None:
        assert Lived(opened(), virtual.clock, "m").whole_at_s == float("-inf")
        path.with_name("journal.sqlite.run").unlink()
        again = Lived(opened(), virtual.clock, "m")
        assert again.whole_at_s >= again.now() + DAY_S
        await asyncio.sleep(HOUR_S)
        assert Lived(opened(), virtual.clock, "m").whole_at_s == again.whole_at_s

    run(story)
