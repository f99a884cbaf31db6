"""The in-memory broker means what MQTT 3.1.1 means."""

import asyncio

import pytest

from protocols.ports import Broker, Connect, Message
from simulators.broker import MemoryBroker, matches
from simulators.loop import Virtual, run

UP = "curbstop/v1/gw/up/receipt"
DOWN = "curbstop/v1/gw/down/command"


@pytest.mark.parametrize(
    ("topic_filter", "topic"),
    [
        ("a/b", "a/b"),
        ("a/+/c", "a/b/c"),
        ("+/+", "/b"),
        ("#", "a/b/c"),
        ("a/#", "a/b/c"),
        ("a/#", "a"),
        ("a/+/#", "a/b"),
        ("+/b", "/b"),
    ],
)
def test_filters_that_cover(topic_filter: str, topic: str) -> None:
    assert matches(topic_filter, topic)


@pytest.mark.parametrize(
    ("topic_filter", "topic"),
    [
        ("a/b", "a/b/c"),
        ("a/b", "a"),
        ("a/+", "a"),
        ("a/+", "a/b/c"),
        ("+", "/b"),
        ("a/+/#", "a"),
        ("#", "$SYS/load"),
        ("+/load", "$SYS/load"),
        ("A", "a"),
    ],
)
def test_filters_that_do_not(topic_filter: str, topic: str) -> None:
    assert not matches(topic_filter, topic)


async def take(broker: Broker, count: int) -> list[bytes]:
    payloads: list[bytes] = []
    messages = broker.messages()
    while len(payloads) < count:
        payloads.append((await anext(messages)).payload)
    return payloads


async def publish(connect: Connect, *payloads: bytes) -> None:
    async with connect([], None) as session:
        for payload in payloads:
            await session.publish(UP, payload)


async def visit(connect: Connect, *topics: str) -> None:
    async with connect(list(topics), None):
        pass


def test_what_is_published_reaches_those_who_subscribed_in_order() -> None:
    async def story(_: Virtual) -> list[bytes]:
        broker = MemoryBroker()
        async with broker.connector("cp")(["curbstop/v1/+/up/+"], None) as plane:
            await publish(broker.connector("gw"), b"1", b"2", b"3")
            return await take(plane, 3)

    assert run(story) == [b"1", b"2", b"3"]


def test_who_has_not_subscribed_gets_nothing() -> None:
    async def story(_: Virtual) -> None:
        broker = MemoryBroker()
        async with broker.connector("gw")(["curbstop/v1/gw/down/+"], None) as gateway:
            await publish(broker.connector("cp"), b"1")
            async with asyncio.timeout(100):
                await take(gateway, 1)

    with pytest.raises(TimeoutError):
        run(story)


def test_the_way_takes_its_time_once_for_each_packet() -> None:
    async def story(world: Virtual) -> list[float]:
        broker = MemoryBroker(transit_s=1.0)
        async with broker.connector("cp")(["#"], None) as plane:
            times = [world.loop.time()]
            await plane.publish(UP, b"1")
            times.append(world.loop.time())
            await take(plane, 1)
            return [*times, world.loop.time()]

    assert run(story) == [1.0, 3.0, 3.0]


def test_a_session_keeps_what_comes_while_its_client_is_away() -> None:
    async def story(_: Virtual) -> list[bytes]:
        broker = MemoryBroker()
        await visit(broker.connector("cp"), "curbstop/v1/+/up/+")
        await publish(broker.connector("gw"), b"1", b"2", b"3")
        async with broker.connector("cp")([], None) as plane:
            return await take(plane, 3)

    assert run(story) == [b"1", b"2", b"3"]


def test_what_was_not_yet_handed_over_when_the_connection_broke_comes_again() -> None:
    async def story(_: Virtual) -> list[bytes]:
        broker = MemoryBroker()
        connect = broker.connector("cp")
        async with connect(["#"], None) as plane:
            await publish(broker.connector("gw"), b"1", b"2")
            first = await take(plane, 1)
            broker.cut("cp")
            with pytest.raises(ConnectionError):
                await take(plane, 1)
        async with connect(["#"], None) as plane:
            return first + await take(plane, 1)

    assert run(story) == [b"1", b"2"]


