"""Routes of gateways' keys: sent by whoever stands at the gateway, compared and approved by an operator."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy import Connection

from controlplane.access.deps import Asking, Posting, Posts, Requires
from controlplane.access.roles import Permission
from controlplane.fields import Name, Page
from controlplane.idempotency import Answer
from controlplane.pages import Wanted
from controlplane.queries import wanted
from controlplane.registry import enrolling, reading, service
from controlplane.registry.models import KeyState
from controlplane.registry.schemas import (
    GatewayKeyOut,
    GatewayName,
    KeyApproval,
    KeyRejection,
    KeySentOut,
    NewGatewayKey,
)

router = APIRouter(tags=["registry"])


@router.post("/gateways/{gateway}/keys", status_code=201, response_model=KeySentOut)
async def send_gateway_key(
    gateway: Annotated[GatewayName, Path()],
    body: NewGatewayKey,
    who: Annotated[Posting, Depends(Posts(Permission.GATEWAYS_ENROL))],
) -> Response:
    """Send the public key of a gateway; it is believed when an operator has approved it."""
    house, clock = who.edge.signer.public, who.edge.clock

    def verb(db: Connection) -> Answer:
        by = who.principal.name
        made = enrolling.enrol(db, clock, who.edge.entropy, gateway, body.public_key, house, by)
        return Answer(201, {**reading.gateway_key(db, made).model_dump(mode="json"), "house_key": house.hex()})

    return await who.once(verb)


@router.get("/gateway-keys")
async def list_gateway_keys(
    who: Annotated[Asking, Depends(Requires(Permission.GATEWAYS_READ))],
    piece: Annotated[Wanted, Depends(wanted)],
    state: Annotated[KeyState | None, Query()] = None,
    gateway: Annotated[GatewayName | None, Query()] = None,
) -> Page[GatewayKeyOut]:
    """Every key that was sent for a gateway, oldest first; `state=waiting` are those that nobody has decided."""
    items, after = await who.read(lambda db: reading.gateway_keys_page(db, piece, state, gateway))
    return Page(items=items, next=after)


@router.post("/gateways/{gateway}/keys/{key}/approve", response_model=GatewayKeyOut)
async def approve_gateway_key(
    gateway: Annotated[GatewayName, Path()],
    key: Annotated[Name, Path()],
    body: KeyApproval,
    request: Request,
    who: Annotated[Posting, Depends(Posts(Permission.GATEWAYS_WRITE))],
) -> Response:
    """Believe this key from now on, and no other: the body says the fingerprint that the gateway itself shows.

    In the place of an older key it is refused while anything at the gateway's points may still act.
    """
    is_settled: service.IsSettled = request.app.state.is_settled

    def verb(db: Connection) -> Answer:
        by = who.principal.name
        enrolling.approve(db, who.edge.clock, gateway, key, body.fingerprint, by, is_settled)
        return Answer(200, reading.gateway_key(db, key).model_dump(mode="json"))

    return await who.once(verb)


@router.post("/gateways/{gateway}/keys/{key}/reject", response_model=GatewayKeyOut)
async def reject_gateway_key(
    gateway: Annotated[GatewayName, Path()],
    key: Annotated[Name, Path()],
    body: KeyRejection,
    who: Annotated[Posting, Depends(Posts(Permission.GATEWAYS_WRITE))],
) -> Response:
    """Refuse a key that was sent: nobody vouches for it."""

    def verb(db: Connection) -> Answer:
        enrolling.reject(db, who.edge.clock, gateway, key, body.reason, who.principal.name)
        return Answer(200, reading.gateway_key(db, key).model_dump(mode="json"))

    return await who.once(verb)
