"""What is due: nothing waits for ever, and every wait has somebody's name on it (CONTROL I8)."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from controlplane import idempotency, news
from controlplane.db import lock_point
from controlplane.orders import armed, gaps, hands, sent, waits
from controlplane.orders.context import Context
from controlplane.orders.life import Order, advance, get, note, record
from controlplane.orders.looking import not_wanted
from controlplane.orders.observing import NO_WINDOW
from controlplane.orders.quarantine import EXPIRED
from controlplane.orders.sending import HOUSE, send_look
from controlplane.orders.service import review
from controlplane.orders.settling import settled_by_time, unsettled
from controlplane.orders.states import Event, OrderState
from controlplane.orders.terms import end_of_term, term_ended, told_again
from controlplane.registry.binding import bound
from controlplane.supervise import outcome, why

log: structlog.stdlib.BoundLogger = structlog.get_logger("deadlines")


def due(db: Connection, context: Context) -> None:
    """Do everything whose time has come; what fails at one order fails there alone (CONTROL I12)."""
    for point in waits.points_due(db, context):
        _alone(db, partial(_settle, db, context), point)
    gaps.tell(db, context)
    idempotency.clear_outdated(db, context.now)
    for order, point in waits.orders_due(db, context):
        _alone(db, partial(_open_door, db, context, point), order)


def _alone(db: Connection, work: Callable[[str], None], subject: str) -> None:
    savepoint = db.begin_nested()
    _, error = outcome(work, subject)
    if error is None:
        savepoint.commit()
        return
    savepoint.rollback()
    log.error("what was due could not be done; tried again", subject=subject, **why(error))


def _settle(db: Connection, context: Context, point: str) -> None:
    lock_point(db, point)
    settled_by_time(db, context, point)


def _open_door(db: Connection, context: Context, point: str, name: str) -> None:
    lock_point(db, point)
    order = get(db, name)
    if order.state in DOORS:
        DOORS[order.state](db, context, order)


def _permitted(db: Connection, context: Context, order: Order) -> None:
    if order.channel == "field":
        _unreported(db, context, order)
    else:
        _command(db, context, order)


def _unreported(db: Connection, context: Context, order: Order) -> None:
    """A crew holds a permit and does not report: somebody's alarm, again and again; no time settles a hand (P9)."""
    if order.until is None or context.now < order.until:
        return
    again = context.now + timedelta(seconds=context.settings.crew_report_s)
    advance(db, context, order, Event.DEADLINE, HOUSE, to=OrderState.PERMITTED, until=again)
    hand = hands.out(db, order.point)
    told = {"code": "crew_unreported", "to": "operator", "order": order.id, "device": hand.device if hand else None}
    news.tell(db, context.now, "alarm", order.id, told, order.client)


def _command(db: Connection, context: Context, order: Order) -> None:
    """A command that was not answered in its time: look, never send it blindly again."""
    if order.look_at is not None:
        armed.look_on(db, context, order)
        return
    row = sent.command(db, order.command)
    grace = timedelta(seconds=context.settings.command_grace_s)
    if row is None or context.now < row.expires_at + grace:
        return
    send_look(db, context, advance(db, context, order, Event.DEADLINE, HOUSE, to=OrderState.LOOKING))


def _look(db: Connection, context: Context, order: Order) -> None:
    """A look that was not answered goes out again; where nobody answers and all is settled, the position is unknown."""
    meter = bound(db, order.point)
    if meter is None or meter.revoked:
        if not unsettled(db, order.point):
            not_wanted(db, context, order, HOUSE)
        return
    row = sent.look(db, order.look)
    if row is not None and context.now < row.due_at:
        return
    if order.looks_sent >= context.settings.looks_unanswered and not unsettled(db, order.point):
        not_wanted(db, context, order, HOUSE)
        return
    send_look(db, context, advance(db, context, order, Event.RELOOK, HOUSE))


def _window(db: Connection, context: Context, order: Order) -> None:
    """The observation's answer never came: completed by what was read back, and it says so."""
    row = sent.look(db, order.look)
    if row is None or context.now >= row.due_at:
        advance(db, context, order, Event.WINDOW_ENDED, HOUSE, reason=NO_WINDOW)


def _held(db: Connection, context: Context, order: Order) -> None:
    if order.until is not None and context.now >= order.until:
        review(db, context, order)


def _quarantined(db: Connection, context: Context, order: Order) -> None:
    """Nobody has released it in its time: deleted, never "later"."""
    if order.until is not None and context.now >= order.until:
        advance(db, context, order, Event.REFUSED, HOUSE, reason=EXPIRED)


def _planned(db: Connection, context: Context, order: Order) -> None:
    """Field work that nobody has taken or done: told again to whoever plans, until its legal term has ended."""
    if term_ended(context, order) and order.state is not OrderState.ON_SITE:
        end_of_term(db, context, order)
        return
    if order.until is None or context.now < order.until:
        return
    note(db, order, until=told_again(context, order))
    record(db, context, order, Event.DEADLINE, order.state, HOUSE)
    told = {"deadline": order.deadline, "legal_term": order.legal_term}
    times = {name: at.isoformat() if at is not None else None for name, at in told.items()}
    news.tell(db, context.now, "escalation", order.id, {"order": order.id, "to": "planner", **times}, order.client)


DOORS = {
    OrderState.DISPATCHED: _command,
    OrderState.PERMITTED: _permitted,
    OrderState.LOOKING: _look,
    OrderState.EXECUTED: _window,
    OrderState.HELD: _held,
    OrderState.AWAITING_APPROVAL: _quarantined,
    OrderState.PLANNED: _planned,
    OrderState.ASSIGNED: _planned,
    OrderState.ON_SITE: _planned,
}
