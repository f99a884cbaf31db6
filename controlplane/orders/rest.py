"""Whether a supply point is at rest: nothing that was sent there can act any more (CONTROL P6)."""

from datetime import datetime

from sqlalchemy import Connection, select

from controlplane.orders.models import commands, orders
from controlplane.orders.settling import unsettled
from controlplane.orders.states import OrderState

MOVING = (OrderState.DISPATCHED, OrderState.PERMITTED, OrderState.LOOKING)


def at_rest(db: Connection, point: str, now: datetime) -> bool:
    """True when no permit is unsettled, no order is on its way, and no unanswered command is still within its time."""
    if unsettled(db, point):
        return False
    moving = select(orders.c.id).where(orders.c.point == point, orders.c.state.in_(MOVING))
    open_ = (commands.c.point == point) & commands.c.answered.is_(False) & (commands.c.expires_at > now)
    sent = select(commands.c.digest).where(open_)
    return not any(db.execute(query.limit(1)).one_or_none() for query in (moving, sent))
