"""Logging in and out, and how this browser shows pages. A token's text opens a session; so does a link, once."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from controlplane.access import sessions
from controlplane.access.gate import PAGES, cookie
from controlplane.access.roles import Permission
from controlplane.edge import Edge
from controlplane.problems import ForbiddenError, RefusalError, UnauthenticatedError
from controlplane.web import reader
from controlplane.web.deps import Acts, Viewing, fields
from controlplane.web.frame import html, render
from controlplane.web.words import LANGUAGES

HOME = "/c/situation"
TRIES, WITHIN = 10, timedelta(minutes=1)
MOST_ADDRESSES = 10_000
A_YEAR_S = 365 * 86400
LONGEST_TOKEN = 200
router = APIRouter(include_in_schema=False)


@dataclass(slots=True)
class Tries:
    """How often an address has failed lately: nobody guesses 256 bits, and nobody may keep us busy trying."""

    failed: dict[str, deque[datetime]] = field(default_factory=dict)

    def too_many(self, address: str, now: datetime) -> bool:
        """Whether it has to wait."""
        return len(self._lately(address, now)) >= TRIES

    def fail(self, address: str, now: datetime) -> None:
        """Count one."""
        if len(self.failed) >= MOST_ADDRESSES:
            self.failed = {who: times for who, times in self.failed.items() if times[-1] > now - WITHIN}
        if len(self.failed) < MOST_ADDRESSES or address in self.failed:
            self.failed.setdefault(address, deque(maxlen=TRIES)).append(now)

    def _lately(self, address: str, now: datetime) -> list[datetime]:
        return [at for at in self.failed.get(address, ()) if at > now - WITHIN]


def local(path: str | None) -> str:
    """A path of ours to go on to; the home page for whatever else somebody has put there."""
    plain = path is not None and path.startswith("/") and path.isascii() and path.isprintable()
    return path if plain and path is not None and not path.startswith(("//", "/\\")) and "\\" not in path else HOME


@router.get("/")
async def root() -> Response:
    """The pages begin at the situation."""
    return RedirectResponse(HOME, status_code=303)


@router.get("/login")
async def ask(request: Request, next_: Annotated[str | None, Query(alias="next")] = None) -> Response:
    """The form."""
    return _form(request, local(next_), None)


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Open a session with a token's text."""
    edge: Edge = request.app.state.edge
    tries: Tries = request.app.state.tries
    form, address, now = await fields(request), request.client.host if request.client else "", edge.clock.now()
    there = local(form.get("next"))
    if tries.too_many(address, now):
        return _form(request, there, "login.too_many", 429)
    token = form.get("token", "").strip()[:LONGEST_TOKEN]
    try:
        verb = partial(sessions.log_in, clock=edge.clock, entropy=edge.entropy, token=token)
        secret = await edge.writer.run(verb)
    except UnauthenticatedError:
        tries.fail(address, now)
        return _form(request, there, "login.wrong", 401)
    except ForbiddenError:
        return _form(request, there, "login.no_pages", 403)
    return _opened(request, secret, there)


@router.get("/login/once/{code}")
async def log_in_once(request: Request, code: str) -> Response:
    """Open a session with a link that counts once."""
    edge: Edge = request.app.state.edge
    try:
        verb = partial(sessions.use_link, clock=edge.clock, entropy=edge.entropy, code=code)
        secret = await edge.writer.run(verb)
    except RefusalError:
        return _form(request, HOME, "login.link_used", 401)
    return _opened(request, secret, HOME)


@router.post(f"{PAGES}logout")
async def log_out(request: Request, who: Annotated[Viewing, Depends(Acts(Permission.PAGES_READ))]) -> Response:
    """End this session."""
    secret = cookie(request.headers) or ""
    await who.write(lambda db: sessions.log_out(db, secret))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(sessions.COOKIE, path="/", httponly=True, samesite="strict")
    return answer


@router.get("/preferences")
async def prefer(
    request: Request,
    next_: Annotated[str | None, Query(alias="next")] = None,
    language: str | None = None,
    theme: str | None = None,
) -> Response:
    """Show pages otherwise in this browser: it changes nothing of the house, and so needs no form."""
    answer = RedirectResponse(local(next_), status_code=303)
    for name, value, known in ((reader.LANGUAGE, language, LANGUAGES), (reader.THEME, theme, reader.THEMES)):
        if value is not None and value in known:
            answer.set_cookie(name, value, max_age=A_YEAR_S, httponly=True, samesite="lax", secure=_is_secure(request))
    return answer


def _form(request: Request, there: str, wrong: str | None, status: int = 200) -> Response:
    return html(render("login.html", reader.reader(request), there=there, wrong=wrong), status)


def _opened(request: Request, secret: str, there: str) -> Response:
    answer = RedirectResponse(there, status_code=303, headers={"Cache-Control": "no-store"})
    answer.set_cookie(
        sessions.COOKIE,
        secret,
        max_age=int(sessions.LASTS.total_seconds()),
        path="/",
        httponly=True,
        samesite="strict",
        secure=_is_secure(request),
    )
    return answer


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"
