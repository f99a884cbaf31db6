"""The sequencer at work: woken by commits, it waits a moment for what comes with them, and takes it into the log."""

import asyncio
from dataclasses import dataclass, field

import structlog

from controlplane.bell import heard
from controlplane.proof import sequencer
from controlplane.proof.sequencer import MOST_AT_ONCE, Notary, Source
from controlplane.supervise import awaited, why
from controlplane.writer import Writer
from protocols.ports import Clock

GATHER_S = 0.5
"""So long after a commit its entries are in the log, at the latest, where nothing else waits."""
UNHEARD_S = 15.0
log: structlog.stdlib.BoundLogger = structlog.get_logger("log")


@dataclass(slots=True)
class Sequencing:
    """One control plane's sequencer."""

    writer: Writer
    source: Source
    notary: Notary
    clock: Clock
    gather_s: float = GATHER_S
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Go on for ever; what fails is told, and tried again."""
        self.writer.on_commit(self._changed.set)
        while True:
            self._changed.clear()
            _, error = await awaited(self._catch_up())
            if error is not None:
                log.error("the log could not be written; tried again", **why(error))
            await heard(self._changed, UNHEARD_S)
            await asyncio.sleep(self.gather_s)

    async def _catch_up(self) -> None:
        """Batch by batch, and other writers in between."""
        if not await self.writer.read(lambda db: sequencer.is_due(db, self.source, self.notary)):
            return
        came = MOST_AT_ONCE
        while came == MOST_AT_ONCE:
            came = await self.writer.run(lambda db: sequencer.sequence(db, self.source, self.notary, self.clock.now()))
