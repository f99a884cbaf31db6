"""Gaps in the accounts of a gateway: a number that stays missing is somebody's alarm (CONTROL I7, I9).

Accounts come in any order, so a gap is no wrong yet. The gateway sends each until it is acknowledged: one that stays
missing was lost on one side, or is held back.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from controlplane import news
from controlplane.orders.context import Context
from controlplane.orders.models import gaps, receipts
from protocols.uplink.messages import GENESIS, Chain

MINE = (gaps.c.gateway == bindparam("by"), gaps.c.journal == bindparam("of"), gaps.c.before == bindparam("at"))
OPEN = select(gaps).where(*MINE)
FILLED = delete(gaps).where(*MINE)
OPENED = insert(gaps)
LOWER = (
    select(receipts.c.digest)
    .where(receipts.c.gateway == bindparam("by"), receipts.c.journal == bindparam("of"))
    .where(receipts.c.number < bindparam("at"))
    .limit(1)
)
UNTOLD = select(func.min(gaps.c.opened_at)).where(gaps.c.told_at.is_(None))
OVERDUE = select(gaps).where(gaps.c.told_at.is_(None), gaps.c.opened_at <= bindparam("opened"))
TOLD = update(gaps).where(*MINE)


def heard(db: Connection, context: Context, gateway: str, chain: Chain, *, follows: bool) -> None:
    """One more account is here: it fills the gap after it, and one that it leaves before it is as old as that one.

    `follows` is whether the account before it is here.
    """
    journal = {"by": gateway, "of": chain.journal}
    after = db.execute(OPEN, {**journal, "at": chain.number + 1}).one_or_none()
    if after is not None:
        db.execute(FILLED, {**journal, "at": chain.number + 1})
    if follows or _begins(db, chain, journal):
        return
    if db.execute(OPEN, {**journal, "at": chain.number}).one_or_none() is not None:
        return
    row = {"gateway": gateway, "journal": chain.journal, "before": chain.number}
    since = {"opened_at": context.now, "told_at": None}
    if after is not None:
        since = {"opened_at": after.opened_at, "told_at": after.told_at}
    db.execute(OPENED, {**row, **since})


def _begins(db: Connection, chain: Chain, journal: dict[str, str]) -> bool:
    """Whether a chain begins here: at 1, or, where a restored journal began anew, wherever its numbers stood.

    A beginning that is claimed after lower numbers of the same journal is none.
    """
    if chain.number == 1:
        return True
    return chain.previous == GENESIS and db.execute(LOWER, {**journal, "at": chain.number}).first() is None


def tells_at(opened_at: datetime, context: Context) -> datetime:
    """When a gap that nobody knows of is to be told."""
    return opened_at + timedelta(seconds=context.settings.receipt_gap_s)


def tell(db: Connection, context: Context) -> None:
    """Put what has been missing for too long on the operators' list."""
    opened = context.now - timedelta(seconds=context.settings.receipt_gap_s)
    for row in db.execute(OVERDUE, {"opened": opened}).all():
        db.execute(TOLD, {"by": row.gateway, "of": row.journal, "at": row.before, "told_at": context.now})
        missing = {"journal": row.journal, "before": row.before, "since": row.opened_at.isoformat()}
        news.tell(db, context.now, "alarm", row.gateway, {"code": "receipt_missing", "to": "operator", **missing}, None)
