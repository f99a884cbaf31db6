"""News: append-only rows that tell what happened, written in the same transaction as what they tell."""

from datetime import datetime

from sqlalchemy import JSON, Column, Connection, String, Table, insert, select

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
