"""Refusals on pages, in the reader's language: what, and what to do; the house's own sentence and code beside it."""

from starlette.requests import Request
from starlette.responses import Response

from controlplane.edge import API
from controlplane.web.frame import html, render
from controlplane.web.reader import reader


def is_page(request: Request) -> bool:
    """Whether a person looks at the answer."""
    return not request.url.path.startswith(API) and "text/html" in request.headers.get("accept", "")


def page(request: Request, status: int, code: str, detail: str) -> Response:
    """A refusal as a page."""
    known = reader(request, getattr(request.state, "session", None))
    return html(render("refused.html", known, status=status, code=code, detail=detail), status)
