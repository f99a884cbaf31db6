"""Readings on their way up: kept until the control plane holds them, up to a bound; what is lost is counted (I7).

Beside the journal in the same file, so that one disk's failure is one failure.
"""

import msgspec
import structlog

from gateway.journal.journal import Journal
from protocols.uplink.messages import Reading, ReadingsMark
from seams.logs import Level

BATCH = 100
log: structlog.stdlib.BoundLogger = structlog.get_logger("readings")
_encoder, _decoder = msgspec.json.Encoder(), msgspec.json.Decoder(Reading)


class ReadingStore:
    """The readings of all boots of one journal, in order of (boot, sequence)."""

    def __init__(self, journal: Journal, *, bound: int) -> None:
        self._journal, self._bound = journal, bound
        last = journal.rows("readings", "WHERE boot = ? ORDER BY sequence DESC LIMIT 1", (journal.boot,))
        self._next = last[0][1] + 1 if last else 1
        self._level = Level()

    def add(self, readings: list[Reading]) -> None:
        """Keep new readings, dropping the oldest beyond the bound; StorageError if the disk refuses."""
        if not readings:
            return
        rows = [(self._journal.boot, self._next + n, _encoder.encode(r)) for n, r in enumerate(readings)]
        with self._journal.transaction():
            self._journal.insert("readings", rows)
            dropped = self._drop(self.kept + len(rows) - self._bound)
        self._next += len(rows)
        if dropped:
            log.log(self._level.failed(), "readings are lost at the bound", lost=self.lost, bound=self._bound)

    @property
    def kept(self) -> int:
        """How many readings wait to be acknowledged."""
        return self._journal.count("readings")

    @property
    def lost(self) -> int:
        """How many readings this journal has dropped that were never acknowledged."""
        return int(self._journal.meta("lost", "0"))

    def _drop(self, excess: int) -> int:
        if excess <= 0:
            return 0
        oldest = "SELECT boot, sequence FROM readings ORDER BY boot, sequence LIMIT ?"
        dropped = self._journal.delete("readings", f"(boot, sequence) IN ({oldest})", (excess,))
        self._journal.set_meta("lost", str(self.lost + dropped))
        return dropped

    def batch(self, most: int = BATCH) -> tuple[int, int, tuple[Reading, ...]] | None:
        """The oldest readings of one boot without a gap: the boot, the first sequence, `most` readings at the most."""
        rows = self._journal.rows("readings", "ORDER BY boot, sequence LIMIT ?", (most,))
        if not rows:
            return None
        boot, first, _ = rows[0]
        run = [body for n, (b, sequence, body) in enumerate(rows) if (b, sequence) == (boot, first + n)]
        return boot, first, tuple(_decoder.decode(body) for body in run)

    def acknowledge(self, mark: ReadingsMark) -> None:
        """The control plane holds all of this boot up to the mark; another journal's mark is not ours."""
        if mark.journal != self._journal.id:
            return
        with self._journal.transaction():
            self._journal.delete("readings", "boot = ? AND sequence <= ?", (mark.boot, mark.sequence))
