"""One writer commits whatever is waiting: a verb's result is given only when it is durable.

Each verb of a group runs in a savepoint of its own: one that fails fails alone, a commit that fails fails all. In
production the writer is a thread fed by a queue; in simulation `InlineWriter` runs each verb on the caller's loop.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from controlplane.db import quiet, reading
from controlplane.supervise import outcome

T = TypeVar("T")
Verb = Callable[[Connection], T]
LARGEST_GROUP = 64


class Writer(Protocol):
    """Runs verbs in transactions."""

    async def run(self, verb: Verb[T]) -> T:
        """Run and commit; raises what the verb raises, or the commit's own error."""

    async def read(self, verb: Verb[T]) -> T:
        """Run on a consistent view without waiting for writers."""

    async def quietly(self, verb: Verb[T]) -> T:
        """Write a row that nobody waits for: beside the writers, and without a wake."""

    def on_commit(self, wake: Callable[[], None]) -> None:
        """Have `wake` called after each commit; the same one once, however often it is asked for."""


@dataclass(slots=True)
class InlineWriter:
    """The writer without a thread: for simulation, and for tests."""

    engine: Engine
    wakes: list[Callable[[], None]]

    async def run(self, verb: Verb[T]) -> T:
        """Run at once."""
        with self.engine.begin() as db:
            result = verb(db)
        for wake in self.wakes:
            wake()
        return result

    async def read(self, verb: Verb[T]) -> T:
        """Read at once."""
        with reading(self.engine) as db:
            return verb(db)

    async def quietly(self, verb: Verb[T]) -> T:
        """Write at once, and wake nobody."""
        with quiet(self.engine) as db:
            return verb(db)

    def on_commit(self, wake: Callable[[], None]) -> None:
        """Remember whom to wake."""
        if wake not in self.wakes:
            self.wakes.append(wake)


@dataclass(frozen=True, slots=True)
class _Waiting:
    verb: Verb[Any]
    done: "Future[Any]"


class ThreadWriter:
    """The writer as one thread; `close` ends it after what already waits."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._wakes: dict[Callable[[], None], Callable[[], None]] = {}
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    async def run(self, verb: Verb[T]) -> T:
        """Queue it and await its commit."""
        waiting = _Waiting(verb, Future())
        self._queue.put(waiting)
        result: T = await asyncio.wrap_future(waiting.done)
        return result

    async def read(self, verb: Verb[T]) -> T:
        """Read off the loop, beside the writer."""

        def work() -> T:
            with reading(self._engine) as db:
                return verb(db)

        return await asyncio.to_thread(work)

    async def quietly(self, verb: Verb[T]) -> T:
        """Write off the loop, beside the writer."""

        def work() -> T:
            with quiet(self._engine) as db:
                return verb(db)

        return await asyncio.to_thread(work)

    def on_commit(self, wake: Callable[[], None]) -> None:
        """Have `wake` called on the loop that is running now."""
        self._wakes[wake] = partial(_wake_on, asyncio.get_running_loop(), wake)

    def wake(self) -> None:
        """Wake all who wait for commits: there was one, here or in another process."""
        for wake in tuple(self._wakes.values()):
            wake()

    def close(self) -> None:
        """End the thread."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            group = [first]
            ended = False
            while len(group) < LARGEST_GROUP and not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    ended = True
                    break
                group.append(more)
            self._commit(group)
            if ended:
                return

    def _commit(self, group: list[_Waiting]) -> None:
        results: list[tuple[_Waiting, Any]] = []
        try:
            with self._engine.begin() as db:
                for waiting in group:
                    _attempt(db, waiting, results, alone=len(group) == 1)
        except SQLAlchemyError as error:
            for waiting in group:
                _fail(waiting.done, error)
            return
        for waiting, result in results:
            waiting.done.set_result(result)
        self.wake()


def _fail(done: "Future[Any]", error: SQLAlchemyError) -> None:
    """Tell whoever still waits; one that is cancelled meanwhile must not end the writer."""
    if not done.done() and (done.running() or done.set_running_or_notify_cancel()):
        done.set_exception(error)


def _wake_on(loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(wake)


def _attempt(db: Connection, waiting: _Waiting, results: list[tuple[_Waiting, Any]], *, alone: bool) -> None:
    """Run one verb; its own failure is its own: it is taken back to its savepoint, or wholly where it is alone."""
    if not waiting.done.set_running_or_notify_cancel():
        return
    savepoint = None if alone else db.begin_nested()
    result, error = outcome(waiting.verb, db)
    if error is None:
        if savepoint is not None:
            savepoint.commit()
        results.append((waiting, result))
        return
    waiting.done.set_exception(error)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        raise error  # the group's transaction went with the connection
    if savepoint is not None:
        savepoint.rollback()
    else:
        db.rollback()
