"""The route of dossiers: one file, which anybody can check without this house."""

from functools import partial
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from sqlalchemy import Connection
from starlette.responses import Response

from controlplane.access.deps import Asking, Requires
from controlplane.access.roles import Permission
from controlplane.dossiers.assembling import Photographs, material, without_photographs
from controlplane.field.evidence.intake import Intake
from controlplane.orders import reading, told
from controlplane.orders.api import context_of
from controlplane.orders.context import Context
from controlplane.problems import UnavailableError
from controlplane.proof import sequencer
from controlplane.proof.api import LARGEST
from controlplane.proof.sequencer import Notary, Source
from protocols.errors import TheirsError
from protocols.proof import dossier

router = APIRouter(tags=["orders"])
ZIP = "application/zip"
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}, "description": "A canonical ZIP."}
}
KEPT = "sizes of checkpoints that you have kept: they are put in, so that you can compare"
Size = Annotated[int, Field(ge=0, le=LARGEST)]
DAMAGED = "what the log keeps of this order was damaged or changed: keep the database as it is, and compare its backups"
log: structlog.stdlib.BoundLogger = structlog.get_logger("dossiers")
MOST_BATCHES = 200
"""As far as the log is made to catch up before a dossier is written: what comes after that is in the next one."""


@router.get("/orders/{order}/dossier", response_class=Response, responses=FILE)
async def dossier_of(
    request: Request,
    order: Annotated[str, Path()],
    who: Annotated[Asking, Depends(Requires(Permission.PROOF_READ))],
    *,
    photographs: Annotated[bool, Query(description="hand the photographs out with it")] = False,
    checkpoint: Annotated[list[Size], Query(description=KEPT, max_length=100)] = [],  # noqa: B006 - never changed
) -> Response:
    """The order's dossier: what happened, who signed it, and the proof that nothing was left out or changed since."""
    notary: Notary = request.app.state.notary
    context = context_of(request)
    await who.read(lambda db: reading.order(db, who.principal.client, order))
    await _catch_up(who, told.source(who.edge.signer), notary, context)
    kept = _photographs(request.app.state.intake) if photographs else without_photographs
    software = f"curbstop {request.app.version}"

    def build(db: Connection) -> bytes:
        try:
            parts = material(db, order, notary, who.edge.signer, photographs=kept, also=checkpoint)
            return dossier.build(parts, notary.signer, context.now, software)
        except (TheirsError, ValueError) as error:
            log.critical("the log is damaged", order=order, error=str(error))
            raise UnavailableError(DAMAGED, code="log_damaged") from None

    headers = {"Content-Disposition": f'attachment; filename="{order}.zip"', "Cache-Control": "private, no-store"}
    return Response(await who.read(build), media_type=ZIP, headers=headers)


async def _catch_up(who: Asking, source: Source, notary: Notary, context: Context) -> None:
    """Have the log take what has just happened: a proof that lacks the last minute would say less than it could."""
    for _ in range(MOST_BATCHES):
        if not await who.read(partial(sequencer.is_due, source=source, notary=notary)):
            return
        await who.write(partial(sequencer.sequence, source=source, notary=notary, at=context.now))


def _photographs(intake: Intake | None) -> Photographs:
    if intake is None:
        return without_photographs
    store = intake.store

    def kept(digest: str) -> bytes | None:
        return store.path(digest).read_bytes() if store.is_whole(digest) else None

    return kept
