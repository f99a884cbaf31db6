"""Whether a hand has taken supply away here: then an open motor valve proves nothing of supply (P8, I15).

A crew may have shut a curb stop, or put in a disc, beside a valve that never moved. A gateway that finds its valve open
has found what it would have found all along; only a valve that it moved itself, or a crew, gives such supply back.
"""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from controlplane.orders.models import commands, hands, order_documents, orders, receipts
from controlplane.orders.states import Kind, OrderState
from protocols.types import Outcome, ValvePosition, Verb
from protocols.uplink import codec
from protocols.uplink.crew import CrewAbort
from protocols.uplink.parts import Reason

TAKEN_BY_HAND = Reason(
    "taken_by_hand",
    "A crew has closed here by hand, and the valve is open as it was: a crew has to give supply back.",
    "Qui una squadra ha chiuso a mano e la valvola è aperta come prima: la fornitura va ridata da una squadra.",
)
SETTLED = (
    select(hands.c.order, hands.c.settled_sequence, hands.c.settled_by, orders.c.number)
    .join(orders, orders.c.id == hands.c.order)
    .where(hands.c.point == bindparam("point"), hands.c.settled_sequence.is_not(None))
    .order_by(hands.c.settled_sequence.desc())
)
ABORT = (
    select(receipts.c.raw)
    .join(order_documents, order_documents.c.digest == receipts.c.digest)
    .where(order_documents.c.order == bindparam("order"), order_documents.c.kind == CrewAbort.kind)
    .order_by(order_documents.c.id.desc())
    .limit(1)
)
WIRE = select(func.max(commands.c.settled_sequence)).where(
    commands.c.point == bindparam("point"),
    commands.c.outcome == Outcome.DONE,
    commands.c.verb.in_([verb for verb in Verb if verb.takes]),
)
GIVEN = (
    select(orders.c.id)
    .where(orders.c.point == bindparam("point"), orders.c.way == Kind.GIVING, orders.c.number > bindparam("number"))
    .where(orders.c.state.in_([OrderState.EXECUTED, OrderState.COMPLETED]))
    .limit(1)
)


def taken_by_hand(db: Connection, point: str) -> bool:
    """Whether the last act that took supply away here was a hand's, and nothing has given it back since."""
    hand = next((row for row in db.execute(SETTLED, {"point": point}).all() if not _touched_nothing(db, row)), None)
    if hand is None:
        return False
    wire = db.execute(WIRE, {"point": point}).scalar_one()
    if wire is not None and wire > hand.settled_sequence:
        return False
    return db.execute(GIVEN, {"point": point, "number": hand.number}).one_or_none() is None


def _touched_nothing(db: Connection, hand: Row[Any, Any, Any, Any]) -> bool:
    """Whether its crew has signed that it left the valve open. What a released crew has done is not known."""
    if hand.settled_by != CrewAbort.kind:
        return False
    raw = db.execute(ABORT, {"order": hand.order}).scalar_one_or_none()
    return raw is not None and codec.peek(raw, CrewAbort).message.left is ValvePosition.OPEN
