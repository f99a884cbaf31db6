"""In front of every route: who asks is known, and what they send is bounded, before anything reads it.

Programs say who they are with a token, in a header; browsers with a session's cookie, on pages alone: no cookie opens
the API, and no token a page.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controlplane.access.service import principal
from controlplane.access.sessions import COOKIE, session
from controlplane.edge import API, Edge, problem, refused
from controlplane.problems import RefusalError

LOG = frozenset(f"{API}/log/{part}" for part in ("checkpoint", "inclusion", "consistency"))
OPEN = LOG | {"/healthz", "/", "/login", "/preferences"}
OPEN_BELOW = ("/static/", "/login/once/")
"""All that is told to those who do not say who they are."""
PAGES = "/c/"
"""Below this, sessions count, and tokens do not."""
LARGEST_BODY = 64 * 1024
BODY_WITHIN_S = 20.0
DIGITS = 9


Streams = Callable[[str, str], bool]
"""Whether the route of a method and path takes its body as it comes, and bounds it itself."""


class Gate:
    """Authentication and the size of bodies, as ASGI middleware."""

    def __init__(self, app: ASGIApp, edge: Edge, streams: Streams) -> None:
        self._app, self._edge, self._streams = app, edge, streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through with its principal, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not is_open(scope["path"]):
            known = partial(_known, path=scope["path"], headers=headers, now=self._edge.clock.now())
            try:
                scope.setdefault("state", {}).update(await self._edge.writer.read(known))
            except RefusalError as error:
                await _turned_away(scope, headers, error)(scope, receive, send)
                return
        if self._streams(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        if (body := await _body(headers, receive)) is None:
            detail = f"a body has at most {LARGEST_BODY} bytes, and comes within {BODY_WITHIN_S:.0f} s"
            await problem(413, "body_too_large", "Too much", detail)(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)


def is_open(path: str) -> bool:
    """Whether a path is told to anybody."""
    return path in OPEN or path.startswith(OPEN_BELOW)


def _known(db: Connection, *, path: str, headers: Headers, now: datetime) -> dict[str, object]:
    """Who asks, as routes find it in the request's state."""
    if not path.startswith(PAGES):
        return {"principal": principal(db, headers.get("authorization"), now)}
    found = session(db, cookie(headers), now)
    return {"principal": found.principal, "session": found}


def cookie(headers: Headers) -> str | None:
    """The secret of the session's cookie."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found is not None else None


def _turned_away(scope: Scope, headers: Headers, error: RefusalError) -> Response:
    """People who open a page are shown where to log in; all others are told."""
    if scope["path"].startswith(PAGES) and scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
        there = quote(scope["path"], safe="/")
        return RedirectResponse(f"/login?next={there}", status_code=303)
    return refused(error)


async def _body(headers: Headers, receive: Receive) -> bytes | None:
    """All of the body; None where it is too large or too slow."""
    length = headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > DIGITS or int(length) > LARGEST_BODY:
        return None
    body: bytes = b""
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += bytes(message.get("body", b""))
                if len(body) > LARGEST_BODY:
                    return None
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        return None


def _again(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read, then whatever the server has to say."""
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
