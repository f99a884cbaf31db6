"""Wakes whoever streams news, when something was committed or the house closes. It carries nothing itself."""

import asyncio


class Bell:
    """Take a `ticket`, look for news, then wait on the ticket: what rings in between is not missed."""

    def __init__(self) -> None:
        self._ticket = asyncio.Event()
        self.closed = False

    @property
    def ticket(self) -> asyncio.Event:
        """The event that the next ring sets."""
        return self._ticket

    def ring(self) -> None:
        """Wake all who wait now."""
        rung, self._ticket = self._ticket, asyncio.Event()
        rung.set()

    def close(self) -> None:
        """Wake all, for the last time: open streams end, so that the server can stop."""
        self.closed = True
        self.ring()


async def heard(ticket: asyncio.Event, within_s: float) -> bool:
    """Wait for a ring; False when it stayed silent for `within_s`."""
    try:
        async with asyncio.timeout(within_s):
            await ticket.wait()
    except TimeoutError:
        return False
    return True
