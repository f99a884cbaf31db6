"""Forms of every page: the freeze and its end. They call the verbs that the API calls."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import TypeAdapter, ValidationError
from starlette.responses import RedirectResponse, Response

from controlplane.access.roles import Permission
from controlplane.fields import Words
from controlplane.orders import freezing
from controlplane.web.deps import Acts, Viewing, Views
from controlplane.web.frame import html, render
from controlplane.web.login import HOME, local

router = APIRouter(include_in_schema=False)
REASON = TypeAdapter(Words)


def _back(who: Viewing) -> Response:
    return RedirectResponse(local(who.form.get("next", HOME)), status_code=303)


@router.get("/c/stop")
async def ask_to_freeze(who: Annotated[Viewing, Depends(Views(Permission.FREEZE))]) -> Response:
    """The form on a page of its own, for browsers that can't open it in place."""
    return html(render("stop.html", who.asked.reader, wrong=False, there=HOME))


@router.post("/c/freeze")
async def freeze(who: Annotated[Viewing, Depends(Acts(Permission.FREEZE))]) -> Response:
    """Stop all closing at once."""
    there = local(who.form.get("next", HOME))
    try:
        reason = REASON.validate_python(who.form.get("reason", "").strip())
    except ValidationError:
        return html(render("stop.html", who.asked.reader, wrong=True, there=there), 422)
    await who.write(lambda db: freezing.freeze(db, who.asked.context, reason, who.principal.name))
    return _back(who)


@router.post("/c/freeze/lift")
async def lift(who: Annotated[Viewing, Depends(Acts(Permission.UNFREEZE))]) -> Response:
    """Ask to lift the freeze; it ends when a second, different person has asked too."""
    person = who.principal.one_of_two()
    await who.write(lambda db: freezing.unfreeze(db, who.asked.context, who.principal.name, person))
    return _back(who)
