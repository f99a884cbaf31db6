"""The registry as it is read: whole objects, confined to one client where the reader is."""

from sqlalchemy import Connection, Row, Select, select

from controlplane.pages import Wanted, page
from controlplane.problems import NotFoundError
from controlplane.registry.models import (
    NO_KEY,
    clients,
    gateway_keys,
    gateways,
    meters,
    meters_told,
    protections,
    supply_points,
)
from controlplane.registry.schemas import (
    ClientOut,
    GatewayKeyOut,
    GatewayOut,
    IdentityBody,
    MeterOut,
    PointOut,
    ProtectionOut,
)
from protocols.uplink.keys import short_fingerprint

Line = Row[tuple[object, ...]]


def fields(row: Line) -> dict[str, object]:
    """A row's columns by name."""
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def clients_page(db: Connection, scope: str | None, wanted: Wanted) -> tuple[list[ClientOut], str | None]:
    """Clients, oldest first."""
    query = select(clients) if scope is None else select(clients).where(clients.c.id == scope)
    rows, after = page(db, query, clients.c.id, wanted)
    return [ClientOut.model_validate(fields(row)) for row in rows], after


def client(db: Connection, scope: str | None, identity: str) -> ClientOut:
    """One client; a foreign one is not found."""
    row = db.execute(select(clients).where(clients.c.id == identity)).one_or_none()
    if row is None or scope not in (None, identity):
        raise NotFoundError("there is no such client")
    return ClientOut.model_validate(fields(row))


def _points(scope: str | None) -> Select[tuple[object, ...]]:
    query = select(supply_points)
    return query if scope is None else query.where(supply_points.c.client == scope)


def _point(db: Connection, row: Line) -> PointOut:
    standing = (protections.c.point == row.id) & protections.c.ended_at.is_(None)
    told = db.execute(select(protections).where(standing).order_by(protections.c.id))
    items = [ProtectionOut(id=p.id, act=p.act, reason=p.reason, until=p.until) for p in told]
    return PointOut.model_validate({**fields(row), "protections": items})


def points_page(db: Connection, scope: str | None, wanted: Wanted) -> tuple[list[PointOut], str | None]:
    """Supply points, oldest first."""
    rows, after = page(db, _points(scope), supply_points.c.id, wanted)
    return [_point(db, row) for row in rows], after


def point(db: Connection, scope: str | None, identity: str) -> PointOut:
    """One supply point; a foreign one is not found."""
    row = db.execute(_points(scope).where(supply_points.c.id == identity)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such supply point")
    return _point(db, row)


def _gateway(row: Line) -> GatewayOut:
    public: str | None = row.public_key if row.public_key != NO_KEY else None
    return GatewayOut.model_validate({**fields(row), "public_key": public, "fingerprint": _short(public)})


def _short(public: str | None) -> str | None:
    return short_fingerprint(bytes.fromhex(public)) if public is not None else None


def gateways_page(db: Connection, wanted: Wanted) -> tuple[list[GatewayOut], str | None]:
    """Gateways by name."""
    rows, after = page(db, select(gateways), gateways.c.id, wanted)
    return [_gateway(row) for row in rows], after


def gateway(db: Connection, identity: str) -> GatewayOut:
    """One gateway."""
    row = db.execute(select(gateways).where(gateways.c.id == identity)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such gateway")
    return _gateway(row)


def _gateway_key(row: Line) -> GatewayKeyOut:
    return GatewayKeyOut.model_validate({**fields(row), "fingerprint": _short(row.public_key)})


def gateway_keys_page(
    db: Connection, wanted: Wanted, state: str | None, gateway: str | None
) -> tuple[list[GatewayKeyOut], str | None]:
    """Keys that were sent, oldest first: all, or those of a state or gateway."""
    query = select(gateway_keys)
    if state is not None:
        query = query.where(gateway_keys.c.state == state)
    if gateway is not None:
        query = query.where(gateway_keys.c.gateway == gateway)
    rows, after = page(db, query, gateway_keys.c.id, wanted)
    return [_gateway_key(row) for row in rows], after


def gateway_key(db: Connection, key: str) -> GatewayKeyOut:
    """One key that was sent."""
    return _gateway_key(db.execute(select(gateway_keys).where(gateway_keys.c.id == key)).one())


def _meters(scope: str | None) -> Select[tuple[object, ...]]:
    told = (meters_told.c.meter == meters.c.name) & (meters_told.c.gateway == meters.c.gateway)
    query = select(meters, meters_told.c.capabilities).outerjoin(meters_told, told)
    if scope is None:
        return query
    return query.join(supply_points, supply_points.c.id == meters.c.point).where(supply_points.c.client == scope)


def _meter(row: Line) -> MeterOut:
    identity = IdentityBody(
        fabrication_number=row.fabrication_number,
        id=row.ident,
        manufacturer=row.manufacturer,
        version=row.version_no,
        medium=row.medium,
    )
    return MeterOut(
        name=row.name,
        supply_point=row.point,
        gateway=row.gateway,
        identity=identity,
        capabilities=row.capabilities,
        bound_at=row.bound_at,
        version=row.version,
    )


def meters_page(db: Connection, scope: str | None, wanted: Wanted) -> tuple[list[MeterOut], str | None]:
    """Meters by name."""
    rows, after = page(db, _meters(scope), meters.c.name, wanted)
    return [_meter(row) for row in rows], after


def meter(db: Connection, scope: str | None, name: str) -> MeterOut:
    """One meter; a foreign one is not found."""
    row = db.execute(_meters(scope).where(meters.c.name == name)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such meter")
    return _meter(row)
