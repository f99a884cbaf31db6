"""What people do from an order's page: withdraw, hold, approve or reject it, and take its proof along."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from controlplane.access.roles import Permission
from controlplane.dossiers import api as dossiers
from controlplane.field.evidence import api as evidence
from controlplane.field.evidence.intake import Intake
from controlplane.fields import Name, Words
from controlplane.orders import approving, reading, service
from controlplane.problems import StaleError, UnavailableError
from controlplane.protection.service import end_hold as record_end
from controlplane.protection.service import hold as record_hold
from controlplane.web.deps import Acts, Viewing, Views
from controlplane.web.frame import html, look
from controlplane.web.login import local
from controlplane.web.order import PAGE

router = APIRouter(include_in_schema=False)
REASON = TypeAdapter(Words)
DIGITS = 18
Order = Annotated[Name, Path()]


def _there(order: str) -> str:
    return PAGE.path.format(order=order)


def _back(order: str) -> Response:
    return RedirectResponse(_there(order), status_code=303)


async def _again(who: Viewing, order: str, act: str, status: int, **said: object) -> Response:
    """The page as it stands now, the form open again with what was typed, and why it was not done."""
    asked = replace(who.asked, reader=replace(who.asked.reader, here=_there(order)))
    view = await who.read(lambda db: look(db, PAGE, asked))
    return html(view.whole(again={"act": act, "reason": who.form.get("reason", ""), **said}), status)


def _version(who: Viewing) -> int:
    """The version that was on the page; 0, which none has, where the form names none."""
    told = who.form.get("version", "")
    return int(told) if told.isdecimal() and len(told) <= DIGITS else 0


def _reason(who: Viewing) -> str | None:
    """What a person has written as the reason; None where it is none."""
    try:
        return REASON.validate_python(who.form.get("reason", "").strip())
    except ValidationError:
        return None


@router.post("/c/orders/{order}/withdraw")
async def withdraw(order: Order, who: Annotated[Viewing, Depends(Acts(Permission.ORDERS_WITHDRAW))]) -> Response:
    """Take the order back, at the version that was on the page; else show what has changed since."""
    version = _version(who)

    def verb(db: Connection) -> None:
        reading.order(db, who.principal.client, order)
        service.withdraw(db, who.asked.context, order, version, who.principal.name)

    try:
        await who.write(verb)
    except StaleError:
        return await _again(who, order, "withdraw", StaleError.status, since=version)
    return _back(order)


@router.post("/c/orders/{order}/approve")
async def approve(order: Order, who: Annotated[Viewing, Depends(Acts(Permission.ORDERS_APPROVE))]) -> Response:
    """Release it from quarantine, as a second person, at the version that was on the page."""
    second, version = approving.Second(who.principal.name, who.principal.one_of_two()), _version(who)

    def verb(db: Connection) -> None:
        reading.order(db, who.principal.client, order)
        approving.approve(db, who.asked.context, order, version, second)

    try:
        await who.write(verb)
    except StaleError:
        return await _again(who, order, "approve", StaleError.status, since=version)
    return RedirectResponse(local(who.form.get("next", _there(order))), status_code=303)


@router.post("/c/orders/{order}/reject")
async def reject(order: Order, who: Annotated[Viewing, Depends(Acts(Permission.ORDERS_APPROVE))]) -> Response:
    """Delete it from quarantine, as a second person who says why, at the version that was on the page."""
    second, version = approving.Second(who.principal.name, who.principal.one_of_two()), _version(who)
    reason = _reason(who)
    if reason is None:
        return await _again(who, order, "reject", 422, wrong=True, since=version)

    def verb(db: Connection) -> None:
        reading.order(db, who.principal.client, order)
        approving.reject(db, who.asked.context, order, version, second, reason)

    try:
        await who.write(verb)
    except StaleError:
        return await _again(who, order, "reject", StaleError.status, since=version)
    return _back(order)


@router.post("/c/orders/{order}/hold")
async def hold(order: Order, who: Annotated[Viewing, Depends(Acts(Permission.STOPS_WRITE))]) -> Response:
    """Have nothing taken away at the order's point for now. To stop needs no version: it stops whatever there is."""
    reason = _reason(who)
    if reason is None:
        return await _again(who, order, "hold", 422, wrong=True)

    def verb(db: Connection) -> None:
        point = reading.order(db, who.principal.client, order).supply_point
        record_hold(db, who.asked.context, point, reason, None, who.principal.name)

    await who.write(verb)
    return _back(order)


@router.post("/c/orders/{order}/holds/{hold}/end")
async def end_hold(
    order: Order, hold: Annotated[Name, Path()], who: Annotated[Viewing, Depends(Acts(Permission.STOPS_END))]
) -> Response:
    """Record that a hold has ended, and why: what it held goes on as the rules allow."""
    reason = _reason(who)
    if reason is None:
        return await _again(who, order, "end", 422, wrong=True)

    def verb(db: Connection) -> None:
        point = reading.order(db, who.principal.client, order).supply_point
        record_end(db, who.asked.context, point, hold, who.principal.name, reason)

    await who.write(verb)
    return _back(order)


@router.get("/c/orders/{order}/dossier")
async def dossier(
    request: Request,
    order: Order,
    who: Annotated[Viewing, Depends(Views(Permission.PROOF_READ))],
    *,
    photographs: Annotated[bool, Query()] = False,
) -> Response:
    """The same file that programs get, for whoever has a browser."""
    return await dossiers.dossier_of(request, order, who, photographs=photographs, checkpoint=[])


@router.get("/c/photographs/{digest}")
async def photograph(
    request: Request, digest: evidence.Digest, who: Annotated[Viewing, Depends(Views(Permission.EVIDENCE_READ))]
) -> Response:
    """A small picture of a photograph that the reader may see."""
    intake: Intake | None = request.app.state.intake
    if intake is None:
        raise UnavailableError("this control plane was started without a folder for evidence")
    return await evidence.get_thumbnail(digest, who, intake)
