"""Routes of orders, of the freeze, and of the halt after a restore."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from sqlalchemy import Connection

from controlplane.access.deps import Asking, Posting, Posts, Requires
from controlplane.access.roles import Permission
from controlplane.etag import etag, if_match
from controlplane.fields import Name, Page
from controlplane.idempotency import Answer
from controlplane.orders import approving, freezing, halting, reading, revoking, service
from controlplane.orders.context import Context
from controlplane.orders.schemas import (
    FreezeOut,
    HaltOut,
    NewFreeze,
    NewOrder,
    OrderOut,
    OrderTold,
    Rejection,
    Resumption,
    Revocation,
)
from controlplane.orders.states import OrderState
from controlplane.pages import Wanted
from controlplane.policy.facts import Act
from controlplane.queries import wanted
from controlplane.registry.reading import gateway as gateway_told
from controlplane.registry.schemas import GatewayName, GatewayOut

router = APIRouter(tags=["orders"])
IfMatch = Annotated[str | None, Header(alias="If-Match", description="the ETag you have read")]


def context_of(request: Request) -> Context:
    """The context of this control plane."""
    found: Context = request.app.state.context
    return found


Ctx = Annotated[Context, Depends(context_of)]


def _draft(body: NewOrder, person: str | None) -> service.Draft:
    return service.Draft(
        point=body.supply_point,
        kind=Act(body.kind.value),
        grounds=body.grounds,
        notice_received_on=body.notice.received_on if body.notice is not None else None,
        notice_channel=body.notice.channel if body.notice is not None else "",
        not_before=body.not_before,
        deadline=body.deadline,
        person=person,
    )


def _told(db: Connection, order: str, status: int = 200) -> Answer:
    """The order as it stands after what was done."""
    told = reading.order(db, None, order)
    return Answer(status, told.model_dump(mode="json"), told.version)


@router.post("/orders", status_code=201, response_model=OrderTold)
async def create_order(
    body: NewOrder, context: Ctx, who: Annotated[Posting, Depends(Posts(Permission.ORDERS_REQUEST))]
) -> Response:
    """Enter an order: the rules answer at once, and what they allow is carried out."""

    def verb(db: Connection) -> Answer:
        reading.point_of(db, who.principal.client, body.supply_point)
        entered = service.request(db, context, _draft(body, who.principal.person), who.principal.name)
        return _told(db, entered.id, 201)

    return await who.once(verb)


@router.get("/orders")
async def list_orders(
    who: Annotated[Asking, Depends(Requires(Permission.ORDERS_READ))],
    piece: Annotated[Wanted, Depends(wanted)],
    supply_point: Annotated[Name | None, Query()] = None,
    state: Annotated[OrderState | None, Query()] = None,
) -> Page[OrderOut]:
    """The orders that the caller may see, oldest first."""
    items, after = await who.read(lambda db: reading.orders_page(db, who.principal.client, piece, supply_point, state))
    return Page(items=items, next=after)


@router.get("/orders/{order}")
async def get_order(
    order: Annotated[Name, Path()],
    who: Annotated[Asking, Depends(Requires(Permission.ORDERS_READ))],
    response: Response,
) -> OrderTold:
    """One order with its timeline and reasons, and its version as ETag."""
    found = await who.read(lambda db: reading.order(db, who.principal.client, order))
    response.headers["ETag"] = etag(found.version)
    return found


@router.post("/orders/{order}/withdraw", response_model=OrderTold)
async def withdraw_order(
    order: Annotated[Name, Path()],
    context: Ctx,
    who: Annotated[Posting, Depends(Posts(Permission.ORDERS_WITHDRAW))],
    if_match_: IfMatch = None,
) -> Response:
    """Take an order back. One that a stop needs, to give supply back, can't be."""
    expected = if_match(if_match_)

    def verb(db: Connection) -> Answer:
        reading.order(db, who.principal.client, order)
        service.withdraw(db, context, order, expected, who.principal.name)
        return _told(db, order)

    return await who.once(verb)


