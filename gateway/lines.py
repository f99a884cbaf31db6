"""Wires to meters over TCP, as a transparent serial converter offers them."""

import asyncio
from dataclasses import dataclass

from protocols.ports import Dial, Wire

CONNECT_TIMEOUT_S = 5.0
CHUNK = 4096


@dataclass(frozen=True, slots=True)
class TcpWire:
    """One TCP connection. What was written before it is closed may still arrive: a closed wire settles nothing."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, data: bytes) -> None:
        """Hand the bytes to the socket before anything else can happen, then wait until it has room again."""
        self.writer.write(data)
        await self.writer.drain()

    async def read(self) -> bytes:
        """Return what has come; empty when the other side has closed."""
        return await self.reader.read(CHUNK)

    async def close(self) -> None:
        """Drop the connection at once."""
        self.writer.transport.abort()


def tcp(host: str, port: int) -> Dial:
    """Return what opens a wire to this converter."""

    async def dial() -> Wire:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(host, port)
        except TimeoutError:
            raise OSError(f"{host}:{port} does not answer") from None
        return TcpWire(reader, writer)

    return dial
