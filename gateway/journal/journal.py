"""What a gateway must not forget: commands and looks, how they ended, marks, receipts, cap takings (CONTROL P11, I7).

SQLite, WAL, synchronous FULL. Every method that changes something is one transaction, durable when it returns; when the
disk refuses, StorageError is raised, nothing has changed, and the caller stops acknowledging and closing.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from gateway.journal.errors import JournalError, StorageError
from gateway.journal.records import Build, Sealed, Taking, Task
from gateway.journal.schema import TABLES, VERSION
from protocols.types import MeterId, Outcome, ValvePosition
from protocols.uplink.messages import GENESIS, Chain, Number, Settled

SETTLED_NAMED = 20
"""How many lower commands a look answer names at the most: the newest."""
RAISE_MARK = """INSERT INTO marks VALUES (?, ?, ?) ON CONFLICT DO UPDATE
SET epoch = excluded.epoch, sequence = excluded.sequence
WHERE (excluded.epoch, excluded.sequence) > (marks.epoch, marks.sequence)"""
POSITIONS = {position.value: position for position in ValvePosition}
COLUMNS = "digest, kind, meter, epoch, sequence, payload, state, outcome, began, permit, received_at, received_boot_s"


class Journal:
    """A gateway's memory over one SQLite connection; each counts a boot. `doubted`: it may have forgotten a start."""

    def __init__(self, connection: sqlite3.Connection, fresh_id: str) -> None:
        self._db, self.doubted = connection, False
        self.outside: Callable[[int], None] | None = None
        self._prepare(fresh_id)
        with self.transaction():
            self.boot = int(self.meta("boot", "0")) + 1
            self.set_meta("boot", str(self.boot))
        self.id = self.meta("journal", "")

    def _prepare(self, fresh_id: str) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise JournalError(f"the journal is of version {version}, this gateway knows {VERSION}: update the gateway")
        if version == 0:
            self._db.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        with self.transaction():
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('journal', ?)", (fresh_id,))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and durable on leaving; a transaction within another is part of it."""
        if self._db.in_transaction:
            yield self._db
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StorageError(str(error)) from error
        finally:
            self._abandon()

    def _abandon(self) -> None:
        """Leave no transaction open: a commit that failed, or an error between, takes everything back."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def receive(self, task: Task) -> None:
        """Keep a new command or look, and raise its meter's mark: durable before anything else is done about it."""
        with self.transaction() as db:
            db.execute(
                f"INSERT INTO tasks ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our names
                (
                    task.digest,
                    task.kind,
                    task.meter,
                    task.number.epoch,
                    task.number.sequence,
                    task.payload,
                    task.state,
                    task.outcome,
                    task.began,
                    task.permit,
                    task.received_at.isoformat(),
                    task.received_boot_s,
                ),
            )
            self._raise_mark(task.meter, task.number)

    def start(self, digest: str, permit: str | None, taking: Taking | None) -> None:
        """The last act before the first byte: `started`, and the cap with it; never given back.

        `outside`, where there is one, is told how many were begun: a journal restored to before it is known by that.
        """
        with self.transaction() as db:
            changed = db.execute(
                "UPDATE tasks SET state = 'started', began = 1, permit = ? WHERE digest = ? AND state = 'received'",
                (permit, digest),
            )
            if changed.rowcount != 1:
                raise StorageError(f"command {digest[:12]} can't start: it is not waiting to")
            if taking is not None:
                row = (digest, taking.meter, taking.at.isoformat(), taking.boot, taking.lived_s)
                db.execute("INSERT INTO takings VALUES (?, ?, ?, ?, ?)", row)
            starts = int(self.meta("starts", "0")) + 1
            self.set_meta("starts", str(starts))
        if self.outside is not None:
            self.outside(starts)

    def finish(self, digest: str, outcome: Outcome, kind: str, build: Build) -> Sealed:
        """Keep how it ended together with the signed message that says so, as the next link of the chain."""
        with self.transaction() as db:
            sealed = self._append(kind, digest, build)
            db.execute("UPDATE tasks SET state = 'finished', outcome = ? WHERE digest = ?", (outcome, digest))
        return sealed

    def append(self, kind: str, build: Build) -> Sealed:
        """Keep a signed message that belongs to no journaled task: a refusal of something unbelieved."""
        with self.transaction():
            return self._append(kind, None, build)

    def _append(self, kind: str, task: str | None, build: Build) -> Sealed:
        number, previous = int(self.meta("chain", "0")) + 1, self.meta("head", GENESIS)
        raw, digest = build(Chain(self.id, number, previous))
        self._db.execute(
            "INSERT INTO outbox (number, kind, digest, task, raw) VALUES (?, ?, ?, ?, ?)",
            (number, kind, digest, task, raw),
        )
        self._db.execute("REPLACE INTO meta VALUES ('chain', ?), ('head', ?)", (str(number), digest))
        return Sealed(number, kind, digest, raw)

    def task(self, digest: str) -> Task | None:
        """The journaled command or look of this digest."""
        rows = self._tasks("digest = ?", (digest,))
        return rows[0] if rows else None

    def unfinished(self) -> list[Task]:
        """What is received or started, lowest number first."""
        return self._tasks("state <> 'finished'", ())

    def waiting(self, meter: MeterId, below: Number) -> list[Task]:
        """Commands of this meter that have not started and are lower."""
        where = "kind = 'command' AND state = 'received' AND meter = ? AND (epoch, sequence) < (?, ?)"
        return self._tasks(where, (meter, below.epoch, below.sequence))

    def settled(self, meter: MeterId, below: Number) -> tuple[Settled, ...]:
        """How lower commands of this meter ended: the newest, for a look's answer."""
        where = "kind = 'command' AND state = 'finished' AND meter = ? AND (epoch, sequence) < (?, ?)"
        tasks = self._tasks(where, (meter, below.epoch, below.sequence))[-SETTLED_NAMED:]
        return tuple(Settled(t.number, t.digest, t.began, t.outcome or Outcome.UNKNOWN) for t in tasks)

    def _tasks(self, where: str, values: tuple[object, ...]) -> list[Task]:
        query = f"SELECT {COLUMNS} FROM tasks WHERE {where} ORDER BY epoch, sequence"  # noqa: S608 - our own words
        return [_task(row) for row in self._db.execute(query, values)]

    # -- marks and epochs

    def mark(self, meter: MeterId) -> Number | None:
        """The highest number this journal holds for a meter."""
        row = self._db.execute("SELECT epoch, sequence FROM marks WHERE meter = ?", (meter,)).fetchone()
        return Number(*row) if row else None

    def epoch(self, meter: MeterId) -> int:
        """The epoch that the last acknowledged birth gave this meter; 0 before any."""
        row = self._db.execute("SELECT epoch FROM epochs WHERE meter = ?", (meter,)).fetchone()
        return int(row[0]) if row else 0

    def set_epochs(self, epochs: dict[MeterId, int]) -> None:
        """Make the epochs durable; an epoch never falls."""
        query = "INSERT INTO epochs VALUES (?, ?) ON CONFLICT DO UPDATE SET epoch = max(epoch, excluded.epoch)"
        with self.transaction() as db:
            db.executemany(query, list(epochs.items()))

    def _raise_mark(self, meter: MeterId, number: Number) -> None:
        self._db.execute(RAISE_MARK, (meter, number.epoch, number.sequence))

    # -- the way up

    def unacknowledged(self, limit: int, after: int = 0) -> list[Sealed]:
        """Signed messages after this number that the control plane has not said to hold, oldest first."""
        query = "SELECT number, kind, digest, raw FROM outbox WHERE acked = 0 AND number > ? ORDER BY number LIMIT ?"
        return [Sealed(*row) for row in self._db.execute(query, (after, limit))]

    def acknowledge(self, digests: tuple[str, ...]) -> None:
        """The control plane holds these; they stay here all the same."""
        with self.transaction() as db:
            db.executemany("UPDATE outbox SET acked = 1 WHERE digest = ?", [(d,) for d in digests])

    def send_again(self, task: str) -> None:
        """A command or look was repeated after it had ended: its answer goes up once more."""
        with self.transaction() as db:
            db.execute("UPDATE outbox SET acked = 0 WHERE task = ?", (task,))

    # -- freeze, caps, positions

    def freeze(self) -> tuple[int, bool]:
        """The highest freeze number heard, and whether it froze."""
        return int(self.meta("freeze", "0")), self.meta("frozen", "") == "yes"

    def set_freeze(self, number: int, *, on: bool) -> None:
        """Keep a freeze or its end; one of a lower number is old news."""
        with self.transaction():
            if number >= self.freeze()[0]:
                self.set_meta("freeze", str(number))
                self.set_meta("frozen", "yes" if on else "")

    def takings(self, after_s: float = float("-inf")) -> list[Taking]:
        """The uses of the caps since the journal had lived so long, and what is unsettled of those before."""
        columns = "takings.meter, takings.at, boot, boot_s, state <> 'finished'"
        where = "boot_s > ? OR state <> 'finished'"
        query = f"SELECT {columns} FROM takings JOIN tasks USING (digest) WHERE {where}"  # noqa: S608 - our names
        rows = self._db.execute(query, (after_s,))
        return [Taking(meter, datetime.fromisoformat(at), *rest) for meter, at, *rest in rows]

    def position(self, meter: MeterId) -> ValvePosition:
        """The last position seen; UNKNOWN where none was, or where the last look at it failed."""
        row = self._db.execute("SELECT position FROM positions WHERE meter = ?", (meter,)).fetchone()
        return ValvePosition(row[0]) if row else ValvePosition.UNKNOWN

    def positions(self) -> dict[MeterId, ValvePosition]:
        """The last position seen of each meter that was ever seen."""
        rows = self._db.execute("SELECT meter, position FROM positions")
        return {meter: POSITIONS[position] for meter, position in rows}

    def set_position(self, meter: MeterId, position: ValvePosition) -> None:
        """Keep what was seen, where it differs."""
        if self.position(meter) != position:
            with self.transaction() as db:
                db.execute("REPLACE INTO positions VALUES (?, ?)", (meter, position))

    def meta(self, key: str, default: str) -> str:
        """One of the journal's few facts about itself."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else default

    def set_meta(self, key: str, value: str) -> None:
        """Keep such a fact, within a transaction of the caller's."""
        self._db.execute("REPLACE INTO meta VALUES (?, ?)", (key, value))


def _task(row: tuple[Any, ...]) -> Task:
    digest, kind, meter, epoch, sequence, payload, state, outcome, began, permit, at, boot_s = row
    return Task(
        digest=digest,
        kind=kind,
        meter=MeterId(meter),
        number=Number(epoch, sequence),
        payload=payload,
        state=state,
        outcome=Outcome(outcome) if outcome else None,
        began=bool(began),
        permit=permit,
        received_at=datetime.fromisoformat(at),
        received_boot_s=boot_s,
    )
