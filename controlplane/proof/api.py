"""Routes of the log, for anybody: hashes and signatures tell nothing of anyone, and are worth only what is asked."""

from base64 import b64encode
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection
from starlette.responses import Response

from controlplane.edge import Edge
from controlplane.proof import reading, sequencer
from controlplane.proof.sequencer import Notary

router = APIRouter(prefix="/log", tags=["log"])
TEXT = "text/plain; charset=utf-8"
LARGEST = 2**53
Number = Annotated[int, Query(ge=0, le=LARGEST)]
CHECKPOINT: dict[int | str, dict[str, Any]] = {
    200: {"content": {TEXT: {"schema": {"type": "string"}}}, "description": "A signed note (C2SP tlog-checkpoint)."}
}


class ProofOut(BaseModel):
    """A proof of RFC 6962: hashes in base64, from the leaf up."""

    model_config = ConfigDict(extra="forbid")

    proof: list[str]


@router.get("/checkpoint", response_class=Response, responses=CHECKPOINT)
async def checkpoint(request: Request) -> Response:
    """The newest checkpoint: keep it, and no later one can leave out what this one holds."""
    notary: Notary = request.app.state.notary

    def newest(db: Connection) -> bytes:
        return reading.newest(db, sequencer.stands(db, notary)).note

    return Response(await _edge(request).writer.read(newest), media_type=TEXT, headers={"Cache-Control": "no-cache"})


@router.get("/inclusion")
async def inclusion(request: Request, index: Number, size: Number) -> ProofOut:
    """The proof that entry `index`, counted from 0, is among the first `size` entries."""
    return _told(await _edge(request).writer.read(lambda db: reading.inclusion(db, index, size)))


@router.get("/consistency")
async def consistency(request: Request, old: Number, new: Number) -> ProofOut:
    """The proof that the first `old` entries begin the first `new`: nothing of them was changed or left out."""
    return _told(await _edge(request).writer.read(lambda db: reading.consistency(db, old, new)))


def _edge(request: Request) -> Edge:
    edge: Edge = request.app.state.edge
    return edge


def _told(path: list[bytes]) -> ProofOut:
    return ProofOut(proof=[b64encode(step).decode() for step in path])
