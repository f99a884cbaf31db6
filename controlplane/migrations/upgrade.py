"""Bring a database up to this version, in one transaction; refuse one that a newer version has made."""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect


class SchemaError(Exception):
    """A database that this version can't serve; the text says what to do."""


def upgrade(engine: Engine, *, alone: bool = True) -> None:
    """Apply what is missing; SchemaError where the database is newer than this version, or nobody's.

    Unless this process is `alone` nothing is applied, and what is missing is a SchemaError: another one uses it.
    """
    with as_file(files("controlplane.migrations")) as folder, engine.begin() as db:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = db
        scripts = ScriptDirectory.from_config(config)
        current = _check(db, scripts)
        newest = scripts.get_current_head()
        if not alone and current != newest:
            detail = (
                f"the database is of revision {current}, this version needs {newest}, and another replica serves it"
            )
            raise SchemaError(f"{detail}: stop all replicas, then start this version")
        command.upgrade(config, "head")


def _check(db: Connection, scripts: ScriptDirectory) -> str | None:
    """The database's revision, none where it is empty."""
    current = MigrationContext.configure(db).get_current_revision()
    if current is None:
        if inspect(db).has_table("orders"):
            raise SchemaError("the database holds tables but no version: it was not made by `curbstop serve`")
        return None
    try:
        known = scripts.get_revision(current)
    except CommandError:
        known = None
    if known is None:
        detail = f"the database is of a newer Curbstop (revision {current}, this one knows up to"
        raise SchemaError(f"{detail} {scripts.get_current_head()}): install that version, or restore a backup")
    return current
