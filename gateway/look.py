"""A look: read what is there, and where asked watch the index over a window (CONTROL P7, corroboration).

The line and the meter are free while the window runs; a newer command or look for this meter ends it early, and the
answer then holds one reading of the index, which corroborates nothing.
"""

import asyncio

from gateway.edge import Edge
from gateway.jobs import Priority
from gateway.meters import Meter
from gateway.reading import BlindError, Sight, sight_again
from gateway.receipts import LookAccount
from protocols.types import Outcome
from protocols.uplink.messages import Look
from protocols.uplink.reasons import Why

TRIES = 3


async def look(edge: Edge, meter: Meter, message: Look, disturbed: asyncio.Event) -> LookAccount:
    """Look, and say what was seen; what can't be read is `failed`, with the reason."""
    if message.identity != meter.identity:
        return LookAccount(outcome=Outcome.REFUSED, why=Why.WRONG_IDENTITY, detail="the gateway's file names another")
    try:
        first = await sight_again(edge, meter, Priority.READ_BACK, TRIES)
    except BlindError as error:
        return LookAccount(outcome=Outcome.FAILED, why=error.why, detail=error.detail)
    if message.observe_s <= 0 or first.index is None or await _disturbed(disturbed, message.observe_s):
        return _account(first)
    try:
        return _account(first, await sight_again(edge, meter, Priority.READ_BACK, TRIES))
    except BlindError as error:
        return LookAccount(outcome=Outcome.FAILED, why=error.why, detail=f"at the window's end: {error.detail}")


async def _disturbed(event: asyncio.Event, seconds: float) -> bool:
    """Let the window pass; True if something newer came."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _account(*sights: Sight) -> LookAccount:
    """The last position seen, and the index of each reading."""
    return LookAccount(
        outcome=Outcome.DONE,
        identity_read=sights[-1].read.identity,
        seen=sights[-1].seen,
        index=tuple(s.index for s in sights if s.index is not None),
    )
