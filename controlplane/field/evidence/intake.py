"""Takes a file as it comes: bounded in size, in time, and in how many come at once. Off the loop, but for waiting."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from controlplane.field.evidence.examine import Examined, Examiner
from controlplane.field.evidence.kinds import Kind
from controlplane.field.evidence.senders import Quota
from controlplane.field.evidence.store import PIECE, Incoming, Store, check_size
from controlplane.problems import TooSlowError, UnavailableError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """In how many seconds a file must have come, how long nothing may come of it, and how many may come at once."""

    within_s: float = 300.0
    silent_s: float = 30.0
    at_once: int = 32
    at_once_of_one: int = 4


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that is kept, durably."""

    kind: Kind
    size: int
    examined: Examined | None


@dataclass(slots=True)
class Intake:
    """The door for files, of one house."""

    store: Store
    examiner: Examiner
    pace: Pace = Pace()
    quota: Quota = field(default_factory=Quota)
    coming: Counter[str] = field(default_factory=Counter)

    async def take(
        self, sender: str, digest: str, pieces: AsyncIterator[bytes], *, announced: int = 0, known: bool = False
    ) -> Taken:
        """Take a file of `announced` bytes (0 where nobody said) and keep it; a refusal leaves nothing behind.

        Of one that is `known` only its bytes are taken anew: whoever sends it has shown to have it.
        """
        check_size(announced, self.store.bounds.largest)
        with self._turn(sender), storage():
            incoming = await to_its_end(self.store.begin)
            try:
                await self._receive(incoming, pieces)
                return await self._keep(incoming, digest, known=known)
            finally:
                await to_its_end(incoming.discard)

    async def _keep(self, incoming: Incoming, digest: str, *, known: bool) -> Taken:
        kind = await to_its_end(lambda: incoming.finish(digest))
        examined = await self.examiner.look(incoming.path) if kind.is_photograph and not known else None
        thumbnail = examined.thumbnail if examined is not None else None
        await to_its_end(lambda: self.store.keep(incoming, digest, thumbnail))
        return Taken(kind, incoming.size, examined)

    async def _receive(self, incoming: Incoming, pieces: AsyncIterator[bytes]) -> None:
        gathered = b""
        try:
            async with asyncio.timeout(self.pace.within_s):
                while (piece := await self._next(pieces)) is not None:
                    gathered += piece
                    if len(gathered) >= PIECE:
                        await to_its_end(partial(incoming.write, gathered))
                        gathered = b""
                await to_its_end(partial(incoming.write, gathered))
        except TimeoutError:
            seconds = f"{self.pace.within_s:.0f} s, and never silent for {self.pace.silent_s:.0f} s"
            raise TooSlowError(f"a file comes within {seconds}; send it again", code="evidence_too_slow") from None

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        async with asyncio.timeout(self.pace.silent_s):
            return await anext(pieces, None)

    @contextmanager
    def _turn(self, sender: str) -> Iterator[None]:
        """One of the places of those who send at the same time."""
        if self.coming.total() >= self.pace.at_once or self.coming[sender] >= self.pace.at_once_of_one:
            raise UnavailableError("too many files come at once; send this one again later", code="evidence_busy")
        self.coming[sender] += 1
        try:
            yield
        finally:
            self.coming[sender] -= 1
            if not self.coming[sender]:
                del self.coming[sender]


@contextmanager
def storage() -> Iterator[None]:
    """A disk that refuses is told as such."""
    try:
        yield
    except OSError as error:
        detail = f"the evidence can't be stored ({error.strerror}); tell the operators, and send it again later"
        raise UnavailableError(detail, code="storage_full") from None


async def to_its_end(work: Callable[[], T]) -> T:
    """Run it in a thread, and let it end even if nobody waits for it any more.

    A file that is closed while a thread still writes could have its number given to another file, the database's too.
    """
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
