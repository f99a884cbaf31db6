"""Readings that go on moving at a closed valve. They prove nothing, being unsigned: an alarm and a crew's look follow.

Not told: less than the house's tolerance, a single odd value, an index that falls (rolled over, or another register),
what was read before the meter was bound or while the valve still settled, and where supply was or is given back.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from controlplane.db import lock_point
from controlplane.orders import passing
from controlplane.orders.context import Context
from controlplane.orders.life import Order, at_point
from controlplane.orders.models import positions
from controlplane.orders.observing import number
from controlplane.orders.states import Kind, OrderState
from controlplane.policy.facts import Act
from controlplane.registry.models import meters
from controlplane.telemetry.models import readings
from controlplane.telemetry.service import INDEX
from protocols.types import ValvePosition
from protocols.uplink.messages import Readings

SETTLES = timedelta(minutes=5)
"""What runs out of pipes, and clocks that differ, are no passing valve."""
AGREE = 2
"""So many of the first and of the newest values must say it: one alone may be misread."""
UNIT = "m3"
CUTS = frozenset({Act.SUSPEND, Act.INTERRUPT})
CAME_TO_NOTHING = frozenset({OrderState.REJECTED, OrderState.WITHDRAWN, OrderState.NOT_EXECUTED})
CLOSED = (
    select(meters.c.name, meters.c.point, meters.c.bound_at, positions.c.at)
    .join(positions, positions.c.meter == meters.c.name)
    .where(meters.c.gateway == bindparam("gateway"), positions.c.position == ValvePosition.CLOSED)
    .where(meters.c.name.in_(bindparam("names", expanding=True)))
)
SINCE = (
    select(readings.c.at, readings.c.value)
    .where(readings.c.meter == bindparam("meter"), readings.c.at >= bindparam("since"))
    .where(readings.c.quantity == INDEX, readings.c.unit == UNIT, readings.c.function == "instantaneous")
    .where(readings.c.storage == 0, readings.c.tariff == 0, readings.c.subunit == 0, readings.c.value.is_not(None))
)
FIRST, NEWEST = SINCE.order_by(readings.c.at).limit(AGREE), SINCE.order_by(readings.c.at.desc()).limit(AGREE)


def watch(db: Connection, context: Context, batch: Readings) -> None:
    """Look whether any of these readings is of a closed valve whose index moves; called after they were kept."""
    names = sorted({reading.meter for reading in batch.readings if reading.quantity == INDEX})
    if not names:
        return
    for row in db.execute(CLOSED, {"gateway": batch.gateway, "names": names}).all():
        moved = None if passing.stands(db, row.point) else _moved(db, context, row)
        if moved is None:
            continue
        lock_point(db, row.point)
        order = _closure(db, row.point)
        if order is not None:
            passing.contradicts(db, context, order, moved, batch.gateway)


def _moved(db: Connection, context: Context, row: Row[Any, Any, Any, Any]) -> passing.Moved | None:
    ended = passing.last_ended_at(db, row.point)
    since = max(row.at, row.bound_at, *([ended] if ended is not None else [])) + SETTLES
    asked: dict[str, str | datetime] = {"meter": row.name, "since": since}
    first, newest = db.execute(FIRST, asked).all(), db.execute(NEWEST, asked).all()
    if len(first) < AGREE or newest[-1].at <= first[-1].at:
        return None
    before, after = [number(each.value) for each in first], [number(each.value) for each in newest]
    if None in before or None in after:
        return None
    low, high = max(each for each in before if each is not None), min(each for each in after if each is not None)
    if high - low <= Decimal(str(context.settings.passing_tolerance_m3)):
        return None
    return passing.Moved(row.name, str(low), str(after[0]), UNIT, first[0].at)


def _closure(db: Connection, point: str) -> Order | None:
    """The closure that stands at a point: the last order that came to anything, and that nothing gives back."""
    there = [order for order in at_point(db, point) if order.state not in CAME_TO_NOTHING]
    last = there[-1] if there else None
    if last is None or last.way is not Kind.TAKING or last.kind not in CUTS:
        return None
    return last if last.state is OrderState.COMPLETED else None
