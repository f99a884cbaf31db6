"""Which meter stands at a supply point, and what its gateway says that it can do."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from controlplane.registry.models import meters, meters_told
from protocols.types import Capability, GatewayId, Identity, MeterId


@dataclass(frozen=True, slots=True)
class Bound:
    """A meter at its point, by registry and by birth. Without a birth it can do nothing."""

    name: MeterId
    gateway: GatewayId
    point: str
    identity: Identity
    capabilities: frozenset[Capability]
    act_max_s: float


def bound(db: Connection, point: str) -> Bound | None:
    """The meter bound at a point; None where there is none."""
    return _one(db, meters.c.point == point)


def by_name(db: Connection, meter: str) -> Bound | None:
    """The meter of this name, if it is bound anywhere."""
    return _one(db, meters.c.name == meter)


def _one(db: Connection, condition: object) -> Bound | None:
    told = (meters_told.c.meter == meters.c.name) & (meters_told.c.gateway == meters.c.gateway)
    query = select(meters, meters_told.c.capabilities, meters_told.c.act_max_s).outerjoin(meters_told, told)
    row = db.execute(query.where(condition)).one_or_none()  # type: ignore[arg-type]
    if row is None:
        return None
    return Bound(
        name=MeterId(row.name),
        gateway=GatewayId(row.gateway),
        point=row.point,
        identity=Identity(row.ident, row.manufacturer, row.version_no, row.medium, row.fabrication_number),
        capabilities=frozenset(Capability(c) for c in row.capabilities or ()),
        act_max_s=row.act_max_s or 0.0,
    )
