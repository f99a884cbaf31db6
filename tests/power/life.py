"""A journal's life, told step by step: each step is told, with all that the journal then holds, once it has returned.

`python -m tests.power.life live FOLDER [FORGOTTEN]` lives it in `FOLDER/cellar`, without one thing that durability
needs if one is named. `python -m tests.power.life recover FOLDER` opens the journal of each folder in FOLDER, as a
start does. What is told stands in `FOLDER/told`, a line each, on the same disk: it stands among the operations.
"""

import gc
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.journal import file, place
from gateway.journal.journal import Journal
from gateway.journal.readings import ReadingStore
from gateway.journal.records import Taking, Task
from protocols.types import MeterId, Outcome, ValvePosition
from protocols.uplink.messages import Chain, Number, Reading, ReadingsMark
from seams import runfile
from simulators.chance import SeededEntropy

TOLD, CELLAR, JOURNAL = "told", "cellar", "journal.sqlite"
BOUND, PAYLOAD = 6, b"p" * 700
AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
A, B = MeterId("A"), MeterId("B")
Snapshot = dict[str, list[list[Any]]]


def snapshot(folder: Path) -> Snapshot:
    """All rows of all tables of the databases in a folder, as another connection reads them."""
    found: Snapshot = {}
    for path in sorted(folder.glob("*.sqlite")):
        with closing(sqlite3.connect(path)) as db:
            names = [
                name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            ]
            for name in names:
                rows = db.execute(f'SELECT * FROM "{name}"').fetchall()  # noqa: S608 - the database's own names
                found[f"{path.name}/{name}"] = sorted([_shown(value) for value in row] for row in rows)
    return found


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _task(sequence: int, meter: MeterId = A, kind: str = "command") -> Task:
    digest = f"{meter}{sequence}".encode().hex().ljust(64, "0")
    return Task(digest, kind, meter, Number(1, sequence), PAYLOAD, "received", None, False, None, AT, 1.5)


def _sealed(chain: Chain) -> tuple[bytes, str]:
    return PAYLOAD + f"{chain.number}".encode(), f"{chain.number:064x}"


def _readings(count: int, at: int) -> list[Reading]:
    return [Reading(A, AT, "volume", f"{at + n}.5", "m3") for n in range(count)]


def steps(journal: Journal, store: ReadingStore) -> Iterator[Callable[[], object]]:
    """One run of a gateway; each step is one promise."""
    run = journal.boot * 100
    first, second, other, look = _task(run + 1), _task(run + 2), _task(run + 1, B), _task(run + 3, A, "look")
    yield lambda: journal.set_epochs({A: journal.boot, B: 1})
    yield lambda: journal.receive(first)
    yield lambda: store.add(_readings(3, run))
    yield lambda: journal.start(first.digest, "permit", Taking(A, AT, journal.boot, 2.0))
    yield lambda: journal.receive(other)
    yield lambda: journal.finish(first.digest, Outcome.DONE, "receipt", _sealed)
    yield lambda: journal.set_position(A, ValvePosition.CLOSED if journal.boot % 2 else ValvePosition.OPEN)
    yield lambda: journal.receive(second)
    yield lambda: _superseded(journal, look, second)
    yield lambda: store.add(_readings(4, run + 3))
    yield lambda: journal.acknowledge((f"{1:064x}", f"{2:064x}"))
    yield lambda: journal.start(other.digest, None, None)
    yield lambda: journal.set_freeze(run, on=True)
    yield lambda: store.acknowledge(ReadingsMark(journal.id, journal.boot, 5))
    yield lambda: journal.append("receipt", _sealed)
    yield lambda: journal.send_again(first.digest)


def _superseded(journal: Journal, look: Task, lower: Task) -> None:
    """As the inbox does it: the look is kept and burns what is lower, in one transaction."""
    with journal.transaction():
        journal.receive(look)
        journal.finish(lower.digest, Outcome.REFUSED, "receipt", _sealed)


def live(folder: Path) -> None:
    """Two runs; between them the journal is closed, so that its log is folded into the database."""
    with (folder / TOLD).open("ab", buffering=0) as told:
        (folder / CELLAR).mkdir()
        os.fsync(os.open(folder, os.O_RDONLY))
        for run in range(2):
            _run(folder / CELLAR, run, told.write)
            gc.collect()


def _run(folder: Path, run: int, told: Callable[[bytes], object]) -> None:
    placed = place.open_at(folder / JOURNAL, SeededEntropy(run))
    store = ReadingStore(placed.journal, bound=BOUND)

    def tell() -> None:
        said = {"id": placed.journal.id, "boot": placed.journal.boot, "holds": snapshot(folder)}
        told(f"{json.dumps(said)}\n".encode())

    tell()
    for step in steps(placed.journal, store):
        step()
        tell()
    placed.lock.release()


def recover(folder: Path) -> None:
    """Open each, as a start does, and tell of it."""
    with (folder / TOLD).open("ab", buffering=0) as told:
        for state in sorted(path for path in folder.iterdir() if path.is_dir()):
            place.open_at(state / JOURNAL, SeededEntropy(9)).lock.release()
            gc.collect()
            told.write(f"{state.name}\n".encode())


def _forget(what: str) -> None:
    """Leave out one thing that durability needs: a test must see it."""
    opened = file.open_file

    def without_full(path: str) -> sqlite3.Connection:
        db = opened(path)
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    def nothing(folder: Path) -> None:
        """No name is made durable."""

    if what == "FULL":
        setattr(place, "open_file", without_full)  # noqa: B010 - a name that is imported there, not exported
    if what == "folder":
        setattr(runfile, "sync_folder", nothing)  # noqa: B010 - likewise


def main(what: str, folder: str, *forgotten: str) -> None:
    for each in forgotten:
        _forget(each)
    {"live": live, "recover": recover}[what](Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
