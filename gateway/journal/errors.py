"""What can be wrong with a journal, told apart by who has to do what."""

import sqlite3


class StorageError(Exception):
    """The disk refused: nothing was written, nothing may be acknowledged, nothing may be closed."""


class CorruptError(StorageError):
    """What is read is not what was written: this file is not to be gone on with. The next opening sets it aside."""


class JournalError(Exception):
    """A file that can't be a journal of ours, or is of a newer version; the text says what to do."""


PRIMARY = 0xFF
SPOILT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
AROUND = frozenset(
    {
        *(sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM),
        *(sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM),
    }
)
UNTRUSTED = frozenset(
    {
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_DIR_FSYNC,
        sqlite3.SQLITE_IOERR_READ,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_CLOSE,
    }
)
"""After these nobody knows what the disk holds: Linux drops what it could not write, and a second sync succeeds."""


def spoilt(error: sqlite3.Error) -> bool:
    """Whether SQLite itself says that the file is damaged."""
    undecodable = isinstance(error, sqlite3.OperationalError) and not _code(error)
    return undecodable or _code(error) & PRIMARY in SPOILT


def unreadable(error: sqlite3.Error) -> bool:
    """Whether a file that is being opened is at fault, not the disk, its room or whoever has it open."""
    return _code(error) & PRIMARY not in AROUND


def latches(error: sqlite3.Error) -> bool:
    """Whether no later success on this connection may be believed."""
    return _code(error) in UNTRUSTED


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", None) or 0
