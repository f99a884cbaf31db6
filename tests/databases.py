"""Databases of simulated worlds: each a file of its own, from one template; statements are compiled once a process.

An engine compiles each statement when it first meets it, and makes each table: a tenth of a seed, for nothing new.
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine

from controlplane.db import make_engine
from controlplane.migrations.tables import metadata

_compiled: dict[Any, Any] = {}


@cache
def _template() -> tuple[Engine, bytes]:
    """An engine that has connected before, and the bytes of a database with all tables and no row."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.sqlite"
        engine = make_engine(f"sqlite:///{path}")
        metadata.create_all(engine)
        engine.dispose()
        return engine, path.read_bytes()


def fresh(path: Path) -> Engine:
    """An engine over a new database at `path`, with all tables."""
    first, tables = _template()
    path.write_bytes(tables)
    engine = make_engine(f"sqlite:///{path}")
    engine.dialect = first.dialect
    engine.update_execution_options(compiled_cache=_compiled)
    return engine
