"""Routes of clients, supply points, gateways and meters."""

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from sqlalchemy import Connection

from controlplane.access.deps import Asking, Posting, Posts, Requires
from controlplane.access.roles import Permission
from controlplane.etag import etag, if_match
from controlplane.fields import Name, Page
from controlplane.idempotency import Answer
from controlplane.pages import Wanted
from controlplane.queries import wanted
from controlplane.registry import enrolling, reading, service
from controlplane.registry.schemas import (
    ClientOut,
    GatewayName,
    GatewayOut,
    IdentityBody,
    MeterOut,
    NewClient,
    NewGateway,
    NewMeter,
    NewPoint,
    PointOut,
    Rebinding,
)
from protocols.types import Identity

router = APIRouter(tags=["registry"])
Piece = Annotated[Wanted, Depends(wanted)]


def _identity(body: IdentityBody) -> Identity:
    number = body.fabrication_number.lower()
    return Identity(body.id.lower(), body.manufacturer, body.version, body.medium, number)


@router.post("/clients", status_code=201, response_model=ClientOut)
async def create_client(body: NewClient, who: Annotated[Posting, Depends(Posts(Permission.CLIENTS_WRITE))]) -> Response:
    """Enter a client."""
    edge = who.edge

    def verb(db: Connection) -> Answer:
        identity = service.create_client(db, edge.clock, edge.entropy, body.name)
        return Answer(201, reading.client(db, None, identity).model_dump(mode="json"))

    return await who.once(verb)


@router.get("/clients")
async def list_clients(
    who: Annotated[Asking, Depends(Requires(Permission.CLIENTS_READ))], piece: Piece
) -> Page[ClientOut]:
    """The clients that the caller may see."""
    items, after = await who.read(lambda db: reading.clients_page(db, who.principal.client, piece))
    return Page(items=items, next=after)


@router.get("/clients/{client}")
async def get_client(
    client: Annotated[Name, Path()], who: Annotated[Asking, Depends(Requires(Permission.CLIENTS_READ))]
) -> ClientOut:
    """One client."""
    return await who.read(lambda db: reading.client(db, who.principal.client, client))


@router.post("/supply-points", status_code=201, response_model=PointOut)
async def create_point(
    body: NewPoint, request: Request, who: Annotated[Posting, Depends(Posts(Permission.POINTS_WRITE))]
) -> Response:
    """Enter a supply point, with its rule pack and what must never happen there."""
    edge = who.edge
    served: Collection[str] = request.app.state.packs
    forbidden = tuple(service.Forbidden(p.act, p.reason, p.until) for p in body.protections)

    def verb(db: Connection) -> Answer:
        point = service.create_point(
            db,
            edge.clock,
            edge.entropy,
            client=body.client,
            code=body.code,
            medium=body.medium,
            zone=body.zone,
            pack=body.pack,
            served=served,
            forbidden=forbidden,
        )
        made = reading.point(db, None, point)
        return Answer(201, made.model_dump(mode="json"), made.version)

    return await who.once(verb)


@router.get("/supply-points")
async def list_points(
    who: Annotated[Asking, Depends(Requires(Permission.POINTS_READ))], piece: Piece
) -> Page[PointOut]:
    """The supply points that the caller may see."""
    items, after = await who.read(lambda db: reading.points_page(db, who.principal.client, piece))
    return Page(items=items, next=after)


@router.get("/supply-points/{point}")
async def get_point(
    point: Annotated[Name, Path()], who: Annotated[Asking, Depends(Requires(Permission.POINTS_READ))]
) -> PointOut:
    """One supply point."""
    return await who.read(lambda db: reading.point(db, who.principal.client, point))


def _first(_db: Connection, _point: str) -> bool:
    """A gateway that was just entered has no meter yet."""
    return True


@router.post("/gateways", status_code=201, response_model=GatewayOut)
async def create_gateway(
    body: NewGateway, who: Annotated[Posting, Depends(Posts(Permission.GATEWAYS_WRITE))]
) -> Response:
    """Enter a gateway; it is believed once a key of its own was approved, here or later."""
    edge, by = who.edge, who.principal.name

    def verb(db: Connection) -> Answer:
        service.create_gateway(db, edge.clock, body.id)
        if body.public_key is not None and body.fingerprint is not None:
            house = edge.signer.public
            key = enrolling.enrol(db, edge.clock, edge.entropy, body.id, body.public_key, house, by)
            enrolling.approve(db, edge.clock, body.id, key, body.fingerprint, by, _first)
        return Answer(201, reading.gateway(db, body.id).model_dump(mode="json"))

    return await who.once(verb)


@router.get("/gateways")
async def list_gateways(
    who: Annotated[Asking, Depends(Requires(Permission.GATEWAYS_READ))], piece: Piece
) -> Page[GatewayOut]:
    """All gateways."""
    items, after = await who.read(lambda db: reading.gateways_page(db, piece))
    return Page(items=items, next=after)


@router.get("/gateways/{gateway}")
async def get_gateway(
    gateway: Annotated[GatewayName, Path()], who: Annotated[Asking, Depends(Requires(Permission.GATEWAYS_READ))]
) -> GatewayOut:
    """One gateway."""
    return await who.read(lambda db: reading.gateway(db, gateway))


@router.post("/meters", status_code=201, response_model=MeterOut)
async def create_meter(body: NewMeter, who: Annotated[Posting, Depends(Posts(Permission.METERS_WRITE))]) -> Response:
    """Bind a meter to a supply point and the gateway that reads it."""
    binding = service.Binding(body.supply_point, body.gateway, _identity(body.identity))

    def verb(db: Connection) -> Answer:
        service.create_meter(db, who.edge.clock, body.name, binding)
        made = reading.meter(db, None, body.name)
        return Answer(201, made.model_dump(mode="json"), made.version)

    return await who.once(verb)


@router.get("/meters")
async def list_meters(
    who: Annotated[Asking, Depends(Requires(Permission.METERS_READ))], piece: Piece
) -> Page[MeterOut]:
    """The meters that the caller may see."""
    items, after = await who.read(lambda db: reading.meters_page(db, who.principal.client, piece))
    return Page(items=items, next=after)


@router.get("/meters/{meter}")
async def get_meter(
    meter: Annotated[Name, Path()],
    who: Annotated[Asking, Depends(Requires(Permission.METERS_READ))],
    response: Response,
) -> MeterOut:
    """One meter, with its version as ETag."""
    found = await who.read(lambda db: reading.meter(db, who.principal.client, meter))
    response.headers["ETag"] = etag(found.version)
    return found


@router.patch("/meters/{meter}")
async def rebind_meter(
    meter: Annotated[Name, Path()],
    body: Rebinding,
    request: Request,
    response: Response,
    who: Annotated[Asking, Depends(Requires(Permission.METERS_WRITE))],
    if_match_: Annotated[str | None, Header(alias="If-Match", description="the ETag you have read")] = None,
) -> MeterOut:
    """Bind a meter anew; refused while anything at its point may still act."""
    expected = if_match(if_match_)
    is_settled: service.IsSettled = request.app.state.is_settled
    identity = _identity(body.identity) if body.identity is not None else None
    change = service.Change(body.supply_point, body.gateway, identity)

    def verb(db: Connection) -> MeterOut:
        reading.meter(db, who.principal.client, meter)
        service.rebind(db, who.edge.clock, meter, change, expected, is_settled)
        return reading.meter(db, None, meter)

    changed = await who.write(verb)
    response.headers["ETag"] = etag(changed.version)
    return changed
