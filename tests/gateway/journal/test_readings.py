"""Readings on their way up: kept until they are held, in order, up to the bound, and what is lost is counted (I7)."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.journal.errors import StorageError
from gateway.journal.file import open_file
from gateway.journal.journal import Journal
from gateway.journal.readings import BATCH, ReadingStore
from protocols.types import MeterId
from protocols.uplink.messages import Reading, ReadingsMark

AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
ID = "a" * 32


def readings(count: int, since: int = 0) -> list[Reading]:
    return [
        Reading(meter=MeterId("A"), at=AT, quantity="volume", value=str(since + n), unit="m3") for n in range(count)
    ]


def opened(path: Path, bound: int = 1000) -> tuple[ReadingStore, Journal, sqlite3.Connection]:
    database = open_file(str(path / "journal.sqlite"))
    journal = Journal(database, ID)
    return ReadingStore(journal, bound=bound), journal, database


def taken(store: ReadingStore) -> tuple[int, int, list[str | None]]:
    batch = store.batch()
    assert batch is not None
    boot, first, rows = batch
    return boot, first, [row.value for row in rows]


def test_readings_leave_in_order_and_in_batches(tmp_path: Path) -> None:
    store, journal, _ = opened(tmp_path)
    assert store.batch() is None
    store.add([])
    assert store.batch() is None
    store.add(readings(BATCH + 1))
    boot, first, values = taken(store)
    assert (boot, first, len(values)) == (journal.boot, 1, BATCH)
    store.acknowledge(ReadingsMark(ID, boot, BATCH))
    assert taken(store) == (boot, BATCH + 1, [str(BATCH)])


def test_I7_they_survive_a_start_and_each_boot_counts_anew(tmp_path: Path) -> None:
    store, _, database = opened(tmp_path)
    store.add(readings(2))
    database.close()
    store, _, _ = opened(tmp_path)
    store.add(readings(1, since=9))
    assert taken(store) == (1, 1, ["0", "1"])
    store.acknowledge(ReadingsMark(ID, 1, 2))
    assert taken(store) == (2, 1, ["9"])


@pytest.mark.parametrize("mark", [ReadingsMark("b" * 32, 1, 99), ReadingsMark(ID, 2, 99), ReadingsMark(ID, 1, 0)])
def test_a_mark_of_something_else_drops_nothing(tmp_path: Path, mark: ReadingsMark) -> None:
    store, _, _ = opened(tmp_path)
    store.add(readings(3))
    store.acknowledge(mark)
    assert taken(store) == (1, 1, ["0", "1", "2"])


def test_I7_beyond_the_bound_the_oldest_are_dropped_and_counted(tmp_path: Path) -> None:
    store, _, _ = opened(tmp_path, bound=5)
    store.add(readings(4))
    assert store.lost == 0
    store.add(readings(3, since=4))
    assert store.lost == 2
    assert taken(store) == (1, 3, ["2", "3", "4", "5", "6"])


def test_I7_a_disk_that_refuses_loses_none_of_those_that_were_kept(tmp_path: Path) -> None:
    store, _, database = opened(tmp_path, bound=3)
    store.add(readings(3))
    database.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError):
        store.add(readings(2, since=3))
    with pytest.raises(StorageError):
        store.acknowledge(ReadingsMark(ID, 1, 3))
    database.execute("PRAGMA query_only = OFF")
    assert (taken(store), store.lost) == ((1, 1, ["0", "1", "2"]), 0)
    store.add(readings(1, since=3))
    assert (taken(store), store.lost) == ((1, 2, ["1", "2", "3"]), 1)
