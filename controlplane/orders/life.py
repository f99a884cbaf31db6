"""The only writer of an order's state: the table's step, the event and the news, in one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from controlplane import news
from controlplane.orders.context import Context
from controlplane.orders.models import order_events, orders
from controlplane.orders.states import TERMINAL, Event, Kind, OrderState, target
from controlplane.policy.facts import Act, Answer
from controlplane.problems import NotFoundError
from protocols.types import Verb
from protocols.uplink.messages import Reason

VERBS = {Act.SUSPEND: Verb.CLOSE, Act.LIMIT: Verb.LIMIT, Act.REACTIVATE: Verb.OPEN}
"""Which acts a valve can do; the others are a crew's."""
RESTORED = "restored"
"""The event of an order that a restored house must take to have been permitted: it may have acted."""
BEGINS = "entered"
"""The event that begins an order's life."""

WAITS = (OrderState.HELD, OrderState.AWAITING_APPROVAL)
WITH_A_CREW = (OrderState.ASSIGNED, OrderState.ON_SITE, OrderState.PERMITTED)


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stands."""

    id: str
    point: str
    client: str
    number: int
    kind: Act
    way: Kind
    state: OrderState
    channel: str | None
    grounds: str
    notice: dict[str, str] | None
    not_before: datetime | None
    until: datetime | None
    reason: dict[str, Any] | None
    grade: str | None
    ever_permitted: bool
    stopped: bool
    command: str | None
    look: str | None
    looks_sent: int
    sends: int
    tried: list[dict[str, object]]
    version: int
    requested_by: str | None
    quarantine: dict[str, Any] | None
    approved_by: str | None
    deadline: datetime | None
    legal_term: datetime | None
    armed_until: datetime | None
    look_at: datetime | None

    @property
    def alive(self) -> bool:
        """Whether anything can still come of it."""
        return self.state not in TERMINAL and self.state is not OrderState.EXECUTED

    @property
    def verb(self) -> Verb | None:
        """What a valve would be told, were it water: it is wanted as this says, and gas is only ever armed."""
        return VERBS.get(self.kind)


FIELDS = [orders.c[name] for name in Order.__dataclass_fields__]


def _order(row: Any) -> Order:
    identity, point, client, number, kind, way, state, *rest = row
    return Order(identity, point, client, number, Act(kind), Kind(way), OrderState(state), *rest)


ONE = select(*FIELDS).where(orders.c.id == bindparam("id"))


def get(db: Connection, order: str) -> Order:
    """The order; NotFoundError if there is none."""
    row = db.execute(ONE, {"id": order}).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no order {order}")
    return _order(row)


AT_POINT = select(*FIELDS).where(orders.c.point == bindparam("point")).order_by(orders.c.number)


def at_point(db: Connection, point: str, way: Kind | None = None) -> list[Order]:
    """All orders of a point, oldest first."""
    return [_order(row) for row in db.execute(AT_POINT, {"point": point}) if way in (None, row.way)]


GIVING_ALIVE = AT_POINT.where(orders.c.way == Kind.GIVING, orders.c.alive).limit(1)


def giving_alive(db: Connection, point: str) -> Order | None:
    """The order that gives supply back and is alive at the point."""
    row = db.execute(GIVING_ALIVE, {"point": point}).one_or_none()
    return _order(row) if row is not None else None


GIVEN_BACK = select(*FIELDS).where(
    orders.c.point.in_(bindparam("points", expanding=True)), orders.c.way == Kind.GIVING, orders.c.alive
)


def given_back(db: Connection, points: Iterable[str]) -> list[Order]:
    """The orders that give supply back and are alive at these points, by point."""
    wanted = sorted(set(points))
    rows = db.execute(GIVEN_BACK.order_by(orders.c.point), {"points": wanted}) if wanted else ()
    return [_order(row) for row in rows]


ENTERED = insert(orders).returning(*FIELDS)


def enter(db: Connection, context: Context, row: Mapping[str, object], actor: str) -> Order:
    """Keep a new order and tell it."""
    order = _order(db.execute(ENTERED, row).one())
    record(db, context, order, BEGINS, OrderState.ENTERED, actor)
    return order


CHANGE = update(orders).where(orders.c.id == bindparam("this")).returning(*FIELDS)


IN_THE_FIELD = AT_POINT.where(orders.c.state == OrderState.PLANNED, orders.c.channel == "field")


def in_the_field(db: Connection, point: str) -> list[Order]:
    """Orders of a point that stand planned on the field channel."""
    return [_order(row) for row in db.execute(IN_THE_FIELD, {"point": point})]


def advance(
    db: Connection,
    context: Context,
    order: Order,
    on: Event,
    actor: str,
    *,
    to: OrderState | None = None,
    reason: Reason | None = None,
    by: Answer | None = None,
    grade: str | None = None,
    until: datetime | None = None,
    **fields: object,
) -> Order:
    """Take one step of the table; ConflictError (`illegal_transition`) where it has none.

    `by` is the rule's answer that the reason comes from. `until` is kept only where the order waits for it. `fields`
    are further columns that change with the step.
    """
    state = target(order.way, order.state, on, to)
    if state is OrderState.EXECUTED:
        fields = {"armed_until": None, **fields}
    said = _said(reason, by) if reason is not None else None
    values = {
        "state": state,
        "alive": state not in TERMINAL and state is not OrderState.EXECUTED,
        "reason": said,
        "until": until if state in (*WAITS, *WITH_A_CREW) or on is Event.ARMED else None,
        "look_at": None,
        "grade": grade or order.grade,
        "version": order.version + 1,
        **fields,
    }
    after = _order(db.execute(CHANGE, {"this": order.id, **values}).one())
    record(db, context, after, on, order.state, actor, said, grade)
    return after


def _said(reason: Reason, by: Answer | None) -> dict[str, Any]:
    """A reason as it is kept and told, with the rule that gave it."""
    rule = {"pack": by.pack, "id": by.rule, "citation": by.citation} if by is not None else None
    return {**msgspec.to_builtins(reason), **({"rule": rule} if rule else {})}


HAPPENED = insert(order_events)


def record(
    db: Connection,
    context: Context,
    order: Order,
    on: Event | str,
    before: OrderState,
    actor: str,
    reason: object = None,
    grade: str | None = None,
) -> None:
    """Append the event, and tell it."""
    event = {
        "order": order.id,
        "at": context.now,
        "event": on,
        "from_state": before,
        "state": order.state,
        "actor": actor,
        "grade": grade or order.grade,
        "reason": reason,
        "version": order.version,
    }
    db.execute(HAPPENED, event)
    data = {"order": order.id, "event": str(on), "state": str(order.state), "grade": order.grade, "reason": reason}
    news.tell(db, context.now, "order", order.id, {**data, "point": order.point, "actor": actor}, order.client)
    if order.channel == "field":
        context.field(db, context, order, str(on))


def note(db: Connection, order: Order, **fields: object) -> Order:
    """Change columns that are no state: which command or look it waits for, what was tried."""
    return _order(db.execute(CHANGE, {"this": order.id, **fields}).one())


def timeline(db: Connection, order: str) -> Iterable[dict[str, object]]:
    """Every event of an order, oldest first."""
    rows = db.execute(select(order_events).where(order_events.c.order == order).order_by(order_events.c.id))
    return [
        {"at": r.at, "event": r.event, "state": r.state, "grade": r.grade, "actor": r.actor, "reason": r.reason}
        for r in rows
    ]
