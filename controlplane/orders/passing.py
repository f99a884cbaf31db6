"""A valve that was read closed while its index moves on: it passes, or it is another's meter (CONTROL, grades).

That is a person's work: one alarm and one work order until somebody ends them, and never a second closure.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from controlplane import news
from controlplane.orders.context import Context
from controlplane.orders.life import Order, note, record
from controlplane.orders.models import passings
from controlplane.orders.settling import unsettled
from protocols.uplink.messages import Reason

PASSING = Reason(
    "passing_valve",
    "The valve reads closed and the index still moves: a passing valve, or the wrong meter.",
    "La valvola risulta chiusa ma l'indice si muove ancora: valvola che trafila, o contatore sbagliato.",
)
CORROBORATED, READ_BACK = "corroborated", "read_back"


@dataclass(frozen=True, slots=True)
class Moved:
    """How far a meter's index went while its valve read closed, and since when; in the meter's own digits."""

    meter: str
    before: str
    after: str
    unit: str
    since: datetime


STANDING = select(passings.c.id).where(passings.c.point == bindparam("point"), passings.c.ended_at.is_(None)).limit(1)
LAST_END = select(func.max(passings.c.ended_at)).where(passings.c.point == bindparam("point"))
SAW = insert(passings)
END = update(passings).where(passings.c.point == bindparam("at"), passings.c.ended_at.is_(None))


def stands(db: Connection, point: str) -> bool:
    """Whether one was told at the point and nobody has ended it since."""
    return db.execute(STANDING, {"point": point}).one_or_none() is not None


def last_ended_at(db: Connection, point: str) -> datetime | None:
    """When somebody last said that it is dealt with; what the index did before then is no news."""
    at: datetime | None = db.execute(LAST_END, {"point": point}).scalar_one()
    return at


def saw(db: Connection, context: Context, order: Order, moved: Moved) -> bool:
    """Tell it, and have a crew look; the fence is held. False where it stands already, or something may still act.

    Nobody is sent before everything at the point has settled (P6): what still passes then is seen again.
    """
    if stands(db, order.point) or unsettled(db, order.point):
        return False
    row = {"point": order.point, "order": order.id, "meter": moved.meter, "seen_at": context.now}
    index = {"before": moved.before, "after": moved.after, "unit": moved.unit}
    db.execute(SAW, {**row, **index, "since": moved.since})
    told = {"code": PASSING.code, "to": "planner", "order": order.id, "point": order.point, "meter": moved.meter}
    since = moved.since.isoformat()
    news.tell(db, context.now, "alarm", order.id, {**told, **index, "since": since}, order.client)
    context.field(db, context, order, PASSING.code)
    return True


def contradicts(db: Connection, context: Context, order: Order, moved: Moved, actor: str) -> None:
    """Of a closure that had ended well: its grade is no better any more than what was read back."""
    if not saw(db, context, order, moved):
        return
    said, grade = msgspec.to_builtins(PASSING), READ_BACK if order.grade == CORROBORATED else order.grade
    order = note(db, order, reason=said, grade=grade)
    record(db, context, order, PASSING.code, order.state, actor, said)


def end(db: Connection, context: Context, point: str, by: str, reason: str) -> None:
    """Somebody says that it is dealt with; the fence is held. It is told anew if the index goes on moving."""
    db.execute(END, {"at": point, "ended_at": context.now, "ended_by": by, "end_reason": reason})
