"""Being told to end, and hearing it.

A TaskGroup (Python 3.11) of which a part fails in that very moment raises the failure, and that alone: whoever catches
it goes on for ever. Nor does `Task.cancelling` tell: a group leaves it raised.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


async def apart(work: Awaitable[T]) -> T:
    """Await work in a task of its own: what fails there is raised here, unless whoever waits was told to end."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task])
        raise
    finally:
        _look_at(task)
    return task.result()


def _look_at(task: "asyncio.Future[Any]") -> None:
    """Its failure was seen: asyncio need not tell of it too."""
    if task.done() and not task.cancelled():
        task.exception()
