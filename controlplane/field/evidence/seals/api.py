"""Routes of the registry of seals. Seals are put on and taken off by crews' reports, never by a route."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy import Connection

from controlplane.access.deps import Asking, Posting, Posts, Requires
from controlplane.access.roles import Permission
from controlplane.field.evidence.seals import reading, service
from controlplane.field.evidence.seals.schemas import (
    NewSeals,
    SealEvent,
    SealIssue,
    SealOut,
    SealsOut,
    SealTold,
    SealVoiding,
)
from controlplane.fields import Name, Page
from controlplane.idempotency import Answer
from controlplane.orders.reading import point_of
from controlplane.pages import Wanted
from controlplane.queries import wanted

router = APIRouter(tags=["seals"])
Writes = Annotated[Posting, Depends(Posts(Permission.SEALS_WRITE))]
Reads = Annotated[Asking, Depends(Requires(Permission.SEALS_READ))]
Piece = Annotated[Wanted, Depends(wanted)]
Seal = Annotated[Name, Path()]


def _by(who: Posting) -> service.By:
    return service.By(who.edge.clock.now(), who.principal.name)


def _answer(status: int, numbers: list[str]) -> Answer:
    return Answer(status, SealsOut(count=len(numbers), first=numbers[0], last=numbers[-1]).model_dump(mode="json"))


@router.post("/field/seals", status_code=201, response_model=SealsOut)
async def register_seals(body: NewSeals, who: Writes) -> Response:
    """Enter seals, all of them or none: into the store, or as hanging at a point already."""
    numbers = body.all()

    def verb(db: Connection) -> Answer:
        service.register(db, _by(who), numbers, standing_at=body.standing_at)
        return _answer(201, numbers)

    return await who.once(verb)


@router.post("/field/seals/issue", response_model=SealsOut)
async def issue_seals(body: SealIssue, who: Writes) -> Response:
    """Give seals to a crew, all of them or none; those that another crew has in hand change hands."""
    numbers = body.all()

    def verb(db: Connection) -> Answer:
        service.issue(db, _by(who), numbers, body.crew)
        return _answer(200, numbers)

    return await who.once(verb)


@router.post("/field/seals/{seal}/void", response_model=SealTold)
async def void_seal(seal: Seal, body: SealVoiding, who: Writes) -> Response:
    """Note that a seal that hangs nowhere is lost or broken."""

    def verb(db: Connection) -> Answer:
        service.void(db, _by(who), seal, body.reason)
        return Answer(200, reading.seal(db, seal).model_dump(mode="json"))

    return await who.once(verb)


@router.get("/field/seals")
async def list_seals(
    who: Reads, piece: Piece, crew: Name | None = None, state: Annotated[service.Where | None, Query()] = None
) -> Page[SealOut]:
    """All seals of the house."""
    items, after = await who.read(lambda db: reading.seals_page(db, piece, crew, state))
    return Page(items=items, next=after)


@router.get("/field/seals/{seal}")
async def get_seal(seal: Seal, who: Reads) -> SealTold:
    """One seal, with everything that ever happened to it."""
    return await who.read(lambda db: reading.seal(db, seal))


@router.get("/supply-points/{point}/seals")
async def list_seals_at_point(
    point: Annotated[Name, Path()],
    who: Annotated[Asking, Depends(Requires(Permission.ORDERS_READ))],
    piece: Piece,
) -> Page[SealEvent]:
    """What was put on and taken off at a point, oldest first."""

    def verb(db: Connection) -> tuple[list[SealEvent], str | None]:
        point_of(db, who.principal.client, point)
        return reading.at_point(db, point, piece)

    items, after = await who.read(verb)
    return Page(items=items, next=after)
