"""The feed of work orders: append-only entries that tell what is offered, changed, stopped, withdrawn or done.

Each entry holds the whole work order as it stood then, so that a workforce system needs nothing but the feed.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, insert, or_, select
from sqlalchemy.sql.elements import ColumnElement

from controlplane.field.enrolment.service import Device
from controlplane.field.evidence.service import shots_at
from controlplane.field.work.models import REPAIR, feed, work_orders
from controlplane.orders.context import Context
from controlplane.orders.models import orders
from controlplane.orders.states import OrderState
from controlplane.registry.models import meters, supply_points


class Entry(StrEnum):
    """What an entry tells."""

    CREATED = "created"
    CHANGED = "changed"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"
    DONE = "done"
    TAKEN = "taken"
    """Another crew has it: told to all the other crews, by its id alone."""


WHOLE = (
    select(
        work_orders,
        orders.c.state.label("order_state"),
        orders.c.deadline,
        orders.c.reason,
        orders.c.tried,
        supply_points.c.code,
        supply_points.c.zone,
        supply_points.c.medium,
        meters.c.name.label("meter"),
        meters.c.fabrication_number.label("plate"),
    )
    .join(orders, orders.c.id == work_orders.c.order)
    .join(supply_points, supply_points.c.id == work_orders.c.point)
    .outerjoin(meters, meters.c.point == work_orders.c.point)
    .where(work_orders.c.id == bindparam("id"))
)
TOLD = insert(feed)


def whole(db: Connection, identity: str) -> dict[str, Any]:
    """A work order as it is shown to crews and workforce systems."""
    row = db.execute(WHOLE, {"id": identity}).one()
    at = {name: _iso(getattr(row, name)) for name in ("opened_at", "closed_at", "stopped_at", "found_at", "deadline")}
    return {
        "id": row.id,
        "order": row.order,
        "supply_point": row.point,
        "code": row.code,
        "zone": row.zone,
        "medium": row.medium,
        "client": row.client,
        "kind": row.kind,
        "state": _state(row),
        "ending": row.ending,
        "visit": row.visit,
        "next_step": row.next_step,
        "crew": row.crew,
        "meter": row.meter,
        "serial": row.plate or None,
        "reason": row.reason,
        "tried": row.tried,
        "found": row.found,
        "doubts": row.doubts or [],
        "findings": row.findings or [],
        "photographs": [{"shot": shot.what, "sha256": shot.digest} for shot in shots_at(db, row.order, row.id)],
        **at,
        "version": row.version,
    }


def _state(row: Row[Any]) -> str:
    """Its order's while it is open; a repair has its own, for the order that it is about has ended."""
    if row.closed_at is not None:
        return "closed"
    if row.kind != REPAIR:
        return str(row.order_state)
    if row.crew is None:
        return OrderState.PLANNED
    return OrderState.ASSIGNED if row.found_at is None else OrderState.ON_SITE


def _iso(at: Any) -> str | None:
    return at.isoformat() if at is not None else None


def tell(db: Connection, context: Context, identity: str, kind: Entry) -> None:
    """Append an entry; where a crew has the work order, the others are told no more than that."""
    told = whole(db, identity)
    row = {"at": context.now, "client": told["client"], "work_order": identity}
    db.execute(TOLD, {**row, "type": kind, "only": told["crew"], "but": None, "data": told})
    if told["crew"] is not None and told["state"] == "assigned" and kind is Entry.CHANGED:
        db.execute(TOLD, {**row, "type": Entry.TAKEN, "only": None, "but": told["crew"], "data": {"id": identity}})


def after(db: Connection, last: int, limit: int, client: str | None, device: Device | None) -> Sequence[Row[Any]]:
    """Entries after an id, oldest first: for one client or all, or for one crew."""
    query = select(feed).where(feed.c.id > last).order_by(feed.c.id).limit(limit)
    if client is not None:
        query = query.where(feed.c.client == client)
    return db.execute(query.where(_seen_by(device) if device is not None else feed.c.but.is_(None))).all()


def _seen_by(device: Device) -> ColumnElement[bool]:
    mine = and_(
        or_(feed.c.only.is_(None), feed.c.only == device.crew), or_(feed.c.but.is_(None), feed.c.but != device.crew)
    )
    return mine if device.clients is None else and_(mine, feed.c.client.in_(device.clients))
