"""The broker port against real brokers: the embedded one and Debian's mosquitto keep the same promises."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from curbstop.demo.broker import allowed, embedded
from curbstop.demo.mosquitto import mosquitto
from protocols.ports import Broker, Message
from seams.clock import SystemClock
from seams.mqtt import Address, connector
from tests.e2e import servers

PASSWORDS = {"control-plane": "c" * 32, "g1": "1" * 32, "g2": "2" * 32}
UP, DOWN = "curbstop/v1/g1/up/birth", "curbstop/v1/g1/down/command"
PATIENCE_S = 5.0

brokers = pytest.mark.parametrize("kind", ["embedded", pytest.param("mosquitto", marks=pytest.mark.needs("mosquitto"))])


Door = Callable[[str], Address]


@asynccontextmanager
async def running(kind: str, folder: Path, port: int) -> AsyncIterator[Door]:
    """A broker, and where it is for whom: passwords at the embedded one, certificates at mosquitto."""
    if kind == "mosquitto":
        async with mosquitto(folder, port, ["control-plane"], ["g1", "g2"], SystemClock().now()) as served:
            yield served.address
    else:
        async with embedded(port, PASSWORDS) as door:
            yield door


def at(port: int) -> Door:
    """Where nobody has to be told who we are."""
    return lambda user: Address("127.0.0.1", port, user, user, PASSWORDS[user])


def session(door: Door, user: str, topics: list[str], will: Message | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN201 - an async context manager of ports.Broker
    return connector(door(user))(topics, will)


async def first(broker: Broker) -> Message:
    async with asyncio.timeout(PATIENCE_S):
        async for message in broker.messages():
            return message
    raise AssertionError("the session ended without a message")


@brokers
async def test_what_is_published_arrives(kind: str, tmp_path: Path) -> None:
    port = servers.free_port()
    async with running(kind, tmp_path, port) as door:
        async with session(door, "control-plane", ["curbstop/v1/+/up/+"]) as plane, session(door, "g1", []) as g1:
            await g1.publish(UP, b"hello")
            assert await first(plane) == Message(UP, b"hello")


async def test_what_is_published_leaves_at_once(tmp_path: Path) -> None:
    port = servers.free_port()
    async with running("embedded", tmp_path, port) as door, session(door, "g1", []) as g1:
        connection = g1._client._client.socket()
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


async def test_what_is_published_is_written_within_the_call_and_nothing_waits_to_be_written(tmp_path: Path) -> None:
    port = servers.free_port()
    async with (
        running("embedded", tmp_path, port) as door,
        session(door, "control-plane", ["curbstop/v1/+/up/+"]) as plane,
        session(door, "g1", ["curbstop/v1/g1/down/+"]) as g1,
    ):
        paho = g1._client._client
        publishing = asyncio.create_task(g1.publish(UP, b"hello"))
        await asyncio.sleep(0)
        assert not paho.want_write()
        await publishing
        await plane.publish(DOWN, b"close")
        assert await first(g1) == Message(DOWN, b"close")
        await g1.publish(UP, b"its acknowledgement goes by the loop, and leaves no writer behind")
        await asyncio.sleep(0)
        assert not asyncio.get_running_loop().remove_writer(paho.socket())


async def test_a_message_whose_broker_goes_before_it_took_it_is_a_connection_error_at_once() -> None:
    async def accepts_and_goes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(bytes.fromhex("20020000"))
        await reader.read(1000)
        writer.close()

    async with await asyncio.start_server(accepts_and_goes, "127.0.0.1", 0) as server:
        with pytest.raises(ConnectionError):
            async with session(at(server.sockets[0].getsockname()[1]), "g1", []) as g1, asyncio.timeout(PATIENCE_S):
                await g1.publish(UP, b"never taken")


@brokers
async def test_a_session_is_kept_while_its_client_is_away(kind: str, tmp_path: Path) -> None:
    port = servers.free_port()
    async with running(kind, tmp_path, port) as door:
        async with session(door, "g1", ["curbstop/v1/g1/down/+"]):
            pass
        async with session(door, "control-plane", []) as plane:
            await plane.publish(DOWN, b"close")
        async with session(door, "g1", ["curbstop/v1/g1/down/+"]) as g1:
            assert await first(g1) == Message(DOWN, b"close")


@brokers
async def test_I10_a_gateway_hears_nothing_of_another(kind: str, tmp_path: Path) -> None:
    port = servers.free_port()
    async with running(kind, tmp_path, port) as door:
        async with session(door, "g1", ["curbstop/v1/g1/down/+"]) as g1:
            async with session(door, "g2", []) as g2, session(door, "control-plane", []) as plane:
                await g2.publish(DOWN, b"forged")
                await plane.publish(DOWN, b"true")
                assert await first(g1) == Message(DOWN, b"true")


async def test_a_wrong_password_is_a_connection_error(tmp_path: Path) -> None:
    port = servers.free_port()
    async with running("embedded", tmp_path, port) as door:
        with pytest.raises(ConnectionError):
            async with session(lambda user: replace(door(user), password="wrong"), "g1", []):
                pass


async def test_no_broker_is_a_connection_error() -> None:
    with pytest.raises(ConnectionError, match=r"127\.0\.0\.1"):
        async with session(at(servers.free_port()), "g1", []):
            pass


@brokers
async def test_a_broker_that_goes_ends_the_session(kind: str, tmp_path: Path) -> None:
    port = servers.free_port()
    with pytest.raises(ConnectionError):
        async with session_over(kind, tmp_path, port) as (broker, stop):
            await stop()
            await first(broker)


@asynccontextmanager
async def session_over(kind: str, folder: Path, port: int):  # type: ignore[no-untyped-def]  # noqa: ANN201 - see session
    context = running(kind, folder, port)
    door = await context.__aenter__()

    async def stop() -> None:
        await context.__aexit__(None, None, None)

    async with session(door, "g1", []) as broker:
        yield broker, stop


async def test_a_port_taken_is_an_os_error() -> None:
    port = servers.free_port()
    async with embedded(port, PASSWORDS):
        with pytest.raises(OSError, match="in use"):
            async with embedded(port, PASSWORDS):
                pass


@pytest.mark.parametrize(
    ("user", "topic", "action", "answer"),
    [
        ("g1", "curbstop/v1/g1/up/birth", "publish", True),
        ("g1", "curbstop/v1/g1/down/command", "publish", False),
        ("g1", "curbstop/v1/g1/down/+", "subscribe", True),
        ("g1", "curbstop/v1/+/down/+", "subscribe", False),
        ("g1", "curbstop/v1/g2/down/command", "receive", False),
        ("g1", "#", "subscribe", False),
        ("g1", "curbstop/v1/g1/#", "subscribe", False),
        ("g1", "$SYS/broker", "subscribe", False),
        ("control-plane", "curbstop/v1/g2/down/command", "publish", True),
        ("control-plane", "curbstop/v1/g2/up/receipt", "publish", False),
        ("control-plane", "curbstop/v1/+/up/+", "subscribe", True),
        (None, "curbstop/v1/g1/up/birth", "publish", False),
    ],
)
def test_I10_who_may_do_what(user: str | None, topic: str, action: str, answer: bool) -> None:
    assert allowed(user, topic, action) is answer
