"""A house for each test: over SQLite, and where a module asks for it over PostgreSQL too."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete

from controlplane.db import make_engine
from controlplane.migrations.tables import metadata
from controlplane.migrations.upgrade import upgrade
from tests.controlplane.desk_clerk import Clerk
from tests.controlplane.house import House, build
from tests.e2e.postgres import RunningPostgres

TABLES = list(reversed(metadata.sorted_tables))
SERIAL = [f"{table.name}_id_seq" for table in TABLES if table.autoincrement_column is not None]
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid() AND usename = USER"
EMPTY = "; ".join(
    [
        f"BEGIN; SELECT pg_terminate_backend(pid) {OTHERS}",
        *(str(delete(table)) for table in TABLES),
        *(f"SELECT setval('{name}', 1, false)" for name in SERIAL),
        "COMMIT",
    ]
).encode()


@pytest.fixture
def house(database: str) -> Iterator[House]:
    made = build(database)
    yield made
    made.engine.dispose()


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database: a new SQLite file, or a PostgreSQL database with all tables (`dialects.both`)."""
    if getattr(request, "param", "sqlite") == "postgresql":
        return str(request.getfixturevalue("server_database"))
    return f"sqlite:///{tmp_path / 'house.sqlite'}"


@pytest.fixture(scope="session")
def migrated(postgres: RunningPostgres) -> str:
    """A PostgreSQL database with all tables."""
    name = postgres.new()
    engine = make_engine(postgres.url(name))
    upgrade(engine)
    engine.dispose()
    return name


@pytest.fixture
def server_database(postgres: RunningPostgres, migrated: str) -> str:
    """The URL of a PostgreSQL database with all tables and no row: emptied, which is ten times as fast as a copy."""
    with postgres.connect(migrated) as db:
        db.execute(EMPTY)
    return postgres.url(migrated)


@pytest.fixture
def db(house: House) -> Iterator[Connection]:
    """One transaction with the gateway already born: the verbs of one test see each other's work."""
    with house.engine.begin() as connection:
        house.birth(connection)
        yield connection


@pytest.fixture
def clerk(database: str) -> Iterator[Clerk]:
    made = Clerk(database)
    yield made
    made.close()
