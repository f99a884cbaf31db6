"""Orders as a control room looks at them: the newest, what waits for a person, what is held and why, how many where.

Confined to one client where the reader is. Statements are built once; lists are bounded, counts say what is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, String, bindparam, func, select

from controlplane.db import Moment
from controlplane.orders import life
from controlplane.orders.context import Context
from controlplane.orders.models import order_events, orders
from controlplane.orders.quarantine import WINDOWS
from controlplane.orders.states import Kind, OrderState
from controlplane.registry.models import clients, meters, supply_points

SHOWN = 40
CLIENT: BindParameter[str | None] = bindparam("client", None, type_=String)
MINE = CLIENT.is_(None) | (orders.c.client == CLIENT)
SINCE = (
    select(func.max(order_events.c.at))
    .where(order_events.c.order == orders.c.id)
    .correlate(orders)
    .scalar_subquery()
    .label("since")
)
"""When anything last happened to it."""
LINE = (
    select(orders, supply_points.c.code, supply_points.c.medium, SINCE)
    .join(supply_points, supply_points.c.id == orders.c.point)
    .where(MINE)
    .limit(SHOWN)
)
NEWEST = LINE.order_by(orders.c.alive.desc(), orders.c.id.desc())
IN_STATE = LINE.where(orders.c.state == bindparam("state")).order_by(orders.c.until, orders.c.id)
WITHOUT_A_CREW = LINE.where(orders.c.channel == "field", orders.c.state == OrderState.PLANNED).order_by(orders.c.id)
WITH_A_CREW = LINE.where(orders.c.channel == "field", orders.c.state.in_(life.WITH_A_CREW)).order_by(orders.c.id)
COUNTED = select(orders.c.state, func.count().label("number")).where(MINE).group_by(orders.c.state)
_HELD = (
    select(
        orders.c.reason["code"].as_string().label("code"),
        orders.c.reason["it"].as_string().label("it"),
        orders.c.reason["en"].as_string().label("en"),
        orders.c.until,
    )
    .where(MINE, orders.c.state == OrderState.HELD)
    .subquery()
)
HELD = (
    select(_HELD.c.it, _HELD.c.en, func.count().label("number"), func.min(_HELD.c.until).label("until"))
    .group_by(_HELD.c.code, _HELD.c.it, _HELD.c.en)
    .order_by(func.count().desc(), _HELD.c.it)
    .limit(SHOWN)
)
Line = Row[Any]


def newest(db: Connection, scope: str | None) -> list[Line]:
    """Orders that something can still come of, newest first; then those that have ended."""
    return list(db.execute(NEWEST, {"client": scope}))


def in_state(db: Connection, scope: str | None, state: OrderState) -> list[Line]:
    """Orders in one state, those first whose time ends first."""
    return list(db.execute(IN_STATE, {"client": scope, "state": state}))


def without_a_crew(db: Connection, scope: str | None) -> list[Line]:
    """Field work that no crew has taken, the oldest first."""
    return list(db.execute(WITHOUT_A_CREW, {"client": scope}))


def with_a_crew(db: Connection, scope: str | None) -> list[Line]:
    """Field work that a crew is at, the oldest first."""
    return list(db.execute(WITH_A_CREW, {"client": scope}))


def held(db: Connection, scope: str | None) -> list[Line]:
    """Why orders are held: each reason with its count, and when the first of them is looked at again."""
    return list(db.execute(HELD, {"client": scope}))


def counts(db: Connection, scope: str | None) -> Mapping[str, int]:
    """How many orders are in each state."""
    return {row.state: row.number for row in db.execute(COUNTED, {"client": scope})}


@dataclass(frozen=True, slots=True)
class Load:
    """How much of one threshold is used: orders that take supply away, entered for one client or at one gateway."""

    scope: str
    name: str
    window: str
    number: int
    threshold: int

    @property
    def share(self) -> float:
        """The used part; whole where nothing is allowed."""
        return self.number / self.threshold if self.threshold else 1.0


FULLEST = 4
_COUNTS = (orders.c.way == Kind.TAKING) & (orders.c.state != OrderState.REJECTED)
_LATELY = orders.c.created_at > bindparam("since", type_=Moment)
_COUNT = func.count(orders.c.id).label("number")
OF_CLIENTS = (
    select(clients.c.name, _COUNT)
    .join(orders, (orders.c.client == clients.c.id) & _COUNTS & _LATELY, isouter=True)
    .where(CLIENT.is_(None) | (clients.c.id == CLIENT))
    .group_by(clients.c.id, clients.c.name)
)
AT_GATEWAYS = (
    select(meters.c.gateway, _COUNT)
    .join(orders, (orders.c.point == meters.c.point) & _COUNTS & _LATELY, isouter=True)
    .group_by(meters.c.gateway)
)


def loads(db: Connection, context: Context, scope: str | None) -> list[Load]:
    """The fullest thresholds. A reader who is confined to one client is told of that client's alone."""
    found: list[Load] = []
    for window, seconds in WINDOWS.items():
        since: datetime = context.now - timedelta(seconds=seconds)
        scopes = {"client": OF_CLIENTS} if scope is not None else {"client": OF_CLIENTS, "gateway": AT_GATEWAYS}
        for name, query in scopes.items():
            threshold: int = getattr(context.settings, f"{name}_per_{window}")
            rows = db.execute(query.order_by(_COUNT.desc()).limit(FULLEST), {"since": since, "client": scope})
            found += [Load(name, row[0], window, row.number, threshold) for row in rows]
    return sorted(found, key=lambda load: (-load.share, load.scope, load.window, load.name))[:FULLEST]
