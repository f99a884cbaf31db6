"""What is PostgreSQL's own: its URL and driver, how a session is set, what makes it unfit, and who may serve it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from zlib import crc32

from sqlalchemy import URL, Connection, Engine, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

CONNECT_TIMEOUT_S, KEEPALIVE_S, GONE_AFTER_S = 10, 10, 30
IDLE_TIMEOUT_S = 10
"""A process that is paused within a transaction holds the others up for no longer."""
WRITER, SERVER = int.from_bytes(b"curbstop", "big"), int.from_bytes(b"curbserv", "big")
START, NAMES = int.from_bytes(b"curbinit", "big"), int.from_bytes(b"curb", "big")
"""Advisory locks: of the one transaction that may write, of all processes that serve (shared), of the one that starts,
and one for each replica's name."""
CHANNEL, ME = "curbstop", "curbstop_process"
"""On the channel each commit is told to the other processes; under the option stands who an engine is there."""
READ = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
QUIET = "SET TRANSACTION READ WRITE"
TIMELINE = "SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END"
EXCHANGED = "its server was exchanged for a standby, which may lack what was committed last"
KNOWN = frozenset({"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"})
EXPECTED = "write sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE"
UNFIT = {
    ("fsync", "off"): "its server runs with fsync off, so what it has committed can be lost; turn it on",
    ("synchronous_commit", "off"): "it commits before its disk holds it; set synchronous_commit to on",
    ("transaction_read_only", "on"): "it takes no writing: it is a standby, or made read-only",
}


class DatabaseError(Exception):
    """A database that can't be used; the text says why and what to do, and tells no secret."""


def parsed(database: str) -> URL:
    """The URL of a database that we know and have the driver of; DatabaseError for any other."""
    try:
        url = make_url(database)
    except (ArgumentError, ValueError):
        raise DatabaseError(f"that is no URL of a database; {EXPECTED}") from None
    if url.drivername not in KNOWN:
        raise DatabaseError(f"{url.drivername} is not served; {EXPECTED}")
    if url.get_backend_name() == "postgresql":
        try:
            import_module("psycopg")
        except ImportError as error:
            raise DatabaseError(f"its driver is missing ({error}): pip install 'curbstop[postgres]'") from None
    return url


def write(me: str) -> str:
    """How a transaction that may write begins: alone, and told to the others once it has committed."""
    return f"SELECT pg_advisory_xact_lock({WRITER}), pg_notify('{CHANNEL}', '{me}')"


def shown(database: str) -> str:
    """A database's URL fit to be shown: no password stands in it."""
    try:
        url = make_url(database)
    except (ArgumentError, ValueError):
        return "of the settings"
    secret = [name for name in url.query if "password" in name]
    return url.difference_update_query(secret).render_as_string(hide_password=True)


def arguments(url: URL, lock_timeout_s: int) -> dict[str, object]:
    """How to connect: no one waits for ever for a lock, an answer, or a writer that has gone."""
    ours = {
        "lock_timeout": f"{lock_timeout_s}s",
        "idle_in_transaction_session_timeout": f"{IDLE_TIMEOUT_S}s",
        "timezone": "UTC",
    }
    theirs = url.query.get("options", "")
    return {
        "client_encoding": "utf8",
        "connect_timeout": CONNECT_TIMEOUT_S,
        "keepalives_idle": KEEPALIVE_S,
        "keepalives_interval": KEEPALIVE_S,
        "keepalives_count": 2,
        "tcp_user_timeout": GONE_AFTER_S * 1000,
        "options": " ".join([str(theirs), *(f"-c {name}={value}" for name, value in ours.items())]).strip(),
    }


def hide_row(context: ExceptionContext) -> None:
    """The server's DETAIL tells the whole row that it refused, and messages reach logs: leave it out."""
    original, told = context.original_exception, context.sqlalchemy_exception
    primary = getattr(getattr(original, "diag", None), "message_primary", None)
    if primary is not None and told is not None:
        kind = f"{type(original).__module__}.{type(original).__name__}"
        original.args, told.args = (primary,), (f"({kind}) {primary}",)


