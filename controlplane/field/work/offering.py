"""When a work order is offered and when it ends: told by every step of an order, in that step's own transaction.

Nothing is offered before everything at the point has settled (CONTROL P6, I11). A crew that is overtaken, by a payment
for example, is told at once; one that holds a permit finishes.
"""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from controlplane.field.work import feed
from controlplane.field.work.models import REPAIR, work_orders
from controlplane.ids import new_id
from controlplane.orders.context import Context
from controlplane.orders.life import Order
from controlplane.orders.passing import PASSING
from controlplane.orders.settling import unsettled
from controlplane.orders.states import Event, OrderState

OPEN = select(work_orders).where(work_orders.c.order == bindparam("order"), work_orders.c.closed_at.is_(None))
ONE = select(work_orders).where(work_orders.c.id == bindparam("id"))
BEFORE = select(func.count(), func.max(work_orders.c.opened_at)).where(work_orders.c.order == bindparam("order"))
CHANGE = update(work_orders).where(work_orders.c.id == bindparam("this"))
STOPS = frozenset({Event.STOP, Event.HOLD, Event.FREEZE, Event.DEFERRED, Event.PERMIT_DENIED, Event.PERMIT_DENIED_STOP})
UNDERWAY = frozenset({OrderState.PLANNED, OrderState.ASSIGNED, OrderState.ON_SITE, OrderState.PERMITTED})
SILENT = frozenset({"field", "settled", Event.DEADLINE, Event.DISPATCH})


def find(db: Connection, identity: str) -> Row[Any] | None:
    """The work order of this id."""
    return db.execute(ONE, {"id": identity}).one_or_none()


def open_of(db: Connection, order: str) -> Row[Any] | None:
    """The open work order of an order."""
    return db.execute(OPEN, {"order": order}).one_or_none()


def change(db: Connection, row: Row[Any], **values: object) -> None:
    """Change columns of a work order."""
    db.execute(CHANGE, {"this": row.id, **values, "version": row.version + 1})


def heard(db: Connection, context: Context, order: Order, on: str) -> None:
    """What an order's step means to its work order."""
    row = open_of(db, order.id)
    if on == PASSING.code:
        _repair(db, context, order, row)
    elif row is not None and row.kind == REPAIR:
        return
    elif row is None:
        _offer(db, context, order)
    elif order.state not in UNDERWAY or on == Event.ABORTED:
        _close(db, context, row, order, on)
        _offer(db, context, order)
    elif on in (Event.STOP, Event.HOLD):
        change(db, row, stopped_at=context.now)
        feed.tell(db, context, row.id, feed.Entry.STOPPED)
    elif on not in SILENT:
        feed.tell(db, context, row.id, feed.Entry.CHANGED)


def _offer(db: Connection, context: Context, order: Order) -> None:
    if order.state is not OrderState.PLANNED or order.channel != "field" or unsettled(db, order.point):
        return
    visits, last = db.execute(BEFORE, {"order": order.id}).one()
    identity = new_id("wo", context.clock, context.entropy)
    row = {"id": identity, "order": order.id, "point": order.point, "client": order.client, "kind": order.kind}
    step = _next_step(db, order, last) if visits else None
    db.execute(
        insert(work_orders).values(**row, visit=visits + 1, opened_at=context.now, next_step=step, version=1),
    )
    feed.tell(db, context, identity, feed.Entry.CREATED)


def _repair(db: Connection, context: Context, order: Order, row: Row[Any] | None) -> None:
    """A crew is to look why a closed valve passes; once, until a person ends it."""
    if row is not None:
        return
    identity = new_id("wo", context.clock, context.entropy)
    told = {"id": identity, "order": order.id, "point": order.point, "client": order.client, "kind": REPAIR}
    db.execute(insert(work_orders).values(**told, visit=1, opened_at=context.now, version=1))
    feed.tell(db, context, identity, feed.Entry.CREATED)


def _next_step(db: Connection, order: Order, last: object) -> str | None:
    """What the visit before has left to be done, by its outcome."""
    before = select(work_orders.c.next_step, work_orders.c.ending).where(
        work_orders.c.order == order.id, work_orders.c.opened_at == last
    )
    row = db.execute(before).first()
    return str(row.next_step) if row is not None and row.next_step and row.ending == "aborted" else None


def _close(db: Connection, context: Context, row: Row[Any], order: Order, on: str) -> None:
    stopped = on in STOPS
    ending = "stopped" if stopped else "done" if order.state is OrderState.EXECUTED else _ending(on)
    at = {"closed_at": context.now, "ending": ending}
    change(db, row, **at, stopped_at=context.now if stopped else row.stopped_at)
    kinds = {"stopped": feed.Entry.STOPPED, "done": feed.Entry.DONE}
    feed.tell(db, context, row.id, kinds.get(ending, feed.Entry.WITHDRAWN))


def _ending(on: str) -> str:
    if on in (Event.ABORTED, Event.ABORTED_STOP, Event.ABORTED_HOLD):
        return "aborted"
    return "released" if on == Event.RELEASED_BY_TWO else "withdrawn"
