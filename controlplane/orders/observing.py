"""Corroboration: after `executed`, a signed look watches the index over a window (CONTROL, Evidence has grades).

Stored readings only choose how long the window must be, so that a standing index is no accident: 4.6 times the mean
interval of the last ten steps before the act leaves less than 1 % for a meter that still runs.
"""

from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection, bindparam, select

from controlplane import news
from controlplane.orders.context import Context
from controlplane.orders.life import Order, advance, at_point
from controlplane.orders.models import commands
from controlplane.orders.passing import CORROBORATED, PASSING, Moved, saw
from controlplane.orders.sending import HOUSE, send_look
from controlplane.orders.states import Event, Kind
from controlplane.registry.binding import bound
from protocols.types import Outcome
from protocols.uplink.messages import LookAnswer, Reason

STEPS, CERTAINTY = 10, 4.6
NO_WINDOW = Reason(
    "not_corroborated",
    "The index moves too seldom here to prove more than the position read back.",
    "Qui l'indice si muove troppo di rado per provare più della posizione riletta.",
)


def number(text: str) -> Decimal | None:
    """The number a meter gave; None where it gave none, so that one bad value stops nobody (CONTROL I12)."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def window_s(readings: list[tuple[datetime, Decimal]], context: Context) -> float | None:
    """How long the index must be watched; None where too little is known, or it would be too long.

    `readings` are the index where it was seen to have moved, oldest first. How many steps lie between two of them is
    told by the last decimal that the meter gives.
    """
    if not readings:
        return None
    (last_at, last) = readings[-1]
    step = Decimal(1).scaleb(int(last.as_tuple().exponent))
    for at, value in reversed(readings):
        steps = (last - value) / step
        if steps >= STEPS:
            mean_s = (last_at - at).total_seconds() / float(steps)
            length_s = max(context.settings.observe_min_s, CERTAINTY * mean_s)
            return length_s if length_s <= context.settings.observe_max_s else None
    return None


def observe(db: Connection, context: Context, order: Order) -> None:
    """Begin the window, or complete the order at once where none can prove anything."""
    meter = bound(db, order.point)
    length_s = window_s(context.steps(db, meter.name, _act_began(db, order, context)), context) if meter else None
    if order.way is Kind.GIVING and meter is not None and meter.is_gas:  # longer than the meter's own leak check
        length_s = max(length_s or 0.0, context.settings.leak_watch_s)
    if length_s is None:
        advance(db, context, order, Event.WINDOW_ENDED, HOUSE, reason=NO_WINDOW)
        return
    send_look(db, context, order, length_s, meter)


FIRST_ISSUED = (
    select(commands.c.issued_at).where(commands.c.order == bindparam("order")).order_by(commands.c.sequence).limit(1)
)


def _act_began(db: Connection, order: Order, context: Context) -> datetime:
    """Steps of the index count only before the first command of the point's acts that are told here."""
    row = db.execute(FIRST_ISSUED, {"order": order.id}).one_or_none()
    return row.issued_at if row is not None else context.now


def corroborate(db: Connection, context: Context, order: Order, answer: LookAnswer) -> None:
    """Judge the window: as it must be, contradicted, or cut short."""
    position = answer.seen.position if answer.seen is not None else None
    if answer.outcome is not Outcome.DONE or order.verb is None or position is not order.verb.wanted:
        _contradicted_or_open(db, context, order, answer)
        return
    if order.way is Kind.GIVING and len(answer.index) == 1 and _watches_on(db, order):
        observe(db, context, order)  # something newer has cut the window short, and the leak check may still run
        return
    moved = _moved(answer)
    if moved is None:
        advance(db, context, order, Event.WINDOW_ENDED, answer.gateway, reason=NO_WINDOW)
    elif (moved != 0) is (order.way is Kind.GIVING):
        advance(db, context, order, Event.CORROBORATED, answer.gateway, grade=CORROBORATED)
    elif order.way is Kind.GIVING or moved < 0:  # an index that falls has rolled over or is another: it says nothing
        advance(db, context, order, Event.WINDOW_ENDED, answer.gateway, reason=NO_WINDOW)
    else:
        contradicted = advance(db, context, order, Event.CONTRADICTED, answer.gateway, reason=PASSING)
        ended = advance(db, context, contradicted, Event.WINDOW_ENDED, answer.gateway, reason=PASSING)
        first, last = answer.index[0], answer.index[-1]
        saw(db, context, ended, Moved(answer.meter, first.value, last.value, last.unit, first.at))


def _moved(answer: LookAnswer) -> Decimal | None:
    """How far the index went in the window; None where it says nothing."""
    if len(answer.index) < len(("begin", "end")) or answer.index[0].unit != answer.index[-1].unit:
        return None
    begin, end = number(answer.index[0].value), number(answer.index[-1].value)
    return end - begin if begin is not None and end is not None else None


def _watches_on(db: Connection, order: Order) -> bool:
    """Of gas, the newest alone: two that both began their windows again would cut each other short for ever."""
    meter = bound(db, order.point)
    newest = at_point(db, order.point, Kind.GIVING)[-1]
    return meter is not None and meter.is_gas and newest.id == order.id


def _contradicted_or_open(db: Connection, context: Context, order: Order, answer: LookAnswer) -> None:
    if answer.outcome is not Outcome.DONE:
        advance(db, context, order, Event.WINDOW_ENDED, answer.gateway, reason=NO_WINDOW)
        return
    contradicted = advance(db, context, order, Event.CONTRADICTED, answer.gateway)
    if order.way is Kind.GIVING:
        send_look(db, context, contradicted)
        return
    news.tell(db, context.now, "alarm", order.id, {"code": "position_contradicted", "order": order.id}, order.client)
    advance(db, context, contradicted, Event.WINDOW_ENDED, answer.gateway)
