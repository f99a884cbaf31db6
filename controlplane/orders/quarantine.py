"""Quarantine: above the house's own thresholds an order waits for a second person (CONTROL I5). Giving back never does.

Orders are counted as they enter, but for rejected ones: for one client, in one of its zones, at one gateway.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select

from controlplane import news
from controlplane.orders.context import Context
from controlplane.orders.life import Order, advance
from controlplane.orders.models import orders
from controlplane.orders.states import Event, Kind, OrderState
from controlplane.policy.facts import Answer, Quarantine
from controlplane.policy.rules import DAY_S, HOUR_S
from controlplane.registry.models import meters, supply_points
from protocols.uplink.messages import Reason

EXPIRED = Reason(
    "quarantine_expired",
    "No second person has released it in time.",
    "Nessuna seconda persona lo ha sbloccato in tempo.",
)
HERE = (
    select(supply_points.c.client, supply_points.c.zone, meters.c.gateway)
    .outerjoin(meters, meters.c.point == supply_points.c.id)
    .where(supply_points.c.id == bindparam("id"))
)


def _count(*mine: ColumnElement[bool]) -> Select[int]:
    """How many have entered since then; no further than `enough`."""
    counted = (orders.c.way == Kind.TAKING) & (orders.c.state != OrderState.REJECTED)
    since = orders.c.created_at > bindparam("since")
    rows = select(orders.c.id).where(*mine, counted, since).limit(bindparam("enough"))
    return select(func.count()).select_from(rows.subquery())


CLIENT = orders.c.client == bindparam("client")
IN_ZONE = (
    select(supply_points.c.id)
    .where(supply_points.c.id == orders.c.point, supply_points.c.zone == bindparam("zone"))
    .exists()
)
AT_GATEWAY = select(meters.c.point).where(meters.c.gateway == bindparam("gateway"))
ENTERED = {
    "client": _count(CLIENT),
    "zone": _count(CLIENT, IN_ZONE),
    "gateway": _count(orders.c.point.in_(AT_GATEWAY)),
}


def above(db: Connection, context: Context, point: str) -> dict[str, object] | None:
    """The first threshold that one more taking order at this point would be above; None if none."""
    for scope, name, mine in _scopes(db, point):
        for window, seconds in (("hour", HOUR_S), ("day", DAY_S)):
            threshold: int = getattr(context.settings, f"{scope}_per_{window}")
            since = context.now - timedelta(seconds=seconds)
            entered = db.execute(ENTERED[scope], {**mine, "since": since, "enough": threshold}).scalar_one()
            if entered >= threshold:
                until = context.now + timedelta(seconds=context.settings.quarantine_s)
                return {**asdict(Quarantine(scope, name, threshold, seconds)), "until": until.isoformat()}
    return None


def _scopes(db: Connection, point: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    here = db.execute(HERE, {"id": point}).one()
    yield "client", here.client, {"client": here.client}
    if here.zone:
        yield "zone", here.zone, {"client": here.client, "zone": here.zone}
    if here.gateway is not None:
        yield "gateway", here.gateway, {"gateway": here.gateway}


def unreleased(order: Order) -> Quarantine | None:
    """The quarantine that nobody has released this order from."""
    if order.quarantine is None or order.approved_by is not None:
        return None
    return Quarantine(**{name: value for name, value in order.quarantine.items() if name != "until"})


def _until(order: Order) -> datetime | None:
    return datetime.fromisoformat(order.quarantine["until"]) if order.quarantine is not None else None


def expired(context: Context, order: Order) -> bool:
    """Whether it is too late for a second person."""
    until = _until(order)
    return unreleased(order) is not None and until is not None and context.now >= until


def ask_second(db: Connection, context: Context, order: Order, answer: Answer) -> Order:
    """Put it on the supervisors' list."""
    until = _until(order)
    asked = advance(db, context, order, Event.NEEDS_APPROVAL, answer.rule, reason=answer.reason, until=until)
    told: dict[str, object] = {"order": order.id, "to": "supervisor", "quarantine": order.quarantine}
    news.tell(db, context.now, "approval", order.id, told, None)
    return asked
