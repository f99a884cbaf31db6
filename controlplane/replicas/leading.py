"""Which replica does what only one may do beside the routes: the broker's session, what falls due, and the log.

A lease that is not renewed for `LEASE_S`, by the clock of whoever watches it, is taken by another replica. That is no
proof that its holder is dead: it may be paused. So nothing rests on it but work that is not done twice; what keeps two
leaders from harm is the fence (lease.hold) around each transaction of a leader.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from controlplane.orders.settling import count_anew
from controlplane.replicas import lease
from controlplane.replicas.lease import DeposedError, Lease
from controlplane.supervise import awaited, failure, why
from controlplane.writer import Verb, Writer
from protocols.ports import Clock
from seams.ending import apart

T = TypeVar("T")
RENEW_S = 1.0
LEASE_S = 5.0
"""A leader that was silent for so long has lost it. Its own session with the broker is then taken over too."""
UNREACHED_S = 10.0
"""A leader whose broker was away for so long lets another try."""
REST_S = 2 * LEASE_S
"""So long it then leaves the lease to others."""
Reached = Callable[[], bool]
log: structlog.stdlib.BoundLogger = structlog.get_logger("replica")


@dataclass(slots=True)
class Fenced:
    """The writer of a leader's work: what is written is written in its term, or not at all."""

    inner: Writer
    term: int = 0
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, verb: Verb[T]) -> T:
        """Run and commit behind the fence; DeposedError where the term has passed."""
        try:
            return await self.inner.run(partial(_fenced, self.term, verb))
        except DeposedError:
            self.lost.set()
            raise

    async def read(self, verb: Verb[T]) -> T:
        """Run on a consistent view."""
        return await self.inner.read(verb)

    async def quietly(self, verb: Verb[T]) -> T:
        """Write beside the others; nothing of a leader's work does."""
        return await self.inner.quietly(verb)

    def on_commit(self, wake: Callable[[], None]) -> None:
        """Have `wake` called after each commit, of any replica."""
        self.inner.on_commit(wake)


def _fenced(term: int, verb: Verb[T], db: Connection) -> T:
    lease.hold(db, term)
    return verb(db)


@dataclass(slots=True)
class Leading:
    """One replica's part: it waits for the lease, and leads as long as it lasts.

    `work` is begun anew in each term and cancelled at its end; `reached` tells whether it has the broker.
    """

    name: str
    writer: Fenced
    clock: Clock
    work: Callable[[], Awaitable[None]]
    reached: Reached
    _seen: tuple[Lease, float] | None = None
    _rests_until_s: float = 0.0

    async def run(self) -> None:
        """For ever: wait, lead, wait again."""
        while True:
            term = await self._taken()
            if term is None:
                await asyncio.sleep(RENEW_S)
            else:
                await self._lead(term)

    async def _taken(self) -> int | None:
        """Take the lease where nobody holds it; the database's failures are told, and tried again."""
        stands, error = await awaited(self.writer.read(lease.look))
        if stands is not None and self._may_take(stands):
            term, error = await awaited(self.writer.inner.run(partial(self._take, stands)))
            if term is not None:
                return term
        if error is not None:
            log.error("the lease can't be read or taken; tried again", **why(error))
        return None

    def _may_take(self, stands: Lease) -> bool:
        """It was let go, an earlier run of ours had it, or its holder was silent for long enough."""
        now_s = self.clock.boot()
        if self._seen is None or self._seen[0] != stands:
            self._seen = (stands, now_s)
        if now_s < self._rests_until_s:
            return False
        return stands.free or stands.holder == self.name or now_s - self._seen[1] >= LEASE_S

    def _take(self, stands: Lease, db: Connection) -> int | None:
        """What was granted counts anew by our own clock: nobody knows how the other's stood (CONTROL P6)."""
        term = lease.take(db, stands, self.name)
        if term is not None:
            count_anew(db, self.clock.now(), self.clock.boot())
        return term

    async def _lead(self, term: int) -> None:
        log.info("this replica leads", term=term)
        self.writer.term, self.writer.lost = term, asyncio.Event()
        try:
            await apart(self._at_work(term))
        except* DeposedError:
            log.warning("this replica leads no longer", term=term)
        finally:
            await failure(self.writer.quietly(partial(lease.let_go, term=term)))

    async def _at_work(self, term: int) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._work(), name="work")
            group.create_task(self._keep(term), name="lease")

    async def _work(self) -> None:
        await self.work()

    async def _keep(self, term: int) -> None:
        """Renew it until it is lost; DeposedError then, and where the broker or the database was away for too long."""
        renewed_s = reached_s = self.clock.boot()
        while True:
            error = await failure(self.writer.quietly(partial(lease.renew, term=term)))
            now_s = self.clock.boot()
            renewed_s = now_s if error is None else renewed_s
            reached_s = now_s if self.reached() else reached_s
            if isinstance(error, DeposedError) or now_s - renewed_s >= LEASE_S:
                raise DeposedError
            if now_s - reached_s >= UNREACHED_S:
                self._rests_until_s = now_s + REST_S
                raise DeposedError
            await _heard(self.writer.lost, RENEW_S)


async def _heard(lost: asyncio.Event, within_s: float) -> None:
    """Wait a while, or until a transaction has found another term."""
    try:
        async with asyncio.timeout(within_s):
            await lost.wait()
    except TimeoutError:
        return
    raise DeposedError
