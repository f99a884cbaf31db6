"""Killed between any two awaits and started again: a command moves its valve at most once; what was seen is told."""

import asyncio
from pathlib import Path

import pytest

from protocols.types import Outcome, Verb
from protocols.uplink.reasons import Why
from simulators.faults import LINE_FAULTS, Faults, Window
from tests.gateway.world import A, C, World, play

FAR = 900.0


def steps_of_one_closure(tmp_path: Path) -> int:
    """How many steps the gateway makes from its start until the receipt of a closure is held."""
    counted: list[int] = []

    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert world.process is not None
        counted.append(world.process.steps)

    play(story, tmp_path)
    return counted[0]


async def closure_with_a_kill(world: World, step: int) -> None:
    world.start()
    assert world.process is not None
    process = world.process
    process.kill_at(step)
    await world.until(lambda: world.plane.births or not process.alive)
    command = world.plane.command(A, Verb.CLOSE)
    restarted = False
    digest = ""
    for _ in range(60):
        if world.plane.broker is not None and world.plane.births:
            digest = await world.plane.send(command)
        await asyncio.sleep(5)
        if not process.alive and not restarted:
            restarted = True
            world.start()
        if any(r.command == digest for r in world.plane.receipts):
            break
    await asyncio.sleep(60)
    receipts = [r for r in world.plane.receipts if r.command == digest]
    moves = world.moves(A)
    assert moves in ([], ["closed"]), "I2: one command, at most one move"
    assert receipts, "the command's end was never told"
    assert len({(r.outcome, r.why) for r in receipts}) == 1
    if receipts[0].outcome is Outcome.DONE and receipts[0].why is None:
        assert moves == ["closed"]
    if not receipts[0].started and receipts[0].why is not Why.ALREADY:
        assert moves == [], "I2: said never started, and it moved"


def test_I2_I14_killed_at_every_step_of_a_closure(tmp_path: Path) -> None:
    steps = steps_of_one_closure(tmp_path)
    assert steps > 50
    for step in range(1, steps + 10, 2):
        folder = tmp_path / str(step)
        folder.mkdir()
        play(lambda world, step=step: closure_with_a_kill(world, step), folder)  # type: ignore[misc]


def test_P11_what_had_started_is_settled_by_reading_after_a_restart(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: world.moves(A))
        world.kill()
        restarted_s = world.virtual.clock.boot()
        await asyncio.sleep(30)
        world.start()
        receipt = await world.receipt(digest)
        assert (receipt.outcome, receipt.started) == (Outcome.DONE, True)
        assert "settled by reading" in receipt.detail
        assert receipt.permit is not None
        assert receipt.finished_boot_s - restarted_s > 30 + 12
        assert world.moves(A) == ["closed"]

    play(story, tmp_path)


def test_I2_a_line_lost_after_the_write_is_settled_on_a_new_connection(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: world.moves(A))
        world.line.go_down()
        await asyncio.sleep(20)
        world.line.come_up()
        receipt = await world.receipt(digest)
        assert (receipt.outcome, receipt.started) == (Outcome.DONE, True)
        assert "settled by reading" in receipt.detail
        assert world.moves(A) == ["closed"]

    play(story, tmp_path)


def test_a_line_that_never_comes_back_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: world.moves(A))
        world.line.go_down()
        receipt = await world.receipt(digest)
        assert (receipt.outcome, receipt.started) == (Outcome.UNKNOWN, True)

    play(story, tmp_path)


def test_I7_receipts_and_readings_are_sent_until_the_application_holds_them(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.plane.holds = False
        world.start()
        await world.plane.born.wait()
        digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: len([m for m in world.plane.heard if getattr(m, "command", "") == digest]) > 3)
        world.kill()
        world.plane.receipts.clear()
        world.plane.readings.clear()
        world.start()
        await world.receipt(digest)
        await world.until(lambda: world.plane.readings)
        world.plane.holds = True
        await asyncio.sleep(FAR)
        heard = len(world.plane.heard)
        await asyncio.sleep(FAR)
        assert not [m for m in world.plane.heard[heard:] if hasattr(m, "outcome")]

    play(story, tmp_path)


def test_a_broker_lost_in_the_middle_of_an_order_is_reached_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: world.moves(A))
        world.broker.go_down()
        await asyncio.sleep(40)
        world.broker.come_up()
        assert (await world.receipt(digest)).outcome is Outcome.DONE

    play(story, tmp_path)


@pytest.mark.parametrize("seed", range(12))
def test_I2_I13_on_a_bad_line_nothing_moves_twice_and_nothing_is_credited_wrongly(tmp_path: Path, seed: int) -> None:
    """Noise, flipped, lost and doubled bytes: a closure ends as done, failed or refused, and never as a lie."""

    def faults() -> Faults:
        return Faults(seed, [Window(fault, 0.04) for fault in sorted(LINE_FAULTS)])

    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        for verb in (Verb.CLOSE, Verb.OPEN, Verb.CLOSE):
            receipt = await world.receipt(await world.plane.send(world.plane.command(A, verb)))
            position = str(world.valves[A].position)
            if receipt.outcome is Outcome.DONE and receipt.after is not None:
                assert position == str(receipt.after.position)
        assert len(world.moves(A)) <= 3
        assert world.moves(C) == []
        volumes = {
            r.meter: float(r.value or 0) for b in world.plane.readings for r in b.readings if r.quantity == "volume"
        }
        for number, meter in enumerate("ABCD", 1):
            if meter in volumes:
                assert abs(volumes[meter] - number * 0.1) < 0.5  # type: ignore[index]

    play(story, tmp_path, seed=seed, faults=faults)
