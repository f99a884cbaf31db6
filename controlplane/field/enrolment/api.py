"""Routes of crews and devices."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Connection, Row, select
from starlette.responses import Response

from controlplane.access.deps import Asking, Posting, Posts, Requires
from controlplane.access.roles import Permission
from controlplane.field.enrolment import service
from controlplane.field.enrolment.models import crews, devices
from controlplane.field.enrolment.schemas import (
    Approval,
    CodeOut,
    CrewOut,
    DeviceOut,
    DeviceRevocation,
    EnrolledOut,
    Enrolment,
    NewCrew,
)
from controlplane.fields import Name, Page
from controlplane.idempotency import Answer
from controlplane.orders.api import Ctx
from controlplane.pages import Wanted, page
from controlplane.queries import wanted
from protocols.uplink.keys import short_fingerprint

router = APIRouter(tags=["field"], prefix="/field")
Piece = Annotated[Wanted, Depends(wanted)]


def _crew(row: Row[tuple[object, ...]]) -> CrewOut:
    return CrewOut.model_validate(dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's public name for it


def _device(row: Row[tuple[object, ...]]) -> DeviceOut:
    known = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return DeviceOut.model_validate({**known, "fingerprint": short_fingerprint(bytes.fromhex(row.public_key))})


def _told(db: Connection, device: str) -> DeviceOut:
    return _device(db.execute(select(devices).where(devices.c.id == device)).one())


@router.post("/crews", status_code=201, response_model=CrewOut)
async def create_crew(
    body: NewCrew, context: Ctx, who: Annotated[Posting, Depends(Posts(Permission.CREWS_WRITE))]
) -> Response:
    """Enter a crew."""

    def verb(db: Connection) -> Answer:
        made = service.make_crew(db, context, body.name, body.clients, who.principal.name)
        row = db.execute(select(crews).where(crews.c.id == made)).one()
        return Answer(201, _crew(row).model_dump(mode="json"))

    return await who.once(verb)


@router.get("/crews")
async def list_crews(who: Annotated[Asking, Depends(Requires(Permission.CREWS_READ))], piece: Piece) -> Page[CrewOut]:
    """All crews."""
    rows, after = await who.read(lambda db: page(db, select(crews), crews.c.id, piece))
    return Page(items=[_crew(row) for row in rows], next=after)


@router.post("/crews/{crew}/codes", status_code=201, response_model=CodeOut)
async def create_code(
    crew: Annotated[Name, Path()], context: Ctx, who: Annotated[Posting, Depends(Posts(Permission.CREWS_WRITE))]
) -> Response:
    """Make a code that enrols one device of this crew, within the hour."""

    def verb(db: Connection) -> Answer:
        code = service.make_code(db, context, crew, who.principal.name)
        told = CodeOut(crew=crew, expires_at=context.now + service.CODE_VALID)
        return Answer(201, told.model_dump(mode="json"), secret={"code": code})

    return await who.once(verb)


@router.post("/devices", status_code=201, response_model=EnrolledOut)
async def enrol_device(
    body: Enrolment, context: Ctx, who: Annotated[Posting, Depends(Posts(Permission.FIELD_WORK))]
) -> Response:
    """A device tells its key; it is believed when an operator has approved it."""

    def verb(db: Connection) -> Answer:
        made = service.enrol(db, context, body.code, body.name, body.public_key, who.principal.id)
        house = who.edge.signer.public.hex()
        return Answer(201, {**_told(db, made).model_dump(mode="json"), "house_key": house})

    return await who.once(verb)


@router.get("/devices")
async def list_devices(
    who: Annotated[Asking, Depends(Requires(Permission.CREWS_READ))], piece: Piece
) -> Page[DeviceOut]:
    """All devices, those that wait for approval and revoked ones too."""
    rows, after = await who.read(lambda db: page(db, select(devices), devices.c.id, piece))
    return Page(items=[_device(row) for row in rows], next=after)


@router.post("/devices/{device}/approve", response_model=DeviceOut)
async def approve_device(
    device: Annotated[Name, Path()],
    body: Approval,
    context: Ctx,
    who: Annotated[Posting, Depends(Posts(Permission.CREWS_WRITE))],
) -> Response:
    """Believe a device from now on: the body says the fingerprint that it shows itself."""

    def verb(db: Connection) -> Answer:
        service.approve(db, context, device, body.fingerprint, who.principal.name)
        return Answer(200, _told(db, device).model_dump(mode="json"))

    return await who.once(verb)


@router.post("/devices/{device}/revoke", response_model=DeviceOut)
async def revoke_device(
    device: Annotated[Name, Path()],
    body: DeviceRevocation,
    context: Ctx,
    who: Annotated[Posting, Depends(Posts(Permission.CREWS_WRITE))],
) -> Response:
    """Believe a device no more. A permit it holds stays, until two persons end it."""

    def verb(db: Connection) -> Answer:
        service.revoke(db, context, device, body.reason, who.principal.name)
        return Answer(200, _told(db, device).model_dump(mode="json"))

    return await who.once(verb)
