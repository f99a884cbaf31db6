"""What of a damaged journal still checks, and is carried over: it makes the new one more careful, never less.

Receipts that nobody has acknowledged; commands that may have moved their valve, to be settled by reading; uses of the
caps; marks, epochs and the freeze, which only ever rise; readings, under the new journal's own numbers. What does not
check is left in the file that was set aside. A copy is read: SQLite writes even where it only looks.
"""

import json
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from gateway.journal.aside import PIECES
from gateway.journal.checks import check
from gateway.journal.journal import Journal
from gateway.journal.ledger import Row
from gateway.journal.schema import COLUMNS, VERSION, version

STATE, ACKED, BODY = 6, 5, 2
KEPT_META = ("freeze", "frozen", "lost", "lived")


@dataclass(slots=True)
class Salvaged:
    """Rows that check, by table."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def of(self, table: str) -> list[Row]:
        """The rows of one table."""
        return self.rows.get(table, [])


def read(aside: Path) -> Salvaged:
    """What still checks in a journal that was set aside; nothing where it can't be read at all."""
    copy = aside.with_name(f"{aside.name}.copy")
    found = Salvaged()
    try:
        with suppress(OSError, sqlite3.Error):
            for piece in PIECES:
                if (part := aside.with_name(aside.name + piece)).exists():
                    shutil.copyfile(part, copy.with_name(copy.name + piece))
            with closing(sqlite3.connect(copy, isolation_level=None)) as db:
                if version(db) == VERSION:
                    found.rows = {table: _sound(db, table) for table in COLUMNS}
    finally:
        for piece in PIECES:
            copy.with_name(copy.name + piece).unlink(missing_ok=True)
    return found


def _sound(db: sqlite3.Connection, table: str) -> list[Row]:
    """From both ends, as far as SQLite gets: a spoilt page in the middle hides only what is in it."""
    names = COLUMNS[table]
    key = names[:2] if table == "readings" else names[:1]
    found: dict[Row, Row] = {}
    for way in ("ASC", "DESC"):
        order = ", ".join(f"{name} {way}" for name in key)
        with suppress(sqlite3.Error):
            for *row, crc in db.execute(f"SELECT {', '.join(names)}, crc FROM {table} ORDER BY {order}"):  # noqa: S608 - our names
                if check(row) == crc:
                    found[tuple(row[: len(key)])] = tuple(row)
    return [found[each] for each in sorted(found)]


def carry(found: Salvaged, into: Journal) -> str:
    """Put into a new journal what is of use there, in one transaction; says what it was."""
    receipts = [row for row in found.of("outbox") if row[ACKED] == 0]
    started = [row for row in found.of("tasks") if row[STATE] == "started"]
    meta: dict[str, str] = dict(found.of("meta"))
    with into.transaction():
        into.insert("outbox", receipts)
        into.insert("tasks", started)
        into.insert("takings", _since(lived_s(meta), found.of("takings")))
        for table in ("marks", "epochs"):
            into.insert(table, found.of(table))
        into.insert("readings", [(into.boot, n, row[BODY]) for n, row in enumerate(found.of("readings"), 1)])
        for key in KEPT_META:
            if key in meta:
                into.set_meta(key, meta[key])
        last = max([int(meta.get("chain", "0")), *(row[0] for row in found.of("outbox"))])
        into.set_meta("chain", str(last))
    counts = (f"{len(rows)} {name}" for rows, name in _named(found, receipts, started))
    return ", ".join(counts)


def lived_s(meta: dict[str, str]) -> float:
    """How long the damaged journal had lived, by what of it checks; 0 where that is lost, as for the new journal."""
    return float(json.loads(meta["lived"])["lived_s"]) if "lived" in meta else 0.0


def _since(lived: float, takings: list[Row]) -> list[Row]:
    """Takings as old as they are, or of now where their journal's time is lost: they bind longer then, never less."""
    return [(*row[:-1], min(row[-1], lived)) for row in takings]


def _named(found: Salvaged, receipts: list[Row], started: list[Row]) -> list[tuple[list[Row], str]]:
    return [(receipts, "receipts"), (started, "begun commands"), (found.of("readings"), "readings")]
