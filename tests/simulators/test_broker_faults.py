"""Each fault of the broker is seen by its clients; the same seed gives the same history."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from protocols.ports import Broker, Message
from simulators.broker import MemoryBroker
from simulators.faults import BROKER_FAULTS, Fault, Faults, Window, plan
from simulators.loop import Virtual, run

T = TypeVar("T")
Heard = list[tuple[float, bytes]]
UP = "curbstop/v1/gw/up/receipt"


async def listen(world: Virtual, broker: MemoryBroker, heard: Heard) -> None:
    """Subscribe, again and again, and note what comes."""
    while True:
        try:
            async with broker.connector("cp")(["#"], None) as plane:
                async for message in plane.messages():
                    heard.append((world.loop.time(), message.payload))
        except ConnectionError:
            await asyncio.sleep(1)


def with_fault(
    fault: Fault,
    publish: Callable[[MemoryBroker], Awaitable[T]],
    *,
    seed: int = 0,
    until_s: float = 1e9,
    odds: float = 1.0,
) -> tuple[Heard, T]:
    async def story(world: Virtual) -> tuple[Heard, T]:
        broker = MemoryBroker(seed=seed, faults=Faults(seed, [Window(fault, odds, 0.1, until_s)]))
        heard: Heard = []
        listening = asyncio.create_task(listen(world, broker, heard))
        await asyncio.sleep(0.1)
        result = await publish(broker)
        await asyncio.sleep(7 * 3600)
        listening.cancel()
        return heard, result

    return run(story, seed=seed)


async def publish_one(broker: MemoryBroker) -> None:
    async with broker.connector("gw")([], None) as session:
        await session.publish(UP, b"1")


async def publish_ten(broker: MemoryBroker) -> None:
    async with broker.connector("gw")([], None) as session:
        for number in range(10):
            await session.publish(UP, str(number).encode())


async def publish_and_be_cut(broker: MemoryBroker) -> None:
    with pytest.raises(ConnectionError, match="while publishing"):
        await publish_one(broker)


def payloads(heard: Heard) -> list[bytes]:
    return [payload for _, payload in heard]


def test_a_lost_message_was_acknowledged() -> None:
    heard, _ = with_fault(Fault.MESSAGE_LOST, publish_one)
    assert heard == []


def test_a_doubled_message_comes_twice() -> None:
    heard, _ = with_fault(Fault.MESSAGE_DOUBLED, publish_one)
    assert payloads(heard) == [b"1", b"1"]


def test_reordered_messages_all_come() -> None:
    heard, _ = with_fault(Fault.MESSAGE_REORDERED, publish_ten)
    ten = [str(number).encode() for number in range(10)]
    assert sorted(payloads(heard)) == ten
    assert payloads(heard) != ten


def test_a_held_message_comes_after_a_minute_or_hours() -> None:
    times = []
    for seed in range(8):
        ((at_s, _),), _ = with_fault(Fault.MESSAGE_HELD, publish_one, seed=seed)
        times.append(at_s)
    assert min(times) >= 60
    assert max(times) > 3600


def test_old_messages_are_replayed() -> None:
    heard, _ = with_fault(Fault.MESSAGE_REPLAYED, publish_ten)
    assert len(heard) == 20
    assert payloads(heard) != sorted(payloads(heard))


def test_a_publish_that_was_cut_may_have_been_delivered_or_not() -> None:
    seen = {tuple(payloads(with_fault(Fault.PUBLISH_CUT, publish_and_be_cut, seed=seed)[0])) for seed in range(12)}
    assert seen == {(), (b"1",)}


def test_a_session_taken_over_is_lost_and_its_client_comes_back() -> None:
    async def publish_patiently(broker: MemoryBroker) -> int:
        lost = 0
        for number in range(10):
            try:
                async with broker.connector("gw")([], None) as session:
                    await session.publish(UP, str(number).encode())
            except ConnectionError:
                lost += 1
            await asyncio.sleep(5)
        return lost

    heard, lost = with_fault(Fault.SESSION_TAKEN_OVER, publish_patiently)
    assert 0 < lost < 10
    assert len(heard) == 10


def test_a_broker_that_is_down_lets_nobody_in() -> None:
    with pytest.raises(ConnectionError, match="reached"):
        with_fault(Fault.BROKER_DOWN, publish_one)


def test_a_broker_that_goes_down_cuts_those_within() -> None:
    async def story(_: Virtual) -> None:
        broker = MemoryBroker(faults=Faults(0, [Window(Fault.BROKER_DOWN, 1.0, 1.0)]))
        async with broker.connector("gw")([], None) as session:
            await asyncio.sleep(1)
            with pytest.raises(ConnectionError, match="went down"):
                await session.publish(UP, b"1")

    run(story)


def test_a_restarted_broker_has_forgotten_what_it_acknowledged() -> None:
    async def story(_: Virtual) -> None:
        broker = MemoryBroker(faults=Faults(0, [Window(Fault.BROKER_RESTARTED, 1.0, 1.0, 2.0)]))
        async with broker.connector("cp")([UP], None):
            pass
        await asyncio.sleep(1)
        with pytest.raises(ConnectionError, match="restarted"):
            await publish_one(broker)
        async with broker.connector("cp")([UP], None) as plane, asyncio.timeout(1000):
            await anext(plane.messages())

    with pytest.raises(TimeoutError):
        run(story)


async def talk(world: Virtual, connect_as: str, broker: MemoryBroker) -> None:
    """Publish every ten seconds of half an hour, whatever happens."""
    while world.loop.time() < 1800:
        try:
            async with broker.connector(connect_as)(["a/+"], Message(f"a/{connect_as}", b"will")) as session:
                await _publish_often(world, session, connect_as)
        except ConnectionError:
            await asyncio.sleep(1)


async def _publish_often(world: Virtual, session: Broker, name: str) -> None:
    while world.loop.time() < 1800:
        await session.publish(f"a/{name}", str(world.loop.time()).encode())
        await asyncio.sleep(10 * world.entropy.fraction())


def half_an_hour(seed: int) -> tuple[list[object], int]:
    passed: list[object] = []

    async def story(world: Virtual) -> int:
        faults = Faults(seed, plan(seed, 1800, BROKER_FAULTS))
        broker = MemoryBroker(seed=seed, faults=faults, tap=lambda *what: passed.append(what))
        listening = asyncio.create_task(listen(world, broker, []))
        await asyncio.gather(talk(world, "one", broker), talk(world, "two", broker))
        listening.cancel()
        return world.loop.turns

    return passed, run(story, seed=seed)


def test_the_same_seed_gives_the_same_history() -> None:
    assert half_an_hour(1) == half_an_hour(1)
    assert half_an_hour(1) != half_an_hour(2)
