"""Is everything that was granted at a point settled, and when was it (CONTROL P6, P8).

A granted command is settled by a signed receipt, by a look's answer that names it, or by time; a crew's hand by its
signed report or abort, or by two persons' word. Each settlement takes the next sequence of the point, so that "read
after it" needs no clock.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, update

from controlplane.db import draw_sequence, lock_point
from controlplane.orders import hands, sent
from controlplane.orders.context import DRIFT, Context
from controlplane.orders.life import Order, giving_alive, in_the_field
from controlplane.orders.models import commands
from controlplane.orders.sending import carry_out, send_again, waits_for_a_hand
from controlplane.orders.states import OrderState
from protocols.types import TAKING


def unsettled(db: Connection, point: str) -> bool:
    """Whether something granted at the point may still act."""
    return any(row.settled_sequence is None for row in _acts(db, point))


def _acts(db: Connection, point: str) -> list[Row[Any]]:
    return [*sent.granted(db, point), *hands.at_point(db, point)]


def last_settlement(db: Connection, point: str) -> int:
    """The sequence of the last settlement at the point; 0 before any."""
    return max((row.settled_sequence or 0 for row in _acts(db, point)), default=0)


def settled_after(db: Connection, point: str, sequence: int) -> set[str]:
    """What was granted at the point and settled after this sequence."""
    return {row.digest for row in _acts(db, point) if (row.settled_sequence or 0) > sequence}


def read_after(db: Connection, point: str, sequence: int) -> bool:
    """Whether a read-back that answers this sequence was asked after every taking act had settled (P8)."""
    return not unsettled(db, point) and sequence > last_settlement(db, point)


def settled_by(db: Connection, point: str) -> datetime | None:
    """When every command that is unsettled at the point settles by time at the latest; None where none is."""
    open_ = [row for row in sent.granted(db, point) if row.settled_sequence is None]
    return max((acts_until(row.granted_at, row.validity_s, row.act_max_s) for row in open_), default=None)


SETTLED = update(commands).where(commands.c.digest == bindparam("this"))


def settle(db: Connection, context: Context, row: Row[Any], outcome: str) -> None:
    """Record that a command can act no more; a giving order alive at the point is sent again.

    `row` is the command as it stands, read with its point's fence held.
    """
    if row.settled_sequence is not None:
        return
    number = draw_sequence(db, row.point).next_sequence
    db.execute(SETTLED, {"this": row.digest, "settled_sequence": number, "outcome": outcome})
    if row.granted_at is None or row.verb not in TAKING:
        return
    _go_on(db, context, row.point)


def settle_hand(db: Connection, context: Context, permit: str, by: str) -> None:
    """Record that a crew's hand acts no more, by which kind of account; what waited for that goes on (P9)."""
    row = hands.by_permit(db, permit)
    if row is None:
        raise LookupError(permit)
    if row.settled_sequence is not None:
        return
    lock_point(db, row.point)
    hands.mark_settled(db, permit, draw_sequence(db, row.point).next_sequence, context.now, by)
    _go_on(db, context, row.point)


def count_act(db: Connection, context: Context, order: Order, account: str, device: str, by: str) -> None:
    """A hand acted outside of any permit that stands, and says so: what was read before counts for nothing (P8)."""
    number = draw_sequence(db, order.point).next_sequence
    at, point = context.now, order.point
    hands.acted(db, account, order=order.id, point=point, device=device, sequence=number, at=at, by=by)
    _go_on(db, context, order.point)


def _go_on(db: Connection, context: Context, point: str) -> None:
    """Something was settled: supply is given back (again), and field work that waited for it may be offered."""
    giving = giving_alive(db, point)
    if giving is not None and giving.state in (OrderState.DISPATCHED, OrderState.LOOKING):
        send_again(db, context, giving)
    elif giving is not None and waits_for_a_hand(giving):
        carry_out(db, context, giving)
    for order in in_the_field(db, point):
        context.field(db, context, order, "settled")


def settled_by_time(db: Connection, context: Context, point: str) -> None:
    """Settle whatever can act no more by now: last grant, validity and the meter's longest act, for drifting clocks."""
    for row in sent.granted(db, point):
        if row.settled_sequence is None and _acts_no_more(context, row):
            settle(db, context, row, "unknown")


def _acts_no_more(context: Context, row: Row[Any]) -> bool:
    """By the wall clock, and by one that nobody can set: a wall clock put forward settles nothing that may still act.

    A machine that has started anew since the grant, or an older row, counts from that start.
    """
    if context.now < acts_until(row.granted_at, row.validity_s, row.act_max_s):
        return False
    boot_s, granted_s = context.clock.boot(), row.granted_boot_s
    since_s = boot_s - granted_s if granted_s is not None and granted_s <= boot_s else boot_s
    return bool(since_s >= (row.validity_s + row.act_max_s) * DRIFT)


COUNTED_ANEW = update(commands).where(commands.c.granted_at.is_not(None), commands.c.settled_sequence.is_(None))


def count_anew(db: Connection, now: datetime, boot_s: float) -> None:
    """Count the time of all that was granted and is unsettled from now, by these clocks: another machine's granted it.

    Time settles it that much later, and never sooner, however the other's clocks stood.
    """
    db.execute(COUNTED_ANEW.values(granted_at=now, granted_boot_s=boot_s))


def acts_until(granted_at: datetime, validity_s: float, act_max_s: float) -> datetime:
    """Until when a command granted then may still act."""
    return granted_at + timedelta(seconds=(validity_s + act_max_s) * DRIFT)
