"""The TCP wire on the loopback: what it forgets, and how its failures look."""

import asyncio
import socket
import struct

import pytest

from gateway.lines import TcpWire, tcp


async def served() -> tuple[asyncio.Server, int]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    return server, int(server.sockets[0].getsockname()[1])


def test_bytes_go_both_ways_and_a_closed_converter_reads_empty() -> None:
    async def story() -> None:
        server, port = await served()
        wire = await tcp("127.0.0.1", port)()
        await wire.write(b"\x10\x40\x01\x41\x16")
        assert await wire.read() == b"\x10\x40\x01\x41\x16"
        assert isinstance(wire, TcpWire)
        wire.connection.shutdown(socket.SHUT_WR)
        assert await wire.read() == b""
        await wire.close()
        server.close()

    asyncio.run(story())


def test_I13_what_came_while_nobody_waited_is_had_at_once_without_a_turn_of_the_loop() -> None:
    """Right before a request nothing may be awaited, and what an earlier one left in the system's buffer must go."""
    with socket.create_server(("127.0.0.1", 0)) as converter:

        async def story() -> None:
            wire = await tcp(*converter.getsockname())()
            theirs, _ = converter.accept()
            assert wire.read_now() is None
            theirs.sendall(b"\xe5")
            assert wire.read_now() == b"\xe5"
            assert wire.read_now() is None
            theirs.close()
            assert wire.read_now() == b""
            await wire.close()

        asyncio.run(story())


def test_a_connection_that_was_reset_is_an_os_error_at_the_next_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as converter:

        async def story() -> None:
            wire = await tcp(*converter.getsockname())()
            theirs, _ = converter.accept()
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            waiting = asyncio.create_task(wire.read())
            await asyncio.sleep(0)
            theirs.close()
            with pytest.raises(ConnectionResetError):
                await waiting
            with pytest.raises(OSError, match="pipe"):
                await wire.write(b"\xe5")
            await wire.close()
            await wire.close()

        asyncio.run(story())


def test_P6_a_connection_let_go_delivers_nothing_late() -> None:
    """Old bytes in the system's buffers would move a valve long after everything counts as settled."""

    async def story() -> None:
        server, port = await served()
        wire = await tcp("127.0.0.1", port)()
        assert isinstance(wire, TcpWire)
        connection = wire.connection
        linger = connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.calcsize("ii"))
        assert struct.unpack("ii", linger) == (1, 0)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert 0 < connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 10_000
        await wire.close()
        server.close()

    asyncio.run(story())


def test_a_port_where_nobody_listens_is_an_os_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        async def story() -> None:
            with pytest.raises(ConnectionRefusedError):
                await tcp("127.0.0.1", port)()

        asyncio.run(story())
