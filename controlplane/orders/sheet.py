"""One order as its page shows it: where it is, what has happened to it, what was signed, and what was last seen there.

Confined to one client where the reader is: a foreign order is not found.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from controlplane.db import Moment
from controlplane.orders import documents, hands
from controlplane.orders.models import looks, order_events, orders, positions, stops
from controlplane.orders.states import Kind
from controlplane.problems import NotFoundError
from controlplane.registry.models import clients, gateways, meters, supply_points
from protocols.ports import Signer

ONE = (
    select(
        orders,
        supply_points.c.code,
        supply_points.c.medium,
        clients.c.name.label("client_name"),
        meters.c.name.label("meter"),
        meters.c.fabrication_number.label("plate"),
        meters.c.gateway,
        gateways.c.last_seen_at.label("heard_at"),
        gateways.c.revoked_at,
        positions.c.position,
        positions.c.at.label("seen_at"),
        positions.c.source,
        positions.c.grade.label("seen_grade"),
    )
    .join(supply_points, supply_points.c.id == orders.c.point)
    .join(clients, clients.c.id == orders.c.client)
    .outerjoin(meters, meters.c.point == orders.c.point)
    .outerjoin(gateways, gateways.c.id == meters.c.gateway)
    .outerjoin(positions, positions.c.meter == meters.c.name)
    .where(orders.c.id == bindparam("this"))
)
STOPS = (
    select(stops)
    .where(stops.c.point == bindparam("point"), stops.c.ended_at.is_(None))
    .where(stops.c.act.is_(None) | (stops.c.act == bindparam("act")))
    .where(stops.c.up_to.is_(None) | (stops.c.up_to >= bindparam("number")))
    .where(stops.c.until.is_(None) | (stops.c.until > bindparam("now", type_=Moment)))
    .order_by(stops.c.recorded_at, stops.c.id)
)
HAPPENED = select(order_events).where(order_events.c.order == bindparam("this")).order_by(order_events.c.id)
UNANSWERED = select(func.max(looks.c.due_at)).where(looks.c.order == bindparam("this"), looks.c.answered_at.is_(None))
Line = Row[Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """`line` is the order with its place and meter, `events` and `papers` are oldest first.

    `stops` are those that stand against it now, where it takes supply away. `look_due` is until when the answer to a
    look is awaited, `permit_until` when the permit ends that a crew holds.
    """

    line: Line
    events: list[Line]
    papers: list[documents.Document]
    stops: list[Line]
    look_due: datetime | None
    permit_until: datetime | None


def sheet(db: Connection, scope: str | None, order: str, signer: Signer, now: datetime) -> Sheet:
    """All of it; NotFoundError where there is none that the reader may see. `signer` is the house's key."""
    line = db.execute(ONE, {"this": order}).one_or_none()
    if line is None or scope not in (None, line.client):
        raise NotFoundError("there is no such order")
    hand = hands.out(db, line.point)
    against = {"point": line.point, "act": line.kind, "number": line.number, "now": now}
    return Sheet(
        line=line,
        events=list(db.execute(HAPPENED, {"this": order})),
        papers=documents.of_order(db, order, signer),
        stops=list(db.execute(STOPS, against)) if line.way == Kind.TAKING else [],
        look_due=db.execute(UNANSWERED, {"this": order}).scalar_one_or_none(),
        permit_until=hand.until if hand is not None and hand.order == order else None,
    )


def since(events: list[Line]) -> datetime | None:
    """Since when it stands in the state in which it is."""
    found: datetime | None = None
    for event in reversed(events):
        if event.state != events[-1].state:
            break
        found = event.at
    return found
