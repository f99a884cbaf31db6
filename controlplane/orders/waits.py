"""What waits for a time, and when that time comes: read from the database at each look, so that a restart loses none.

An order waits by its state: for its command's expiry (at an armed gas meter: for the next look), for its look's answer
(or, where nobody can answer, for the time that all is settled by), or for the time that it is held, planned or with a
crew until. A granted command that has not settled waits for the time from which it can act no more (CONTROL P6); a gap
in a gateway's accounts, for the time that it is told at; an answer kept for a repeated POST, for the time that it
is outdated at.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, Float, String, bindparam, case, func, literal_column, select, union_all

from controlplane import idempotency
from controlplane.db import Moment
from controlplane.orders import gaps
from controlplane.orders.context import Context
from controlplane.orders.life import WAITS
from controlplane.orders.models import commands, looks, orders
from controlplane.orders.settling import acts_until
from controlplane.orders.states import OrderState

FOR_A_COMMAND = (OrderState.DISPATCHED, OrderState.PERMITTED)
FOR_A_LOOK = (OrderState.LOOKING, OrderState.EXECUTED)
FOR_A_TIME = (*WAITS, OrderState.PLANNED, OrderState.ASSIGNED, OrderState.ON_SITE)
STATES = (*FOR_A_COMMAND, *FOR_A_LOOK, *FOR_A_TIME)
WAITING = orders.c.state.in_(STATES)
SENT = orders.outerjoin(commands, commands.c.digest == orders.c.command).outerjoin(
    looks, looks.c.digest == orders.c.look
)
WAITS_AT_THE_PERSON = orders.c.look_at.is_not(None)
BY_HAND = (orders.c.state == OrderState.PERMITTED) & (orders.c.channel == "field")
UNTIL = case(
    (WAITS_AT_THE_PERSON, orders.c.look_at),
    (BY_HAND, orders.c.until),
    (orders.c.state.in_(FOR_A_COMMAND), commands.c.expires_at),
    (orders.c.state.in_(FOR_A_LOOK), func.coalesce(looks.c.due_at, orders.c.until, orders.c.created_at)),
    else_=orders.c.until,
)
"""When the waiting of an order ends, but for a command's grace; one whose look is not known waits no more."""

WAY = case(
    (WAITS_AT_THE_PERSON, literal_column("'at the person'", String)),
    (BY_HAND, literal_column("'by hand'", String)),
    else_=orders.c.state,
)
"""Literals: PostgreSQL takes two parameters, in the list and in the grouping, for two expressions."""
WAITED = case(
    (WAITS_AT_THE_PERSON | BY_HAND, bindparam("now", type_=Moment)),
    (orders.c.state.in_(FOR_A_COMMAND), bindparam("expired", type_=Moment)),
    else_=bindparam("now", type_=Moment),
)
DUE = select(orders.c.id, orders.c.point).select_from(SENT).where(WAITING, UNTIL <= WAITED)
MAY_ACT = (commands.c.granted_at.is_not(None), commands.c.settled_sequence.is_(None))
ACTING = (commands.c.granted_at, commands.c.validity_s, commands.c.act_max_s)
UNSETTLED = select(commands.c.point, *ACTING).where(*MAY_ACT)
NO_TIME = literal_column("0.0", Float)
ALL = union_all(
    select(literal_column("'acts'", String), *ACTING).where(*MAY_ACT),
    select(WAY, func.min(UNTIL), NO_TIME, NO_TIME).select_from(SENT).where(WAITING).group_by(WAY),
    select(literal_column("'gap'", String), gaps.UNTOLD.scalar_subquery(), NO_TIME, NO_TIME),
    select(literal_column("'answer'", String), idempotency.OLDEST.scalar_subquery(), NO_TIME, NO_TIME),
)
"""All that waits, what and since or until when, in one question: it is asked after each commit."""


def next_due(db: Connection, context: Context) -> datetime | None:
    """When the next thing is due, past or to come; None while nothing waits."""
    return min((_due(context, *row) for row in db.execute(ALL) if row[1] is not None), default=None)


def _due(context: Context, what: str, since: datetime, validity_s: float, act_max_s: float) -> datetime:
    """When one of `ALL` is due."""
    match what:
        case "acts":
            return acts_until(since, validity_s, act_max_s)
        case "gap":
            return gaps.tells_at(since, context)
        case "answer":
            return idempotency.clears_at(since)
        case state:
            return since + _grace(context, state)


def orders_due(db: Connection, context: Context) -> list[tuple[str, str]]:
    """Orders whose waiting has ended, each with its point."""
    now = {"now": context.now, "expired": context.now - _grace(context, OrderState.DISPATCHED)}
    return [(order, point) for order, point in db.execute(DUE, now)]


def points_due(db: Connection, context: Context) -> list[str]:
    """Points where something granted can act no more by now."""
    return sorted({point for point, until in _acting(db) if until <= context.now})


def _grace(context: Context, state: str) -> timedelta:
    return timedelta(seconds=context.settings.command_grace_s if state in FOR_A_COMMAND else 0.0)


def _acting(db: Connection) -> Iterator[tuple[str, datetime]]:
    """Points of granted and unsettled commands, each with the time until which it may act."""
    for point, granted_at, validity_s, act_max_s in db.execute(UNSETTLED):
        yield point, acts_until(granted_at, validity_s, act_max_s)
