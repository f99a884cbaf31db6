"""Entering orders, asking the rules about them, and withdrawing them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from controlplane import outbox
from controlplane.db import lock_point
from controlplane.ids import new_id
from controlplane.orders.barring import barred
from controlplane.orders.context import Context
from controlplane.orders.life import Order, advance, at_point, enter, get
from controlplane.orders.models import stops
from controlplane.orders.quarantine import EXPIRED, Where, above, ask_second, expired, unreleased
from controlplane.orders.sending import HOUSE, carry_out
from controlplane.orders.settling import unsettled
from controlplane.orders.states import Event, Kind, OrderState
from controlplane.orders.stopping import REASONS, STANDING, Stop, blocking, record_stop
from controlplane.orders.terms import legal_term
from controlplane.policy.facts import Act, Answer, Effect, Facts, Protected
from controlplane.policy.rules import ask, decisive
from controlplane.problems import ConflictError, NotFoundError, StaleError, UnprocessableError
from controlplane.registry.models import meters, protections, supply_points
from protocols.uplink.messages import Reason

GIVING_FIRST = Reason("giving_alive", "Supply is being given back here.", "Qui si sta ridando la fornitura.")
UNSETTLED = Reason(
    "unsettled",
    "A command granted before may still act; what became of it is awaited.",
    "Un comando già autorizzato potrebbe ancora agire: se ne attende l'esito.",
)
REVIEW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """An order as a client asks for it; `person` is who asks, where it is a person."""

    point: str
    kind: Act
    grounds: str = "default"
    notice_received_on: date | None = None
    notice_channel: str = ""
    not_before: datetime | None = None
    deadline: datetime | None = None
    person: str | None = None


def request(db: Connection, context: Context, draft: Draft, actor: str) -> Order:
    """Enter an order, ask the rules, and carry it out as far as they let it.

    Raises NotFoundError for an unknown point, ConflictError for a second order that takes supply away.
    """
    order = _enter(db, context, draft, actor)
    if order.way is Kind.GIVING:
        return carry_out(db, context, advance(db, context, order, Event.ALLOWED, HOUSE))
    answer = decisive(judge(db, context, order, context.now))
    return _apply(db, context, order, answer)


def enter_giving(db: Connection, context: Context, point: str, actor: str) -> Order:
    """The order that gives supply back after a stop: entered and sent in the stop's own transaction."""
    return request(db, context, Draft(point, Act.REACTIVATE, grounds="stop"), actor)


POINT = (
    select(
        supply_points.c.client,
        supply_points.c.medium,
        supply_points.c.zone,
        supply_points.c.pack,
        meters.c.gateway,
    )
    .outerjoin(meters, meters.c.point == supply_points.c.id)
    .where(supply_points.c.id == bindparam("id"))
)


def _enter(db: Connection, context: Context, draft: Draft, actor: str) -> Order:
    try:
        lock_point(db, draft.point)
    except LookupError:
        raise NotFoundError(f"there is no supply point {draft.point}") from None
    point = db.execute(POINT, {"id": draft.point}).one()
    _can_be_meant(draft, context.now, point.medium)
    way, where = Kind.TAKING if draft.kind.takes else Kind.GIVING, Where(point.client, point.zone, point.gateway)
    there = at_point(db, draft.point)
    _one_alive(there, draft, way)
    received_on = draft.notice_received_on
    notice = {"received_on": received_on.isoformat(), "channel": draft.notice_channel} if received_on else None
    row = {
        "id": new_id("ord", context.clock, context.entropy),
        "point": draft.point,
        "client": point.client,
        "number": max((o.number for o in there), default=0) + 1,
        "kind": draft.kind,
        "way": way,
        "state": OrderState.ENTERED,
        "alive": True,
        "grounds": draft.grounds,
        "notice": notice,
        "not_before": draft.not_before,
        "deadline": draft.deadline,
        "ever_permitted": False,
        "stopped": False,
        "looks_sent": 0,
        "sends": 0,
        "tried": [],
        "created_at": context.now,
        "version": 1,
        "requested_by": draft.person,
        "legal_term": legal_term(context, context.packs.of(point.pack), draft.kind, draft.deadline),
        "quarantine": above(db, context, where) if way is Kind.TAKING else None,
    }
    return enter(db, context, row, actor)


def _can_be_meant(draft: Draft, now: datetime, medium: str) -> None:
    """Refuse what makes no sense at this point, or any more."""
    if draft.kind is Act.INTERRUPT and medium != "gas":
        raise UnprocessableError("only gas is interrupted upstream", code="not_gas")
    if draft.deadline is not None and draft.deadline <= now:
        raise UnprocessableError("the deadline lies in the past", code="deadline_passed")
    if draft.kind is Act.DELIVER_NOTICE:
        detail = "notices are no orders yet; tell when one was received in `notice` of the order that needs it"
        raise UnprocessableError(detail, code="notice_not_taken")


def _one_alive(there: list[Order], draft: Draft, way: Kind) -> None:
    alive = next((o for o in there if o.alive and o.way is way), None)
    if alive is None:
        return
    if way is Kind.TAKING:
        detail = f"another order that takes supply away is alive at {draft.point}; withdraw it first"
        raise ConflictError(detail, code="second_taking_order")
    raise ConflictError(f"order {alive.id} already gives supply back at {draft.point}", code="giving_already")