@router.post("/orders/{order}/approve", response_model=OrderTold)
async def approve_order(
    order: Annotated[Name, Path()],
    context: Ctx,
    who: Annotated[Posting, Depends(Posts(Permission.ORDERS_APPROVE))],
    if_match_: IfMatch = None,
) -> Response:
    """Release an order from quarantine, as a second person: it goes on as the rules allow."""
    expected, person = if_match(if_match_), who.principal.one_of_two()

    def verb(db: Connection) -> Answer:
        reading.order(db, who.principal.client, order)
        approving.approve(db, context, order, expected, approving.Second(who.principal.name, person))
        return _told(db, order)

    return await who.once(verb)


@router.post("/orders/{order}/reject", response_model=OrderTold)
async def reject_order(
    order: Annotated[Name, Path()],
    body: Rejection,
    context: Ctx,
    who: Annotated[Posting, Depends(Posts(Permission.ORDERS_APPROVE))],
    if_match_: IfMatch = None,
) -> Response:
    """Delete an order from quarantine, as a second person."""
    expected, person = if_match(if_match_), who.principal.one_of_two()

    def verb(db: Connection) -> Answer:
        reading.order(db, who.principal.client, order)
        second = approving.Second(who.principal.name, person)
        approving.reject(db, context, order, expected, second, body.reason)
        return _told(db, order)

    return await who.once(verb)


@router.post("/gateways/{gateway}/revoke", response_model=GatewayOut)
async def revoke_gateway(
    gateway: Annotated[GatewayName, Path()],
    body: Revocation,
    context: Ctx,
    who: Annotated[Posting, Depends(Posts(Permission.GATEWAYS_WRITE))],
) -> Response:
    """Believe a gateway no more: nothing it says is taken, nothing is sent to it, time settles what it may still do."""

    def verb(db: Connection) -> Answer:
        revoking.revoke(db, context, gateway, body.reason, who.principal.name)
        return Answer(200, gateway_told(db, gateway).model_dump(mode="json"))

    return await who.once(verb)


@router.post("/freeze", response_model=FreezeOut)
async def freeze(body: NewFreeze, context: Ctx, who: Annotated[Posting, Depends(Posts(Permission.FREEZE))]) -> Response:
    """Stop all closing at once; giving back goes on."""

    def verb(db: Connection) -> Answer:
        freezing.freeze(db, context, body.reason, who.principal.name)
        return Answer(200, reading.freeze_state(db).model_dump(mode="json"))

    return await who.once(verb)


@router.delete("/freeze", status_code=204, responses={202: {"description": "asked; a second person has to ask too"}})
async def unfreeze(
    context: Ctx, response: Response, who: Annotated[Asking, Depends(Requires(Permission.UNFREEZE))]
) -> None:
    """Ask to lift the freeze: 202 for the first person, 204 when a second, different one has asked."""
    person = who.principal.one_of_two()
    lifted = await who.write(lambda db: freezing.unfreeze(db, context, who.principal.name, person))
    response.status_code = 204 if lifted else 202


@router.get("/halt")
async def get_halt(who: Annotated[Asking, Depends(Requires(Permission.GATEWAYS_READ))]) -> HaltOut:
    """Whether a restored house is halted, and what tells that it was restored."""
    return await who.read(reading.halt_state)


@router.post("/halt/resume", response_model=HaltOut)
async def resume(
    body: Resumption, context: Ctx, who: Annotated[Posting, Depends(Posts(Permission.RESUME))]
) -> Response:
    """Grant permits again after a restore; the body says what was brought up to date before."""

    def verb(db: Connection) -> Answer:
        halting.resume(db, context, who.principal.name, body.note)
        return Answer(200, reading.halt_state(db).model_dump(mode="json"))

    return await who.once(verb)
