"""A journal of an earlier version goes on in the new one with all that it held; one of a newer version is refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.journal import schema
from gateway.journal.errors import CorruptError, JournalError, StorageError
from gateway.journal.journal import Journal
from gateway.journal.place import open_at
from gateway.journal.readings import ReadingStore
from protocols.types import Outcome, ValvePosition
from protocols.uplink.messages import Number
from seams import runfile
from seams.clock import SystemEntropy
from tests.gateway.journal.lived import AT, NAME, A, build, reading

VERSION_1 = """
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
PRAGMA user_version = 1;
"""
"""As version 1 was, to the letter."""
ID, RUN = "a" * 32, "b" * 32
ENDED, BEGUN = f"{1:064x}", f"{2:064x}"
BODY = b'{"meter":"A","at":"2026-03-02T07:00:00Z","quantity":"volume","value":"7","unit":"m3"}'
LIFE = [
    ("INSERT INTO meta VALUES (?, ?)", ("journal", ID)),
    ("INSERT INTO meta VALUES (?, ?)", ("boot", "3")),
    ("INSERT INTO meta VALUES (?, ?)", ("run", RUN)),
    ("INSERT INTO meta VALUES (?, ?)", ("starts", "2")),
    ("INSERT INTO meta VALUES (?, ?)", ("chain", "7")),
    ("INSERT INTO meta VALUES (?, ?)", ("head", f"{7:064x}")),
    ("INSERT INTO meta VALUES (?, ?)", ("frozen", "yes")),
    ("INSERT INTO marks VALUES (?, ?, ?)", ("A", 1, 2)),
    ("INSERT INTO epochs VALUES (?, ?)", ("A", 1)),
    (
        "INSERT INTO tasks VALUES (?, 'command', 'A', 1, 1, ?, 'finished', 'done', 1, 'p', ?, 5)",
        (ENDED, b"one", AT.isoformat()),
    ),
    (
        "INSERT INTO tasks VALUES (?, 'command', 'A', 1, 2, ?, 'started', NULL, 1, 'p', ?, 6.25)",
        (BEGUN, b"two", AT.isoformat()),
    ),
    ("INSERT INTO outbox VALUES (7, 'receipt', ?, ?, ?, 0)", (f"{7:064x}", ENDED, b"signed")),
    ("INSERT INTO readings VALUES (3, 1, ?)", (BODY,)),
    ("INSERT INTO takings VALUES (?, 'A', ?, 3, 5)", (BEGUN, AT.isoformat())),
    ("INSERT INTO positions VALUES (?, ?)", ("A", "closed")),
]


def first_version(folder: Path) -> Path:
    path = folder / NAME
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(VERSION_1)
        for statement, values in LIFE:
            db.execute(statement, values)
    runfile.write(path.with_name(f"{NAME}.run"), runfile.Kept(RUN, 2))
    return path


def test_a_journal_of_version_1_goes_on_with_all_that_it_held(tmp_path: Path) -> None:
    journal = open_at(first_version(tmp_path), SystemEntropy()).journal
    assert (journal.id, journal.boot, journal.doubted, journal.safe) == (ID, 4, False, "")
    assert (journal.mark(A), journal.epoch(A), journal.freeze()) == (Number(1, 2), 1, (0, True))
    assert [(t.digest, t.payload, t.received_boot_s) for t in journal.unfinished()] == [(BEGUN, b"two", 6.25)]
    assert [(s.number, s.raw) for s in journal.unacknowledged(9)] == [(7, b"signed")]
    assert [(t.meter, t.unsettled) for t in journal.takings()] == [(A, True)]
    assert journal.position(A) is ValvePosition.CLOSED
    store = ReadingStore(journal, bound=1000)
    batch = store.batch()
    assert batch is not None
    assert batch[:2] == (3, 1)
    assert journal.finish(BEGUN, Outcome.UNKNOWN, "receipt", build()).number == 8
    store.add([reading(1)])
    journal.close()
    again = open_at(tmp_path / NAME, SystemEntropy()).journal
    assert (again.unfinished(), again.count("outbox"), again.count("readings")) == ([], 2, 2)


def test_a_step_that_the_disk_refuses_leaves_the_earlier_version(tmp_path: Path) -> None:
    path = first_version(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
        with pytest.raises(StorageError, match="version 2"):
            Journal(db, ID)
        assert schema.version(db) == 1
    assert open_at(path, SystemEntropy()).journal.id == ID


def test_a_damaged_journal_of_an_earlier_version_is_not_made_one_of_this(tmp_path: Path) -> None:
    path = first_version(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP INDEX tasks_open")
    with closing(sqlite3.connect(path, isolation_level=None)) as db, pytest.raises(CorruptError, match="version 1"):
        Journal(db, ID)


def test_a_journal_of_a_newer_version_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / NAME
    open_at(path, SystemEntropy()).journal.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE news (of_next_year TEXT)")
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(JournalError, match=f"version {schema.VERSION + 1}.*update the gateway"):
        open_at(path, SystemEntropy())
    assert list(tmp_path.glob("*aside*")) == []


@pytest.mark.parametrize("number", range(schema.VERSION))
def test_each_step_makes_the_next_version(number: int) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        for step in schema.STEPS[:number]:
            step(db)
        db.execute(f"PRAGMA user_version = {number}")
        schema.examine(db)
        schema.migrate(db)
        schema.examine(db)
        assert schema.version(db) == schema.VERSION
