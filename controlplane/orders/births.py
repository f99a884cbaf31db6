"""Births: who a gateway is, what its meters can do, and in which epoch it works (CONTROL, Delivery).

A journal that is not known, or a mark below the highest number ever issued to that meter, raises the epoch: what was
granted before settles by time alone, and what is still wanted is issued again.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from controlplane import news, outbox
from controlplane.db import Fence, lock_point, lock_points, set_epoch
from controlplane.orders.barring import FREEZE, halted
from controlplane.orders.context import Context
from controlplane.orders.halting import halt
from controlplane.orders.life import Order, advance, get, given_back
from controlplane.orders.models import commands, looks
from controlplane.orders.sending import forget_commands, give_remotely, send_again, send_look, waiting_for
from controlplane.orders.states import Event, Kind, OrderState
from controlplane.registry.models import gateways, house, meters, meters_told
from protocols.types import MeterId
from protocols.uplink.messages import Ack, Birth, BirthTerms, MeterBirth, Number, Reason

RAISED = Reason(
    "epoch_raised",
    "The gateway's memory is older than what was sent to it: everything is asked anew.",
    "La memoria del gateway è più vecchia di quanto inviato: tutto viene richiesto di nuovo.",
)


GATEWAY = select(gateways).where(gateways.c.id == bindparam("id"))
BOUND = select(meters.c.name, meters.c.point).where(meters.c.gateway == bindparam("gateway"))
BORN = update(gateways).where(gateways.c.id == bindparam("this"))


def take_birth(db: Connection, context: Context, birth: Birth) -> None:
    """Take a believed birth, and answer it; the same birth again is answered again."""
    row = db.execute(GATEWAY, {"id": birth.gateway}).one()
    first = (row.journal, row.boot) != (birth.journal, birth.boot)
    points = {row.name: row.point for row in db.execute(BOUND, {"gateway": birth.gateway})}
    mine = [told for told in birth.meters if told.meter in points]
    _keep(db, context, birth, mine)
    before = row if first else None
    fences = _held(db, {told.meter: points[told.meter] for told in mine})
    epochs = {told.meter: _epoch(db, context, birth, told, fences, before) for told in mine}
    seen = {"journal": birth.journal, "boot": birth.boot, "last_seen_at": context.now}
    db.execute(BORN, {"this": birth.gateway, **seen})
    _answer(db, context, birth, epochs)
    for waiting in given_back(db, (points[meter] for meter in epochs)):
        give_remotely(db, context, waiting)
    if first:
        news.tell(db, context.now, "gateway", birth.gateway, {"boot": birth.boot, "meters": sorted(epochs)}, None)


FORGET_TOLD = delete(meters_told).where(
    meters_told.c.meter == bindparam("meter"), meters_told.c.gateway == bindparam("gateway")
)
TOLD = insert(meters_told)


def _keep(db: Connection, context: Context, birth: Birth, meters: list[MeterBirth]) -> None:
    if meters:
        db.execute(FORGET_TOLD, [{"meter": told.meter, "gateway": birth.gateway} for told in meters])
        db.execute(TOLD, [_told(context, birth, told) for told in meters])


def _told(context: Context, birth: Birth, told: MeterBirth) -> dict[str, object]:
    return {
        "meter": told.meter,
        "gateway": birth.gateway,
        "spec": told.spec,
        "spec_digest": told.spec_digest,
        "capabilities": [str(c) for c in told.capabilities],
        "act_max_s": told.act_max_s,
        "arm_expires_s": told.arm_expires_s,
        "mark_epoch": told.mark.epoch if told.mark else None,
        "mark_sequence": told.mark.sequence if told.mark else None,
        "told_at": context.now,
    }


def _held(db: Connection, points: Mapping[MeterId, str]) -> dict[MeterId, Fence]:
    """Each meter's fence, all of them held."""
    held = lock_points(db, points.values())
    return {meter: held[point] for meter, point in points.items()}


def _epoch(
    db: Connection,
    context: Context,
    birth: Birth,
    told: MeterBirth,
    fences: dict[MeterId, Fence],
    before: Row[tuple[object, ...]] | None,
) -> int:
    """The meter's epoch from now on; raised where the journal can't know what was sent."""
    fence = fences[told.meter]
    above = told.mark is not None and told.mark >= Number(fence.epoch, fence.next_sequence)
    if above:
        _halt(db, context, birth, told)
        fence = lock_point(db, fence.point)
    elif before is None:
        return fence.epoch
    else:
        highest = _highest_issued(db, told.meter)
        known = before.journal in (None, birth.journal)
        if highest is None or (known and told.mark is not None and told.mark >= highest):
            return fence.epoch
    epoch = max(fence.epoch, told.mark.epoch if told.mark else 0) + 1
    set_epoch(db, fence.point, epoch)
    forget_commands(db, birth.gateway, told.meter)
    for order in waiting_for(db, birth.gateway, told.meter):
        _again(db, context, get(db, order))
    fences |= _held(db, {meter: held.point for meter, held in fences.items()})
    return epoch


def _halt(db: Connection, context: Context, birth: Birth, told: MeterBirth) -> None:
    """A gateway holds a number that this house has not issued: the house has forgotten (CONTROL, Delivery)."""
    if not halted(db):
        halt(db, context, f"gateway {birth.gateway} holds a number for meter {told.meter} that was never issued here")


HIGHEST = [
    select(table.c.epoch, func.max(table.c.sequence)).where(table.c.meter == bindparam("meter")).group_by(table.c.epoch)
    for table in (commands, looks)
]


def _highest_issued(db: Connection, meter: str) -> Number | None:
    return max((Number(*row) for query in HIGHEST for row in db.execute(query, {"meter": meter})), default=None)


def _again(db: Connection, context: Context, order: Order) -> None:
    """What the raised epoch has made void is asked anew: giving back is sent, a taking order is looked at first."""
    if order.way is Kind.GIVING and order.state in (OrderState.DISPATCHED, OrderState.LOOKING):
        send_again(db, context, order)
    elif order.state is OrderState.LOOKING:
        send_look(db, context, advance(db, context, order, Event.RELOOK, order.point, reason=RAISED))
    else:
        send_look(db, context, advance(db, context, order, Event.TECHNICAL, order.point, reason=RAISED))


FREEZE_TOLD = select(house.c.number, house.c.on).where(house.c.key == FREEZE)


def _answer(db: Connection, context: Context, birth: Birth, epochs: dict[MeterId, int]) -> None:
    row = db.execute(FREEZE_TOLD).one_or_none()
    terms = BirthTerms(
        nonce=birth.nonce,
        boot=birth.boot,
        journal=birth.journal,
        epochs=epochs,
        freeze=row.number if row else 0,
        frozen=bool(row.on) if row else False,
    )
    outbox.put(db, Ack(gateway=birth.gateway, at=context.now, birth=terms), context.now, once=True)
