"""I12: who floods a topic delays nobody else's messages, and memory has a bound."""

import asyncio

import pytest

from protocols.ports import Message
from seams import arrivals
from seams.arrivals import Arrivals


def up(gateway: str, kind: str = "receipt") -> str:
    return f"curbstop/v1/{gateway}/up/{kind}"


async def taken(waiting: Arrivals) -> list[Message]:
    waiting.end()
    found = []
    while (message := await waiting.get()) is not None:
        found.append(message)
    return found


async def test_I12_a_flood_at_one_topic_lets_the_others_pass() -> None:
    waiting = Arrivals()
    for number in range(1000):
        waiting.put(up("thief"), b"%d" % number)
    waiting.put(up("honest"), b"valid")
    assert Message(up("honest"), b"valid") in [await waiting.get() for _ in range(2)]


async def test_what_one_topic_carries_keeps_its_order() -> None:
    waiting = Arrivals()
    for number in range(5):
        waiting.put(up("a"), b"%d" % number)
        waiting.put(up("b"), b"%d" % number)
    found = await taken(waiting)
    for gateway in ("a", "b"):
        assert [m.payload for m in found if m.topic == up(gateway)] == [b"0", b"1", b"2", b"3", b"4"]


async def test_who_waits_is_woken_by_a_message_and_by_the_end() -> None:
    waiting = Arrivals()
    getting = asyncio.create_task(waiting.get())
    await asyncio.sleep(0)
    waiting.put(up("a"), b"news")
    assert await getting == Message(up("a"), b"news")
    getting = asyncio.create_task(waiting.get())
    await asyncio.sleep(0)
    waiting.end()
    assert await getting is None


@pytest.mark.parametrize(
    ("size", "topics", "kept"),
    [
        (arrivals.LARGEST + 1, 1, 0),
        (arrivals.LARGEST, 1, arrivals.LANE_BYTES // arrivals.LARGEST),
        (arrivals.LARGEST, 100, arrivals.ALL_BYTES // arrivals.LARGEST),
        (0, 1, arrivals.LANE_MESSAGES),
        (0, 100, arrivals.ALL_MESSAGES),
    ],
)
async def test_I12_what_waits_is_bounded(size: int, topics: int, kept: int) -> None:
    waiting, payload = Arrivals(), bytes(size)
    for _ in range(3000 if size == 0 else 10):
        for number in range(topics):
            waiting.put(up(f"g{number}"), payload)
    assert len(await taken(waiting)) == kept
    waiting.put(up("g0"), b"again")
    assert await waiting.get() == Message(up("g0"), b"again")


async def test_topics_that_are_nobodys_take_no_room() -> None:
    waiting = Arrivals()
    for number in range(100):
        waiting.put(f"curbstop/v1/g/up/made-up-{number}", b"")
        waiting.put("anything/else", b"")
    assert await taken(waiting) == []
