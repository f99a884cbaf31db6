"""Routes of a meter's readings and position."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import Connection

from controlplane.access.deps import Asking, Requires
from controlplane.access.roles import Permission
from controlplane.fields import Name, Page, When
from controlplane.pages import Wanted
from controlplane.queries import wanted
from controlplane.registry.reading import meter as find_meter
from controlplane.telemetry import reading
from controlplane.telemetry.schemas import LatestOut, PositionOut, ReadingOut

router = APIRouter(tags=["telemetry"])
Reader = Annotated[Asking, Depends(Requires(Permission.READINGS_READ))]


@router.get("/meters/{meter}/readings")
async def list_readings(
    meter: Annotated[Name, Path()],
    who: Reader,
    piece: Annotated[Wanted, Depends(wanted)],
    quantity: Annotated[Name | None, Query(description="for example volume")] = None,
    since: Annotated[When | None, Query()] = None,
    until: Annotated[When | None, Query()] = None,
) -> Page[ReadingOut]:
    """A meter's readings, newest first."""
    scope = who.principal.client

    def verb(db: Connection) -> tuple[list[ReadingOut], str | None]:
        find_meter(db, scope, meter)
        return reading.readings_page(db, meter, piece, quantity, since, until)

    items, after = await who.read(verb)
    return Page(items=items, next=after)


@router.get("/meters/{meter}/readings/latest")
async def latest_readings(meter: Annotated[Name, Path()], who: Reader) -> LatestOut:
    """The latest value of each register."""
    scope = who.principal.client

    def verb(db: Connection) -> list[ReadingOut]:
        find_meter(db, scope, meter)
        return reading.latest_of(db, meter)

    return LatestOut(items=await who.read(verb))


@router.get("/meters/{meter}/position")
async def get_position(meter: Annotated[Name, Path()], who: Reader) -> PositionOut:
    """The last proven position of the valve, with its age."""
    scope, now = who.principal.client, who.edge.clock.now()

    def verb(db: Connection) -> PositionOut:
        find_meter(db, scope, meter)
        return reading.position(db, meter, now)

    return await who.read(verb)
