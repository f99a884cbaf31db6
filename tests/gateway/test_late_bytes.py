"""Bytes that a converter delivers late, after the connection they came by was lost: they move no other meter's valve.

A moving frame is addressed to whoever is selected: as long as an old one may still come, nobody else is (P6, I13).
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.journal.journal import Journal
from protocols.types import Verb
from tests.gateway.world import A, B, C, World, play


def held_back(world: World, seconds: float, *, killed: bool) -> None:
    """Once a command has started: its frame is held back, and the connection or the whole gateway is lost."""
    assert world.gateway is not None
    journal = world.gateway.edge.journal
    begin = journal.start

    def start(*about: Any) -> None:
        begin(*about)
        world.line.hold_next(seconds)
        asyncio.get_running_loop().call_later(0.05, lose)

    def lose() -> None:
        world.line.go_down()
        world.line.come_up()
        if killed:
            world.kill()

    journal.start = start  # type: ignore[method-assign, assignment]


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("held_s", [2.0, 3.5, 5.0, 6.5])
def test_I13_a_frame_that_comes_late_moves_no_other_valve(tmp_path: Path, held_s: float, killed: bool) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        await asyncio.sleep(30)
        held_back(world, held_s, killed=killed)
        begun = len(world.plane.requests)
        await world.plane.send(world.plane.command(C, Verb.CLOSE))
        await world.until(lambda: len(world.plane.requests) > begun)
        await asyncio.sleep(3)
        if killed:
            world.start()
        for _ in range(6):
            await asyncio.sleep(1.2)
            await world.plane.send(world.plane.look(A))
        await asyncio.sleep(120)
        assert world.moves(A) == world.moves(B) == []
        assert len(world.moves(C)) <= 1
        assert any(answer.meter == A for answer in world.plane.answers)

    play(story, tmp_path)


def test_I13_a_journal_that_may_have_forgotten_a_start_keeps_its_lines_silent_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Journal.__init__

    def doubted(journal: Journal, *about: Any) -> None:
        begin(journal, *about)
        journal.doubted = True

    async def story(world: World) -> None:
        monkeypatch.setattr(Journal, "__init__", doubted)
        world.start()
        await asyncio.sleep(11.5)
        assert world.plane.readings == []
        await asyncio.sleep(60)
        assert world.plane.readings != []

    play(story, tmp_path)
