"""Routes of work orders and of the feed."""

import json
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request
from msgspec import json as bytes_of
from sqlalchemy import Connection
from starlette.responses import JSONResponse, Response

from controlplane.access.deps import Asking, Posting, Posts, Requires
from controlplane.access.roles import Permission, Role
from controlplane.access.service import Principal
from controlplane.field.enrolment.service import Device, device_of
from controlplane.field.work import acts, feed, offering, repairs, two
from controlplane.field.work.needs import Needs
from controlplane.field.work.requirements import told
from controlplane.field.work.schemas import (
    Arrival,
    FeedOut,
    Judging,
    PermitOut,
    Releasing,
    RepairEnding,
    RequirementsOut,
    SignedBody,
    TwoOut,
    WorkOrderOut,
)
from controlplane.fields import Name
from controlplane.idempotency import Answer
from controlplane.orders.api import Ctx
from controlplane.orders.context import Context
from controlplane.pages import Wanted, pack, unpack
from controlplane.problems import NotFoundError, RefusalError
from controlplane.queries import wanted
from protocols.uplink.crew import CrewAbort, CrewReport
from protocols.uplink.envelope import Envelope, Signature

router = APIRouter(tags=["field"], prefix="/field")
WorkOrder = Annotated[Name, Path()]
Working = Annotated[Posting, Depends(Posts(Permission.FIELD_WORK))]
NOT_MODIFIED = 304


def _device(db: Connection, who: Principal) -> Device | None:
    """A crew sees through its device; the others through their scope."""
    return device_of(db, who.id) if who.role is Role.CREW else None


def _signed(body: SignedBody) -> acts.Signed:
    signatures = [Signature(s.keyid, s.sig) for s in body.signatures]
    return acts.Signed(bytes_of.encode(Envelope(body.payload, body.payloadType, signatures)))


def _told(db: Connection, work_order: str) -> Answer:
    whole = feed.whole(db, work_order)
    return Answer(200, whole, whole["version"])


def _feed(db: Connection, who: Principal, piece: Wanted) -> dict[str, Any]:
    last = unpack(piece.cursor, (int,))[0] if piece.cursor is not None else 0
    rows = feed.after(db, last, piece.limit + 1, who.client, _device(db, who))
    kept = rows[: piece.limit]
    items = [
        {
            "id": row.id,
            "at": row.at.isoformat(),
            "type": row.type,
            "subject": row.work_order,
            "work_order": row.data if row.type != feed.Entry.TAKEN else None,
        }
        for row in kept
    ]
    return {"items": items, "next": pack([kept[-1].id if kept else last]), "more": len(rows) > piece.limit}


@router.get("/feed", response_model=FeedOut, responses={NOT_MODIFIED: {"description": "as it was under that ETag"}})
async def read_feed(
    who: Annotated[Asking, Depends(Requires(Permission.FIELD_READ))],
    piece: Annotated[Wanted, Depends(wanted)],
    if_none_match: Annotated[str | None, Header(description="the ETag you have read")] = None,
) -> Response:
    """What has happened to work orders after the cursor, oldest first: nothing is skipped, nothing told twice."""
    document = await who.read(lambda db: _feed(db, who.principal, piece))
    tag = f'"{sha256(json.dumps(document).encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match is not None and tag in [each.strip() for each in if_none_match.split(",")]:
        return Response(status_code=NOT_MODIFIED, headers=headers)
    return JSONResponse(document, headers=headers)


@router.get("/requirements")
async def get_requirements(
    who: Annotated[Asking, Depends(Requires(Permission.FIELD_READ))], request: Request
) -> RequirementsOut:
    """What a crew's account needs here: by act and medium for a report, by outcome for an abort."""
    needs: Needs = request.app.state.needs
    return RequirementsOut.model_validate(await who.read(lambda _: told(needs.house)))


@router.get("/work-orders/{work_order}")
async def get_work_order(
    work_order: WorkOrder, who: Annotated[Asking, Depends(Requires(Permission.FIELD_READ))]
) -> WorkOrderOut:
    """One work order."""

    def verb(db: Connection) -> WorkOrderOut:
        device = _device(db, who.principal)
        row = offering.find(db, work_order)
        seen = row is not None and who.principal.client in (None, row.client)
        if row is None or not seen or (device is not None and not acts.may_see(device, row)):
            raise NotFoundError("there is no such work order")
        return WorkOrderOut.model_validate(feed.whole(db, work_order))

    return await who.read(verb)


async def _act(who: Posting, work_order: str, act: Callable[[Connection, Device], None]) -> Response:
    def verb(db: Connection) -> Answer:
        act(db, device_of(db, who.principal.id))
        return _told(db, work_order)

    return await who.once(verb)


