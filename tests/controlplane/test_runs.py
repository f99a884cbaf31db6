"""Runs: a database that is not the one written last begins halted, whatever was lost with it (Delivery)."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from controlplane import news, runs
from controlplane.db import make_engine, metadata
from controlplane.orders.barring import halted
from controlplane.orders.context import Context
from controlplane.policy import packs
from controlplane.writer import ThreadWriter
from seams import runfile
from simulators.chance import SeededEntropy
from tests.controlplane.desk import Clock

chances: Iterator[int] = iter(range(10_000))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    metadata.create_all(engine(tmp_path))
    return tmp_path


def engine(place: Path) -> Engine:
    return make_engine(f"sqlite:///{place / 'plane.sqlite'}")


def context() -> Context:
    return Context(Clock(), SeededEntropy(next(chances)), packs.served("demo"))


def start(place: Path) -> str | None:
    opened = engine(place)
    run = runs.begin(opened, context(), place / "plane.run")
    with opened.begin() as db:
        assert halted(db) or run.halted is None
    opened.dispose()
    return run.halted


def something_happens(place: Path) -> None:
    opened = engine(place)
    with opened.begin() as db:
        news.tell(db, Clock().now(), "order", "ord_1", {}, None)
    opened.dispose()


def backup(place: Path, to: str = "backup") -> None:
    with closing(sqlite3.connect(place / "plane.sqlite")) as source, closing(sqlite3.connect(place / to)) as target:
        source.backup(target)


def restore(place: Path, from_: str = "backup") -> None:
    for part in place.glob("plane.sqlite*"):
        part.unlink()
    shutil.copy(place / from_, place / "plane.sqlite")


async def kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the keeper see what the database holds by now."""
    monkeypatch.setattr(runs, "KEEP_EVERY_S", 0.01)
    opened = engine(place)
    writer = ThreadWriter(opened)
    before = runfile.read(place / "plane.run")
    assert before is not None
    keeper = asyncio.create_task(runs.keep(writer, runs.Run(before.run, place / "plane.run", None)))
    while runfile.read(place / "plane.run") == before:  # noqa: ASYNC110 - a file sets no event
        await asyncio.sleep(0.01)
    keeper.cancel()
    with suppress(asyncio.CancelledError):
        await keeper
    writer.close()
    opened.dispose()


def test_starts_of_the_database_that_was_written_last_are_not_halted(place: Path) -> None:
    for _ in range(3):
        assert start(place) is None
        something_happens(place)


def test_a_backup_of_an_earlier_run_begins_halted_and_the_start_after_it_doubts_no_more(place: Path) -> None:
    start(place)
    backup(place)
    start(place)
    restore(place)
    assert "another run" in (start(place) or "")
    assert start(place) is None


async def test_a_backup_of_the_same_run_begins_halted(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(place)
    backup(place)
    something_happens(place)
    await kept(place, monkeypatch)
    restore(place)
    assert "it was restored" in (start(place) or "")


async def test_a_database_that_fails_a_while_is_asked_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(place)
    something_happens(place)
    newest, failures = runs.newest, iter([OperationalError("SELECT", {}, OSError("the server is gone"))])

    def fails_once(db: Connection) -> int:
        for failure in failures:
            raise failure
        return newest(db)

    monkeypatch.setattr(runs, "newest", fails_once)
    await kept(place, monkeypatch)
    assert next(failures, None) is None


async def test_a_database_that_was_exchanged_while_it_is_served_ends_the_run_and_the_next_begins_halted(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that fails over to a standby may have forgotten what it had committed."""
    start(place)
    something_happens(place)
    monkeypatch.setattr(runs, "KEEP_EVERY_S", 0.01)
    marks = iter([7, 7, 6])
    monkeypatch.setattr(runs, "newest", lambda _: next(marks))
    opened = engine(place)
    writer = ThreadWriter(opened)
    before = runfile.read(place / "plane.run")
    assert before is not None
    with pytest.raises(runs.ForgottenError, match="up to 6, and there were 7"):
        await runs.keep(writer, runs.Run(before.run, place / "plane.run", None))
    writer.close()
    opened.dispose()
    monkeypatch.undo()
    assert "it was restored" in (start(place) or "")


@pytest.mark.parametrize("gone", ["plane.run", "plane.sqlite"])
def test_without_one_of_the_two_it_begins_halted(place: Path, gone: str) -> None:
    start(place)
    for part in place.glob(f"{gone}*"):
        part.unlink()
    metadata.create_all(engine(place))
    assert start(place) is not None


def test_a_crash_between_file_and_database_halts_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(place)
    real = runfile.write

    def crash_second(path: Path, content: runfile.Kept, **settled: bool) -> None:
        if not content.next:
            raise runfile.RunFileError("power is lost")
        real(path, content, **settled)

    monkeypatch.setattr(runfile, "write", crash_second)
    with pytest.raises(runfile.RunFileError):
        start(place)
    monkeypatch.setattr(runfile, "write", real)
    assert start(place) is None


def test_a_crash_before_the_database_knows_its_run_halts_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(place)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "_put", crash)
    with pytest.raises(KeyboardInterrupt):
        start(place)
    monkeypatch.undo()
    assert start(place) is None
