"""Recording and ending protections and holds, each with what it does to living orders in one transaction (I6, I15).

A protection is a fact of the point, which the rules read, and a stop, which reaches the orders that stand; the stop
names the fact. What was protected when the point was entered has no stop: there was no order to reach.
"""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from controlplane import news
from controlplane.db import lock_point
from controlplane.ids import new_id
from controlplane.orders.context import Context
from controlplane.orders.ending import end_stops, go_on, stop_at
from controlplane.orders.models import stops
from controlplane.orders.stopping import Stop, record_stop
from controlplane.problems import ConflictError, NotFoundError, UnprocessableError
from controlplane.registry.models import protections, supply_points
from controlplane.registry.service import Forbidden

Made = tuple[str, str | None]
"""The new thing's id, and the order that gives supply back, if one was due."""


def protect(db: Connection, context: Context, point: str, wanted: Forbidden, actor: str) -> Made:
    """Forbid an act at a point from now on, and stop every such order that stands."""
    _ahead(context, wanted.until)
    lock_point(db, point)
    identity = new_id("prt", context.clock, context.entropy)
    told = {"act": wanted.act, "reason": wanted.reason, "until": wanted.until, "recorded_at": context.now}
    db.execute(insert(protections).values(id=identity, point=point, **told))
    stop = Stop("protection", identity, wanted.act, wanted.until, wanted.reason)
    back = record_stop(db, context, point, stop, actor)
    _tell(db, context, point, actor, {"kind": "protection", "id": identity, "act": wanted.act, "ended": False})
    return identity, back.id if back is not None else None


def end_protection(db: Connection, context: Context, point: str, protection: str, actor: str, why: str) -> None:
    """Record that an act is no longer forbidden."""
    lock_point(db, point)
    mine = (protections.c.point == point) & (protections.c.id == protection)
    row = db.execute(select(protections).where(mine)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such protection at this point")
    if row.ended_at is not None:
        raise ConflictError("this protection has ended before", code="ended")
    ended = {"ended_at": context.now, "ended_by": actor, "end_reason": why}
    db.execute(update(protections).where(mine).values(**ended))
    end_stops(db, context, point, stops.c.reference == protection, actor, why)
    _tell(db, context, point, actor, {"kind": "protection", "id": protection, "act": row.act, "ended": True})
    go_on(db, context, point)


def hold(db: Connection, context: Context, point: str, reason: str, until: datetime | None, actor: str) -> Made:
    """Have nothing taken away at a point for now."""
    _ahead(context, until)
    identity = new_id("hld", context.clock, context.entropy)
    back = record_stop(db, context, point, Stop("hold", identity, None, until, reason, identity), actor)
    _tell(db, context, point, actor, {"kind": "hold", "id": identity, "act": None, "ended": False})
    return identity, back.id if back is not None else None


def end_hold(db: Connection, context: Context, point: str, identity: str, actor: str, why: str) -> None:
    """Let what was held go on as the rules allow."""
    lock_point(db, point)
    if not stop_at(db, point, identity, "hold"):
        raise NotFoundError("there is no such hold at this point")
    row = db.execute(select(stops).where(stops.c.id == identity)).one()
    if row.ended_at is not None:
        raise ConflictError("this hold has ended before", code="ended")
    end_stops(db, context, point, stops.c.id == identity, actor, why)
    _tell(db, context, point, actor, {"kind": "hold", "id": identity, "act": None, "ended": True})
    go_on(db, context, point)


def _ahead(context: Context, until: datetime | None) -> None:
    if until is not None and until <= context.now:
        raise UnprocessableError("until lies in the past; leave it out, or give an end to come", code="until_passed")


def _tell(db: Connection, context: Context, point: str, actor: str, data: dict[str, object]) -> None:
    client = db.execute(select(supply_points.c.client).where(supply_points.c.id == point)).scalar_one()
    news.tell(db, context.now, "stop", point, {**data, "point": point, "actor": actor}, client)
