"""The journal's tables and their version."""

VERSION = 1

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
