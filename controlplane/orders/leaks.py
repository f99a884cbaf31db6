"""A leak that a gas meter or a technician tells of bars every arm at its point until a signed report clears it (G4)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from controlplane import news
from controlplane.db import lock_point
from controlplane.orders.context import Context
from controlplane.orders.models import leaks
from controlplane.registry.binding import bound
from protocols.uplink.codec import Opened

ALARM = "leak"
"""How a meter's spec calls it."""
STANDING = select(leaks.c.id).where(leaks.c.point == bindparam("point"), leaks.c.cleared_at.is_(None)).limit(1)
OF_ACCOUNT = select(leaks.c.id).where(leaks.c.account == bindparam("account")).limit(1)
SAW = insert(leaks)
CLEAR = update(leaks).where(
    leaks.c.point == bindparam("at"), leaks.c.cleared_at.is_(None), leaks.c.seen_at <= bindparam("checked_at")
)


def stands(db: Connection, point: str) -> bool:
    """Whether a leak was told at the point and no technician has cleared it since."""
    return db.execute(STANDING, {"point": point}).one_or_none() is not None


def saw(db: Connection, context: Context, point: str, meter: str, account: str) -> None:
    """A signed account tells a leak alarm; the fence is held. Told once, however often it is seen."""
    if stands(db, point):
        return
    db.execute(SAW, {"point": point, "meter": meter, "seen_at": context.now, "account": account})
    news.tell(db, context.now, "alarm", meter, {"code": "gas_leak_check", "point": point, "to": "planner"}, None)


def suspected(db: Connection, context: Context, opened: Opened[Any], point: str, client: str) -> None:
    """A technician's signed account tells of a leak, whatever the meter says. Each account is an alarm of its own."""
    lock_point(db, point)
    if db.execute(OF_ACCOUNT, {"account": opened.digest}).one_or_none() is not None:
        return
    meter, said = bound(db, point), opened.message
    name = meter.name if meter is not None else ""
    db.execute(SAW, {"point": point, "meter": name, "seen_at": context.now, "account": opened.digest})
    told = {"code": "leak_suspected", "to": "operator", "point": point, "order": said.order, "left": said.left}
    news.tell(db, context.now, "alarm", said.order, told, client)


def leak_cleared(db: Connection, context: Context, point: str, report: Opened[Any], checked_at: datetime) -> None:
    """A technician's report, opened with that person's enrolled device key, says that the installation was tight.

    What was seen after `checked_at` stands: a check proves nothing of what came later.

    Nothing is armed by it: it lets the next order arm. No route leads here but that of signed field reports.
    """
    lock_point(db, point)
    by = {"cleared_at": context.now, "cleared_by": report.keyid, "report": report.digest}
    db.execute(CLEAR, {"at": point, "checked_at": checked_at, **by})
