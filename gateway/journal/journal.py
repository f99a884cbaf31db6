"""What a gateway must not forget: commands and looks, how they ended, marks, receipts, cap takings (CONTROL P11, I7).

SQLite, WAL, synchronous FULL. Every method that changes something is one transaction, durable when it returns; when the
disk refuses, StorageError is raised, nothing has changed, and the caller stops acknowledging and closing.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.journal.errors import StorageError, unreadable
from gateway.journal.ledger import Ledger, Row
from gateway.journal.records import Build, Sealed, Taking, Task
from gateway.journal.schema import examine, migrate
from protocols.types import MeterId, Outcome, ValvePosition
from protocols.uplink.messages import GENESIS, Chain, Number, Settled

SETTLED_NAMED = 20
"""How many lower commands a look answer names at the most: the newest."""
Told = Callable[[int], None]
Closed = Callable[[], None]
POSITIONS = {position.value: position for position in ValvePosition}


class Journal(Ledger):
    """A gateway's memory over one SQLite connection; each counts a boot. `doubted`: it may have forgotten a start.

    CorruptError where the file is not what was written, JournalError where it is of a newer version.
    """

    def __init__(self, connection: sqlite3.Connection, fresh_id: str) -> None:
        super().__init__(connection)
        self.doubted = False
        self.outside: Told | None = None
        self.on_close: Closed | None = None
        self._prepare()
        with self.transaction():
            if not self.meta("journal", ""):
                self.set_meta("journal", fresh_id)
            self.boot = int(self.meta("boot", "0")) + 1
            self.set_meta("boot", str(self.boot))
        self.id, self.safe = self.meta("journal", ""), self.meta("safe", "")

    def _prepare(self) -> None:
        try:
            examine(self._db)
            migrate(self._db)
        except sqlite3.Error as error:
            if unreadable(error):
                self.lose(str(error))
            self._refused(error)
        self.verify()

    def set_safe(self, why: str) -> None:
        """Keep why nothing may be closed until a person ends that; empty where it may again."""
        with self.transaction():
            self.set_meta("safe", why)
        self.safe = why

    def close(self) -> None:
        """Let go of the file, and of what holds it for this process."""
        self._db.close()
        if self.on_close is not None:
            self.on_close()

    def receive(self, task: Task) -> None:
        """Keep a new command or look, and raise its meter's mark: durable before anything else is done about it."""
        with self.transaction():
            self.insert("tasks", [_row(task)])
            self._raise_mark(task.meter, task.number)

    def start(self, digest: str, permit: str | None, taking: Taking | None) -> None:
        """The last act before the first byte: `started`, and the cap with it; never given back.

        `outside`, where there is one, is told how many were begun: a journal restored to before it is known by that.
        """
        with self.transaction():
            found = self.task(digest)
            if found is None or found.state != "received":
                raise StorageError(f"command {digest[:12]} can't start: it is not waiting to")
            self._become(found, replace(found, state="started", began=True, permit=permit))
            if taking is not None:
                row = (digest, taking.meter, taking.at.isoformat(), taking.boot, float(taking.lived_s))
                self.insert("takings", [row])
            starts = int(self.meta("starts", "0")) + 1
            self.set_meta("starts", str(starts))
        if self.outside is not None:
            self._tell_outside(starts)

    def _tell_outside(self, starts: int) -> None:
        assert self.outside is not None  # noqa: S101 - asked by the caller
        try:
            self.outside(starts)
        except StorageError:
            self.works = False
            raise

    def _become(self, old: Task, new: Task) -> None:
        self.change("tasks", _row(old), _row(new))

    def finish(self, digest: str, outcome: Outcome, kind: str, build: Build) -> Sealed:
        """Keep how it ended together with the signed message that says so, as the next link of the chain."""
        with self.transaction():
            sealed = self._append(kind, digest, build)
            found = self.task(digest)
            if found is not None:
                self._become(found, replace(found, state="finished", outcome=outcome))
        return sealed

    def append(self, kind: str, build: Build) -> Sealed:
        """Keep a signed message that belongs to no journaled task: a refusal of something unbelieved."""
        with self.transaction():
            return self._append(kind, None, build)

    def _append(self, kind: str, task: str | None, build: Build) -> Sealed:
        number, previous = int(self.meta("chain", "0")) + 1, self.meta("head", GENESIS)
        raw, digest = build(Chain(self.id, number, previous))
        self.insert("outbox", [(number, kind, digest, task, raw, 0)])
        self.set_meta("chain", str(number))
        self.set_meta("head", digest)
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
        return [_task(row) for row in self.rows("tasks", f"WHERE {where} ORDER BY epoch, sequence", values)]

    # -- marks and epochs

    def mark(self, meter: MeterId) -> Number | None:
        """The highest number this journal holds for a meter."""
        row = self.row("marks", meter)
        return Number(*row[1:]) if row else None

    def epoch(self, meter: MeterId) -> int:
        """The epoch that the last acknowledged birth gave this meter; 0 before any."""
        row = self.row("epochs", meter)
        return int(row[1]) if row else 0

    def set_epochs(self, epochs: dict[MeterId, int]) -> None:
        """Make the epochs durable; an epoch never falls."""
        with self.transaction():
            for meter, epoch in epochs.items():
                self.put("epochs", (meter, max(epoch, self.epoch(meter))))

    def _raise_mark(self, meter: MeterId, number: Number) -> None:
        mark = self.mark(meter)
        if mark is None or number > mark:
            self.put("marks", (meter, number.epoch, number.sequence))

    # -- the way up

    def unacknowledged(self, limit: int, after: int = 0) -> list[Sealed]:
        """Signed messages after this number that the control plane has not said to hold, oldest first."""
        rows = self.rows("outbox", "WHERE acked = 0 AND number > ? ORDER BY number LIMIT ?", (after, limit))
        return [Sealed(number, kind, digest, raw) for number, kind, digest, _, raw, _ in rows]

    def newest(self, kind: str, limit: int) -> list[tuple[Sealed, bool]]:
        """The last messages of this kind, newest first, and whether the control plane holds them."""
        rows = self.rows("outbox", "WHERE kind = ? ORDER BY number DESC LIMIT ?", (kind, limit))
        return [(Sealed(number, kind, digest, raw), bool(acked)) for number, kind, digest, _, raw, acked in rows]

    def acknowledge(self, digests: tuple[str, ...]) -> None:
        """The control plane holds these; they stay here all the same."""
        with self.transaction():
            for digest in digests:
                self._set_acked("WHERE digest = ? AND acked = 0", digest, 1)

    def send_again(self, task: str) -> None:
        """A command or look was repeated after it had ended: its answer goes up once more."""
        with self.transaction():
            self._set_acked("WHERE task = ? AND acked = 1", task, 0)

    def _set_acked(self, where: str, value: str, acked: int) -> None:
        for row in self.rows("outbox", where, (value,)):
            self.change("outbox", row, (*row[:-1], acked))

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
        unsettled = {row[0] for row in self.rows("tasks", "WHERE state <> 'finished'")}
        found = {row[0]: row for row in self.rows("takings", "WHERE boot_s > ?", (after_s,))}
        found |= {digest: row for digest in unsettled if (row := self.row("takings", digest))}
        return [
            Taking(MeterId(meter), datetime.fromisoformat(at), boot, lived_s, digest in unsettled)
            for digest, meter, at, boot, lived_s in found.values()
        ]

    def position(self, meter: MeterId) -> ValvePosition:
        """The last position seen; UNKNOWN where none was, or where the last look at it failed."""
        row = self.row("positions", meter)
        return POSITIONS[row[1]] if row else ValvePosition.UNKNOWN

    def positions(self) -> dict[MeterId, ValvePosition]:
        """The last position seen of each meter that was ever seen."""
        return {meter: POSITIONS[position] for meter, position in self.rows("positions")}

    def set_position(self, meter: MeterId, position: ValvePosition) -> None:
        """Keep what was seen, where it differs."""
        if self.position(meter) != position:
            with self.transaction():
                self.put("positions", (meter, position.value))

    def meta(self, key: str, default: str) -> str:
        """One of the journal's few facts about itself."""
        row = self.row("meta", key)
        return str(row[1]) if row else default

    def set_meta(self, key: str, value: str) -> None:
        """Keep such a fact, within a transaction of the caller's."""
        self.put("meta", (key, value))


def _row(task: Task) -> Row:
    return (
        task.digest,
        task.kind,
        task.meter,
        task.number.epoch,
        task.number.sequence,
        task.payload,
        task.state,
        task.outcome.value if task.outcome else None,
        int(task.began),
        task.permit,
        task.received_at.isoformat(),
        float(task.received_boot_s),
    )


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
