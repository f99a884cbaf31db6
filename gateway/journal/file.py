"""The journal's file: opened with the durability that the rules need, or refused with what to do. Not what is in it."""

import sqlite3

from gateway.journal.errors import JournalError


def open_file(path: str) -> sqlite3.Connection:
    """Open or make a journal file: WAL, synchronous FULL (CONTROL, Delivery). JournalError if it can't be one."""
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.OperationalError as error:
        raise JournalError(f"{path}: the journal can't be opened ({error}): check the folder and its owner") from None
    except sqlite3.DatabaseError as error:
        raise JournalError(f"{path}: is no journal ({error}): set the file aside, and a new one is made") from None
    return connection
