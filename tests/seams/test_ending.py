"""Who is told to end, ends: though something of it fails in the very same moment."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from controlplane.dispatch.doors import Doors
from controlplane.dispatch.loop import Dispatch
from controlplane.replicas.leading import Fenced, Leading
from controlplane.replicas.lease import DeposedError
from controlplane.writer import InlineWriter
from gateway.supervise import supervised
from protocols.ports import Broker, Message
from protocols.uplink.keys import SigningKey
from simulators.loop import Virtual, run
from tests.controlplane.desk import Desk
from tests.gateway.world import World, play

LATER_S = 600.0


class Breaking:
    """A broker whose sessions break when they are told to, as when another client takes them over."""

    def __init__(self) -> None:
        self.breaks = asyncio.Event()

    @asynccontextmanager
    async def connect(self, topics: list[str], will: Message | None) -> AsyncIterator[Broker]:
        assert topics or will
        yield self

    async def publish(self, _topic: str, _payload: bytes) -> None:
        await asyncio.sleep(0)

    async def messages(self) -> AsyncIterator[Message]:
        await self.breaks.wait()
        for message in list[Message]():
            yield message
        raise ConnectionError("another has taken over the session")


async def ends(work: Coroutine[Any, Any, None], breaks: asyncio.Event) -> bool:
    """Whether it ends when it is told to while something of it fails."""
    task = asyncio.create_task(work)
    await asyncio.sleep(1)
    breaks.set()
    task.cancel()
    await asyncio.wait([task], timeout=LATER_S)
    ended = task.cancelled()
    task.cancel()
    return ended


def failing(breaks: asyncio.Event, error: Exception) -> Callable[[], Coroutine[Any, Any, None]]:
    async def part() -> None:
        await breaks.wait()
        raise error

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(part())

    return work


def test_a_dispatch_gives_up_the_broker_though_another_takes_it_in_that_moment() -> None:
    """Else one that leads no longer would take the broker's session from the one that does, again and again."""

    async def story(virtual: Virtual) -> None:
        desk, broker = Desk(clock=virtual.clock), Breaking()  # type: ignore[arg-type]
        doors = Doors(desk.context, lambda _db, _batch: None)
        dispatch = Dispatch(desk.context, InlineWriter(desk.engine, []), doors, SigningKey(b"p" * 32))
        assert await ends(dispatch.run(broker.connect), broker.breaks)

    run(story)


def test_a_replica_ends_though_it_is_deposed_in_that_moment() -> None:
    async def story(virtual: Virtual) -> None:
        desk, breaks = Desk(clock=virtual.clock), asyncio.Event()  # type: ignore[arg-type]
        work = failing(breaks, DeposedError())
        leading = Leading("a", Fenced(InlineWriter(desk.engine, [])), virtual.clock, work, lambda: True)
        assert await ends(leading.run(), breaks)

    run(story)


@pytest.mark.parametrize("error", [ValueError("any"), ConnectionError("away")])
def test_what_is_supervised_ends_though_it_fails_in_that_moment(error: Exception) -> None:
    async def story(_: Virtual) -> None:
        breaks = asyncio.Event()
        assert await ends(supervised("part", failing(breaks, error)), breaks)

    run(story)


def test_a_gateways_uplink_ends_though_the_broker_goes_in_that_moment(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        gateway, broker = world.start(), Breaking()
        assert await ends(gateway.uplink.run(lambda: broker.connect), broker.breaks)

    play(story, tmp_path)
