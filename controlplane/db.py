"""The database: one metadata, an engine as durable and as locked as the rules need, the fence row (CONTROL P1).

Facts are read only after the fence row of the supply point is held. SQLAlchemy begins a SQLite transaction late, which
would let a fact change between reading and writing: writers say BEGIN IMMEDIATE themselves. On PostgreSQL a writer
holds the house's lock in its place: whatever was proven with one writer at a time holds there too, and news are
committed in the order of their numbers.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from secrets import token_hex
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    bindparam,
    create_engine,
    event,
    select,
    update,
)
from sqlalchemy.pool import PoolProxiedConnection, StaticPool

from controlplane import postgres

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)
BUSY_TIMEOUT_S = 30
READS, QUIET = "reads", "quiet"
"""Mark a connection that never writes, and one that writes a row of its own beside the writers."""


class Moment(TypeDecorator[datetime]):
    """An aware time in UTC, in and out; SQLite keeps it without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a local time: nobody could say whose it is."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the decorator's shape
        """Give it in UTC: SQLite keeps no zone, and PostgreSQL says it in that of the session."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Whole = BigInteger().with_variant(Integer(), "sqlite")
"""A whole number of 63 bits, as gateways send them; SQLite's `INTEGER` has as many."""


class Told(TypeDecorator[str]):
    """Text as a device has sent it. NUL fills up texts of meters, and PostgreSQL holds none: its symbol is kept."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the decorator's shape
        """Make it one that any database holds."""
        return value.replace("\0", "\N{SYMBOL FOR NULL}") if value is not None else None


fences = Table(
    "fences",
    metadata,
    Column("point", String, ForeignKey("supply_points.id"), primary_key=True),
    Column("next_sequence", Whole, nullable=False),
    Column("epoch", Whole, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Fence:
    """The row that is locked first: the next sequence and the binding epoch of one supply point."""

    point: str
    next_sequence: int
    epoch: int


def make_engine(database: str) -> Engine:
    """Open the database at a URL; DatabaseError where it can't be any.

    `sqlite://` is one in memory, shared by all that hold the engine.
    """
    url = postgres.parsed(database)
    if url.get_backend_name() == "postgresql":
        return _server(url)
    memory = database == "sqlite://"
    arguments = {"check_same_thread": False, "timeout": BUSY_TIMEOUT_S}
    pool = {"poolclass": StaticPool} if memory else {}
    engine = create_engine(url, connect_args=arguments, hide_parameters=True, **pool)
    event.listen(engine, "connect", _prepare)
    begin = partial(_begin, reads="BEGIN", writes="BEGIN IMMEDIATE", quietly="BEGIN IMMEDIATE")
    engine.dialect.do_begin = begin  # type: ignore[method-assign]
    return engine


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _server(url: URL) -> Engine:
    arguments = postgres.arguments(url, BUSY_TIMEOUT_S)
    engine = create_engine(
        url, connect_args=arguments, hide_parameters=True, pool_pre_ping=True, isolation_level="READ COMMITTED"
    )
    event.listen(engine, "connect", postgres.History().connected)
    event.listen(engine, "handle_error", postgres.hide_row)
    me = token_hex(8)
    begin = partial(_begin, reads=postgres.READ, writes=postgres.write(me), quietly=postgres.QUIET)
    engine.dialect.do_begin = begin  # type: ignore[method-assign]
    engine.update_execution_options(**{postgres.ME: me})
    return engine


def _begin(dbapi_connection: PoolProxiedConnection, *, reads: str, writes: str, quietly: str) -> None:
    """Begin in the dialect's place: an engine that has events looks for their listeners at each statement."""
    about = dbapi_connection.info
    dbapi_connection.cursor().execute(reads if READS in about else quietly if QUIET in about else writes)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A consistent view that never waits for the writer."""
    with _marked(engine, READS) as connection:
        yield connection


@contextmanager
def quiet(engine: Engine) -> Iterator[Connection]:
    """A transaction beside the writers, for a row that nobody else writes and nobody waits for: it wakes no one."""
    with _marked(engine, QUIET) as connection:
        yield connection


@contextmanager
def _marked(engine: Engine, mark: str) -> Iterator[Connection]:
    with engine.connect() as connection:
        about = connection.info
        about[mark] = True
        try:
            with connection.begin():
                yield connection
        finally:
            about.pop(mark, None)


FENCE = select(fences).where(fences.c.point == bindparam("point")).with_for_update()


def lock_point(db: Connection, point: str) -> Fence:
    """Hold the point's fence until the transaction ends; LookupError where there is no such point."""
    row = db.execute(FENCE, {"point": point}).one_or_none()
    if row is None:
        raise LookupError(point)
    return Fence(*row)


FENCES = (
    select(fences)
    .where(fences.c.point.in_(bindparam("points", expanding=True)))
    .order_by(fences.c.point)
    .with_for_update()
)


def lock_points(db: Connection, points: Iterable[str]) -> dict[str, Fence]:
    """Hold the fences of many points, in the order of their names; LookupError where one is none."""
    wanted = sorted(set(points))
    found = {row.point: Fence(*row) for row in db.execute(FENCES, {"points": wanted})} if wanted else {}
    if missing := sorted(set(wanted) - found.keys()):
        raise LookupError(missing[0])
    return found


DRAW = (
    update(fences)
    .where(fences.c.point == bindparam("this"))
    .values(next_sequence=fences.c.next_sequence + 1)
    .returning(fences.c.point, fences.c.next_sequence - 1, fences.c.epoch)
)


def draw_sequence(db: Connection, point: str) -> Fence:
    """Take the point's next sequence, and tell it with the epoch; the fence must be held."""
    return Fence(*db.execute(DRAW, {"this": point}).one())


def set_epoch(db: Connection, point: str, epoch: int) -> None:
    """Raise the point's epoch; the fence must be held. An epoch never falls."""
    db.execute(update(fences).where(fences.c.point == point, fences.c.epoch < epoch).values(epoch=epoch))
