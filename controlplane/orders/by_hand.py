"""Whether a hand has taken supply away here: then an open motor valve proves nothing of supply (P8, I15).

A crew may have shut a curb stop, or put in a disc, beside a valve that never moved. A gateway that finds its valve open
has found what it would have found all along; only a valve that it moved itself, or a crew, gives such supply back.
"""

from sqlalchemy import Connection, bindparam, func, select

from controlplane.orders.models import commands, hands, orders
from controlplane.orders.states import Kind, OrderState
from protocols.types import Outcome, Verb
from protocols.uplink.crew import CrewReport
from protocols.uplink.parts import Reason

TAKEN_BY_HAND = Reason(
    "taken_by_hand",
    "A crew has closed here by hand, and the valve is open as it was: a crew has to give supply back.",
    "Qui una squadra ha chiuso a mano e la valvola è aperta come prima: la fornitura va ridata da una squadra.",
)
HAND = (
    select(hands.c.settled_sequence, orders.c.number)
    .join(orders, orders.c.id == hands.c.order)
    .where(hands.c.point == bindparam("point"), hands.c.settled_by == CrewReport.kind)
    .order_by(hands.c.settled_sequence.desc())
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
    hand = db.execute(HAND, {"point": point}).one_or_none()
    if hand is None:
        return False
    wire = db.execute(WIRE, {"point": point}).scalar_one()
    if wire is not None and wire > hand.settled_sequence:
        return False
    return db.execute(GIVEN, {"point": point, "number": hand.number}).one_or_none() is None
