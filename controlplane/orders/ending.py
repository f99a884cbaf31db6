"""Ending a hold or protection: its end is recorded with who and why, and what only it held goes on (CONTROL I6)."""

from sqlalchemy import ColumnElement, Connection, select, update

from controlplane.db import lock_point
from controlplane.orders.context import Context
from controlplane.orders.life import at_point
from controlplane.orders.models import stops
from controlplane.orders.service import review
from controlplane.orders.states import Kind, OrderState
from controlplane.orders.stopping import FOR_GOOD, REASONS

HELD_BY_IT = frozenset({REASONS["hold"].code, REASONS["protection"].code, "protected"})
"""Reasons that an order is held with by a stop that ends, or by the rule that reads the same protection."""


def end_stops(db: Connection, context: Context, point: str, which: ColumnElement[bool], actor: str, why: str) -> None:
    """Record the end of stops that end; a payment or a withdrawal never does."""
    lock_point(db, point)
    mine = (stops.c.point == point) & stops.c.ended_at.is_(None) & stops.c.kind.not_in(FOR_GOOD)
    ended = {"ended_at": context.now, "ended_by": actor, "end_reason": why}
    db.execute(update(stops).where(mine, which).values(**ended))


def go_on(db: Connection, context: Context, point: str) -> None:
    """Ask the rules anew about what was held by something that has ended; the fence is held."""
    for order in at_point(db, point, Kind.TAKING):
        if order.state is OrderState.HELD and order.reason is not None and order.reason["code"] in HELD_BY_IT:
            review(db, context, order)


def stop_at(db: Connection, point: str, stop: str, kind: str) -> bool:
    """Whether a stop of this kind stands or stood at the point."""
    query = select(stops.c.id).where(stops.c.id == stop, stops.c.point == point, stops.c.kind == kind)
    return db.execute(query).one_or_none() is not None
