"""A process that can be killed as a machine kills one: between two awaits, with nothing of it running afterwards.

Not a cancellation: no `finally`, no `except`, no `__aexit__` of a killed process runs before the world has ended. What
an operating system would take back (locks, connections) the caller takes back through `on_kill`.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from typing import Any, TypeVar

T = TypeVar("T")
MOST_AWAITS_OF_THE_DYING = 100


class Stepped(Coroutine[Any, Any, T]):
    """A coroutine of a process: each resume is a step, and a dead process makes none."""

    def __init__(self, process: "Process", inner: Coroutine[Any, Any, T]) -> None:
        self._process = process
        self.inner = inner

    def send(self, value: Any) -> Any:
        """Count a step, and resume."""
        self._process.step()
        return self.inner.send(value)

    def throw(self, typ: Any, *rest: Any) -> Any:
        """Count a step, and raise inside."""
        self._process.step()
        return self.inner.throw(typ, *rest)

    def close(self) -> None:
        """Close what is inside."""
        self.inner.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self.inner.__await__()


class Process:
    """All tasks that `start` begins, and that those begin. `steps` counts how often any of them was resumed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps = 0
        self.alive = True
        self._last_step: int | None = None
        self._on_kill: list[Callable[[], None]] = []
        self._coroutines: dict[asyncio.Task[Any], Coroutine[Any, Any, Any]] = {}
        self._graves: list[Coroutine[Any, Any, Any]] = []

    def start(self, main: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin `main` as this process's task. Await its end by `ended`: a kill shows as a cancellation."""
        context = copy_context()
        context.run(_CURRENT.set, self)
        return asyncio.get_running_loop().create_task(main, name=self.name, context=context)

    async def ended(self) -> None:
        """Wait until no task of this process is left."""
        while self._coroutines:
            await asyncio.wait(set(self._coroutines))

    def kill_at(self, step: int) -> None:
        """Kill the process right before its step of this number (steps count from 1)."""
        self._last_step = step

    def on_kill(self, take_back: Callable[[], None]) -> None:
        """Have `take_back` called at a kill: what the operating system would close."""
        self._on_kill.append(take_back)

    def kill(self) -> None:
        """Let nothing of this process run again."""
        if not self.alive:
            return
        self.alive = False
        self._graves.extend(self._coroutines.values())
        for task in tuple(self._coroutines):
            task.cancel()
        for take_back in self._on_kill:
            take_back()
        self._at_the_end_of_the_world()

    def step(self) -> None:
        """Count one resume; `CancelledError` in the dead."""
        self.steps += 1
        if self.steps == self._last_step:
            self.kill()
        if not self.alive:
            raise asyncio.CancelledError

    def adopt(self, task: asyncio.Task[Any], inner: Coroutine[Any, Any, Any]) -> None:
        """Count this task among ours until it is done."""
        self._coroutines[task] = inner
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._coroutines.pop(task, None)

    def _at_the_end_of_the_world(self) -> None:
        at_end = getattr(asyncio.get_running_loop(), "at_end", None)
        if isinstance(at_end, list):
            at_end.append(self._bury)

    def _bury(self) -> None:
        """Close what was left suspended, so that the interpreter does not, later and loudly."""
        for inner in self._graves:
            _close(inner)
        self._graves.clear()


def _close(inner: Coroutine[Any, Any, Any]) -> None:
    for _ in range(MOST_AWAITS_OF_THE_DYING):
        # RuntimeError: it awaits in a `finally`, and is closed again from there. OSError: its wire is gone.
        with contextlib.suppress(RuntimeError, OSError):
            inner.close()
            return


_CURRENT: ContextVar[Process | None] = ContextVar("process", default=None)


def task_factory(
    loop: asyncio.AbstractEventLoop,
    coro: Coroutine[Any, Any, T] | Generator[Any, None, T],
    context: Context | None = None,
) -> asyncio.Task[T]:
    """Make tasks: those of a process count its steps, the others are asyncio's own."""
    process = context.get(_CURRENT) if context is not None else _CURRENT.get()
    if process is None or not isinstance(coro, Coroutine):
        return asyncio.Task(coro, loop=loop, context=context)
    task = asyncio.Task(Stepped(process, coro), loop=loop, context=context)
    process.adopt(task, coro)
    return task
