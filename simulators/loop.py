"""Virtual time: an asyncio loop that jumps to its next timer instead of waiting for it.

Not a world: what happens in it is others' code, which sees an ordinary loop and a ports.Clock. There are no threads, no
sockets and no signals in virtual time: where nothing is scheduled, nothing can ever happen, and that is an error.
"""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import CoroutineType
from typing import NoReturn, TypeVar

from simulators.chance import SeededEntropy
from simulators.process import Stepped, task_factory

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""Where wall clocks begin unless told otherwise: a Monday morning."""
MOST_TURNS_AT_ONE_TIME = 200_000
SAME_INSTANT_S = 1e-7
"""Timers so near are due together: more than floats lose in a simulated decade, less than any bit takes."""

T = TypeVar("T")


class DeadlockError(RuntimeError):
    """Nothing can happen any more, or time no longer moves; the message names who waits and where."""


class _Jump(selectors.SelectSelector):
    """A selector that adds every time-out to its clock and never looks at a file."""

    def __init__(self, stuck: Callable[[str], NoReturn]) -> None:
        super().__init__()
        self.now = 0.0
        self.turns = 0
        self._turns_at_now = 0
        self._stuck = stuck

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turns += 1
        if timeout is None:
            self._stuck("nothing is scheduled")
        if timeout > 0:
            self.now += timeout
            self._turns_at_now = 0
            return []
        self._turns_at_now += 1
        if self._turns_at_now > MOST_TURNS_AT_ONE_TIME:
            self._turns_at_now = 0
            self._stuck(f"time stands still for {MOST_TURNS_AT_ONE_TIME} turns")
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time. `at_end` is called, last in first out, when the world ends."""

    def __init__(self) -> None:
        self._jump = _Jump(self._stuck)
        self.at_end: list[Callable[[], None]] = []
        super().__init__(self._jump)
        self._clock_resolution = SAME_INSTANT_S
        self.set_task_factory(task_factory)

    def time(self) -> float:
        """Return seconds since the world began."""
        return self._jump.now

    @property
    def turns(self) -> int:
        """How often the loop has gone round: the same number in every replay."""
        return self._jump.turns

    def _stuck(self, what: str) -> NoReturn:
        waiting = sorted(f"{task.get_name()} at {_where(task)}" for task in asyncio.all_tasks(self))
        raise DeadlockError(f"at {self.time():.6f} s {what}; waiting: {'; '.join(waiting) or 'nobody'}")


def _where(task: asyncio.Task[object]) -> str:
    """The innermost line a task is suspended at."""
    outer = task.get_coro()
    inner: object = outer.inner if isinstance(outer, Stepped) else outer
    at = "its start"
    while isinstance(inner, CoroutineType) and inner.cr_frame is not None:
        at = f"{inner.cr_code.co_filename}:{inner.cr_frame.f_lineno}"
        inner = inner.cr_await
    return at


class VirtualClock:
    """ports.Clock of a virtual loop: the wall starts at `start` and may be set off; boot runs from `booted_s` on.

    Both run `rate` times as fast as the loop, as one machine's crystal does.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        start: datetime = START,
        offset_s: float = 0.0,
        *,
        rate: float = 1.0,
        booted_s: float = 0.0,
    ) -> None:
        self._loop = loop
        self._start = start
        self._booted_s = booted_s
        self.rate = rate
        self.offset_s = offset_s

    def now(self) -> datetime:
        """Return the wall clock, which `jump` may have set wrong."""
        return self._start + timedelta(seconds=self._loop.time() * self.rate + self.offset_s)

    def boot(self) -> float:
        """Return seconds since the machine began."""
        return (self._loop.time() - self._booted_s) * self.rate

    def suspend(self, seconds: float) -> None:
        """The machine sleeps: wall and boot run on, and the loop's timers, on CLOCK_MONOTONIC, stand still."""
        self._booted_s -= seconds / self.rate
        self.offset_s += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward, or back where negative; boot runs on."""
        self.offset_s += seconds


@dataclass(frozen=True, slots=True)
class Virtual:
    """What a story is handed: its loop, its seed, a clock and chance."""

    loop: VirtualLoop
    seed: int
    clock: VirtualClock
    entropy: SeededEntropy


def run(story: Callable[[Virtual], Awaitable[T]], *, seed: int = 0, start: datetime = START) -> T:
    """Run `story` in a world of its own and return what it returns; `DeadlockError` where it can't go on.

    Tasks the story leaves behind are cancelled when it ends.
    """
    loop = VirtualLoop()
    virtual = Virtual(loop, seed, VirtualClock(loop, start), SeededEntropy(seed))

    async def main() -> T:
        return await story(virtual)

    try:
        return loop.run_until_complete(loop.create_task(main(), name="story"))
    finally:
        _end(loop)


def _end(loop: VirtualLoop) -> None:
    try:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(_settle(left))
        while loop.at_end:
            loop.at_end.pop()()
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def _settle(tasks: set[asyncio.Task[object]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
