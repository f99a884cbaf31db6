"""Restart what fails: one bad meter, line or message never stops the others (CONTROL I12). It alone catches all."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
log: structlog.stdlib.BoundLogger = structlog.get_logger("supervisor")


async def supervised(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run a task that should never end; when it fails, say so and start it again, more slowly while it fails soon."""
    pause_s, loop = FIRST_PAUSE_S, asyncio.get_running_loop()
    while True:
        begun_s = loop.time()
        try:
            await run()
        except Exception:
            log.exception("a task has failed and is started again", task=name, pause_s=pause_s)
        if loop.time() - begun_s > LONGEST_PAUSE_S:
            pause_s = FIRST_PAUSE_S
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
