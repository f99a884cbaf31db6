"""A page and its stream: the page once, then, as things happen, those of its regions that have become others.

A stream tells the state, never the steps to it: a browser that comes back with the number of the last event it has seen
gets whatever has changed since. One that is too far behind is told to fetch the page anew.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Header, Query, Request
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, StreamingResponse

from controlplane.access.gate import cookie
from controlplane.access.sessions import session
from controlplane.bell import heard
from controlplane.edge import Edge
from controlplane.problems import RefusalError
from controlplane.web.deps import Viewing, Views
from controlplane.web.frame import NAVIGATION, Page, View, html, look
from controlplane.web.reader import Asked

BEAT_S = 5.0
REST_S = 0.25
"""At most four times a second is a page read anew for one browser."""
ANEW_EVERY = 6
"""After so many silent beats it is read anew all the same: ages grow without events."""
FURTHEST_BEHIND = 500
LARGEST_ID = 2**53
DIGITS = 16
Digests = dict[str, bytes]


def serve(router: APIRouter, page: Page, *, listed: bool = True) -> None:
    """Add a page's two routes: itself, and its stream. `listed` pages are in the bar."""

    async def shown(who: Annotated[Viewing, Depends(Views(page.permission))]) -> HTMLResponse:
        view = await who.read(lambda db: look(db, page, who.asked))
        return html(view.whole())

    async def live(
        request: Request,
        who: Annotated[Viewing, Depends(Views(page.permission))],
        last_event_id: Annotated[str | None, Header()] = None,
        after: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
    ) -> StreamingResponse:
        reader = replace(who.asked.reader, here=who.asked.reader.here.partition("/live")[0])
        asked = replace(who.asked, reader=reader)
        await who.read(lambda db: page.gather(db, asked))
        last = (
            int(last_event_id) if last_event_id and last_event_id.isdecimal() and len(last_event_id) < DIGITS else after
        )
        flow = Stream(who.edge, page, asked, cookie(request.headers)).told(last)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(flow, media_type="text/event-stream", headers=headers)

    router.add_api_route(page.path, shown, methods=["GET"], name=page.name)
    router.add_api_route(f"{page.path}/live", live, methods=["GET"], name=f"{page.name} live")
    if listed:
        NAVIGATION.append(page)


@dataclass(frozen=True, slots=True)
class Stream:
    """One browser that follows one page, as long as its session counts."""

    edge: Edge
    page: Page
    asked: Asked
    secret: str | None

    async def told(self, last: int) -> AsyncIterator[str]:
        """What to tell after the event `last`, for ever: until the house closes, or the session ends."""
        known: Digests | None = None
        yield "retry: 1000\n\n"
        while not self.edge.bell.closed:
            ticket = self.edge.bell.ticket
            try:
                view, regions = await self.edge.writer.read(self._read)
            except RefusalError:
                yield "event: ended\ndata: \n\n"
                return
            if not 0 <= view.number - last <= FURTHEST_BEHIND:
                yield f"id: {view.number}\nevent: resync\ndata: \n\n"
            elif (text := _changed(regions, known, is_current=view.number == last)) is not None:
                yield _message(view.number, text)
            known, last = {name: _digest(text) for name, text in regions.items()}, view.number
            yield self._beat(last)
            await asyncio.sleep(REST_S)
            silent = 0
            while silent < ANEW_EVERY and not await heard(ticket, BEAT_S):
                silent += 1
                yield self._beat(last)

    def _beat(self, last: int) -> str:
        """That all is as it was, and the time by the house's clock."""
        clock = self.edge.clock.now().astimezone(ZoneInfo(self.asked.reader.zone))
        return f"id: {last}\nevent: beat\ndata: {clock:%H:%M:%S}\n\n"

    def _read(self, db: Connection) -> tuple[View, dict[str, str]]:
        now = self.edge.clock.now()
        found = session(db, self.secret, now)
        reader = replace(self.asked.reader, session=found, now=now)
        reader.who.need(self.page.permission)
        view = look(db, self.page, replace(self.asked, reader=reader))
        return view, view.regions()


def _changed(regions: dict[str, str], known: Digests | None, *, is_current: bool) -> str | None:
    """The regions that a browser does not show as they are; None where it shows all."""
    if known is None:
        changed = {} if is_current else regions
    else:
        changed = {name: text for name, text in regions.items() if known.get(name) != _digest(text)}
    if not changed:
        return None
    return "".join(
        f'<hx-partial hx-target="#{name}" hx-swap="outerMorph">{text}</hx-partial>' for name, text in changed.items()
    )


def _message(number: int, text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"id: {number}\n{lines}\n"


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
