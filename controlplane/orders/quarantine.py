"""Quarantine: above the house's own thresholds an order waits for a second person (CONTROL I5). Giving back never does.

Orders are counted as they enter, but for rejected ones: for one client, in one of its zones, at one gateway.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, Connection, Label, bindparam, func, select

from controlplane import news
from controlplane.db import Moment
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
WINDOWS = {"hour": HOUR_S, "day": DAY_S}
CLIENT = orders.c.client == bindparam("client")
IN_ZONE = (
    select(supply_points.c.id)
    .where(supply_points.c.id == orders.c.point, supply_points.c.zone == bindparam("zone"))
    .exists()
)
AT_GATEWAY = select(meters.c.point).where(meters.c.gateway == bindparam("gateway"))
MINE = {"client": (CLIENT,), "zone": (CLIENT, IN_ZONE), "gateway": (orders.c.point.in_(AT_GATEWAY),)}


def _count(scope: str, window: str) -> Label[int]:
    """How many have entered within the window; no further than what is enough."""
    counted = (orders.c.way == Kind.TAKING) & (orders.c.state != OrderState.REJECTED)
    since = orders.c.created_at > bindparam(f"{window}_ago", type_=Moment)
    enough: BindParameter[int] = bindparam(f"{scope}_per_{window}")
    rows = select(orders.c.id).where(*MINE[scope], counted, since).limit(enough).subquery()
    return select(func.count()).select_from(rows).scalar_subquery().label(f"{scope}_per_{window}")


ENTERED = select(*[_count(scope, window) for scope in MINE for window in WINDOWS])


@dataclass(frozen=True, slots=True)
class Where:
    """Whose a point is, and where: it may have no zone, and no gateway."""

    client: str
    zone: str
    gateway: str | None


def above(db: Connection, context: Context, where: Where) -> dict[str, object] | None:
    """The first threshold that one more taking order there would be above; None if none."""
    scopes = asdict(where)
    thresholds: dict[str, int] = {
        f"{scope}_per_{window}": getattr(context.settings, f"{scope}_per_{window}")
        for scope in scopes
        for window in WINDOWS
    }
    since = {f"{window}_ago": context.now - timedelta(seconds=seconds) for window, seconds in WINDOWS.items()}
    entered = db.execute(ENTERED, {**scopes, **since, **thresholds}).one()._mapping  # noqa: SLF001 - its public name
    for scope, name in scopes.items():
        for window, seconds in WINDOWS.items():
            threshold = thresholds[f"{scope}_per_{window}"]
            if name and entered[f"{scope}_per_{window}"] >= threshold:
                until = context.now + timedelta(seconds=context.settings.quarantine_s)
                return {**asdict(Quarantine(scope, name, threshold, seconds)), "until": until.isoformat()}
    return None


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
    asked = advance(db, context, order, Event.NEEDS_APPROVAL, answer.rule, reason=answer.reason, by=answer, until=until)
    told: dict[str, object] = {"order": order.id, "to": "supervisor", "quarantine": order.quarantine}
    news.tell(db, context.now, "approval", order.id, told, None)
    return asked
