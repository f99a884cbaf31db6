"""New databases for tests and simulated worlds: copies of one template; statements are compiled once a process.

An engine compiles each statement when it first meets it, and makes or migrates each table: most of a short test's time,
for nothing new. How a database is migrated has tests of its own.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from controlplane.db import make_engine
from controlplane.migrations.tables import metadata
from controlplane.migrations.upgrade import upgrade

_compiled: dict[Any, Any] = {}
IN_MEMORY = "sqlite://"


@cache
def _template(make: Callable[[Engine], None]) -> tuple[Engine, bytes]:
    """An engine that has connected before, and the bytes of a database with all tables and no row."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.sqlite"
        engine = make_engine(f"sqlite:///{path}")
        make(engine)
        engine.dispose()
        return engine, path.read_bytes()


@cache
def _in_memory() -> tuple[Engine, bytes]:
    engine = make_engine(IN_MEMORY)
    metadata.create_all(engine)
    with engine.connect() as db:
        return engine, _driver(db).serialize()


def _driver(db: Any) -> Any:
    return db.connection.driver_connection


def fresh(path: Path, make: Callable[[Engine], None] = metadata.create_all) -> Engine:
    """An engine over a new database at `path`, with all tables."""
    first, tables = _template(make)
    path.write_bytes(tables)
    return _warm(make_engine(f"sqlite:///{path}"), first)


def opened(url: str) -> Engine:
    """An engine over a new SQLite database, with all tables; over PostgreSQL one that has them."""
    if url == IN_MEMORY:
        first, tables = _in_memory()
        engine = _warm(make_engine(url), first)
        with engine.connect() as db:
            _driver(db).deserialize(tables)
        return engine
    path = _file(url)
    return fresh(path) if path is not None else make_engine(url)


def migrated(url: str) -> Engine:
    """An engine over a new SQLite database as the migrations make it, or over one that they have brought up to now."""
    path = _file(url)
    if path is not None and not path.exists():
        return fresh(path, upgrade)
    engine = make_engine(url)
    upgrade(engine)
    return engine


def _file(url: str) -> Path | None:
    parsed = make_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def _warm(engine: Engine, first: Engine) -> Engine:
    engine.dialect = first.dialect
    engine.update_execution_options(compiled_cache=_compiled)
    return engine
