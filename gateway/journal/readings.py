"""Readings on their way up: kept until the control plane holds them, up to a bound; what is lost is counted (I7).

Beside the journal in the same file, so that one disk's failure is one failure.
"""

import sqlite3

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
        with journal.transaction() as db:
            self._kept = int(db.execute("SELECT count(*) FROM readings").fetchone()[0])
            row = db.execute("SELECT max(sequence) FROM readings WHERE boot = ?", (journal.boot,)).fetchone()
        self._next = int(row[0] or 0) + 1
        self.lost = 0
        self._level = Level()

    def add(self, readings: list[Reading]) -> None:
        """Keep new readings, dropping the oldest beyond the bound; StorageError if the disk refuses."""
        if not readings:
            return
        rows = [(self._journal.boot, self._next + n, _encoder.encode(r)) for n, r in enumerate(readings)]
        with self._journal.transaction() as db:
            db.executemany("INSERT INTO readings VALUES (?, ?, ?)", rows)
            dropped = self._drop(db, self._kept + len(rows) - self._bound)
        self._next += len(rows)
        self._kept += len(rows) - dropped
        self.lost += dropped
        if dropped:
            log.log(self._level.failed(), "readings are lost at the bound", lost=self.lost, bound=self._bound)

    def _drop(self, db: sqlite3.Connection, excess: int) -> int:
        if excess <= 0:
            return 0
        oldest = "SELECT boot, sequence FROM readings ORDER BY boot, sequence LIMIT ?"
        return db.execute(f"DELETE FROM readings WHERE (boot, sequence) IN ({oldest})", (excess,)).rowcount  # noqa: S608 - our own words

    def batch(self) -> tuple[int, int, tuple[Reading, ...]] | None:
        """The oldest readings of one boot without a gap: the boot, the first sequence, the readings."""
        query = "SELECT boot, sequence, body FROM readings ORDER BY boot, sequence LIMIT ?"
        with self._journal.transaction() as db:
            rows = db.execute(query, (BATCH,)).fetchall()
        if not rows:
            return None
        boot, first, _ = rows[0]
        run = [body for n, (b, sequence, body) in enumerate(rows) if (b, sequence) == (boot, first + n)]
        return boot, first, tuple(_decoder.decode(body) for body in run)

    def acknowledge(self, mark: ReadingsMark) -> None:
        """The control plane holds all of this boot up to the mark; another journal's mark is not ours."""
        if mark.journal != self._journal.id:
            return
        with self._journal.transaction() as db:
            query = "DELETE FROM readings WHERE boot = ? AND sequence <= ?"
            self._kept -= db.execute(query, (mark.boot, mark.sequence)).rowcount
