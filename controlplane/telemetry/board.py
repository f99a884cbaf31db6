"""Meters as a control room looks at them: what was last seen at each valve, and when each gateway was last heard."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, String, bindparam, case, func, select

from controlplane.orders.models import positions
from controlplane.registry.models import gateways, meters, supply_points
from controlplane.telemetry.models import latest
from protocols.types import ValvePosition

SHOWN = 60
CLIENT: BindParameter[str | None] = bindparam("client", None, type_=String)
MINE = CLIENT.is_(None) | (supply_points.c.client == CLIENT)
CALM = (ValvePosition.OPEN, ValvePosition.CLOSED)
UNUSUAL_FIRST = case((positions.c.position.in_(CALM), 1), else_=0)
SEEN = (
    select(
        meters.c.name,
        meters.c.gateway,
        supply_points.c.code,
        supply_points.c.medium,
        positions.c.position,
        positions.c.at,
        positions.c.source,
        positions.c.grade,
    )
    .join(supply_points, supply_points.c.id == meters.c.point)
    .outerjoin(positions, positions.c.meter == meters.c.name)
    .where(MINE)
    .order_by(UNUSUAL_FIRST, meters.c.name)
    .limit(SHOWN)
)
BOUND = select(func.count()).select_from(meters).join(supply_points, supply_points.c.id == meters.c.point).where(MINE)
HEARD = select(latest.c.gateway, func.max(latest.c.at).label("at")).group_by(latest.c.gateway)
BELIEVED = (
    select(gateways.c.id, gateways.c.last_seen_at, func.count(meters.c.name).label("meters"))
    .outerjoin(meters, meters.c.gateway == gateways.c.id)
    .where(gateways.c.revoked_at.is_(None))
    .group_by(gateways.c.id, gateways.c.last_seen_at)
    .order_by(gateways.c.id)
    .limit(SHOWN)
)


def seen(db: Connection, scope: str | None) -> tuple[list[Row[Any]], int]:
    """Meters with what was last seen at each, the unusual first; and how many there are in all."""
    count: int = db.execute(BOUND, {"client": scope}).scalar_one()
    return list(db.execute(SEEN, {"client": scope})), count


@dataclass(frozen=True, slots=True)
class Heard:
    """A gateway, and when any word of it last came: signed, or a reading."""

    id: str
    meters: int
    at: datetime | None


def heard(db: Connection) -> list[Heard]:
    """Gateways that are believed, by name."""
    readings = {row.gateway: row.at for row in db.execute(HEARD)}
    found = []
    for row in db.execute(BELIEVED):
        times = [at for at in (row.last_seen_at, readings.get(row.id)) if at is not None]
        found.append(Heard(row.id, row.meters, max(times, default=None)))
    return found
