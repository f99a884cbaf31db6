"""Stops: payments, withdrawals, protections, holds. Recorded once, never erased, told to each order they reach (I15).

A payment or withdrawal stops for good every taking order of the point that was entered before it. A hold, or a
protection with an end, stops until its end. What a stop does to an order is one row of the table.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, insert, select

from controlplane.db import lock_point
from controlplane.ids import new_id
from controlplane.orders.barring import halted
from controlplane.orders.context import Context
from controlplane.orders.life import RESTORED, Order, advance, at_point, giving_alive, note, record
from controlplane.orders.models import order_events, stops
from controlplane.orders.sending import send_look
from controlplane.orders.states import TERMINAL, Event, Kind, OrderState
from controlplane.registry.binding import bound
from protocols.types import Capability
from protocols.uplink.messages import Reason

FOR_GOOD = frozenset({"payment", "withdrawal"})
REASONS = {
    "payment": Reason("stopped_payment", "The customer has paid.", "Il cliente ha pagato."),
    "withdrawal": Reason("stopped_withdrawal", "The client has withdrawn it.", "Il committente lo ha ritirato."),
    "protection": Reason("stopped_protection", "The point is protected from this.", "Il punto è protetto da questo."),
    "hold": Reason("on_hold", "It is on hold.", "È in sospeso."),
}
WAITING = frozenset(
    {OrderState.HELD, OrderState.PLANNED, OrderState.DISPATCHED, OrderState.ASSIGNED, OrderState.ON_SITE}
)
NEW = frozenset({OrderState.ENTERED, OrderState.AWAITING_APPROVAL})
STANDING = frozenset({OrderState.EXECUTED, OrderState.COMPLETED})


@dataclass(frozen=True, slots=True)
class Stop:
    """What is to be recorded. `act` is the order kind a protection forbids; None stops every taking act.

    `reason` is in the words of whoever records it; `id` is its name where the caller has given it one.
    """

    kind: str
    reference: str
    act: str | None = None
    until: datetime | None = None
    reason: str | None = None
    id: str | None = None

    @property
    def event(self) -> Event:
        """A hold, and a protection whose end is known, end; every other stop is for good."""
        ends = self.kind == "hold" or (self.kind not in FOR_GOOD and self.until is not None)
        return Event.HOLD if ends else Event.STOP


STOP = insert(stops)


def record_stop(db: Connection, context: Context, point: str, stop: Stop, actor: str) -> Order | None:
    """Record a stop and carry it out in this transaction; returns the order that gives supply back, if one is due."""
    lock_point(db, point)
    here = at_point(db, point)
    taking = [o for o in here if o.way is Kind.TAKING and stop.act in (None, o.kind)]
    row = {
        "id": stop.id or new_id("stp", context.clock, context.entropy),
        "point": point,
        "kind": stop.kind,
        "act": stop.act,
        "up_to": max((o.number for o in here), default=0) if stop.kind in FOR_GOOD else None,
        "reference": stop.reference,
        "actor": actor,
        "recorded_at": context.now,
        "until": stop.until,
        "reason": stop.reason,
    }
    db.execute(STOP, row)
    for order in taking:
        _reach(db, context, order, stop, actor)
    return give_back_if_due(db, context, point, actor) or _give_back_halted(db, context, point, stop, actor)


def _give_back_halted(db: Connection, context: Context, point: str, stop: Stop, actor: str) -> Order | None:
    """While the house is halted, what took supply away may be forgotten: whoever has paid is given it back."""
    if stop.kind not in FOR_GOOD or giving_alive(db, point) is not None or not halted(db):
        return None
    meter = bound(db, point)
    if meter is None or not {Capability.OPEN, Capability.ARM} & meter.capabilities:
        return None
    from controlplane.orders.service import enter_giving  # noqa: PLC0415 - the two verbs call each other

    return enter_giving(db, context, point, actor)


def _reach(db: Connection, context: Context, order: Order, stop: Stop, actor: str) -> None:
    event, reason = stop.event, REASONS[stop.kind]
    lasting = event is Event.STOP
    moves = (
        order.state in WAITING or order.state in NEW or (order.state is OrderState.LOOKING and not order.ever_permitted)
    )
    if not moves:
        if order.state not in TERMINAL or order.state in STANDING or order.ever_permitted:
            order = note(db, order, stopped=order.stopped or lasting)
            record(db, context, order, event, order.state, actor, _said(reason))
        return
    was = order.state
    end = OrderState.WITHDRAWN if lasting else OrderState.HELD
    until = stop.until or context.now + timedelta(seconds=context.settings.held_review_s)
    order = advance(
        db, context, order, event, actor, to=end, reason=reason, until=until, stopped=order.stopped or lasting
    )
    if not lasting and was in (OrderState.DISPATCHED, OrderState.LOOKING):
        send_look(db, context, order)


def _said(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "en": reason.en, "it": reason.it}


STANDING_STOPS = select(stops.c.kind, stops.c.act, stops.c.up_to, stops.c.until).where(
    stops.c.point == bindparam("point"), stops.c.ended_at.is_(None)
)


def blocking(db: Connection, context: Context, order: Order) -> str | None:
    """The kind of a stop that forbids this order a permit now, one for good before one that ends; None if none does.

    An order that was once stopped for good stays so: a protection without an end counts on it though it was ended.
    """
    rows = db.execute(STANDING_STOPS, {"point": order.point}).all()
    kinds = [
        str(row.kind)
        for row in rows
        if row.act in (None, order.kind)
        and (row.until is None or row.until > context.now if row.up_to is None else order.number <= row.up_to)
    ]
    return min(kinds, key=lambda kind: kind not in FOR_GOOD, default="protection" if order.stopped else None)


def give_back_if_due(db: Connection, context: Context, point: str, actor: str) -> Order | None:
    """If a stopped order may have taken supply away and nothing gave it back since, enter the order that does (I15)."""
    here = at_point(db, point)
    if any(order.way is Kind.GIVING and order.alive for order in here) or not _taken_and_stopped(db, context, here):
        return None
    from controlplane.orders.service import enter_giving  # noqa: PLC0415 - the two verbs call each other

    return enter_giving(db, context, point, actor)


def _taken_and_stopped(db: Connection, context: Context, here: list[Order]) -> bool:
    """Whether an act that took supply away, or may have, stands at the point against a stop; `here` are its orders."""
    suspects = [
        order
        for order in here
        if order.way is Kind.TAKING
        and (order.ever_permitted or order.state in STANDING)
        and (order.stopped or blocking(db, context, order) is not None)
    ]
    if not suspects:
        return False
    returned = max((_executed_event(db, o) for o in here if o.way is Kind.GIVING), default=0)
    return any(_last_act(db, order) > returned for order in suspects)


LAST_EXECUTED = select(func.max(order_events.c.id)).where(
    order_events.c.order == bindparam("order"), order_events.c.state == OrderState.EXECUTED
)


def _executed_event(db: Connection, order: Order) -> int:
    return db.execute(LAST_EXECUTED, {"order": order.id}).scalar_one() or 0


LAST_ACT = (
    select(func.max(order_events.c.id))
    .where(order_events.c.order == bindparam("order"))
    .where(
        order_events.c.state.in_([OrderState.PERMITTED, OrderState.EXECUTED])
        & order_events.c.event.not_in([Event.STOP, Event.HOLD])
        | (order_events.c.event == RESTORED)
    )
)


def _last_act(db: Connection, order: Order) -> int:
    """The event at which this order may last have taken supply away."""
    return db.execute(LAST_ACT, {"order": order.id}).scalar_one() or 0
