"""The halt of a restored control plane, and its end (CONTROL, Delivery).

It can't find out alone what it has lost: an order may have been permitted, a customer may have paid. So no permit is
granted; every epoch is raised, which makes void whatever was sent; each living order that takes supply away counts as
permitted once and unsettled; stops work, and supply is given back.
"""

from sqlalchemy import Connection, bindparam, insert, select, update

from controlplane import news
from controlplane.db import fences, lock_point
from controlplane.orders.barring import HALT, HALTED, halted, switch
from controlplane.orders.context import Context
from controlplane.orders.freezing import review_now
from controlplane.orders.life import RESTORED, Order, advance, get, note, record
from controlplane.orders.models import commands, orders
from controlplane.orders.sending import HOUSE, send_again, send_look
from controlplane.orders.service import REVIEW
from controlplane.orders.states import ON_THE_WAY, Event, Kind, OrderState
from controlplane.problems import ConflictError
from controlplane.registry.binding import Bound, bound

LONGEST_VALIDITY_S = 30.0
"""No permit was ever granted for longer (CONTROL P3)."""
_DOUBTED = select(orders.c.id).where(orders.c.alive, orders.c.way == Kind.TAKING).order_by(orders.c.point)
_GIVING = select(orders.c.id).where(orders.c.alive, orders.c.way == Kind.GIVING).order_by(orders.c.point)
_UNSETTLE = update(commands).where(commands.c.digest == bindparam("command"))


def halt(db: Connection, context: Context, why: str) -> None:
    """Begin a halt, or doubt everything once more in one that stands."""
    switch(db, HALT, on=True, text=why)
    news.tell(db, context.now, "halt", HALT, {"on": True, "reason": why}, None)
    db.execute(update(fences).values(epoch=fences.c.epoch + 1))
    db.execute(update(commands).where(commands.c.settled_sequence.is_(None)).values(void=True))
    for row in db.execute(_DOUBTED).all():
        _doubt(db, context, get(db, row.id))
    for row in db.execute(_GIVING).all():
        order = get(db, row.id)
        if order.state in (OrderState.DISPATCHED, OrderState.LOOKING):
            send_again(db, context, order)


def _doubt(db: Connection, context: Context, order: Order) -> None:
    """It may have been permitted after the backup was taken: unsettled until time has settled it, and looked at."""
    meter = bound(db, order.point)
    if meter is not None and order.verb is not None:
        _unsettle(db, context, order, meter)
    order = note(db, order, ever_permitted=True)
    record(db, context, order, RESTORED, order.state, HOUSE)
    if order.state in ON_THE_WAY:
        until = context.now + REVIEW
        order = advance(db, context, order, Event.FREEZE, HOUSE, to=OrderState.HELD, reason=HALTED, until=until)
        send_look(db, context, order)
    elif order.state is OrderState.PERMITTED and order.channel == "remote":
        send_look(db, context, advance(db, context, order, Event.TECHNICAL, HOUSE, reason=HALTED))
    elif order.state is OrderState.LOOKING:
        send_look(db, context, advance(db, context, order, Event.RELOOK, HOUSE, reason=HALTED))


def _unsettle(db: Connection, context: Context, order: Order, meter: Bound) -> None:
    granted = {
        "granted_at": context.now,
        "granted_boot_s": context.clock.boot(),
        "validity_s": LONGEST_VALIDITY_S,
        "void": True,
        "settled_sequence": None,
    }
    if order.command is not None:
        db.execute(_UNSETTLE, {"command": order.command, **granted})
        return
    fence = lock_point(db, order.point)
    db.execute(
        insert(commands).values(
            digest=f"forgotten {order.id} {fence.epoch}",
            order=order.id,
            point=order.point,
            meter=meter.name,
            gateway=meter.gateway,
            epoch=0,
            sequence=0,
            verb=order.verb,
            issued_at=context.now,
            expires_at=context.now,
            act_max_s=meter.act_max_s,
            answered=True,
            **granted,
        )
    )


def resume(db: Connection, context: Context, actor: str, said: str) -> None:
    """Grant permits again: an operator has had the crews' reports and, from their senders, the stops since the backup.

    Raises ConflictError where nothing is halted, or where what may have been granted could still act.
    """
    if not halted(db):
        raise ConflictError("nothing is halted", code="not_halted")
    unsettled = commands.c.granted_at.is_not(None) & commands.c.settled_sequence.is_(None)
    row = db.execute(select(commands.c.point).where(unsettled).order_by(commands.c.point).limit(1)).one_or_none()
    if row is not None:
        detail = f"what may have been granted at {row.point} could still act; it settles by time: try again in a minute"
        raise ConflictError(detail, code="unsettled")
    switch(db, HALT, on=False, text="")
    news.tell(db, context.now, "halt", HALT, {"on": False, "actor": actor, "note": said}, None)
    review_now(db, context, HALTED)
