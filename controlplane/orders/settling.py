"""Is everything that was granted at a point settled, and when was it (CONTROL P6, P8).

A granted command is settled by a signed receipt, by a look's answer that names it, or by time; each settlement takes
the next sequence of the point, so that "read after it" needs no clock.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from controlplane.db import draw_sequence, lock_point
from controlplane.orders.context import DRIFT, Context
from controlplane.orders.life import giving_alive
from controlplane.orders.models import commands
from controlplane.orders.sending import send_again
from controlplane.orders.states import OrderState
from protocols.types import TAKING


def unsettled(db: Connection, point: str) -> bool:
    """Whether something granted at the point may still act."""
    return db.execute(_granted(point).where(commands.c.settled_sequence.is_(None)).limit(1)).one_or_none() is not None


def last_settlement(db: Connection, point: str) -> int:
    """The sequence of the last settlement at the point; 0 before any."""
    query = _granted(point).where(commands.c.settled_sequence.is_not(None))
    return max((row.settled_sequence for row in db.execute(query)), default=0)


def read_after(db: Connection, point: str, sequence: int) -> bool:
    """Whether a read-back that answers this sequence was asked after every taking act had settled (P8)."""
    return not unsettled(db, point) and sequence > last_settlement(db, point)


def settle(db: Connection, context: Context, digest: str, outcome: str) -> None:
    """Record that a command can act no more; a giving order alive at the point is sent again."""
    row = db.execute(select(commands).where(commands.c.digest == digest)).one()
    if row.settled_sequence is not None:
        return
    lock_point(db, row.point)
    number = draw_sequence(db, row.point)
    db.execute(update(commands).where(commands.c.digest == digest).values(settled_sequence=number, outcome=outcome))
    if row.granted_at is None or row.verb not in TAKING:
        return
    giving = giving_alive(db, row.point)
    if giving is not None and giving.state in (OrderState.DISPATCHED, OrderState.LOOKING):
        send_again(db, context, giving)


def settled_by_time(db: Connection, context: Context, point: str) -> None:
    """Settle whatever can act no more by now: last grant, validity and the meter's longest act, for drifting clocks."""
    for row in db.execute(_granted(point).where(commands.c.settled_sequence.is_(None))).all():
        if context.now >= acts_until(row.granted_at, row.validity_s, row.act_max_s):
            settle(db, context, row.digest, "unknown")


def acts_until(granted_at: datetime, validity_s: float, act_max_s: float) -> datetime:
    """Until when a command granted then may still act."""
    return granted_at + timedelta(seconds=(validity_s + act_max_s) * DRIFT)


def _granted(point: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - SQLAlchemy's own long name
    return select(commands).where(commands.c.point == point, commands.c.granted_at.is_not(None))