def check(db: Connection) -> None:
    """DatabaseError where what this database has committed can't be relied on, or it can't hold what we write."""
    if db.dialect.name != "postgresql":
        return
    for (name, value), why in UNFIT.items():
        if db.exec_driver_sql(f"SHOW {name}").scalar_one() == value:
            raise DatabaseError(why)
    encoding = db.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise DatabaseError(f"it is encoded in {encoding}; create it with ENCODING 'UTF8'")


def timeline(db: Connection) -> str | None:
    """Which history of its server the database is in: a standby that takes over begins another. None on SQLite."""
    if db.dialect.name != "postgresql":
        return None
    return str(db.exec_driver_sql(TIMELINE).scalar_one())


class History:
    """Connections of one engine are all to one history of the server: none is made to a standby that has taken over."""

    def __init__(self) -> None:
        self._seen: str | None = None

    def connected(self, connection: Any, _record: object) -> None:
        """Look at a new connection; the driver's error where it leads into another history."""
        (found,) = connection.execute(TIMELINE).fetchone()
        connection.rollback()
        if found != (self._seen or found):
            raise import_module("psycopg").OperationalError(EXCHANGED)
        self._seen = found


@dataclass(slots=True)
class Held:
    """A session that serves the database under a name; another process of that name is refused while it lasts."""

    engine: Engine
    name: str
    session: Connection

    def renew(self) -> None:
        """See that it lasts, and take it again where it was lost; the driver's error while the server is away.

        DatabaseError where it must not go on: another process has it, or a standby has taken over.
        """
        try:
            _ask(self.session, "SELECT 1")
        except self.engine.dialect.loaded_dbapi.Error:
            fresh = hold(self.engine, self.name)
            self.release()
            self.session = fresh.session

    def is_alone(self) -> bool:
        """Whether no other process serves the database now; it can't change while `starting` lasts."""
        alone = _ask(self.session, f"SELECT pg_try_advisory_lock({SERVER})")
        if alone:
            _ask(self.session, f"SELECT pg_advisory_unlock({SERVER})")
        return alone

    def release(self) -> None:
        """Let others serve it, whether or not the session lasts."""
        end(self.session)


@contextmanager
def starting(engine: Engine, name: str) -> Iterator[Held]:
    """Begin to serve the database, one process after the other; DatabaseError where one of this name does."""
    turn = detached(engine)
    raw: Any = turn.connection
    try:
        raw.cursor().execute(f"SELECT pg_advisory_lock({START})")
        yield hold(engine, name)
    finally:
        end(turn)


def hold(engine: Engine, name: str) -> Held:
    """Serve the database, alone of this name, wherever the others run; DatabaseError while one of this name does."""
    session = detached(engine)
    mine = f"SELECT pg_try_advisory_lock({NAMES}, {crc32(name.encode()) - 2**31})"
    if not (_ask(session, f"SELECT pg_try_advisory_lock_shared({SERVER})") and _ask(session, mine)):
        session.close()
        whose = f"another process serves it as replica {name!r}" if name else "another process serves it"
        raise DatabaseError(f"{whose}; stop that one first, or name this one with replica")
    return Held(engine, name, session)


def detached(engine: Engine) -> Connection:
    """A session of our own that commits each statement; DatabaseError where a standby has taken over."""
    try:
        session = engine.connect()
    except OperationalError as error:
        if str(error.orig) == EXCHANGED:
            raise DatabaseError(EXCHANGED) from None
        raise
    session.detach()
    raw: Any = session.connection
    raw.dbapi_connection.autocommit = True
    return session


def end(session: Connection) -> None:
    """End a session of our own, whether or not it lasts."""
    raw: Any = session.connection
    raw.dbapi_connection.close()
    session.invalidate()
    session.close()


def _ask(session: Connection, question: str) -> bool:
    raw: Any = session.connection
    (answer,) = raw.cursor().execute(question).fetchone()
    return bool(answer)