PROTECTION = (protections.c.point == supply_points.c.id) & protections.c.ended_at.is_(None)
HERE = (
    select(supply_points.c.pack, protections.c.act, protections.c.reason, protections.c.until)
    .outerjoin(protections, PROTECTION)
    .where(supply_points.c.id == bindparam("point"))
)
"""A point's rules, and what it is protected from: a row for each protection, one without an act where there is none."""


def judge(
    db: Connection, context: Context, order: Order, until: datetime, there: list[Order] | None = None
) -> tuple[Answer, ...]:
    """Ask every rule of its point about an order now, for the interval up to `until`; the fence is held.

    `there` are all orders of its point, from whoever has read them already.
    """
    there = there if there is not None else at_point(db, order.point)
    here = db.execute(HERE, {"point": order.point}).all()
    facts = Facts(
        act=order.kind,
        now=context.now,
        until=until,
        grounds=order.grounds,
        notice_received_on=date.fromisoformat(order.notice["received_on"]) if order.notice else None,
        not_before=order.not_before,
        protections=tuple(Protected(*row[1:]) for row in here if row.act is not None),
        other_taking_alive=any(o.alive and o.id != order.id and o.way is Kind.TAKING for o in there),
        quarantine=unreleased(order),
    )
    return ask(facts, context.packs.of(here[0].pack))


def _apply(db: Connection, context: Context, order: Order, answer: Answer) -> Order:
    """What the rules answered to a new order."""
    if answer.effect is Effect.DENY:
        return advance(db, context, order, Event.DENIED_BY_RULE, answer.rule, reason=answer.reason, by=answer)
    if answer.effect is Effect.SECOND_PERSON:
        return ask_second(db, context, order, answer)
    if answer.effect is Effect.DEFER:
        return advance(
            db, context, order, Event.DEFERRED, answer.rule, reason=answer.reason, by=answer, until=answer.until
        )
    if (stop := blocking(db, context, order)) is not None:
        until = context.now + timedelta(seconds=context.settings.held_review_s)
        return advance(db, context, order, Event.DEFERRED, HOUSE, reason=REASONS[stop], until=until)
    if (bar := barred(db)) is not None:
        until = context.now + REVIEW
        return advance(db, context, order, Event.DEFERRED, HOUSE, reason=bar, until=until)
    return carry_out(db, context, advance(db, context, order, Event.ALLOWED, HOUSE))


def review(
    db: Connection, context: Context, order: Order, on: Event = Event.REASON_PASSED, actor: str = HOUSE
) -> Order:
    """An order's time has come: carried out if the rules allow, withdrawn if it is stopped, else held anew."""
    lock_point(db, order.point)
    if expired(context, order):
        return advance(db, context, order, Event.REFUSED, HOUSE, reason=EXPIRED)
    there = at_point(db, order.point)
    answer = decisive(judge(db, context, order, context.now, there))
    stopped, bar = blocking(db, context, order), barred(db)
    giving = any(o.alive and o.way is Kind.GIVING for o in there)
    if answer.effect is Effect.ALLOW and bar is None and stopped is None and not giving:
        if unsettled(db, order.point):  # nobody is sent, and nothing new, before it has settled (P6, I11)
            until = context.now + timedelta(seconds=context.settings.command_grace_s)
            return advance(db, context, order, on, actor, to=OrderState.HELD, reason=UNSETTLED, until=until)
        # nobody's yet: a crew's once more only if it has to be, or it would be offered while a gateway does it (I11)
        planned = advance(db, context, order, on, actor, to=OrderState.PLANNED, channel=None)
        return carry_out(db, context, planned)
    reason = answer.reason or bar or REASONS.get(stopped or "", GIVING_FIRST)
    if stopped is not None and order.stopped:
        return advance(db, context, order, Event.STOP, HOUSE, to=OrderState.WITHDRAWN, reason=REASONS[stopped])
    until = max(answer.until or context.now, context.now + timedelta(seconds=context.settings.held_review_s))
    by = answer if answer.reason is not None else None
    return advance(db, context, order, on, actor, to=OrderState.HELD, reason=reason, by=by, until=until)


def withdraw(db: Connection, context: Context, order_id: str, version: int, actor: str) -> Order:
    """The client takes its order back. StaleError for an old version; ConflictError where it can't be taken back.

    A taking order is stopped for good, and what it may have done is undone. One that gives supply back, and that a
    stop has made due, can't be withdrawn (I15).
    """
    order = get(db, order_id)
    lock_point(db, order.point)
    order = get(db, order_id)
    if order.version != version:
        raise StaleError(f"order {order.id} is at version {order.version}, not {version}: read it again")
    if order.way is Kind.GIVING:
        return _withdraw_giving(db, context, order, actor)
    if not order.alive and order.state not in STANDING:
        raise ConflictError(f"order {order.id} is {order.state}: it has ended", code="ended")
    record_stop(db, context, order.point, Stop("withdrawal", order.id), actor)
    return get(db, order.id)


def _withdraw_giving(db: Connection, context: Context, order: Order, actor: str) -> Order:
    due = (
        order.grounds == "stop"
        or db.execute(
            select(stops.c.id).where(stops.c.point == order.point, stops.c.ended_at.is_(None)).limit(1)
        ).one_or_none()
    )
    if due:
        raise ConflictError("a stop makes it due that supply is given back", code="due_after_stop")
    withdrawn = advance(db, context, order, Event.WITHDRAWN_BY_CLIENT, actor)
    if order.command is not None:
        outbox.cancel(db, order.command)
    return withdrawn
