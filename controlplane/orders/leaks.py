"""A leak alarm at a gas meter bars every arm at its point until a technician's signed report clears it (G4)."""

from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from controlplane import news
from controlplane.db import lock_point
from controlplane.orders.context import Context
from controlplane.orders.models import leaks
from protocols.uplink.codec import Opened

ALARM = "leak"
"""How a meter's spec calls it."""
STANDING = select(leaks.c.id).where(leaks.c.point == bindparam("point"), leaks.c.cleared_at.is_(None)).limit(1)
SAW = insert(leaks)
CLEAR = update(leaks).where(leaks.c.point == bindparam("at"), leaks.c.cleared_at.is_(None))


def stands(db: Connection, point: str) -> bool:
    """Whether a leak was told at the point and no technician has cleared it since."""
    return db.execute(STANDING, {"point": point}).one_or_none() is not None


def saw(db: Connection, context: Context, point: str, meter: str, account: str) -> None:
    """A signed account tells a leak alarm; the fence is held. Told once, however often it is seen."""
    if stands(db, point):
        return
    db.execute(SAW, {"point": point, "meter": meter, "seen_at": context.now, "account": account})
    news.tell(db, context.now, "alarm", meter, {"code": "gas_leak_check", "point": point, "to": "planner"}, None)


def leak_cleared(db: Connection, context: Context, point: str, report: Opened[Any]) -> None:
    """A technician's report, opened with that person's enrolled device key, says that the installation is tight.

    Nothing is armed by it: it lets the next order arm. No route leads here but that of signed field reports.
    """
    lock_point(db, point)
    db.execute(CLEAR, {"at": point, "cleared_at": context.now, "cleared_by": report.keyid, "report": report.digest})
