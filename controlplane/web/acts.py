"""Forms that act: the freeze, its end, and the second person's word. They call the verbs that the API calls."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from controlplane.access.roles import Permission
from controlplane.fields import Name, Words
from controlplane.orders import approving, freezing, reading
from controlplane.problems import UnprocessableError
from controlplane.web.deps import Acts, Viewing, Views
from controlplane.web.frame import html, render
from controlplane.web.login import HOME, local

router = APIRouter(include_in_schema=False)
REASON = TypeAdapter(Words)
DIGITS = 18


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


@router.post("/c/orders/{order}/approve")
async def approve(
    order: Annotated[Name, Path()], who: Annotated[Viewing, Depends(Acts(Permission.ORDERS_APPROVE))]
) -> Response:
    """Release an order from quarantine, as a second person, at the version that was on the page."""
    second = approving.Second(who.principal.name, who.principal.one_of_two())
    version = who.form.get("version", "")
    if not version.isdecimal() or len(version) > DIGITS:
        raise UnprocessableError("the form names no version; open the page again", code="invalid_request")

    def verb(db: Connection) -> None:
        reading.order(db, who.principal.client, order)
        approving.approve(db, who.asked.context, order, int(version), second)

    await who.write(verb)
    return _back(who)
