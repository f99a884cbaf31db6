"""Wires to meters over TCP, as a transparent serial converter offers them."""

import asyncio
import socket
import struct
from dataclasses import dataclass

from protocols.ports import Dial, Wire

CONNECT_TIMEOUT_S = 5.0
CHUNK = 4096
UNHEARD_S = 5.0
"""What the other host does not confirm in this time ends the connection: less than any valve's `act_max_s`."""


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


def _forget_on_close(connection: socket.socket) -> None:
    """Let the system neither keep old writes for a host that is away nor deliver them once we have let go (P6)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNHEARD_S * 1000))


def tcp(host: str, port: int) -> Dial:
    """Return what opens a wire to this converter."""

    async def dial() -> Wire:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(host, port)
        except TimeoutError:
            raise OSError(f"{host}:{port} does not answer") from None
        _forget_on_close(writer.get_extra_info("socket"))
        return TcpWire(reader, writer)

    return dial
