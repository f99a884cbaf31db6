"""Work orders that move no supply: a valve that passes is to be looked at and repaired. A person ends each.

They stand by the closure that they are about, are no order of their own, and give nobody a permit.
"""

from sqlalchemy import Connection

from controlplane import news
from controlplane.db import lock_point
from controlplane.field.work import feed, offering
from controlplane.field.work.models import REPAIR
from controlplane.orders import passing
from controlplane.orders.context import Context
from controlplane.problems import ConflictError, NotFoundError


def end(db: Connection, context: Context, identity: str, reason: str, by: str) -> None:
    """Somebody says that it is dealt with, and how; the valve is watched anew from now on."""
    row = offering.find(db, identity)
    if row is None:
        raise NotFoundError("there is no such work order")
    lock_point(db, row.point)
    if row.kind != REPAIR:
        raise ConflictError("this work order is an order's: it ends with that", code="no_repair")
    if row.closed_at is not None:
        raise ConflictError(f"this work order has ended ({row.ending})", code="closed")
    passing.end(db, context, row.point, by, reason)
    offering.change(db, row, closed_at=context.now, ending="ended")
    feed.tell(db, context, identity, feed.Entry.DONE)
    told = {"work_order": identity, "order": row.order, "ended": True, "reason": reason, "actor": by}
    news.tell(db, context.now, "repair", identity, told, row.client)
