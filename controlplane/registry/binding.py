"""Which meter stands at a supply point, and what its gateway says that it can do."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from controlplane.registry.models import gateways, meters, meters_told
from protocols.types import Capability, GatewayId, Identity, MeterId


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


TOLD = (meters_told.c.meter == meters.c.name) & (meters_told.c.gateway == meters.c.gateway)
BOUND = (
    select(meters, meters_told.c.capabilities, meters_told.c.act_max_s, gateways.c.revoked_at)
    .outerjoin(meters_told, TOLD)
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
    )