def test_a_full_queue_drops_and_counts() -> None:
    async def story(_: Virtual) -> tuple[int, list[bytes]]:
        broker = MemoryBroker(max_queued=2)
        await visit(broker.connector("cp"), "#")
        await publish(broker.connector("gw"), b"1", b"2", b"3")
        async with broker.connector("cp")([], None) as plane:
            return broker.dropped, await take(plane, 2)

    assert run(story) == (1, [b"1", b"2"])


WILL = Message("curbstop/v1/gw/up/death", b"gone")


def test_a_will_is_published_when_the_connection_is_lost() -> None:
    async def story(_: Virtual) -> list[bytes]:
        broker = MemoryBroker()
        async with broker.connector("cp")(["curbstop/v1/+/up/+"], None) as plane:
            async with broker.connector("gw")([], WILL) as gateway:
                broker.cut("gw")
                with pytest.raises(ConnectionError, match="connection lost"):
                    await gateway.publish(UP, b"never")
            broker.cut("gw")
            await publish(broker.connector("other"), b"later")
            return await take(plane, 2)

    assert run(story) == [b"gone", b"later"]


def test_no_will_is_published_when_a_client_leaves() -> None:
    async def story(_: Virtual) -> list[bytes]:
        broker = MemoryBroker()
        async with broker.connector("cp")(["#"], None) as plane:
            async with broker.connector("gw")([], WILL):
                pass
            await publish(broker.connector("other"), b"later")
            return await take(plane, 1)

    assert run(story) == [b"later"]


def test_a_second_connection_takes_the_session_over() -> None:
    async def story(_: Virtual) -> list[bytes]:
        broker = MemoryBroker()
        connect = broker.connector("cp")
        async with connect(["#"], None) as first:
            waiting = asyncio.create_task(take(first, 1))
            async with connect([], None) as second:
                with pytest.raises(ConnectionError, match="taken over"):
                    await waiting
                await publish(broker.connector("gw"), b"1")
                return await take(second, 1)

    assert run(story) == [b"1"]


def test_leaving_a_session_that_was_taken_over_does_not_end_the_new_one() -> None:
    async def story(_: Virtual) -> list[bytes]:
        broker = MemoryBroker()
        connect = broker.connector("cp")
        async with connect(["#"], None):
            second = connect([], None)
            plane = await second.__aenter__()
        await publish(broker.connector("gw"), b"1")
        payloads = await take(plane, 1)
        await second.__aexit__(None, None, None)
        return payloads

    assert run(story) == [b"1"]


def test_a_broker_that_is_down_cuts_all_and_lets_nobody_in() -> None:
    async def story(_: Virtual) -> list[bytes]:
        broker = MemoryBroker()
        async with broker.connector("cp")(["#"], WILL) as plane:
            broker.go_down()
            with pytest.raises(ConnectionError, match="down"):
                await plane.publish(UP, b"1")
        with pytest.raises(ConnectionError, match="reached"):
            await visit(broker.connector("cp"))
        broker.come_up()
        async with broker.connector("cp")([], None) as plane:
            await publish(broker.connector("gw"), b"2")
            return await take(plane, 1)

    assert run(story) == [b"2"]


def test_a_puback_is_not_durability() -> None:
    async def story(_: Virtual) -> None:
        broker = MemoryBroker()
        await visit(broker.connector("cp"), "#")
        await publish(broker.connector("gw"), b"acknowledged")
        broker.restart_empty()
        async with broker.connector("cp")(["#"], None) as plane, asyncio.timeout(1000):
            await take(plane, 1)

    with pytest.raises(TimeoutError):
        run(story)


@pytest.mark.parametrize("topic", ["", "a/+", "a/#"])
def test_a_topic_with_a_wildcard_is_not_published_to(topic: str) -> None:
    async def story(_: Virtual) -> None:
        async with MemoryBroker().connector("gw")([], None) as session:
            await session.publish(topic, b"")

    with pytest.raises(ValueError, match="no topic"):
        run(story)


def test_a_message_can_be_slipped_in_by_a_stranger() -> None:
    async def story(_: Virtual) -> list[bytes]:
        broker = MemoryBroker()
        async with broker.connector("gw")([DOWN], None) as gateway:
            broker.inject(Message(DOWN, b"forged"))
            return await take(gateway, 1)

    assert run(story) == [b"forged"]
