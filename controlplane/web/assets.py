"""Files that pages load: read once, served under a name that holds their digest, so that a browser may keep them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import Response

from controlplane.problems import NotFoundError

TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
FILES = {
    "app.css": ("app.css",),
    "signs.svg": ("signs.svg",),
    "icon.svg": ("icon.svg",),
    "page.js": ("vendor/htmx.min.js", "vendor/hx-sse.min.js", "live.js"),
}
"""What is served, and of which files it is made. The scripts are one: htmx begins as soon as it has come, and would
pass over an extension that comes later."""
DIGEST_LETTERS = 12
KEPT = "public, max-age=31536000, immutable"
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, and its address."""

    content: bytes
    kind: str
    path: str


@cache
def assets() -> Mapping[str, Asset]:
    """All whose files are there; those of npm's packages are brought at set-up."""
    folder = files("controlplane.web") / "static"
    found: dict[str, Asset] = {}
    for name, parts in FILES.items():
        if all((folder / part).is_file() for part in parts):
            content = b"\n".join((folder / part).read_bytes() for part in parts)
            digest = sha256(content).hexdigest()[:DIGEST_LETTERS]
            found[name] = Asset(content, TYPES[name.rpartition(".")[2]], f"/static/{digest}/{name}")
    return found


def missing() -> list[str]:
    """Files without which pages are not live."""
    return [
        part for name, parts in FILES.items() if name not in assets() for part in parts if part.startswith("vendor")
    ]


def path(name: str) -> str:
    """Where a file is served; empty where it was never brought."""
    found = assets().get(name)
    return found.path if found is not None else ""


@router.get("/static/{digest}/{name}")
async def static(digest: str, name: str) -> Response:
    """One file, under its own digest only."""
    found = assets().get(name)
    if found is None or found.path != f"/static/{digest}/{name}":
        raise NotFoundError("there is no such file")
    return Response(found.content, media_type=found.kind, headers={"Cache-Control": KEPT})
