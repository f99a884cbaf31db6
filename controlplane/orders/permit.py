"""The permit: the payment race, decided in one place (CONTROL P1-P3).

One compare-and-set under the fence, after the rules were asked once more. A second request for the same command is
judged anew. The answer names the nonce, and is signed after the commit.
"""

from datetime import timedelta

from sqlalchemy import Connection, Row, bindparam, select, update

from controlplane import outbox
from controlplane.orders import documents, sent
from controlplane.orders.barring import barred
from controlplane.orders.context import Context
from controlplane.orders.life import Order, advance, at_point
from controlplane.orders.models import commands, orders
from controlplane.orders.sending import HOUSE
from controlplane.orders.service import GIVING_FIRST, judge
from controlplane.orders.states import Event, Kind, OrderState
from controlplane.orders.stopping import REASONS, blocking
from controlplane.policy.facts import Answer, Effect
from controlplane.policy.rules import decisive
from protocols.uplink.messages import Permit, PermitRequest, Reason

PERMITTABLE = frozenset({OrderState.DISPATCHED, OrderState.PERMITTED})
NOT_WANTED = Reason("not_wanted", "This command is no longer wanted.", "Questo comando non è più richiesto.")


def decide(db: Connection, context: Context, request: PermitRequest) -> bool:
    """Answer a request; whether it was granted. What the answer changes and the answer itself are one transaction."""
    row = sent.command_held(db, request.command)
    if row is None or row.gateway != request.gateway or row.meter != request.meter:
        return _answer(db, context, request, NOT_WANTED)
    here = at_point(db, row.point)
    order = next(o for o in here if o.id == row.order)
    if request.asks == "expiry":
        return _answer(db, context, request, None if _still_wanted(context, order, row) else NOT_WANTED, order.id)
    refused = _refusal(db, context, order, row, here)
    granted = _answer(db, context, request, refused, order.id)
    if granted:
        _grant(db, context, order, request.command)
    return granted


def _still_wanted(context: Context, order: Order, row: Row[tuple[object, ...]]) -> bool:
    return order.alive and order.command == row.digest and context.now < row.expires_at


def _refusal(
    db: Connection, context: Context, order: Order, row: Row[tuple[object, ...]], here: list[Order]
) -> Reason | None:
    """Why not; what the refusal does to the order is done here too. `here` are all orders of the point."""
    if order.way is not Kind.TAKING or order.state not in PERMITTABLE or order.command != row.digest:
        return REASONS.get(blocking(db, context, order) or "", NOT_WANTED)
    if row.epoch != row.fence_epoch or row.void or context.now >= row.expires_at:
        return NOT_WANTED
    against = objection(db, context, order, here, context.settings.permit_validity_s)
    return denied(db, context, order, *against) if against is not None else None


def objection(
    db: Connection, context: Context, order: Order, here: list[Order], validity_s: float
) -> tuple[Reason, Answer | None] | None:
    """What forbids that supply is taken away here within this time, and the rule that says so, if it is one.

    `here` are all orders of the point.
    """
    if (stop := blocking(db, context, order)) is not None:
        return REASONS[stop], None
    if _giving(db, context, here):
        return GIVING_FIRST, None
    if (bar := barred(db)) is not None:
        return bar, None
    answer = decisive(judge(db, context, order, context.now + timedelta(seconds=validity_s), here))
    return (answer.reason or NOT_WANTED, answer) if answer.effect is not Effect.ALLOW else None


def denied(db: Connection, context: Context, order: Order, reason: Reason, by: Answer | None = None) -> Reason:
    """Withdrawn for a stop that is for good, else held with the reason and the rule that gave it."""
    if order.stopped:
        advance(db, context, order, Event.PERMIT_DENIED_STOP, HOUSE, reason=reason)
        return reason
    until = by.until if by is not None else None
    held = until or context.now + timedelta(seconds=context.settings.held_review_s)
    advance(db, context, order, Event.PERMIT_DENIED, HOUSE, reason=reason, by=by, until=held)
    return reason


MAY_STILL_GIVE = (
    select(commands.c.digest)
    .join(orders, orders.c.id == commands.c.order)
    .where(orders.c.point == bindparam("point"), orders.c.way == Kind.GIVING)
    .where(commands.c.answered.is_(False), commands.c.expires_at > bindparam("now"))
    .limit(1)
)


def _giving(db: Connection, context: Context, here: list[Order]) -> bool:
    """Whether an order that gives is alive here, or an earlier one's command is neither answered nor expired."""
    giving = [order for order in here if order.way is Kind.GIVING]
    if any(order.alive for order in giving):
        return True
    still = {"point": here[0].point, "now": context.now}
    return bool(giving) and db.execute(MAY_STILL_GIVE, still).one_or_none() is not None


GRANT = update(commands).where(commands.c.digest == bindparam("this"))


def _grant(db: Connection, context: Context, order: Order, command: str) -> None:
    """A command that was settled by time may act again from here on: it is unsettled until it is settled anew."""
    granted = {
        "granted_at": context.now,
        "granted_boot_s": context.clock.boot(),
        "validity_s": context.settings.permit_validity_s,
        "settled_sequence": None,
    }
    db.execute(GRANT, {"this": command, **granted})
    advance(db, context, order, Event.PERMIT_GRANTED, HOUSE, ever_permitted=True)


def _answer(
    db: Connection, context: Context, request: PermitRequest, refused: Reason | None, order: str | None = None
) -> bool:
    """Sign it after the commit; `order` is whose command it is, where anybody here has issued it."""
    permit = Permit(
        gateway=request.gateway,
        meter=request.meter,
        command=request.command,
        nonce=request.nonce,
        granted=refused is None,
        validity_s=context.settings.permit_validity_s if refused is None else 0.0,
        reason=refused,
        at=context.now,
    )
    outbox.put(db, permit, context.now, once=True)
    if order is not None:
        documents.issued(db, order, permit, context.now)
    return refused is None
