"""The journal's file: opened with the durability that the rules need, or refused with what to do. Not what is in it."""

import sqlite3

from gateway.journal.errors import CorruptError, JournalError, unreadable


def open_file(path: str) -> sqlite3.Connection:
    """Open or make a journal file: WAL, synchronous FULL (CONTROL, Delivery). JournalError if it can't be one.

    CorruptError where something else stands there.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error as error:
        if unreadable(error):
            raise CorruptError(str(error)) from None
        raise JournalError(f"{path}: the journal can't be opened ({error}): check the folder and its owner") from None
    return connection
