"""Readings and positions as they are read. Who may see the meter was asked before."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, literal, select, tuple_

from controlplane.orders.models import positions
from controlplane.pages import Wanted, pack, unpack
from controlplane.problems import UnprocessableError
from controlplane.telemetry.models import latest, readings
from controlplane.telemetry.schemas import PositionOut, ReadingOut
from protocols.types import ValvePosition

KEY = (readings.c.at, readings.c.journal, readings.c.boot, readings.c.sequence)
SHAPE = (str, str, int, int)
LARGEST = 2**63


def _out(row: Row[Any]) -> ReadingOut:
    return ReadingOut.model_validate(dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's public name for it


def readings_page(
    db: Connection,
    meter: str,
    wanted: Wanted,
    quantity: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[list[ReadingOut], str | None]:
    """A meter's readings, newest first; `since` is part of the interval, `until` is not."""
    query = select(readings).where(readings.c.meter == meter)
    if quantity is not None:
        query = query.where(readings.c.quantity == quantity)
    if since is not None:
        query = query.where(readings.c.at >= since)
    if until is not None:
        query = query.where(readings.c.at < until)
    if wanted.cursor is not None:
        query = query.where(tuple_(*KEY) < tuple_(*_last(wanted.cursor)))
    rows = db.execute(query.order_by(*(column.desc() for column in KEY)).limit(wanted.limit + 1)).all()
    if len(rows) <= wanted.limit:
        return [_out(row) for row in rows], None
    kept = rows[: wanted.limit]
    end = kept[-1]
    return [_out(row) for row in kept], pack([end.at.isoformat(), end.journal, end.boot, end.sequence])


def _last(cursor: str) -> list[Any]:
    at, journal, boot, sequence = unpack(cursor, SHAPE)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not (0 <= boot < LARGEST and 0 <= sequence < LARGEST):
        raise UnprocessableError("this cursor is none of ours; begin the list anew", code="bad_cursor")
    values = zip(KEY, (moment, journal, boot, sequence), strict=True)
    return [literal(value, column.type) for column, value in values]


def latest_of(db: Connection, meter: str) -> list[ReadingOut]:
    """The latest value of each register of a meter."""
    query = select(latest).where(latest.c.meter == meter)
    return [_out(row) for row in db.execute(query.order_by(*latest.primary_key.columns))]


def position(db: Connection, meter: str, now: datetime) -> PositionOut:
    """The last proven position, and how old it is."""
    row = db.execute(select(positions).where(positions.c.meter == meter)).one_or_none()
    if row is None:
        nothing = ValvePosition.UNKNOWN.value
        return PositionOut(meter=meter, position=nothing, at=None, age_s=None, source=None, grade=None)
    age_s = max(0.0, (now - row.at).total_seconds())
    return PositionOut(meter=meter, position=row.position, at=row.at, age_s=age_s, source=row.source, grade=row.grade)
