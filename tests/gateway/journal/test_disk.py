"""I7: a full disk and a failed sync stop acknowledging and closing at once, and it is defined what ends that."""

import os
import resource
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.journal.errors import StorageError
from gateway.journal.file import open_file
from gateway.journal.journal import Journal
from gateway.journal.place import open_at
from gateway.journal.readings import ReadingStore
from gateway.journal.records import Taking
from protocols.types import Outcome
from seams.clock import SystemEntropy
from tests.gateway.journal.lived import AT, NAME, A, build, reading, task

BIG = bytes(3000)


class Failing(sqlite3.Connection):
    """A connection whose commits fail as SQLite's own do when the system refuses, while `code` is set."""

    code: int | None = None

    def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
        if sql == "COMMIT" and self.code is not None:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = self.code
            raise error
        return super().execute(sql, *rest)  # type: ignore[arg-type]


def failing(folder: Path) -> tuple[Journal, Failing]:
    open_file(str(folder / NAME)).close()
    connection = sqlite3.connect(folder / NAME, isolation_level=None, factory=Failing)
    return Journal(connection, "a" * 32), connection


UNSYNCED = [sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE]
FULL = [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE]


@pytest.mark.parametrize("code", UNSYNCED)
def test_I7_after_a_failed_sync_no_later_success_is_believed(tmp_path: Path, code: int) -> None:
    journal, connection = failing(tmp_path)
    journal.receive(task(1))
    connection.code = code
    with pytest.raises(StorageError):
        journal.receive(task(2))
    connection.code = None
    commits: list[str] = []
    connection.set_trace_callback(commits.append)
    for act in (
        lambda: journal.receive(task(3)),
        lambda: journal.start(task(1).digest, None, Taking(A, AT, 1, 0.0)),
        lambda: journal.finish(task(1).digest, Outcome.DONE, "receipt", build()),
        lambda: journal.acknowledge((task(1).digest,)),
    ):
        with pytest.raises(StorageError, match="until the gateway is started again"):
            act()
    assert not any(sql.startswith(("BEGIN", "COMMIT", "INSERT", "UPDATE")) for sql in commits)
    assert not journal.works
    connection.close()
    again = open_at(tmp_path / NAME, SystemEntropy()).journal
    assert [t.digest for t in again.unfinished()] == [task(1).digest]
    assert again.works
    again.receive(task(2))


@pytest.mark.parametrize("code", FULL)
def test_I7_a_full_disk_is_over_when_something_is_durable_again(tmp_path: Path, code: int) -> None:
    journal, connection = failing(tmp_path)
    connection.code = code
    with pytest.raises(StorageError):
        journal.receive(task(1))
    assert not journal.works
    connection.code = None
    with journal.transaction():
        pass
    assert not journal.works, "a commit of nothing proves nothing"
    journal.receive(task(1))
    assert journal.works


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """For this process, in a child that nobody else shares: writing beyond it fails as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def in_a_child(do: Callable[[], None]) -> int:
    """Run it in a process of its own; 0 where it went well."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            do()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("room", range(30_000, 150_000, 17_000))
def test_I7_when_the_system_refuses_to_write_nothing_is_half_kept(tmp_path: Path, room: int) -> None:
    """A real refusal of the kernel's, wherever it falls: in a row, in the sums, in the log, at a checkpoint."""

    def fill() -> None:
        journal = open_at(tmp_path / NAME, SystemEntropy()).journal
        kept, refused = 0, 0
        log = (tmp_path / f"{NAME}-wal").stat().st_size
        with no_file_above(log + room):
            for sequence in range(1, 40):
                try:
                    journal.receive(task(sequence, payload=BIG))
                    assert journal.works
                    kept += 1
                except StorageError:
                    refused += 1
                    assert not journal.works
        assert kept > 0
        assert refused > 0
        assert len(journal.unfinished()) == kept
        journal.receive(task(99))
        assert journal.works
        (tmp_path / "kept").write_text(str(kept))

    assert in_a_child(fill) == 0
    again = open_at(tmp_path / NAME, SystemEntropy()).journal
    assert again.safe == ""
    assert len(again.unfinished()) == int((tmp_path / "kept").read_text()) + 1


def test_I7_readings_that_the_disk_refuses_are_neither_kept_nor_counted_as_lost(tmp_path: Path) -> None:
    journal, connection = failing(tmp_path)
    store = ReadingStore(journal, bound=2)
    store.add([reading(1), reading(2)])
    connection.code = sqlite3.SQLITE_FULL
    with pytest.raises(StorageError):
        store.add([reading(3)])
    assert (store.kept, store.lost) == (2, 0)
    connection.code = None
    store.add([reading(3)])
    assert (store.kept, store.lost) == (2, 1)
