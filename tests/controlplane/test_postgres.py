"""PostgreSQL keeps the promises that SQLite keeps: one schema, one writer, one moment for readers, times in UTC."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from controlplane import db as database
from controlplane import news
from controlplane import postgres as postgres_own
from controlplane.db import make_engine, reading
from controlplane.migrations.tables import metadata
from controlplane.migrations.upgrade import SchemaError, upgrade
from controlplane.orders.models import orders
from controlplane.registry.models import clients
from controlplane.telemetry.models import latest
from controlplane.telemetry.service import take_readings
from protocols.uplink.messages import Number, Reading, Readings
from tests.controlplane.desk import METER, Desk, G
from tests.e2e.postgres import RunningPostgres

pytestmark = pytest.mark.needs("postgresql")
LARGEST = 2**63 - 1
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def engine(server_database: str) -> Iterator[Engine]:
    made = make_engine(server_database)
    yield made
    made.dispose()


def rows(db: Connection) -> int:
    return len(db.execute(select(clients)).all())


def client(name: str) -> dict[str, object]:
    return {"id": name, "name": name, "created_at": NOON}


def test_models_and_migrations_agree(engine: Engine, postgres: RunningPostgres) -> None:
    made = make_engine(postgres.url(postgres.new()))
    metadata.create_all(made)
    assert described(engine) == described(made)
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    made.dispose()


def described(engine: Engine) -> dict[str, object]:
    """Everything that the server says of each table."""
    seen = inspect(engine)
    return {
        name: [
            sorted((c["name"], str(c["type"]), c["nullable"], str(c["default"])) for c in seen.get_columns(name)),
            seen.get_pk_constraint(name),
            sorted(map(str, seen.get_foreign_keys(name))),
            sorted(map(str, seen.get_unique_constraints(name))),
            sorted(map(str, seen.get_indexes(name))),
        ]
        for name in seen.get_table_names()
        if name != "alembic_version"
    }


def test_whole_numbers_are_as_large_as_those_that_gateways_send(engine: Engine) -> None:
    types = {str(column["type"]) for table in metadata.tables for column in inspect(engine).get_columns(table)}
    assert "INTEGER" not in types
    with engine.begin() as db:
        for table in ("news", "outbox", "order_events"):
            db.execute(text(f"SELECT setval('{table}_id_seq', :most)"), {"most": 2**62})
        news.tell(db, NOON, "order", "o", {}, None)
        assert [row["id"] for row in news.after(db, 2**53, None)] == [2**62 + 1]


def test_a_birth_with_the_largest_numbers_is_taken(server_database: str) -> None:
    desk = Desk(server_database)
    desk.birth(None, boot=LARGEST)
    desk.birth(Number(LARGEST - 1, LARGEST), boot=LARGEST)
    desk.engine.dispose()


def test_a_newer_schema_is_refused_and_left_alone(postgres: RunningPostgres) -> None:
    engine = make_engine(postgres.url(postgres.new()))
    with engine.begin() as db:
        db.execute(text("CREATE TABLE alembic_version AS SELECT '9999' AS version_num"))
    with pytest.raises(SchemaError, match="newer Curbstop"):
        upgrade(engine)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_P1_one_transaction_that_may_write_at_a_time(server_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 1)
    first, second = make_engine(server_database), make_engine(server_database)
    with first.begin() as db:
        db.execute(insert(clients).values(client("a")))
        with pytest.raises(OperationalError, match="lock timeout"), second.begin():
            pass
    with second.begin() as db:
        assert rows(db) == 1
    first.dispose()
    second.dispose()


def test_a_reader_waits_for_no_writer_and_sees_one_moment(engine: Engine) -> None:
    with reading(engine) as db:
        assert rows(db) == 0
        with engine.begin() as writer:
            writer.execute(insert(clients).values(client("a")))
        assert rows(db) == 0
    with engine.begin() as writer, reading(engine) as db:
        writer.execute(insert(clients).values(client("b")))
        assert rows(db) == 1


def test_a_reader_can_not_write_and_its_connection_can_afterwards(engine: Engine) -> None:
    with pytest.raises(Exception, match="read-only"), reading(engine) as db:
        db.execute(insert(clients).values(client("a")))
    with engine.begin() as db:
        db.execute(insert(clients).values(client("a")))


def test_times_come_back_in_utc_whatever_the_zone_of_session_or_server(engine: Engine) -> None:
    rome = timezone(timedelta(hours=2))
    with engine.begin() as db:
        assert db.execute(text("SHOW timezone")).scalar_one() == "UTC"
        db.execute(text("SET LOCAL timezone = 'Europe/Rome'"))
        db.execute(insert(clients).values({**client("a"), "created_at": NOON.astimezone(rome)}))
        found = db.execute(select(clients.c.created_at)).scalar_one()
    assert (found, found.tzinfo) == (NOON, UTC)


@pytest.mark.parametrize(
    ("at", "value", "kept"),
    [
        (NOON, "ACQUA\0\0", "ACQUA\N{SYMBOL FOR NULL}\N{SYMBOL FOR NULL}"),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "1", "1"),
        (datetime(1, 1, 1, tzinfo=UTC), "1", "1"),
    ],
)
def test_whatever_a_meter_says_is_kept_and_can_be_read(
    server_database: str, at: datetime, value: str, kept: str
) -> None:
    """One odd reading would else keep its whole batch out for ever, or its meter's page from being read."""
    desk = Desk(server_database)
    said = Reading(meter=METER, at=at, quantity="text", value=value, unit="")
    with desk.engine.begin() as db:
        assert take_readings(db, Readings(gateway=G, journal="a" * 32, boot=1, first=1, readings=(said,)))
    with reading(desk.engine) as db:
        row = db.execute(select(latest)).one()
        assert (row.at, row.value) == (at, kept)
    desk.engine.dispose()


