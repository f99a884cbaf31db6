"""Polling: an even pace for each meter, dead ones ever more rarely, what fails told once."""

import asyncio
from itertools import pairwise
from pathlib import Path

from structlog.testing import capture_logs

from gateway.schedule import RAREST
from protocols.types import MeterId
from tests.gateway.world import A, B, World, config_text, play

EVERY_S = 60.0


def asked(world: World, meter: MeterId) -> list[float]:
    """When each meter was selected first in its turn, in seconds."""
    who = bytes.fromhex("0000001" + str("ABCD".index(meter) + 1))[::-1]
    times = [at for at, direction, data in world.tap if direction == "down" and who in data]
    return [after for before, after in pairwise([-100.0, *times]) if after - before > EVERY_S / 2]


def test_a_dead_meter_costs_its_retries_once_and_is_then_asked_ever_more_rarely(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        dead = world.line.stations.pop(1)
        world.start()
        with capture_logs() as told:
            await asyncio.sleep(40 * EVERY_S)
            gaps = [round((after - before) / EVERY_S) for before, after in pairwise(asked(world, B))]
            assert gaps[:6] == [2, 4, RAREST, RAREST, RAREST, RAREST]
            assert {round((after - before) / EVERY_S) for before, after in pairwise(asked(world, A))} == {1}
            world.line.stations.insert(1, dead)
            await asyncio.sleep(2 * RAREST * EVERY_S)
        assert [after - before < 1.5 * EVERY_S for before, after in pairwise(asked(world, B))][-3:] == [True] * 3
        of_b = [log["log_level"] for log in told if log.get("meter") == B and log["log_level"] != "debug"]
        assert of_b == ["warning", "info"]

    play(story, tmp_path, text=config_text(every_s=EVERY_S))
