"""The journal's tables, and how a file of an earlier version becomes one of this: numbered steps, each one transaction.

Each row carries a check over its columns, and `sums` the count and the sum of all checks of a table: a row that was
changed, has gone missing or came back from an earlier page is found.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache

from gateway.journal.checks import SUM_LIMIT, check
from gateway.journal.errors import CorruptError, JournalError, StorageError

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE marks (meter TEXT PRIMARY KEY, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE epochs (meter TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tasks (
    digest TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('command', 'look')),
    meter TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    payload BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('received', 'started', 'finished')),
    outcome TEXT,
    began INTEGER NOT NULL DEFAULT 0,
    permit TEXT,
    received_at TEXT NOT NULL,
    received_boot_s REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX tasks_by_number ON tasks (meter, epoch, sequence);
CREATE INDEX tasks_open ON tasks (state) WHERE state <> 'finished';
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    task TEXT,
    raw BLOB NOT NULL,
    acked INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX outbox_open ON outbox (number) WHERE acked = 0;
CREATE INDEX outbox_by_task ON outbox (task);
CREATE TABLE readings (boot INTEGER, sequence INTEGER, body BLOB NOT NULL, PRIMARY KEY (boot, sequence)) WITHOUT ROWID;
CREATE TABLE takings (
    digest TEXT PRIMARY KEY,
    meter TEXT NOT NULL,
    at TEXT NOT NULL,
    boot INTEGER NOT NULL,
    boot_s REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE positions (meter TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
"""

COLUMNS = {
    "meta": ("key", "value"),
    "marks": ("meter", "epoch", "sequence"),
    "epochs": ("meter", "epoch"),
    "tasks": (
        *("digest", "kind", "meter", "epoch", "sequence", "payload", "state", "outcome", "began", "permit"),
        *("received_at", "received_boot_s"),
    ),
    "outbox": ("number", "kind", "digest", "task", "raw", "acked"),
    "readings": ("boot", "sequence", "body"),
    "takings": ("digest", "meter", "at", "boot", "boot_s"),
    "positions": ("meter", "position"),
}
"""What is checked of each row, in order; the first column names the row, and of readings the first two."""
SUMS = ("name", "rows", "total")


def _make(db: sqlite3.Connection) -> None:
    for statement in TABLES.split(";"):
        db.execute(statement)


def _check_rows(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE sums (name TEXT PRIMARY KEY, rows INTEGER, total INTEGER, crc INTEGER) WITHOUT ROWID")
    db.execute("CREATE INDEX takings_by_life ON takings (boot_s)")
    for table, columns in COLUMNS.items():
        db.execute(f"ALTER TABLE {table} ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")
        key = columns[:2] if table == "readings" else columns[:1]
        rows = db.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()  # noqa: S608 - our names
        where = " AND ".join(f"{column} = ?" for column in key)
        checked = [(check(row), *row[: len(key)]) for row in rows]
        db.executemany(f"UPDATE {table} SET crc = ? WHERE {where}", checked)  # noqa: S608 - our names
        sums = (table, len(rows), sum(crc for crc, *_ in checked) % SUM_LIMIT)
        db.execute("INSERT INTO sums VALUES (?, ?, ?, ?)", (*sums, check(sums)))


STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_make, _check_rows)
"""The n-th makes version n + 1 of version n; an empty file is version 0.

Each changes the tables: a version that the tables do not show is taken for damage.
"""
VERSION = len(STEPS)


def version(db: sqlite3.Connection) -> int:
    """The version a file says it is of."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


SHAPE = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"


@cache
def _shape(number: int) -> tuple[tuple[object, ...], ...]:
    """The tables of a version, as SQLite tells them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        for step in STEPS[:number]:
            step(db)
        return tuple(db.execute(SHAPE))


def examine(db: sqlite3.Connection) -> None:
    """CorruptError where a file is not what it says it is, before anything is made of it."""
    found = version(db)
    if found > VERSION and tuple(db.execute(SHAPE)) == _shape(VERSION):
        raise CorruptError(f"it says it is of version {found}, and is of {VERSION}")
    if found <= VERSION and tuple(db.execute(SHAPE)) != _shape(found):
        raise CorruptError(f"its tables are not those of version {found}")
    if found < VERSION and db.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        raise CorruptError("it is damaged, and of an earlier version")


def migrate(db: sqlite3.Connection) -> None:
    """Bring a file to this version; JournalError where it is of a newer one, StorageError where the disk refuses."""
    found = version(db)
    if found > VERSION:
        raise JournalError(f"the journal is of version {found}, this gateway knows {VERSION}: update the gateway")
    for number in range(found, VERSION):
        try:
            db.execute("BEGIN IMMEDIATE")
            STEPS[number](db)
            db.execute(f"PRAGMA user_version = {number + 1}")
            db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StorageError(f"the journal can't be brought to version {number + 1} ({error})") from error
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
