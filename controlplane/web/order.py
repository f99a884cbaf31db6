"""The page of one order: why it stands where it stands, its life and history, the valve, work on site, the proof."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection

from controlplane.access.roles import Permission
from controlplane.field.evidence.service import shots_of
from controlplane.field.work import offering
from controlplane.orders.sheet import Sheet, sheet
from controlplane.orders.states import TERMINAL, Kind, OrderState
from controlplane.orders.stopping import STANDING
from controlplane.telemetry.reading import latest_of
from controlplane.telemetry.schemas import ReadingOut
from controlplane.web.answers import answers
from controlplane.web.frame import Page
from controlplane.web.history import history
from controlplane.web.live import serve
from controlplane.web.proving import prove
from controlplane.web.reader import Asked
from controlplane.web.situation import OLD_AFTER
from controlplane.web.why import life, why

INDEX = "volume"
router = APIRouter(include_in_schema=False)


def gather(db: Connection, asked: Asked) -> Mapping[str, Any]:
    """All that the page shows, at one moment; NotFoundError where the reader may see no such order."""
    reader, signing = asked.reader, asked.signing
    assert signing is not None  # noqa: S101 - every request's has one
    found = sheet(db, asked.scope, asked.of["order"], signing.house, reader.now)
    line, block = found.line, why(found, reader.now)
    return {
        "need_count": 0,
        "order": line,
        "sheet": found,
        "why": block,
        "answers": answers(block, reader.words, reader.day) if block is not None else None,
        "life": life(found),
        "history": history(found),
        "index": _index(db, line.meter),
        "old_before": reader.now - OLD_AFTER,
        "work": offering.open_of(db, line.id),
        "shots": shots_of(db, line.id) if reader.may(Permission.EVIDENCE_READ) else [],
        "proof": prove(db, line.id, signing, asked.context.clock) if reader.may(Permission.PROOF_READ) else None,
        "can": _can(found, asked),
    }


def _index(db: Connection, meter: str | None) -> ReadingOut | None:
    readings = latest_of(db, meter) if meter is not None else []
    return next((each for each in readings if each.quantity == INDEX and each.storage == 0 and each.value), None)


def _can(found: Sheet, asked: Asked) -> Mapping[str, bool]:
    """What this reader may do to this order as it stands: nothing else has a button."""
    line, may, who = found.line, asked.reader.may, asked.reader.who
    state, taking = OrderState(line.state), line.way == Kind.TAKING
    alive = state not in TERMINAL and state not in STANDING
    decides = may(Permission.ORDERS_APPROVE) and state is OrderState.AWAITING_APPROVAL
    return {
        "withdraw": may(Permission.ORDERS_WITHDRAW) and (alive or (taking and state in STANDING)) and not line.stopped,
        "hold": may(Permission.STOPS_WRITE) and taking and alive,
        "approve": decides and asked.reader.is_one_of_two and line.requested_by != who.person,
        "end_holds": may(Permission.STOPS_END) and alive,
        "dossier": may(Permission.PROOF_READ),
    }


PAGE = Page(
    name="order",
    path="/c/orders/{order}",
    permission=Permission.PAGES_READ,
    regions=("head", "why", "life", "history", "valve", "work", "proof"),
    gather=gather,
)
serve(router, PAGE, listed=False)
