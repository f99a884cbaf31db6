"""The second person releases an order from quarantine, or deletes it; never the one who has asked for it (I5)."""

from dataclasses import dataclass

from sqlalchemy import Connection

from controlplane.db import lock_point
from controlplane.orders.context import Context
from controlplane.orders.life import Order, advance, get, note
from controlplane.orders.quarantine import unreleased
from controlplane.orders.service import review
from controlplane.orders.states import TERMINAL, Event
from controlplane.problems import ConflictError, ForbiddenError, StaleError
from protocols.uplink.messages import Reason


@dataclass(frozen=True, slots=True)
class Second:
    """Who decides: the token's name, for the history, and whose it is."""

    name: str
    person: str


def approve(db: Connection, context: Context, order_id: str, version: int, second: Second) -> Order:
    """Release it: planned if the rules allow, else held with its reason."""
    order = note(db, _awaiting(db, order_id, version, second), approved_by=second.name)
    return review(db, context, order, Event.APPROVED, second.name)


def reject(db: Connection, context: Context, order_id: str, version: int, second: Second, why: str) -> Order:
    """Delete it: rejected, with the second person's reason."""
    order = _awaiting(db, order_id, version, second)
    reason = Reason("refused", f"A second person has refused it: {why}", f"Respinto da una seconda persona: {why}")
    return advance(db, context, order, Event.REFUSED, second.name, reason=reason)


def _awaiting(db: Connection, order_id: str, version: int, second: Second) -> Order:
    """The order under its fence, as the second person has read it."""
    lock_point(db, get(db, order_id).point)
    order = get(db, order_id)
    if order.version != version:
        raise StaleError(f"order {order.id} is at version {order.version}, not {version}: read it again")
    if order.state in TERMINAL or unreleased(order) is None:
        raise ConflictError(f"order {order.id} waits for no second person", code="not_awaiting")
    if order.requested_by == second.person:
        detail = "you have asked for this order yourself: a second person decides on it"
        raise ForbiddenError(detail, code="same_person")
    return order
