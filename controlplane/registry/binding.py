"""Which meter stands at a supply point, and what its gateway says that it can do."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from controlplane.registry.models import gateways, meters, meters_told, supply_points
from protocols.types import Capability, GatewayId, Identity, Medium, MeterId


@dataclass(frozen=True, slots=True)
class Bound:
    """A meter at its point, by registry and by birth. Without a birth, or by a revoked gateway, it can do nothing."""

    name: MeterId
    gateway: GatewayId
    point: str
    identity: Identity
    capabilities: frozenset[Capability]
    act_max_s: float
    revoked: bool
    arm_expires_s: float | None = None
    point_medium: int | None = None

    @property
    def is_gas(self) -> bool:
        """Whether plate or point say gas: either is enough for it never to be opened from afar (CONTROL I4)."""
        return Medium.GAS in (self.identity.medium, self.point_medium)


TOLD = (meters_told.c.meter == meters.c.name) & (meters_told.c.gateway == meters.c.gateway)
BOUND = (
    select(
        meters,
        meters_told.c.capabilities,
        meters_told.c.act_max_s,
        meters_told.c.arm_expires_s,
        gateways.c.revoked_at,
        supply_points.c.medium.label("point_medium"),
    )
    .outerjoin(meters_told, TOLD)
    .join(supply_points, supply_points.c.id == meters.c.point)
    .join(gateways, gateways.c.id == meters.c.gateway)
)
AT_POINT = BOUND.where(meters.c.point == bindparam("point"))
BY_NAME = BOUND.where(meters.c.name == bindparam("name"))


def bound(db: Connection, point: str) -> Bound | None:
    """The meter bound at a point; None where there is none."""
    return _bound(db.execute(AT_POINT, {"point": point}).one_or_none())


def by_name(db: Connection, meter: str) -> Bound | None:
    """The meter of this name, if it is bound anywhere."""
    return _bound(db.execute(BY_NAME, {"name": meter}).one_or_none())


def _bound(row: Row[Any] | None) -> Bound | None:
    if row is None:
        return None
    revoked = row.revoked_at is not None
    return Bound(
        name=MeterId(row.name),
        gateway=GatewayId(row.gateway),
        point=row.point,
        identity=Identity(row.ident, row.manufacturer, row.version_no, row.medium, row.fabrication_number),
        capabilities=frozenset(Capability(c) for c in (() if revoked else row.capabilities or ())),
        act_max_s=row.act_max_s or 0.0,
        revoked=revoked,
        arm_expires_s=row.arm_expires_s,
        point_medium=Medium.GAS if row.point_medium == "gas" else None,
    )
