"""Transactions: one that may write is locked from its beginning (CONTROL P1), one that reads waits for nobody."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from controlplane import db as database
from controlplane.db import make_engine, reading


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0)
    made = make_engine(f"sqlite:///{tmp_path / 'd.sqlite'}")
    with made.begin() as db:
        db.execute(text("CREATE TABLE t (n INTEGER)"))
    return made


def rows(db: Connection) -> int:
    return int(db.execute(text("SELECT count(*) FROM t")).scalar_one())


def test_P1_a_transaction_that_may_write_holds_the_database_before_its_first_statement(engine: Engine) -> None:
    with engine.begin(), pytest.raises(OperationalError, match="locked"), engine.begin():
        pass


def test_P1_so_it_does_on_a_connection_that_has_read_before(engine: Engine) -> None:
    with reading(engine):
        pass
    with engine.begin(), pytest.raises(OperationalError, match="locked"), engine.begin():
        pass


def test_so_it_does_on_a_connection_whose_reading_has_failed(engine: Engine) -> None:
    with pytest.raises(OperationalError, match="no such table"), reading(engine) as db:
        db.execute(text("SELECT 1 FROM absent"))
    with engine.begin(), pytest.raises(OperationalError, match="locked"), engine.begin():
        pass


def test_a_reader_waits_for_no_writer_and_sees_one_moment(engine: Engine) -> None:
    with reading(engine) as db:
        assert rows(db) == 0
        with engine.begin() as writer:
            writer.execute(text("INSERT INTO t VALUES (1)"))
        assert rows(db) == 0
    with engine.begin() as writer, reading(engine) as db:
        writer.execute(text("INSERT INTO t VALUES (2)"))
        assert rows(db) == 1


def test_I7_what_is_committed_is_on_the_disk(engine: Engine) -> None:
    """Whether that outlives the power is shown in `tests/power`; here, that every connection asks for it."""
    for _ in range(2):
        with engine.connect() as db:
            told = [db.execute(text(f"PRAGMA {what}")).scalar_one() for what in ("synchronous", "journal_mode")]
        assert told == [2, "wal"]
        engine.dispose()
