"""Restart what fails: one bad meter, line or message never stops the others (CONTROL I12). It alone catches all."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import structlog

from seams.ending import apart

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
log: structlog.stdlib.BoundLogger = structlog.get_logger("supervisor")


async def supervised(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run a task that should never end; when it fails, say so and start it again, more slowly while it fails soon."""
    pause_s, loop, told = FIRST_PAUSE_S, asyncio.get_running_loop(), ""
    while True:
        begun_s = loop.time()
        try:
            await apart(run())
        except Exception as error:  # noqa: BLE001 - told, the first time with its traceback
            if loop.time() - begun_s > LONGEST_PAUSE_S:
                pause_s, told = FIRST_PAUSE_S, ""
            told = _tell(name, error, told, pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _tell(name: str, error: Exception, told: str, pause_s: float) -> str:
    """Tell with the traceback what was not told already; what goes on failing in the same way is told to nobody."""
    what = repr(error)
    level, traceback = (logging.DEBUG, None) if what == told else (logging.ERROR, error)
    text = "a task has failed and is started again"
    log.log(level, text, task=name, error=what, pause_s=pause_s, exc_info=traceback)
    return what
