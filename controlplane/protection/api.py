"""Routes of protections, holds, and all that stops orders at a point."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy import Connection, Row, Select, select

from controlplane.access.deps import Asking, Posting, Posts, Requires
from controlplane.access.roles import Permission
from controlplane.fields import Name, Page
from controlplane.idempotency import Answer
from controlplane.orders.api import Ctx
from controlplane.orders.models import stops
from controlplane.orders.reading import point_of
from controlplane.pages import Wanted, page
from controlplane.protection import service
from controlplane.protection.schemas import Ending, NewHold, ProtectionMade, ProtectionTold, StopOut, StopTold
from controlplane.queries import wanted
from controlplane.registry.models import protections
from controlplane.registry.schemas import NewProtection
from controlplane.registry.service import Forbidden

router = APIRouter(prefix="/supply-points/{point}", tags=["stops"])
Point = Annotated[Name, Path()]
Writes = Annotated[Posting, Depends(Posts(Permission.STOPS_WRITE))]
Ends = Annotated[Posting, Depends(Posts(Permission.STOPS_END))]


def _stop(row: Row[tuple[object, ...]]) -> dict[str, object]:
    known = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return {**known, "supply_point": row.point, "recorded_by": row.actor}


def _one_stop(db: Connection, identity: str) -> dict[str, object]:
    return _stop(db.execute(select(stops).where(stops.c.id == identity)).one())


def _one_protection(db: Connection, identity: str) -> dict[str, object]:
    row = db.execute(select(protections).where(protections.c.id == identity)).one()
    return {**dict(row._mapping), "supply_point": row.point}  # noqa: SLF001 - SQLAlchemy's public name for it


@router.post("/protections", status_code=201, response_model=ProtectionMade)
async def protect(point: Point, body: NewProtection, context: Ctx, who: Writes) -> Response:
    """Forbid an act at a point: orders that would do it are stopped, and supply is given back where that is due."""

    def verb(db: Connection) -> Answer:
        point_of(db, who.principal.client, point)
        wish = Forbidden(body.act, body.reason, body.until)
        identity, back = service.protect(db, context, point, wish, who.principal.name)
        made = ProtectionMade.model_validate({**_one_protection(db, identity), "gives_back": back})
        return Answer(201, made.model_dump(mode="json"))

    return await who.once(verb)


@router.post("/protections/{protection}/end", response_model=ProtectionTold)
async def end_protection(
    point: Point, protection: Annotated[Name, Path()], body: Ending, context: Ctx, who: Ends
) -> Response:
    """Record that a protection has ended; what it held goes on as the rules allow."""

    def verb(db: Connection) -> Answer:
        point_of(db, who.principal.client, point)
        service.end_protection(db, context, point, protection, who.principal.name, body.reason)
        ended = ProtectionTold.model_validate(_one_protection(db, protection))
        return Answer(200, ended.model_dump(mode="json"))

    return await who.once(verb)


@router.post("/holds", status_code=201, response_model=StopTold)
async def hold(point: Point, body: NewHold, context: Ctx, who: Writes) -> Response:
    """Have nothing taken away at a point for now."""

    def verb(db: Connection) -> Answer:
        point_of(db, who.principal.client, point)
        identity, back = service.hold(db, context, point, body.reason, body.until, who.principal.name)
        made = StopTold.model_validate({**_one_stop(db, identity), "gives_back": back})
        return Answer(201, made.model_dump(mode="json"))

    return await who.once(verb)


@router.post("/holds/{hold}/end", response_model=StopOut)
async def end_hold(point: Point, hold: Annotated[Name, Path()], body: Ending, context: Ctx, who: Ends) -> Response:
    """Record that a hold has ended; what it held goes on as the rules allow."""

    def verb(db: Connection) -> Answer:
        point_of(db, who.principal.client, point)
        service.end_hold(db, context, point, hold, who.principal.name, body.reason)
        return Answer(200, StopOut.model_validate(_one_stop(db, hold)).model_dump(mode="json"))

    return await who.once(verb)


def _stops(point: str) -> Select[tuple[object, ...]]:
    return select(stops).where(stops.c.point == point)


@router.get("/stops")
async def list_stops(
    point: Point,
    who: Annotated[Asking, Depends(Requires(Permission.ORDERS_READ))],
    piece: Annotated[Wanted, Depends(wanted)],
) -> Page[StopOut]:
    """Everything that stops or has stopped orders at a point."""

    def verb(db: Connection) -> tuple[list[StopOut], str | None]:
        point_of(db, who.principal.client, point)
        rows, after = page(db, _stops(point), stops.c.id, piece)
        return [StopOut.model_validate(_stop(row)) for row in rows], after

    items, after = await who.read(verb)
    return Page(items=items, next=after)
