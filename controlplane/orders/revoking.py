"""Revoking a gateway's key: nothing it says counts from this transaction on, nor is anything sent to it.

What it was granted can be sworn to by nobody any more: time alone settles it (CONTROL P6). Then supply that is to be
given back is a crew's work, and so is what was to be taken away, as far as the rules allow it (I11).
"""

from datetime import timedelta

from sqlalchemy import Connection, select, update

from controlplane import news, outbox
from controlplane.db import lock_point
from controlplane.orders.context import Context
from controlplane.orders.life import Order, advance, at_point, note
from controlplane.orders.sending import forget_commands
from controlplane.orders.settling import settled_by
from controlplane.orders.states import Event, Kind, OrderState
from controlplane.problems import ConflictError, NotFoundError
from controlplane.registry.models import gateways, meters
from protocols.uplink.messages import Reason

REVOKED = Reason(
    "gateway_revoked",
    "The gateway here is believed no more; what it was told may still act until its time has passed.",
    "Il gateway qui non è più ritenuto attendibile; ciò che gli era stato detto può agire finché scade.",
)


def revoke(db: Connection, context: Context, gateway: str, why: str, actor: str) -> None:
    """Do it; ConflictError (`gateway_revoked`) where it was done before."""
    row = db.execute(select(gateways.c.revoked_at).where(gateways.c.id == gateway)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such gateway")
    if row.revoked_at is not None:
        raise ConflictError("this gateway was revoked before", code="gateway_revoked")
    told = {"revoked_at": context.now, "revoked_by": actor, "revoke_reason": why}
    db.execute(update(gateways).where(gateways.c.id == gateway).values(**told))
    outbox.silence(db, gateway)
    news.tell(db, context.now, "gateway", gateway, {"revoked": True, "reason": why, "actor": actor}, None)
    bound = select(meters.c.name, meters.c.point).where(meters.c.gateway == gateway).order_by(meters.c.point)
    for meter in db.execute(bound).all():
        lock_point(db, meter.point)
        forget_commands(db, gateway, meter.name)
        for order in at_point(db, meter.point):
            _left_alone(db, context, order, actor)


def _left_alone(db: Connection, context: Context, order: Order, actor: str) -> None:
    """Nobody will answer for this order: held where nothing was granted, else it waits for time to settle it."""
    if order.state is OrderState.DISPATCHED and order.way is Kind.TAKING:
        until = context.now + timedelta(seconds=context.settings.held_review_s)
        advance(db, context, order, Event.DEFERRED, actor, to=OrderState.HELD, reason=REVOKED, until=until)
    elif order.state in (OrderState.DISPATCHED, OrderState.PERMITTED) and order.channel != "field":
        order = advance(db, context, order, Event.TECHNICAL, actor, reason=REVOKED)
    if order.state is OrderState.LOOKING:
        note(db, order, look=None, until=settled_by(db, order.point))
