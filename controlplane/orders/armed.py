"""An armed gas meter waits for the person at it: calm looks until `open` is read, or until the arm has expired.

`armed` is not supply: the order stays dispatched, the meter's own expiry is its deadline, and only `open` read back
executes it (CONTROL, The valve; P8). An arm that nobody used becomes field work, with what was tried.
"""

from datetime import timedelta

from sqlalchemy import Connection

from controlplane.orders import leaks
from controlplane.orders.arming import LEAK
from controlplane.orders.context import Context
from controlplane.orders.life import Order, advance, get, note
from controlplane.orders.looking import READ_BACK, conclude
from controlplane.orders.observing import observe
from controlplane.orders.sending import HOUSE, send_look
from controlplane.orders.settling import read_after
from controlplane.orders.states import Event, OrderState
from controlplane.registry.binding import bound
from protocols.types import ValvePosition
from protocols.uplink.messages import LookAnswer, Reason, Receipt

READY = Reason(
    "armed",
    "The meter is ready for reconnection: the person on site completes it at the meter.",
    "Il contatore è pronto per la riapertura: chi è sul posto la completa al contatore.",
)
NOT_ARMED = frozenset({ValvePosition.CLOSED, ValvePosition.FAULT})


def begin(db: Connection, context: Context, order: Order, receipt: Receipt) -> None:
    """`armed` was read back: wait for the person. A meter found armed counts its term from its first arm."""
    until = order.armed_until
    if until is None or receipt.started:
        meter = bound(db, order.point)
        expires_s = meter.arm_expires_s if meter is not None else None
        until = context.now + timedelta(seconds=expires_s or context.settings.arm_unused_s)
    look_at = min(until, context.now + timedelta(seconds=context.settings.armed_look_s))
    advance(
        db, context, order, Event.ARMED, receipt.gateway, reason=READY, until=until, armed_until=until, look_at=look_at
    )


def look_on(db: Connection, context: Context, order: Order) -> None:
    """Look again, each time after twice as long, and when the arm has expired."""
    if order.look_at is None or context.now < order.look_at:
        return
    if order.armed_until is None or context.now >= order.armed_until:
        send_look(db, context, advance(db, context, order, Event.DEADLINE, HOUSE, to=OrderState.LOOKING))
        return
    settings = context.settings
    wait_s = min(settings.armed_look_s * 2 ** (order.looks_sent + 1), settings.armed_look_max_s)
    order = send_look(db, context, order)
    look_at = min(order.armed_until or context.now, context.now + timedelta(seconds=wait_s))
    note(db, order, look_at=look_at, looks_sent=order.looks_sent)


def judge(db: Connection, context: Context, order: Order, answer: LookAnswer, sequence: int, named: set[str]) -> None:
    """What a look shows while the person is awaited."""
    position = answer.seen.position if answer.seen is not None else ValvePosition.UNKNOWN
    if position is ValvePosition.OPEN and read_after(db, order.point, sequence):
        advance(db, context, order, Event.PROOF, answer.gateway, grade=READ_BACK)
        observe(db, context, get(db, order.id))
    elif position in NOT_ARMED:
        reason = LEAK if leaks.stands(db, order.point) else None
        looking = advance(db, context, order, Event.TECHNICAL, answer.gateway, reason=reason)
        conclude(db, context, looking, answer, sequence, named)
