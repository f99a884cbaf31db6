"""Orders as they are read, confined to one client where the reader is."""

from sqlalchemy import Connection, Row, bindparam, select

from controlplane.orders.barring import FREEZE, HALT
from controlplane.orders.life import timeline
from controlplane.orders.models import orders
from controlplane.orders.schemas import FreezeOut, HaltOut, OrderOut, OrderTold, Step
from controlplane.orders.states import OrderState
from controlplane.pages import Wanted, page
from controlplane.problems import NotFoundError
from controlplane.registry.models import house, supply_points

ANY = select(orders, supply_points.c.medium).join(supply_points, supply_points.c.id == orders.c.point)
ONE = ANY.where(orders.c.id == bindparam("this"))
OWNER = select(supply_points.c.client).where(supply_points.c.id == bindparam("this"))


def _fields(row: Row[tuple[object, ...]]) -> dict[str, object]:
    known = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return {**known, "supply_point": row.point}


def orders_page(
    db: Connection, scope: str | None, wanted: Wanted, point: str | None = None, state: OrderState | None = None
) -> tuple[list[OrderOut], str | None]:
    """Orders, oldest first; of one point or in one state where it is named."""
    query = ANY if scope is None else ANY.where(orders.c.client == scope)
    if point is not None:
        query = query.where(orders.c.point == point)
    if state is not None:
        query = query.where(orders.c.state == state)
    rows, after = page(db, query, orders.c.id, wanted)
    return [OrderOut.model_validate(_fields(row)) for row in rows], after


def order(db: Connection, scope: str | None, identity: str) -> OrderTold:
    """One order with its timeline; a foreign one is not found."""
    row = db.execute(ONE, {"this": identity}).one_or_none()
    if row is None or scope not in (None, row.client):
        raise NotFoundError("there is no such order")
    steps = [Step.model_validate(step) for step in timeline(db, identity)]
    return OrderTold.model_validate({**_fields(row), "timeline": steps})


def point_of(db: Connection, scope: str | None, point: str) -> None:
    """Go on only if the caller may see this point."""
    row = db.execute(OWNER, {"this": point}).one_or_none()
    if row is None or scope not in (None, row.client):
        raise NotFoundError("there is no such supply point")


def freeze_state(db: Connection) -> FreezeOut:
    """The freeze of the whole house."""
    row = db.execute(select(house).where(house.c.key == FREEZE)).one_or_none()
    if row is None or not row.on:
        return FreezeOut(frozen=False, reason="", lift_asked_by="")
    return FreezeOut(frozen=True, reason=row.text, lift_asked_by=row.by)


def halt_state(db: Connection) -> HaltOut:
    """The halt of a restored house."""
    row = db.execute(select(house).where(house.c.key == HALT)).one_or_none()
    on = row is not None and bool(row.on)
    return HaltOut(halted=on, reason=row.text if row is not None and on else "")
