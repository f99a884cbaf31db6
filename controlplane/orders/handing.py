"""A crew's permit, decided like a gateway's: one compare-and-set under the fence (CONTROL P2, P9).

What differs: it lasts for minutes and is one device's, it is granted only on site and after everything else at the
point has settled, and no time settles it. A denial is an answer too: what it does to the order is done here.
"""

from datetime import timedelta

from sqlalchemy import Connection

from controlplane.db import lock_point
from controlplane.orders import documents, hands
from controlplane.orders.context import Context
from controlplane.orders.life import Order, advance, at_point, get
from controlplane.orders.permit import NOT_WANTED, denied, objection
from controlplane.orders.sending import HOUSE
from controlplane.orders.service import UNSETTLED
from controlplane.orders.settling import unsettled
from controlplane.orders.states import Event, Kind, OrderState
from controlplane.orders.stopping import REASONS, blocking
from protocols.uplink import codec
from protocols.uplink.crew import CrewPermit, CrewPermitRequest
from protocols.uplink.parts import Reason


def decide(db: Connection, context: Context, asked: CrewPermitRequest, request: str) -> CrewPermit:
    """Answer a believed request, named by its digest; what the answer changes and the answer are one transaction."""
    order = get(db, asked.order)
    lock_point(db, order.point)
    order = get(db, asked.order)
    refused = _refusal(db, context, order)
    permit = CrewPermit(
        device=asked.device,
        work_order=asked.work_order,
        order=asked.order,
        at=context.now,
        request=request,
        nonce=asked.nonce,
        granted=refused is None,
        validity_s=context.settings.crew_permit_s if refused is None else 0.0,
        reason=refused,
    )
    documents.issued(db, order.id, permit, context.now)
    if refused is None:
        _grant(db, context, order, permit)
    return permit


def _refusal(db: Connection, context: Context, order: Order) -> Reason | None:
    if order.way is not Kind.TAKING or order.state is not OrderState.ON_SITE or order.channel != "field":
        return REASONS.get(blocking(db, context, order) or "", NOT_WANTED)
    against = objection(db, context, order, at_point(db, order.point), context.settings.crew_permit_s)
    if against is None and unsettled(db, order.point):
        against = (UNSETTLED, None)
    return denied(db, context, order, *against) if against is not None else None


def _grant(db: Connection, context: Context, order: Order, permit: CrewPermit) -> None:
    """From here on the order is its crew's alone: no command that was sent before counts on it any more."""
    until = context.now + timedelta(seconds=permit.validity_s)
    digest = codec.digest(codec.encode(permit))
    told = {"permit": digest, "order": order.id, "point": order.point, "device": permit.device}
    hands.let_loose(db, **told, granted_at=context.now, until=until)
    due = context.now + timedelta(seconds=context.settings.crew_report_s)
    advance(db, context, order, Event.PERMIT_GRANTED, HOUSE, ever_permitted=True, command=None, look=None, until=due)