async def _hear_of_leak(
    who: Posting, context: Context, work_order: str, signed: acts.Signed, kind: type[CrewReport | CrewAbort]
) -> None:
    """What is wrong with the account, its own verb says; an answer that was given before is given again."""

    def verb(db: Connection) -> None:
        acts.hear_of_leak(db, context, device_of(db, who.principal.id), work_order, signed, kind)

    with suppress(RefusalError):
        await who.write(verb)


@router.post("/work-orders/{work_order}/accept", response_model=WorkOrderOut)
async def accept_work_order(work_order: WorkOrder, context: Ctx, who: Working) -> Response:
    """The caller's crew takes it."""
    return await _act(who, work_order, lambda db, device: acts.accept(db, context, device, work_order))


@router.post("/work-orders/{work_order}/arrive", response_model=WorkOrderOut)
async def arrive(work_order: WorkOrder, body: Arrival, context: Ctx, who: Working) -> Response:
    """The crew is there, and says what it finds."""
    return await _act(who, work_order, lambda db, device: acts.arrive(db, context, device, work_order, body.position))


@router.post("/work-orders/{work_order}/permit", response_model=PermitOut)
async def ask_permit(work_order: WorkOrder, body: SignedBody, context: Ctx, who: Working) -> Response:
    """May supply be taken away now? The body is a signed crew-permit-request, the answer a signed crew-permit."""

    def verb(db: Connection) -> Answer:
        device = device_of(db, who.principal.id)
        permit = acts.permit(db, context, device, work_order, _signed(body))
        reason = {"code": permit.reason.code, "en": permit.reason.en, "it": permit.reason.it} if permit.reason else None
        sealed = json.loads(acts.sealed(permit, who.edge.signer))
        return Answer(200, {"granted": permit.granted, "reason": reason, "signed": sealed})

    return await who.once(verb)


@router.post("/work-orders/{work_order}/report", response_model=WorkOrderOut)
async def report(work_order: WorkOrder, body: SignedBody, context: Ctx, who: Working, request: Request) -> Response:
    """What was done and seen: a signed crew-report. What is doubted is kept, and waits for two persons."""
    needs: Needs = request.app.state.needs
    signed = _signed(body)
    await _hear_of_leak(who, context, work_order, signed, CrewReport)
    return await _act(who, work_order, lambda db, device: acts.report(db, context, device, work_order, signed, needs))


@router.post("/work-orders/{work_order}/abort", response_model=WorkOrderOut)
async def abort(work_order: WorkOrder, body: SignedBody, context: Ctx, who: Working, request: Request) -> Response:
    """It was not done: a signed crew-abort, whose code says what comes next and which photographs it needs."""
    needs: Needs = request.app.state.needs
    signed = _signed(body)
    await _hear_of_leak(who, context, work_order, signed, CrewAbort)
    return await _act(who, work_order, lambda db, device: acts.abort(db, context, device, work_order, signed, needs))


def _two(db: Connection, work_order: str, *, done: bool) -> Answer:
    return Answer(200, {"done": done, "work_order": feed.whole(db, work_order)})


@router.post("/work-orders/{work_order}/release", response_model=TwoOut)
async def release(
    work_order: WorkOrder,
    body: Releasing,
    context: Ctx,
    who: Annotated[Posting, Depends(Posts(Permission.FIELD_RELEASE))],
) -> Response:
    """End the permit of a crew that does not report: two persons say that it was spoken to, or is away."""
    person = who.principal.one_of_two()

    def verb(db: Connection) -> Answer:
        word = two.Word("release", body.crew_is, body.statement, who.principal.name, person)
        return _two(db, work_order, done=two.release(db, context, who.edge.signer, work_order, word))

    return await who.once(verb)


@router.post("/work-orders/{work_order}/override", response_model=TwoOut)
async def override(
    work_order: WorkOrder,
    body: Judging,
    context: Ctx,
    who: Annotated[Posting, Depends(Posts(Permission.FIELD_RELEASE))],
) -> Response:
    """Accept or reject what is doubted, as one of two persons: a kept report, or a serial before a permit."""
    person = who.principal.one_of_two()
    says = f"{'accept' if body.accept else 'reject'} {body.serial}".strip()

    def verb(db: Connection) -> Answer:
        word = two.Word("override", says, body.reason, who.principal.name, person)
        done = two.override(db, context, work_order, word, body.serial, accept=body.accept)
        return _two(db, work_order, done=done)

    return await who.once(verb)


@router.post("/work-orders/{work_order}/end", response_model=WorkOrderOut)
async def end_repair(
    work_order: WorkOrder,
    body: RepairEnding,
    context: Ctx,
    who: Annotated[Posting, Depends(Posts(Permission.FIELD_RELEASE))],
) -> Response:
    """End a repair, and say how: the valve that passed is watched anew from now on."""

    def verb(db: Connection) -> Answer:
        repairs.end(db, context, work_order, body.reason, who.principal.name)
        return _told(db, work_order)

    return await who.once(verb)
