"""Who is not believed: each refused message counts under the name it came under, and an operator is told, once a day.

A name is anybody's to claim, so only so many are kept apart; all the others count as one.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import Connection, bindparam, func, insert, select, update

from controlplane import news
from controlplane.registry.models import disbelieved
from protocols.uplink.topics import Topic

TOLD_EVERY = timedelta(days=1)
MOST_NAMES, OTHERS = 1000, ""
log: structlog.stdlib.BoundLogger = structlog.get_logger("doors")


class Doubt(StrEnum):
    """Why somebody is not believed."""

    NOT_REGISTERED = "not_registered"
    NOT_APPROVED = "not_approved"
    REVOKED = "revoked"
    WRONG_KEY = "wrong_key"
    UNKNOWN_JOURNAL = "unknown_journal"


KNOWN = select(disbelieved).where(disbelieved.c.gateway == bindparam("name"))
NAMES = select(func.count()).select_from(disbelieved)
NEW = insert(disbelieved)
MORE = update(disbelieved).where(disbelieved.c.gateway == bindparam("this"))


def refuse(db: Connection, now: datetime, topic: Topic, why: Doubt) -> None:
    """Count a message that changes nothing else."""
    log.warning("a message of a gateway that is not believed", gateway=topic.gateway, kind=topic.kind, why=why)
    name: str = topic.gateway
    row = db.execute(KNOWN, {"name": name}).one_or_none()
    if row is None and db.execute(NAMES).scalar_one() >= MOST_NAMES:
        name = OTHERS
        row = db.execute(KNOWN, {"name": name}).one_or_none()
    refused = row.refused + 1 if row is not None else 1
    tells = row is None or row.why != why or now - row.told_at >= TOLD_EVERY
    kept = {"why": why, "refused": refused, "last_at": now, "told_at": now if row is None or tells else row.told_at}
    if row is None:
        db.execute(NEW, {"gateway": name, **kept})
    else:
        db.execute(MORE, {"this": name, **kept})
    if tells:
        told = {"code": "unknown_gateway", "to": "operator", "why": why, "kind": topic.kind, "refused": refused}
        news.tell(db, now, "alarm", topic.gateway, told, None)
