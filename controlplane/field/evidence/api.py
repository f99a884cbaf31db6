"""Routes of evidence: its bytes in, as they are, and out again, never as a page of this house."""

import re
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Path, Request
from pydantic import StringConstraints
from sqlalchemy import Connection
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, JSONResponse, Response

from controlplane.access.deps import Asking, Requires
from controlplane.access.roles import Permission
from controlplane.edge import API
from controlplane.field.evidence import service
from controlplane.field.evidence.intake import Intake, to_its_end
from controlplane.field.evidence.kinds import Kind
from controlplane.field.evidence.schemas import EvidenceOut
from controlplane.field.evidence.senders import check_quota, sender_of
from controlplane.problems import NotFoundError, RefusalError, UnavailableError

router = APIRouter(prefix="/field/evidence", tags=["evidence"])
ITS_BYTES = re.compile(rf"{API}/field/evidence/[0-9a-f]{{64}}")
DIGITS = 12
SHUT = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
"""Bytes of strangers are shown by no browser as a page of ours."""
BINARY = {"schema": {"type": "string", "format": "binary"}}
BODY = {"requestBody": {"required": True, "content": {kind.value: BINARY for kind in Kind}}}
ORIGINAL: dict[int | str, dict[str, Any]] = {200: {"content": {kind.value: BINARY for kind in Kind}}}
PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {Kind.JPEG.value: BINARY}}}
Digest = Annotated[str, Path(description="SHA-256 of the bytes, in hex"), StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Writes = Annotated[Asking, Depends(Requires(Permission.EVIDENCE_WRITE))]
Reads = Annotated[Asking, Depends(Requires(Permission.EVIDENCE_READ))]
log: structlog.stdlib.BoundLogger = structlog.get_logger("evidence")


def streams(method: str, path: str) -> bool:
    """Whether a request's body is taken as it comes, by this slice's own bounds."""
    return method == "PUT" and ITS_BYTES.fullmatch(path) is not None


async def _intake(request: Request) -> Intake:
    intake: Intake | None = request.app.state.intake
    if intake is None:
        raise UnavailableError("this control plane was started without a folder for evidence")
    return intake


Door = Annotated[Intake, Depends(_intake)]


def _out(row: service.Line) -> EvidenceOut:
    return EvidenceOut.model_validate(dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's public name for it


@router.put("/{sha256}", status_code=201, response_model=EvidenceOut, openapi_extra=BODY, responses={200: {}})
async def put_evidence(sha256: Digest, request: Request, who: Writes, door: Door) -> Response:
    """Send a photograph or document under the SHA-256 of its bytes; 200 where you have sent it before.

    Photographs are JPEG, PNG or WebP, documents PDF, told by their content. It is kept unaltered, and durable when this
    answers.
    """
    told, now = request.headers.get("content-length", ""), who.edge.clock.now()
    announced = int(told[:DIGITS]) if told.isdecimal() else 0

    def look(db: Connection) -> tuple[str, bool]:
        sender = sender_of(db, who.principal)
        if not service.sent(db, [sha256], sender):
            check_quota(db, now, sender, min(announced, door.store.bounds.largest), door.quota)
        return sender.key, service.is_known(db, sha256) and door.store.thumbnail(sha256).is_file()

    sender, known = await who.read(look)
    try:
        taken = await door.take(sender, sha256, request.stream(), announced=announced, known=known)
    except ClientDisconnect:
        raise RefusalError("it was cut off; send it again", code="evidence_cut") from None

    def verb(db: Connection) -> tuple[bool, EvidenceOut]:
        new = service.record(db, now, sha256, taken, who.principal)
        return new, _out(service.get(db, sha256, who.principal))

    new, out = await who.write(verb)
    return JSONResponse(out.model_dump(mode="json"), status_code=201 if new else 200)


@router.get("/{sha256}/facts")
async def get_facts(sha256: Digest, who: Reads) -> EvidenceOut:
    """What is known of a piece of evidence, and what a photograph says of itself."""
    return await who.read(lambda db: _out(service.get(db, sha256, who.principal)))


@router.get("/{sha256}", response_class=FileResponse, responses=ORIGINAL)
async def get_original(sha256: Digest, who: Reads, door: Door) -> Response:
    """The original, byte for byte as it came; checked once more before it is given."""
    row = await who.read(lambda db: service.get(db, sha256, who.principal))
    if not await to_its_end(lambda: door.store.is_whole(sha256)):
        log.critical("evidence is missing or altered on disk", sha256=sha256)
        detail = "the file is missing or altered on disk; the operators are told. Whoever has it can put it again"
        raise UnavailableError(detail, code="evidence_lost")
    kind = Kind(row.kind)
    named = f"{sha256}.{kind.suffix}"
    return FileResponse(door.store.path(sha256), media_type=kind.value, filename=named, headers=SHUT)


@router.get("/{sha256}/thumbnail", response_class=FileResponse, responses=PICTURE)
async def get_thumbnail(sha256: Digest, who: Reads, door: Door) -> Response:
    """A small JPEG, upright, that holds nothing but its pixels; a document has none."""
    row = await who.read(lambda db: service.get(db, sha256, who.principal))
    small = door.store.thumbnail(sha256)
    if row.facts is None or not small.is_file():
        raise NotFoundError("there is no small picture of this; ask for the original")
    return FileResponse(small, media_type=Kind.JPEG.value, headers=SHUT)
