"""The gateway's story, end to end in virtual time: it closes with a permit, opens without, and tells what it saw."""

from pathlib import Path

from protocols.types import Outcome, ValvePosition, Verb
from protocols.uplink.reasons import Why
from tests.gateway.world import A, B, C, D, World, play


def test_a_valve_is_closed_with_a_permit_and_opened_without(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        closed = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert (closed.outcome, closed.why, closed.started) == (Outcome.DONE, None, True)
        assert closed.before is not None
        assert closed.after is not None
        assert (closed.before.position, closed.after.position) == (ValvePosition.OPEN, ValvePosition.CLOSED)
        assert closed.permit is not None
        assert closed.after.frames
        assert len(closed.sent) == 1
        opened = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert (opened.outcome, opened.permit) == (Outcome.DONE, None)
        assert world.moves(A) == ["closed", "open"]
        assert len(world.plane.requests) == 1

    play(story, tmp_path)


def test_readings_come_up_exact(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.until(lambda: len({r.meter for b in world.plane.readings for r in b.readings}) == 4)
        rows = [r for b in world.plane.readings for r in b.readings if r.meter == D and r.quantity == "volume"]
        assert rows[0].unit == "m3"
        assert rows[0].value is not None
        assert rows[0].value.startswith("0.40")

    play(story, tmp_path)


def test_the_slow_meter_is_closed_too(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        receipt = await world.receipt(await world.plane.send(world.plane.command(B, Verb.CLOSE)))
        assert receipt.outcome is Outcome.DONE
        assert world.moves(B) == ["closed"]

    play(story, tmp_path)


def test_a_stuck_valve_is_told_as_it_is_read(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        receipt = await world.receipt(await world.plane.send(world.plane.command(C, Verb.CLOSE)))
        assert (receipt.outcome, receipt.why, receipt.started) == (Outcome.FAILED, Why.NOT_AS_WANTED, True)
        assert receipt.after is not None
        assert receipt.after.position is ValvePosition.OPEN

    play(story, tmp_path, sticks=C)


def test_a_valve_already_there_costs_no_permit(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert (receipt.outcome, receipt.why, receipt.started) == (Outcome.DONE, Why.ALREADY, False)
        assert world.moves(A) == []
        assert world.plane.requests == []

    play(story, tmp_path)


def test_P7_a_look_reads_and_watches_the_index(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        command = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.receipt(command)
        answer = await world.answer(await world.plane.send(world.plane.look(A, observe_s=10.0)))
        assert answer.outcome is Outcome.DONE
        assert answer.seen is not None
        assert answer.seen.position is ValvePosition.CLOSED
        first, last = answer.index
        assert first.value == last.value
        assert last.boot_s - first.boot_s >= 10
        assert [(s.command, s.outcome) for s in answer.settled] == [(command, Outcome.DONE)]

    play(story, tmp_path)
