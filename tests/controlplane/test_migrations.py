"""Migrations make exactly the tables of the models; a database of a newer version is refused."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from controlplane.db import make_engine
from controlplane.migrations.tables import metadata
from controlplane.migrations.upgrade import SchemaError, upgrade


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
