"""Attacks by timing: two things under way at once, and answers that outlive their moment."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.journal.records import Taking
from protocols.ports import Clock
from protocols.types import Outcome, ValvePosition, Verb
from protocols.uplink.messages import PermitRequest
from protocols.uplink.reasons import Why
from simulators.reference.telegram import split
from tests.gateway.world import A, B, C, World, config_text, play


async def born_and_polled(world: World) -> None:
    world.start()
    await world.plane.born.wait()
    await world.until(lambda: len({r.meter for b in world.plane.readings for r in b.readings}) == 4)


@pytest.mark.parametrize("seed", range(4))
def test_I5_the_share_holds_for_closures_that_are_under_way_together(tmp_path: Path, seed: int) -> None:
    async def story(world: World) -> None:
        await born_and_polled(world)
        digests = [await world.plane.send(world.plane.command(m, Verb.CLOSE)) for m in (A, B, C)]
        whys = [(await world.receipt(digest)).why for digest in digests]
        assert whys.count(Why.CAP) == 2
        assert sum(bool(world.moves(m)) for m in (A, B, C)) == 1

    play(story, tmp_path, seed=seed, text=config_text(share=0.0, floor=1))


def test_I5_a_closure_whose_end_is_not_known_counts_as_closed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born_and_polled(world)
        first = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: world.moves(A))
        world.kill()
        world.start()
        await world.until(lambda: len(world.plane.births) > 1)
        await asyncio.sleep(1)
        second = await world.receipt(await world.plane.send(world.plane.command(C, Verb.CLOSE)))
        assert second.why is Why.CAP
        await world.receipt(first)
        assert world.moves(C) == []

    play(story, tmp_path, text=config_text(share=0.0, floor=1))


def test_P8_an_open_never_waits_for_the_window_of_an_earlier_look(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born_and_polled(world)
        await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        await world.plane.send(world.plane.look(A))
        await world.plane.send(world.plane.look(A, observe_s=7200.0))
        opened = await world.plane.send(world.plane.command(A, Verb.OPEN))
        asked_s = world.virtual.clock.boot()
        assert (await world.receipt(opened)).outcome is Outcome.DONE
        assert world.virtual.clock.boot() - asked_s < 60

    play(story, tmp_path)


def test_I3_a_confirmed_expiry_does_not_outlive_its_validity(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born_and_polled(world)
        await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        world.virtual.clock.jump(-3600)
        world.plane.clock_ahead_s = 3600.0
        await asyncio.sleep(30)

        async def the_line_goes(_: PermitRequest) -> None:
            world.line.go_down()
            await asyncio.sleep(3)

        world.plane.before_permit = the_line_goes
        expires_at = world.plane.now() + timedelta(seconds=20)
        digest = await world.plane.send(world.plane.command(A, Verb.OPEN, expires_at=expires_at))
        await asyncio.sleep(70)
        world.plane.before_permit = None
        world.plane.grants = False
        world.line.come_up()
        receipt = await world.receipt(digest)
        assert (receipt.outcome, receipt.why) == (Outcome.REFUSED, Why.EXPIRED)
        assert world.moves(A) == ["closed"]

    play(story, tmp_path, text=config_text(every_s=1.0))


@dataclass
class _Ahead:
    """The gateway's clock, so many seconds on: a disk that took its time."""

    clock: Clock
    by_s: float = 0.0

    def now(self) -> datetime:
        return self.clock.now() + timedelta(seconds=self.by_s)

    def boot(self) -> float:
        return self.clock.boot() + self.by_s


@pytest.mark.parametrize(("disk_s", "wall_s"), [(11.0, 0.0), (0.0, -7200.0)])
def test_P4_a_commit_that_outlives_the_permit_or_the_trust_in_the_clock_moves_nothing(
    tmp_path: Path, disk_s: float, wall_s: float
) -> None:
    async def story(world: World) -> None:
        await born_and_polled(world)
        assert world.gateway is not None
        edge = world.gateway.edge
        ahead, start = _Ahead(edge.clock), edge.journal.start

        def slow(digest: str, permit: str | None, taking: Taking | None) -> None:
            start(digest, permit, taking)
            ahead.by_s = disk_s
            world.virtual.clock.jump(wall_s)

        edge.clock, edge.journal.start = ahead, slow  # type: ignore[method-assign]
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert (receipt.outcome, receipt.started, receipt.sent) == (Outcome.FAILED, True, ())
        assert world.moves(A) == []

    play(story, tmp_path)


def test_P8_an_open_survives_a_clock_that_jumps_while_it_is_read(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born_and_polled(world)
        await world.receipt(await world.plane.send(world.plane.command(B, Verb.CLOSE)))
        digest = await world.plane.send(world.plane.command(B, Verb.OPEN))
        await asyncio.sleep(1)
        world.virtual.clock.jump(-3600)
        world.plane.clock_ahead_s = 3600.0
        receipt = await world.receipt(digest)
        assert (receipt.outcome, receipt.why) == (Outcome.DONE, None)
        assert [r.asks for r in world.plane.requests][1:] == ["expiry"]

    play(story, tmp_path)


def selections(world: World, since_s: float, until_s: float) -> set[bytes]:
    """The ids selected on the line in a span, as they travel."""
    frames = [
        request
        for at_s, direction, data in world.tap
        if direction == "down" and since_s <= at_s <= until_s
        for request in split(data)[0]
    ]
    return {request.data[:4] for request in frames if request.ci == 0x52}


@pytest.mark.parametrize("seed", range(4))
def test_P3_while_the_permit_is_awaited_nobody_else_has_the_meter(tmp_path: Path, seed: int) -> None:
    async def story(world: World) -> None:
        await born_and_polled(world)
        spans: list[tuple[float, float]] = []

        async def slow(_: PermitRequest) -> None:
            since_s = world.virtual.clock.boot()
            await asyncio.sleep(3.5)
            spans.append((since_s, world.virtual.clock.boot()))

        world.plane.before_permit = slow
        await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        selected = selections(world, *spans[0])
        assert bytes.fromhex("12000000") in selected, "the line is free for others"
        assert bytes.fromhex("11000000") not in selected, "the meter is not"

    play(story, tmp_path, seed=seed, text=config_text(every_s=1.0))


def test_a_position_that_can_not_be_told_after_the_write_is_unknown_not_failed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born_and_polled(world)
        world.valves[A].travel_s = 1000.0
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert receipt.after is not None
        assert receipt.after.position is ValvePosition.MOVING
        assert (receipt.outcome, receipt.started) == (Outcome.UNKNOWN, True)

    play(story, tmp_path)


def test_what_was_sent_stands_in_the_receipt_of_an_interrupted_command_too(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born_and_polled(world)
        digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: world.moves(A))
        world.line.go_down()
        await asyncio.sleep(20)
        world.line.come_up()
        receipt = await world.receipt(digest)
        assert receipt.started
        assert [t.bytes for t in receipt.sent] == ["6808086873fd5102fd1f0cc1ac16"]

    play(story, tmp_path)
