"""Server-sent events: news as they are committed, again from where a reader has stopped, each to whom it belongs."""

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from sqlalchemy import Connection, func, select
from starlette.responses import StreamingResponse

from controlplane import news
from controlplane.access.deps import Asking, Requires
from controlplane.access.roles import Permission
from controlplane.access.service import Principal, principal
from controlplane.bell import heard
from controlplane.edge import Edge
from controlplane.problems import RefusalError

router = APIRouter(tags=["events"])
SILENCE_S = 15.0
RETRY_MS = 2000
LARGEST_ID = 2**53
PLACE = re.compile(r"[0-9]{1,15}")


@router.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def events(
    request: Request,
    who: Annotated[Asking, Depends(Requires(Permission.EVENTS_READ))],
    last_event_id: Annotated[str | None, Header(description="go on after this event")] = None,
    after: Annotated[int | None, Query(ge=0, le=LARGEST_ID, description="the same, for a first call")] = None,
) -> StreamingResponse:
    """What happens, as it happens. Without a place to go on from, it begins now."""
    start = _place(last_event_id, after)
    if start is None:
        start = await who.read(_newest)
    flow = stream(who.edge, who.principal, request.headers.get("authorization"), start)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(flow, media_type="text/event-stream", headers=headers)


def _place(last_event_id: str | None, after: int | None) -> int | None:
    """Where to go on; an id that is none of ours counts as none at all, as browsers send what they have."""
    if last_event_id and PLACE.fullmatch(last_event_id):
        return int(last_event_id)
    return after


def _newest(db: Connection) -> int:
    newest: int | None = db.execute(select(func.max(news.news.c.id))).scalar_one()
    return newest or 0


async def stream(edge: Edge, who: Principal, authorization: str | None, last: int) -> AsyncIterator[str]:
    """News after `last`, for ever: until the house closes, or the token no longer counts."""
    yield f"retry: {RETRY_MS}\n\n"
    while not edge.bell.closed:
        ticket = edge.bell.ticket
        try:
            rows = await edge.writer.read(partial(_look, edge=edge, authorization=authorization, who=who, last=last))
        except RefusalError:
            return
        for row in rows:
            last = int(str(row["id"]))
            yield _event(row)
        if not rows and not await heard(ticket, SILENCE_S):
            yield ": still here\n\n"


def _look(
    db: Connection, *, edge: Edge, authorization: str | None, who: Principal, last: int
) -> list[dict[str, object]]:
    """What is new for a principal whose token still counts."""
    principal(db, authorization, edge.clock.now()).need(Permission.EVENTS_READ)
    return news.after(db, last, who.client)


def _event(row: dict[str, object]) -> str:
    document = {key: row[key] for key in ("id", "at", "type", "subject", "data")}
    return f"id: {row['id']}\nevent: {row['type']}\ndata: {json.dumps(document, default=_plain)}\n\n"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
