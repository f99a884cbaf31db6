"""A simulated line on a real TCP port, as a transparent serial converter offers it.

Not for virtual time: it paces on the loop it runs on. One master at a time; a new connection takes the line over.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from protocols.ports import Wire
from simulators.line import Line

CHUNK = 4096


class LineServer:
    """A listening converter."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None or not self._server.sockets:
            raise RuntimeError("the line is not being served")
        return int(self._server.sockets[0].getsockname()[1])

    async def listen(self, host: str, port: int) -> None:
        """Take the port; `OSError` where it is taken."""
        self._server = await asyncio.start_server(self._accepted, host, port)

    async def close(self) -> None:
        """Stop listening and end the master's connection."""
        if self._server is not None:
            self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(_talk(self._line, reader, writer), name="converter")
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)


async def serve_line(line: Line, host: str = "127.0.0.1", port: int = 0) -> LineServer:
    """Serve `line` on a TCP port (0: any free one); `OSError` where it is taken."""
    server = LineServer(line)
    await server.listen(host, port)
    return server


async def _talk(line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes both ways until either side ends."""
    try:
        with contextlib.suppress(OSError):
            wire = await line.dial()
            await _both_ways(wire, reader, writer)
    finally:
        writer.close()


async def _both_ways(wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async def to_master(data: bytes) -> None:
        writer.write(data)
        await writer.drain()

    ways = [
        asyncio.create_task(_carry(lambda: reader.read(CHUNK), wire.write)),
        asyncio.create_task(_carry(wire.read, to_master)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await wire.close()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _carry(read: Callable[[], Awaitable[bytes]], write: Callable[[bytes], Awaitable[None]]) -> None:
    while data := await read():
        await write(data)
