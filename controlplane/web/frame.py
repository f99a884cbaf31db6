"""What all pages share: templates, the bar above, what bars all closing, headers that let nothing foreign in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Connection
from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controlplane import news
from controlplane.access.roles import Permission
from controlplane.orders.reading import freeze_state, halt_state
from controlplane.web import assets
from controlplane.web.reader import Asked, Reader

OF_THE_FRAME = ("nav", "barred")
"""Regions that every page has."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SEALED = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ENVIRONMENT = Environment(
    loader=PackageLoader("controlplane.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.globals["asset"] = assets.path


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `<name>/page.html` holds it, `<name>/<region>.html` each region, whose element's id is the region.

    `gather` reads all that its templates need; `count` is how many things on it wait for a person.
    """

    name: str
    path: str
    permission: Permission
    regions: Sequence[str]
    gather: Callable[[Connection, Asked], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class View:
    """What was read for a page at one moment; `number` is that of the newest event then."""

    page: Page
    asked: Asked
    number: int
    values: Mapping[str, Any]

    def whole(self, **more: object) -> str:
        """The page."""
        return render(f"{self.page.name}/page.html", self.asked.reader, view=self, v=self.values, **more)

    def regions(self) -> dict[str, str]:
        """Each region by its id."""
        here = self.page.name
        places = dict.fromkeys(OF_THE_FRAME, "frame") | dict.fromkeys(self.page.regions, here)
        return {
            name: render(f"{place}/{name}.html", self.asked.reader, view=self, v=self.values)
            for name, place in places.items()
        }

    @property
    def live(self) -> str:
        """Where this page's events come from, after what it shows."""
        path = self.asked.reader.here.partition("?")[0]
        return f"{path}/live?after={self.number}"


NAVIGATION: list[Page] = []
"""Pages that the bar leads to; each adds itself."""


def look(db: Connection, page: Page, asked: Asked) -> View:
    """Read a page."""
    values = {
        "navigation": [each for each in NAVIGATION if asked.reader.may(each.permission)],
        "freeze": freeze_state(db),
        "halt": halt_state(db),
        **page.gather(db, asked),
    }
    return View(page, asked, news.newest(db), values)


def render(template: str, reader: Reader, **values: object) -> str:
    """A template's text for a reader."""
    return ENVIRONMENT.get_template(template).render(r=reader, t=reader.words, **values)


def html(text: str, status: int = 200) -> HTMLResponse:
    """A page as an answer that nobody keeps."""
    return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})


class Sealed:
    """Puts the headers on every answer, as ASGI middleware; a tighter one of an answer's own stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the answer through, sealed."""

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SEALED.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sealed if scope["type"] == "http" else send)
