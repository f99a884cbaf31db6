"""I7: what was read without an uplink for days arrives in order and once, and a command waits for one message of it."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from gateway.pace import FEW, LATE_S, MANY, SOON_S, Pace
from protocols.types import Outcome, Verb
from protocols.uplink.messages import PermitRequest, Reading, Readings
from tests.gateway.world import A, B, Plane, World, config_text, play

DAYS, METERS, EACH_HOUR, REGISTERS = 7, 200, 4, 3
POLLS = DAYS * 24 * EACH_HOUR * METERS
KEPT = 40_000
"""Of the 403,200 readings of those polls: a test need not send all to see the order of all."""


TAKES_S = 0.15


@dataclass
class Busy(Plane):
    """A control plane that needs its time for each message of readings, and does one thing after another."""

    waited_s: list[float] = field(default_factory=list)

    async def _readings(self, message: Readings) -> None:
        await asyncio.sleep(TAKES_S)
        await super()._readings(message)

    async def _permit(self, request: PermitRequest) -> None:
        self.waited_s.append((self.now() - request.at).total_seconds())
        await super()._permit(request)


def backlog(world: World, count: int) -> list[Reading]:
    since = world.virtual.clock.now() - timedelta(days=DAYS)
    apart = timedelta(days=DAYS) / count
    return [Reading(meter=B, at=since + n * apart, quantity="volume", value=str(n), unit="m3") for n in range(count)]


def test_I7_a_week_at_two_hundred_meters_is_within_the_bound(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert POLLS == 134_400
        assert world.start().store._bound >= POLLS * REGISTERS

    play(story, tmp_path)


def test_I7_a_backlog_arrives_whole_in_order_and_delays_no_command(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.plane.holds = False
        store, plane = world.start().store, world.plane
        assert isinstance(plane, Busy)
        await world.plane.born.wait()
        store.add(backlog(world, KEPT))
        await asyncio.sleep(20)
        assert len({m.first for m in world.plane.readings}) == 1, "nothing leaves before what is older is held"
        world.plane.readings.clear()
        world.plane.holds = True
        await world.until(lambda: len(world.plane.readings) > 2)
        closed = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: plane.waited_s)
        assert store.kept > MANY, "the backlog goes on"
        assert plane.waited_s[0] <= 2 * TAKES_S
        assert (await world.receipt(closed)).outcome is Outcome.DONE
        await world.until(lambda: store.kept == 0, within_s=120)
        held: dict[int, Reading] = {}
        for message in world.plane.readings:
            for n, reading in enumerate(message.readings, message.first):
                assert held.setdefault(n, reading) == reading
        values = [held[n].value for n in sorted(held) if held[n].meter == B and held[n].at < world.plane.births[0].at]
        assert values == [str(n) for n in range(KEPT)]
        assert sorted(held) == list(range(1, max(held) + 1))
        assert store.lost == 0
        assert max(len(m.readings) for m in world.plane.readings) == MANY

    play(story, tmp_path, text=config_text(every_s=3600.0), plane=Busy)


def test_messages_grow_while_they_are_held_soon_and_shrink_when_late() -> None:
    pace = Pace()
    for _ in range(9):
        pace.took(SOON_S / 2)
    assert pace.size == MANY
    pace.took((SOON_S + LATE_S) / 2)
    assert pace.size == MANY
    for _ in range(9):
        pace.took(LATE_S * 2)
    assert pace.size == FEW
