"""News: append-only rows that tell what happened, written in the same transaction as what they tell."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BindParameter, Column, Connection, Row, String, Table, bindparam, func, insert, select

from controlplane.db import Moment, Whole, metadata

news = Table(
    "news",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("client", String, nullable=True, index=True),
    Column("type", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("data", JSON, nullable=False),
    sqlite_autoincrement=True,
)
TOLD = insert(news)


def tell(db: Connection, at: datetime, kind: str, subject: str, data: dict[str, object], client: str | None) -> None:
    """Append one; `client` is whose it is, None for the house's own."""
    db.execute(TOLD, {"at": at, "client": client, "type": kind, "subject": subject, "data": data})


def after(db: Connection, last: int, client: str | None, limit: int = 500) -> list[dict[str, object]]:
    """News after an id, oldest first: all of it, or one client's."""
    query = select(news).where(news.c.id > last).order_by(news.c.id).limit(limit)
    if client is not None:
        query = query.where(news.c.client == client)
    return [dict(row._mapping) for row in db.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name for it


CLIENT: BindParameter[str | None] = bindparam("client", None, type_=String)
NEWEST = select(func.max(news.c.id))
TOLD_OF = (
    select(news)
    .where(news.c.id > bindparam("after"), news.c.at > bindparam("since"), news.c.type.in_(("alarm", "escalation")))
    .where(CLIENT.is_(None) | (news.c.client == CLIENT))
    .order_by(news.c.id.desc())
    .limit(bindparam("limit"))
)
LOOKED_AT = 100_000


def newest(db: Connection) -> int:
    """The number of the newest; it only rises."""
    return db.execute(NEWEST).scalar_one() or 0


def alarms_since(db: Connection, since: datetime, client: str | None, limit: int = 500) -> list[Row[Any]]:
    """Alarms and escalations told after a time, newest first; no further back than `LOOKED_AT` news."""
    after = newest(db) - LOOKED_AT
    return list(db.execute(TOLD_OF, {"after": after, "since": since, "client": client, "limit": limit}))
