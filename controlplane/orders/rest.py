"""Whether a supply point is at rest: nothing that was sent there can act any more (CONTROL P6)."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from controlplane.orders.models import commands, orders
from controlplane.orders.settling import unsettled
from controlplane.orders.states import OrderState

MOVING = (OrderState.DISPATCHED, OrderState.PERMITTED, OrderState.LOOKING)

ON_THE_WAY = select(orders.c.id).where(orders.c.point == bindparam("point"), orders.c.state.in_(MOVING)).limit(1)
MAY_STILL_START = (
    select(commands.c.digest)
    .where(commands.c.point == bindparam("point"), commands.c.answered.is_(False))
    .where(commands.c.expires_at > bindparam("now"))
    .limit(1)
)


def at_rest(db: Connection, point: str, now: datetime) -> bool:
    """True when no permit is unsettled, no order is on its way, and no unanswered command is still within its time."""
    if unsettled(db, point):
        return False
    if db.execute(ON_THE_WAY, {"point": point}).one_or_none() is not None:
        return False
    return db.execute(MAY_STILL_START, {"point": point, "now": now}).one_or_none() is None
