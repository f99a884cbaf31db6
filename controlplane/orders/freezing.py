"""The freeze: any one operator stops all closing; two lift it. Giving back goes on."""

from sqlalchemy import Connection, select, update

from controlplane import news, outbox
from controlplane.db import lock_point
from controlplane.orders.barring import FREEZE, FROZEN, switch
from controlplane.orders.context import Context
from controlplane.orders.life import advance, get, note
from controlplane.orders.models import orders
from controlplane.orders.sending import send_look
from controlplane.orders.service import REVIEW
from controlplane.orders.states import ON_THE_WAY, Event, Kind, OrderState
from controlplane.problems import ConflictError
from controlplane.registry.models import NO_KEY, gateways, house
from protocols.types import GatewayId
from protocols.uplink.messages import Freeze, Reason


def freeze(db: Connection, context: Context, reason: str, actor: str) -> None:
    """Stop all taking at once: no permit is granted from this transaction on, and every gateway is told."""
    number = switch(db, FREEZE, on=True, text=reason)
    _push(db, context, number, on=True, reason=reason)
    news.tell(db, context.now, "freeze", FREEZE, {"on": True, "reason": reason, "actor": actor}, None)
    query = select(orders.c.id).where(orders.c.state.in_(ON_THE_WAY), orders.c.way == Kind.TAKING)
    for row in db.execute(query).all():
        lock_point(db, get(db, row.id).point)
        order = get(db, row.id)
        if order.state not in ON_THE_WAY:
            continue
        was = order.state
        until = context.now + REVIEW
        order = advance(db, context, order, Event.FREEZE, actor, to=OrderState.HELD, reason=FROZEN, until=until)
        if was is OrderState.DISPATCHED:
            send_look(db, context, order)


def unfreeze(db: Connection, context: Context, actor: str, person: str) -> bool:
    """Ask to lift the freeze; True when a second, different person has asked too and it is lifted."""
    row = db.execute(select(house).where(house.c.key == FREEZE)).one_or_none()
    if row is None or not row.on:
        raise ConflictError("nothing is frozen", code="not_frozen")
    if not row.by or row.person == person:
        db.execute(update(house).where(house.c.key == FREEZE).values(by=actor, person=person))
        return False
    number = switch(db, FREEZE, on=False, text="")
    _push(db, context, number, on=False, reason="lifted")
    data = {"on": False, "actor": actor, "first": row.by}
    news.tell(db, context.now, "freeze", FREEZE, data, None)
    review_now(db, context, FROZEN)
    return True


def review_now(db: Connection, context: Context, only: Reason) -> None:
    """What only this held need not wait for its review."""
    query = select(orders.c.id, orders.c.reason).where(orders.c.state == OrderState.HELD)
    for row in db.execute(query).all():
        if row.reason is None or row.reason["code"] != only.code:
            continue
        lock_point(db, get(db, row.id).point)
        order = get(db, row.id)
        if order.state is OrderState.HELD:
            note(db, order, until=context.now)


def _push(db: Connection, context: Context, number: int, *, on: bool, reason: str) -> None:
    believed = select(gateways.c.id).where(gateways.c.revoked_at.is_(None), gateways.c.public_key != NO_KEY)
    for row in db.execute(believed).all():
        message = Freeze(gateway=GatewayId(row.id), number=number, on=on, reason=reason[:1000], at=context.now)
        outbox.put(db, message, context.now)
