"""Whether gas is tight (LG12): no order gives gas back without a leak check's result, and none over a leak (G4).

A technician signs the result with the report, as `checks`: `leak_check` is `tight` or `leaking`.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from controlplane.field.evidence.findings import Finding
from controlplane.orders import leaks
from controlplane.orders.context import Context
from controlplane.orders.life import Order
from controlplane.orders.states import Kind
from controlplane.registry.binding import bound
from controlplane.registry.models import supply_points
from protocols.types import Medium
from protocols.uplink.codec import Opened
from protocols.uplink.crew import CrewAbort, CrewReport

LEAK_CHECK, TIGHT, LEAKING = "leak_check", "tight", "leaking"
LEAK_SUSPECTED = "leak_suspected"
"""The outcome's code; it is the alarm's too."""
MEDIUM = select(supply_points.c.medium).where(supply_points.c.id == bindparam("point"))


def is_gas(db: Connection, point: str) -> bool:
    """Whether the point or the meter at it says gas: either is enough."""
    if db.execute(MEDIUM, {"point": point}).scalar_one() == Medium.GAS.name.lower():
        return True
    meter = bound(db, point)
    return meter is not None and meter.is_gas


def needed(db: Connection, order: Order) -> bool:
    """Whether an order is completed only with the result of a leak check."""
    return order.way is Kind.GIVING and is_gas(db, order.point)


def judge(report: CrewReport) -> Iterator[Finding]:
    """What is wrong with the result that a report gives; nothing of one that says tight, or leaking."""
    result = report.checks.get(LEAK_CHECK)
    if result is None:
        yield Finding("leak_check_missing")
    elif result not in (TIGHT, LEAKING):
        yield Finding("leak_check_unknown", None, {"told": result})


def leaking(db: Connection, account: CrewReport | CrewAbort, point: str) -> bool:
    """Whether a crew tells of leaking gas, by its report's check or by the code of its abort."""
    if isinstance(account, CrewAbort):
        return account.code == LEAK_SUSPECTED and is_gas(db, point)
    return account.checks.get(LEAK_CHECK) == LEAKING and is_gas(db, point)


def suspected(db: Connection, context: Context, row: Row[Any], opened: Opened[Any]) -> None:
    """Tell of the leak: an alarm that names how the valve was left, and nothing is armed here until it is cleared."""
    leaks.suspected(db, context, opened, row.point, row.client)


def cleared(db: Connection, context: Context, order: Order, opened: Opened[CrewReport]) -> None:
    """Clear the point's leak alarms where a report by which supply is given back says that it is tight."""
    if order.way is Kind.GIVING and opened.message.checks.get(LEAK_CHECK) == TIGHT:
        leaks.leak_cleared(db, context, order.point, opened, min(opened.message.ended_at, context.now))
