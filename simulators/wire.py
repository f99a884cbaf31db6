"""The master's end of a simulated line: ports.Wire on a buffer.

Not a line: bytes handed over here are paced, mangled and answered by the line it belongs to.
"""

import asyncio
from collections.abc import Callable


class LineWire:
    """One connection to a converter. One reader at a time."""

    def __init__(self, send: Callable[["LineWire", bytes], None]) -> None:
        self._send = send
        self._inbox = bytearray()
        self._news = asyncio.Event()
        self._ended = False
        self._error: OSError | None = None

    async def write(self, data: bytes) -> None:
        """Hand bytes to the converter, which takes them at once; `OSError` where the connection is gone."""
        self._check()
        if self._ended:
            raise BrokenPipeError("the simulated line's connection is closed")
        self._send(self, data)
        self._check()

    async def read(self) -> bytes:
        """Return all that has come since; empty when the converter has closed, `OSError` when it broke."""
        while (data := self.read_now()) is None:
            self._news.clear()
            await self._news.wait()
        return data

    def read_now(self) -> bytes | None:
        """As `read`, but None where it would have to wait."""
        if not self._inbox:
            self._check()
            return b"" if self._ended else None
        data = bytes(self._inbox)
        self._inbox.clear()
        return data

    async def close(self) -> None:
        """Close. What was written before goes its way along the line."""
        self.end()

    def feed(self, data: bytes) -> None:
        """Deliver bytes from the line; lost where nobody reads any more."""
        if not self._ended and self._error is None:
            self._inbox += data
            self._news.set()

    def end(self) -> None:
        """Close from the converter's side."""
        self._ended = True
        self._news.set()

    def fail(self, why: str) -> None:
        """Break the connection: unread bytes are gone, and every further call raises."""
        self._error = ConnectionResetError(why)
        self._inbox.clear()
        self._news.set()

    def _check(self) -> None:
        if self._error is not None:
            raise ConnectionResetError(*self._error.args)
