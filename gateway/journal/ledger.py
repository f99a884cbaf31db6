"""Rows that are checked when they are read, and transactions that are durable when they return, over one connection.

After a full disk the next durable write tells that there is room again. After a failed sync, or a row that does not
hold, nothing of this connection is believed any more: only another start reads what the disk holds.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from gateway.journal.checks import SUM_LIMIT, check
from gateway.journal.errors import CorruptError, StorageError, latches, spoilt, unreadable
from gateway.journal.schema import COLUMNS, SUMS

Row = tuple[Any, ...]
_READ = {table: ", ".join((*columns, "crc")) for table, columns in COLUMNS.items()}
_PUT = {table: ", ".join("?" * (len(columns) + 1)) for table, columns in COLUMNS.items()}


class Ledger:
    """The tables of one file. `works` is whether the last write was durable; `failed` why none is believed any more."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self.works, self.failed = True, ""
        self.on_lost: Callable[[], None] | None = None
        self._sums: dict[str, tuple[int, int]] = {}
        self._changed: dict[str, tuple[int, int]] = {}

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and durable on leaving; a transaction within another is part of it."""
        if self._db.in_transaction:
            yield self._db
            return
        if self.failed:
            raise StorageError(self.failed)
        self._changed = dict(self._sums)
        before = self._db.total_changes
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db
            self._write_sums()
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._refused(error)
        finally:
            self._abandon()
        self._sums = self._changed
        self.works = self.works or self._db.total_changes > before

    def _abandon(self) -> None:
        """Leave no transaction open: a commit that failed, or an error between, takes everything back."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _refused(self, error: sqlite3.Error) -> NoReturn:
        """Tell what the disk said, and remember whether anything may be believed after it."""
        self.works = False
        if spoilt(error):
            self.lose(str(error))
        if latches(error):
            self.failed = f"{error}: nothing more is kept until the gateway is started again"
        raise StorageError(str(error)) from error

    def lose(self, why: str) -> NoReturn:
        """What was read is not what was written."""
        self.works, self.failed = False, why
        if self.on_lost is not None:
            self.on_lost()
        raise CorruptError(why)

    def rows(self, table: str, rest: str = "", values: Sequence[object] = ()) -> list[Row]:
        """The rows of a table that `rest` selects, each checked; CorruptError where one does not hold."""
        try:
            found = self._db.execute(f"SELECT {_READ[table]} FROM {table} {rest}", values).fetchall()  # noqa: S608 - our names
        except sqlite3.Error as error:
            self._refused(error)
        for row in found:
            if check(row[:-1]) != row[-1]:
                self.lose(f"a row of {table} is not what was written: {row[0]!r:.80}")
        return [row[:-1] for row in found]

    def row(self, table: str, key: object) -> Row | None:
        """The one row of this key, checked."""
        found = self.rows(table, f"WHERE {COLUMNS[table][0]} = ?", (key,))
        return found[0] if found else None

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Keep new rows, within a transaction of the caller's."""
        checked = [(*row, check(row)) for row in rows]
        self._db.executemany(f"INSERT INTO {table} VALUES ({_PUT[table]})", checked)  # noqa: S608 - our names
        self._count(table, len(rows), sum(row[-1] for row in checked))

    def change(self, table: str, old: Row, new: Row) -> None:
        """Put another row in the place of one that was read, under the same key, within a transaction."""
        crc, names = check(new), COLUMNS[table]
        sets = ", ".join(f"{name} = ?" for name in (*names[1:], "crc"))
        query = f"UPDATE {table} SET {sets} WHERE {names[0]} = ?"  # noqa: S608 - our names
        self._db.execute(query, (*new[1:], crc, new[0]))
        self._count(table, 0, crc - check(old))

    def put(self, table: str, row: Row) -> None:
        """Keep a row under its key, new or in the place of the former, within a transaction."""
        old = self.row(table, row[0])
        if old is None:
            self.insert(table, [row])
        elif old != row:
            self.change(table, old, row)

    def delete(self, table: str, where: str, values: Sequence[object]) -> int:
        """Drop rows, within a transaction; how many they were."""
        query = f"DELETE FROM {table} WHERE {where} RETURNING crc"  # noqa: S608 - our names
        gone = self._db.execute(query, values).fetchall()
        self._count(table, -len(gone), -sum(crc for (crc,) in gone))
        return len(gone)

    def count(self, table: str) -> int:
        """How many rows a table holds."""
        return self._sums[table][0]

    def _count(self, table: str, rows: int, total: int) -> None:
        count, sum_ = self._changed[table]
        self._changed[table] = count + rows, (sum_ + total) % SUM_LIMIT

    def _write_sums(self) -> None:
        for table, sums in self._changed.items():
            if self._sums[table] != sums:
                row = (table, *sums)
                query = "UPDATE sums SET rows = ?, total = ?, crc = ? WHERE name = ?"
                self._db.execute(query, (*sums, check(row), table))

    def verify(self) -> None:
        """Read all of it, once, before anything is believed; CorruptError where it is not what was written."""
        try:
            (answer,) = self._db.execute("PRAGMA integrity_check(1)").fetchone()
            sums = self._db.execute(f"SELECT {', '.join(SUMS)}, crc FROM sums").fetchall()  # noqa: S608 - our names
            found = {table: self._total(table) for table in COLUMNS}
        except sqlite3.Error as error:
            if unreadable(error):
                self.lose(str(error))
            self._refused(error)
        if answer != "ok":
            self.lose(str(answer))
        self._sums = {name: (rows, total) for name, rows, total, crc in sums if check((name, rows, total)) == crc}
        for table, sums_found in found.items():
            if self._sums.get(table) != sums_found:
                self.lose(f"rows of {table} are missing, or are of another time")

    def _total(self, table: str) -> tuple[int, int]:
        count = total = 0
        for row in self._db.execute(f"SELECT {_READ[table]} FROM {table}"):  # noqa: S608 - our names
            if check(row[:-1]) != row[-1]:
                self.lose(f"a row of {table} is not what was written: {row[0]!r:.80}")
            count, total = count + 1, total + row[-1]
        return count, total % SUM_LIMIT