def test_what_the_server_says_of_a_refused_row_does_not_tell_the_row(engine: Engine) -> None:
    with engine.begin() as db, pytest.raises(IntegrityError) as error:
        db.execute(text("INSERT INTO clients (id, name) VALUES (:id, :name)"), {"id": "x", "name": "Mario Rossi"})
    assert "created_at" in str(error.value)
    assert "Mario" not in str(error.value) + str(error.value.orig)


def test_no_connection_is_made_to_a_standby_that_has_taken_over(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have forgotten a payment: not one permit is granted from what it holds, and the process ends."""
    held = postgres_own.hold(engine, "")
    held.renew()
    with engine.begin() as db:
        told = postgres_own.timeline(db)
        assert told == "00000001"
        db.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid() "
                "AND datname = current_database() AND usename = USER"
            )
        )
    engine.dispose()
    monkeypatch.setattr(postgres_own, "TIMELINE", "SELECT '00000002'")
    with pytest.raises(OperationalError, match="exchanged"), engine.begin():
        pass
    with pytest.raises(postgres_own.DatabaseError, match="exchanged"):
        held.renew()
    held.release()


def test_two_taking_orders_alive_at_one_point_are_refused_by_the_database_itself(server_database: str) -> None:
    desk = Desk(server_database)
    order = desk.enter()
    with desk.engine.connect() as db:
        row = dict(db.execute(select(orders).where(orders.c.id == order.id)).one()._mapping)
    with pytest.raises(IntegrityError, match="one_taking_order_alive"), desk.engine.begin() as db:
        db.execute(insert(orders).values({**row, "id": "second"}))
    with desk.engine.begin() as db:
        db.execute(insert(orders).values({**row, "id": "ended", "alive": False}))
        db.execute(insert(orders).values({**row, "id": "giving", "way": "giving"}))
    desk.engine.dispose()


def test_news_are_committed_in_the_order_of_their_numbers(server_database: str) -> None:
    """Whoever reads after a number has missed nothing below it."""
    engines = [make_engine(server_database) for _ in range(3)]
    told, missed = 30, []
    done = threading.Event()

    def tell(engine: Engine) -> None:
        for _ in range(told):
            with engine.begin() as db:
                news.tell(db, NOON, "order", "o", {}, None)

    def follow() -> None:
        last, seen = 0, 0
        watch = make_engine(server_database)
        while True:
            ended = done.is_set()
            with reading(watch) as db:
                found = [row["id"] for row in news.after(db, last, None)]
            seen += len(found)
            last = max([last, *map(int, map(str, found))])
            if ended and not found:
                break
        missed.append(told * len(engines) - seen)
        watch.dispose()

    reader = threading.Thread(target=follow)
    writers = [threading.Thread(target=tell, args=(engine,)) for engine in engines]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    for engine in engines:
        engine.dispose()
    assert missed == [0]
