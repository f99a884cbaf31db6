"""Wires to meters over TCP, as a transparent serial converter offers them."""

import asyncio
import socket
import struct
from contextlib import ExitStack

from protocols.ports import Dial, Wire
from seams.names import Names

CONNECT_TIMEOUT_S = 5.0
CHUNK = 4096
UNREAD_MAX = 65_536
"""Bytes kept of what nobody reads: the newest, far more than the longest answer."""
UNHEARD_S = 5.0
"""What the other host does not confirm in this time ends the connection: less than any valve's `act_max_s`."""


class TcpWire:
    """One TCP connection. What was written before it is closed may still arrive: a closed wire settles nothing.

    It stays registered with the loop, which takes what comes as it comes: to register anew for every answer costs more
    than all else between two exchanges.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._loop = asyncio.get_running_loop()
        self._inbox = bytearray()
        self._ended = self._closed = False
        self._error = OSError("the wire was closed")
        self._news: asyncio.Future[None] | None = None
        self._loop.add_reader(connection, self._take)

    async def write(self, data: bytes) -> None:
        """Hand the bytes to the socket before anything else can happen; wait only while it has no room for the rest."""
        await self._loop.sock_sendall(self.connection, data)

    async def read(self) -> bytes:
        """Return what has come; empty when the other side has closed."""
        while (data := self._had()) is None:
            self._news = self._loop.create_future()
            await self._news
        return data

    def read_now(self) -> bytes | None:
        """Ask the system too: what came while the loop had no turn is in its buffer, not yet in ours."""
        self._take()
        return self._had()

    async def close(self) -> None:
        """Drop the connection at once."""
        self._end()
        self.connection.close()

    def _take(self) -> None:
        if self._ended:
            return
        try:
            data = self.connection.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._error = error
            self._end()
        else:
            self._inbox += data
            del self._inbox[:-UNREAD_MAX]
            self._closed = not data
            if self._closed:
                self._end()
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._loop.remove_reader(self.connection)

    def _had(self) -> bytes | None:
        if self._inbox:
            data = bytes(self._inbox)
            self._inbox.clear()
            return data
        if self._ended and not self._closed:
            raise self._error
        return b"" if self._ended else None


async def _connect(names: Names, host: str, port: int) -> socket.socket:
    """Connect to the first address of this host that answers; OSError where none does in its share of the time."""
    loop = asyncio.get_running_loop()
    error: OSError = ConnectionError(f"{host} has no address")
    addresses = await names.addresses(host, port)
    for family, kind, protocol, _, address in addresses:
        with ExitStack() as closed_unless_connected:
            connection = closed_unless_connected.enter_context(socket.socket(family, kind, protocol))
            connection.setblocking(False)  # noqa: FBT003 - the library's own
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S / len(addresses)):
                    await loop.sock_connect(connection, address)
            except TimeoutError:
                error = TimeoutError(f"{host}:{port} does not answer")
                continue
            except OSError as failed:
                error = failed
                continue
            closed_unless_connected.pop_all()
            return connection
    raise error


def _set_up(connection: socket.socket) -> None:
    """Send at once; and let the system neither keep old writes for a host that is away nor deliver them later (P6)."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNHEARD_S * 1000))


def tcp(host: str, port: int, names: Names | None = None) -> Dial:
    """Return what opens a wire to this converter."""
    asked = names or Names()

    async def dial() -> Wire:
        connection = await _connect(asked, host, port)
        _set_up(connection)
        return TcpWire(connection)

    return dial
