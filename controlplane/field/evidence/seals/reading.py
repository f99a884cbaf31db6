"""Seals as they are read: the house's list, one with its history, and all that ever hung at a point."""

from sqlalchemy import Connection, Row, bindparam, select

from controlplane.field.evidence.seals.models import seal_events, seals
from controlplane.field.evidence.seals.schemas import SealEvent, SealOut, SealTold
from controlplane.field.evidence.seals.service import Where, get
from controlplane.pages import Wanted, pack, page, unpack

EVENTS = select(seal_events).order_by(seal_events.c.id)
OF_SEAL = EVENTS.where(seal_events.c.seal == bindparam("this"))
Line = Row[tuple[object, ...]]


def _fields(row: Line) -> dict[str, object]:
    return {**dict(row._mapping), "supply_point": row.point}  # noqa: SLF001 - SQLAlchemy's public name for it


def seals_page(
    db: Connection, wanted: Wanted, crew: str | None = None, state: Where | None = None
) -> tuple[list[SealOut], str | None]:
    """Seals by number; those of one crew's hands or in one state where it is named."""
    query = select(seals)
    if crew is not None:
        query = query.where(seals.c.crew == crew)
    if state is not None:
        query = query.where(seals.c.state == state)
    rows, after = page(db, query, seals.c.number, wanted)
    return [SealOut.model_validate(_fields(row)) for row in rows], after


def seal(db: Connection, number: str) -> SealTold:
    """One seal with its history."""
    row = get(db, number)
    history = [SealEvent.model_validate(_fields(event)) for event in db.execute(OF_SEAL, {"this": number})]
    return SealTold.model_validate({**_fields(row), "history": history})


def at_point(db: Connection, point: str, wanted: Wanted) -> tuple[list[SealEvent], str | None]:
    """What was put on and taken off at a point, oldest first."""
    query = EVENTS.where(seal_events.c.point == point).limit(wanted.limit + 1)
    if wanted.cursor is not None:
        query = query.where(seal_events.c.id > unpack(wanted.cursor, (int,))[0])
    rows = db.execute(query).all()
    kept = rows[: wanted.limit]
    after = pack([kept[-1].id]) if len(rows) > len(kept) else None
    return [SealEvent.model_validate(_fields(row)) for row in kept], after
