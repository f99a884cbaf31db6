"""The way up: whatever is not acknowledged is sent again, whatever became of what was sent after it (I7)."""

import asyncio
from pathlib import Path

from protocols.types import Verb
from tests.gateway.world import A, World, play


def test_I7_an_account_that_is_lost_is_sent_until_it_is_held_though_later_ones_were(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        await asyncio.sleep(30)
        plane, acknowledge = world.plane, world.plane.ack
        lost: list[str] = []

        async def only_later_ones(digest: str) -> None:
            lost.extend([] if lost else [digest])
            if digest != lost[0]:
                await acknowledge(digest)

        plane.ack = only_later_ones  # type: ignore[method-assign]
        for _ in range(2):
            await plane.send(plane.command(A, Verb.ARM))
        await asyncio.sleep(60)
        plane.ack = acknowledge  # type: ignore[method-assign]
        assert world.gateway is not None
        journal = world.gateway.edge.journal
        assert [sealed.digest for sealed in journal.unacknowledged(5)] == lost
        await world.until(lambda: not journal.unacknowledged(5), within_s=200)

    play(story, tmp_path)
