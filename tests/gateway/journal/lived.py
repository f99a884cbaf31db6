"""A journal with something in each table, left as a kill leaves it: a main file and a write-ahead log."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.journal.journal import Journal
from gateway.journal.place import open_at
from gateway.journal.readings import ReadingStore
from gateway.journal.records import Build, Taking, Task
from gateway.journal.schema import COLUMNS
from protocols.types import MeterId, Outcome, ValvePosition
from protocols.uplink.messages import Chain, Number, Reading
from seams.clock import SystemEntropy

AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
A, B = MeterId("A"), MeterId("B")
NAME = "journal.sqlite"


def task(sequence: int, meter: MeterId = A, payload: bytes = b"payload") -> Task:
    return Task(
        f"{sequence:064x}", "command", meter, Number(1, sequence), payload, "received", None, False, None, AT, 1
    )


def sealed(chain: Chain) -> tuple[bytes, str]:
    return f"signed {chain.number} ".encode() * 40, f"{chain.number:064x}"


def build() -> Build:
    return sealed


def reading(number: int) -> Reading:
    at = AT + timedelta(seconds=number)
    return Reading(meter=A, at=at, quantity="volume", value=str(number), unit="m3")


def live(journal: Journal, acts: int, since: int = 1) -> None:
    """Commands that end, one that does not, readings, marks, positions."""
    store = ReadingStore(journal, bound=1000)
    for sequence in range(since, since + acts):
        journal.receive(task(sequence))
        journal.start(task(sequence).digest, "permit", Taking(A, AT, journal.boot, float(sequence)))
        journal.set_position(A, [ValvePosition.OPEN, ValvePosition.CLOSED][sequence % 2])
        if sequence < since + acts - 1:
            journal.finish(task(sequence).digest, Outcome.DONE, "receipt", build())
        store.add([reading(n) for n in range(3)])
    journal.set_epochs({A: 4, B: 2})
    journal.acknowledge((f"{since:064x}",))


def lived(folder: Path, *, ended: bool) -> None:
    """Make it at `folder`; one that has ended well has all in its main file."""
    placed = open_at(folder / NAME, SystemEntropy())
    live(placed.journal, 12)
    placed.journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    live(placed.journal, 4, since=50)
    if ended:
        placed.journal.close()
        return
    kept = folder / "kept"
    kept.mkdir()
    for part in folder.glob(f"{NAME}*"):
        shutil.copy(part, kept)
    placed.journal.close()
    for part in folder.glob(f"{NAME}*"):
        part.unlink()
    for part in kept.iterdir():
        part.rename(folder / part.name)
    kept.rmdir()


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What is in a journal's file, but for what each start changes."""
    with closing(sqlite3.connect(path)) as db:
        found = {t: db.execute(f"SELECT {', '.join(c)} FROM {t} ORDER BY 1, 2").fetchall() for t, c in COLUMNS.items()}  # noqa: S608 - our names
    found["meta"] = [(key, value) for key, value in found["meta"] if key not in ("boot", "run")]
    return found
