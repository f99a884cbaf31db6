"""What somebody has to act on: alarms and escalations, as they were told, each with the list it is on."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection, select

from controlplane.access.deps import Asking, Requires
from controlplane.access.roles import Permission
from controlplane.fields import Out, Page
from controlplane.news import news
from controlplane.pages import Wanted, pack, unpack
from controlplane.queries import wanted

router = APIRouter(tags=["events"])
TYPES = ("alarm", "approval", "escalation")


class AlarmOut(Out):
    """One alarm: what it is about, and `to` whom it was told. `id` is that of the event that has told it."""

    id: int
    at: datetime
    type: str
    code: str
    subject: str
    to: str
    data: dict[str, object]


def _page(db: Connection, client: str | None, piece: Wanted) -> Page[AlarmOut]:
    query = select(news).where(news.c.type.in_(TYPES)).order_by(news.c.id).limit(piece.limit + 1)
    if client is not None:
        query = query.where(news.c.client == client)
    if piece.cursor is not None:
        query = query.where(news.c.id > unpack(piece.cursor, (int,))[0])
    rows = db.execute(query).all()
    items = [
        AlarmOut(
            id=row.id,
            at=row.at,
            type=row.type,
            code=row.data.get("code", row.type),
            subject=row.subject,
            to=row.data.get("to", "operator"),
            data=row.data,
        )
        for row in rows[: piece.limit]
    ]
    return Page(items=items, next=pack([items[-1].id]) if len(rows) > piece.limit else None)


@router.get("/alarms")
async def list_alarms(
    who: Annotated[Asking, Depends(Requires(Permission.EVENTS_READ))], piece: Annotated[Wanted, Depends(wanted)]
) -> Page[AlarmOut]:
    """What the caller may see of it, oldest first."""
    return await who.read(lambda db: _page(db, who.principal.client, piece))
