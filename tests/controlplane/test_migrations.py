"""Migrations make exactly the tables of the models; a database of a newer version is refused."""

from importlib.resources import as_file, files
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, select, text

from controlplane.db import make_engine
from controlplane.migrations.tables import metadata
from controlplane.migrations.upgrade import SchemaError, upgrade
from controlplane.policy import packs
from controlplane.registry.models import KeyState, gateway_keys, gateways, supply_points
from tests.controlplane.dialects import both


@pytest.fixture
def blank(request: pytest.FixtureRequest, database: str) -> str:
    """The URL of a database without any table."""
    if database.startswith("sqlite"):
        return database
    server = request.getfixturevalue("postgres")
    return str(server.url(server.new()))


def to(engine: Engine, revision: str) -> None:
    """What an earlier version has made."""
    with as_file(files("controlplane.migrations")) as folder, engine.begin() as db:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = db
        command.upgrade(config, revision)


def schema(url: str, *, migrated: bool) -> dict[str, str]:
    """The statements that SQLite keeps of each table and index, but for the layout of their text."""
    engine = make_engine(url)
    if migrated:
        upgrade(engine)
    else:
        metadata.create_all(engine)
    with engine.connect() as db:
        rows = db.execute(
            text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'")
        )
        found = {
            row.name: " ".join(sorted(row.sql.replace("(", " ( ").replace(")", " ) ").replace(",", " , ").split()))
            for row in rows
        }
    engine.dispose()
    return found


def test_models_and_migrations_agree_to_the_letter(tmp_path: Path) -> None:
    made = schema(f"sqlite:///{tmp_path / 'a'}", migrated=True)
    assert made == schema(f"sqlite:///{tmp_path / 'b'}", migrated=False)
    assert "WITHOUT" in made["readings"].split()


def test_nothing_is_left_to_migrate_and_a_second_start_changes_nothing() -> None:
    engine = make_engine("sqlite://")
    upgrade(engine)
    upgrade(engine)
    with engine.connect() as db:
        assert compare_metadata(MigrationContext.configure(db, opts={"compare_type": True}), metadata) == []
    engine.dispose()


def test_a_newer_schema_is_refused_and_left_alone() -> None:
    engine = make_engine("sqlite://")
    upgrade(engine)
    with engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match="newer Curbstop"):
        upgrade(engine)
    engine.dispose()


def test_a_database_that_is_not_ours_is_refused() -> None:
    engine = make_engine("sqlite://")
    metadata.create_all(engine)
    with pytest.raises(SchemaError, match="no version"):
        upgrade(engine)
    engine.dispose()


@both
def test_0011_a_point_that_was_there_names_no_pack_and_follows_the_default(blank: str) -> None:
    engine = make_engine(blank)
    to(engine, "0010")
    with engine.begin() as db:
        db.execute(text("INSERT INTO clients (id, name, created_at) VALUES ('c', 'Acqua', '2026-01-01 00:00:00')"))
        point = "(id, client, code, medium, zone, created_at, version) VALUES"
        db.execute(text(f"INSERT INTO supply_points {point} ('p', 'c', 'A', 'water', '', '2026-01-01 00:00:00', 3)"))
    upgrade(engine)
    with engine.begin() as db:
        (kept,) = db.execute(select(supply_points))
        assert (kept.id, kept.code, kept.pack, kept.version) == ("p", "A", None, 3)
        assert packs.served("italy-water").of(kept.pack).name == "italy-water"
    engine.dispose()


@both
def test_0015_a_gateway_that_was_there_stays_believed_and_its_key_stays_known(blank: str) -> None:
    engine = make_engine(blank)
    to(engine, "0012")
    with engine.begin() as db:
        row = "(id, public_key, created_at, chain) VALUES"
        db.execute(text(f"INSERT INTO gateways {row} ('g', '{'ab' * 32}', '2026-01-01 00:00:00', 0)"))
    upgrade(engine)
    with engine.begin() as db:
        (kept,) = db.execute(select(gateway_keys))
        assert (kept.gateway, kept.public_key, kept.state) == ("g", "ab" * 32, KeyState.APPROVED)
        assert db.execute(select(gateways.c.public_key)).scalar_one() == "ab" * 32
    engine.dispose()
