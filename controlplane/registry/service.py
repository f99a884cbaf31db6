"""Entering clients, supply points, gateways and meters; binding a meter anew. Nothing is ever deleted."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Row, Table, insert, select, update

from controlplane.db import fences, lock_point, set_epoch
from controlplane.ids import new_id
from controlplane.problems import ConflictError, NotFoundError, StaleError, UnprocessableError
from controlplane.registry.models import NO_KEY, clients, gateways, meters, meters_told, protections, supply_points
from protocols.ports import Clock, Entropy
from protocols.types import Identity, Medium

if TYPE_CHECKING:
    from sqlalchemy.sql.elements import ColumnElement

GAS = frozenset({Medium.GAS})
WATER = frozenset({Medium.WATER, Medium.WARM_WATER, Medium.HOT_WATER, Medium.COLD_WATER, Medium.DUAL_WATER})
FITS = {"gas": GAS, "water": WATER}
IsSettled = Callable[[Connection, str], bool]
"""Whether nothing that was sent to a supply point can still act there: a fact that orders give."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """An act forbidden at a point from the start."""

    act: str
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Binding:
    """Which meter is to stand where, read by whom."""

    point: str
    gateway: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class Change:
    """What a rebinding changes; None stays as it is."""

    point: str | None = None
    gateway: str | None = None
    identity: Identity | None = None


def create_client(db: Connection, clock: Clock, entropy: Entropy, name: str) -> str:
    """Enter a client; its id."""
    identity = new_id("cli", clock, entropy)
    db.execute(insert(clients).values(id=identity, name=name, created_at=clock.now()))
    return identity


def create_point(
    db: Connection,
    clock: Clock,
    entropy: Entropy,
    *,
    client: str,
    code: str,
    medium: str,
    zone: str,
    pack: str | None = None,
    served: Collection[str] = (),
    forbidden: tuple[Forbidden, ...] = (),
) -> str:
    """Enter a supply point with its fence row; its id. `served` are the rule packs that it may name."""
    _known(db, clients, client, "client")
    if pack is not None and pack not in served:
        detail = f"no rule pack {pack!r} is served here; name one of {', '.join(served)}, or none for the default"
        raise UnprocessableError(detail, code="unknown_pack", extra={"packs": list(served)})
    same = (supply_points.c.client == client) & (supply_points.c.code == code)
    if db.execute(select(supply_points.c.id).where(same)).one_or_none() is not None:
        raise ConflictError("this client has a supply point of this code already", code="code_taken")
    point = new_id("pt", clock, entropy)
    row = {"id": point, "client": client, "code": code, "medium": medium, "zone": zone, "pack": pack, "version": 1}
    db.execute(insert(supply_points).values(**row, created_at=clock.now()))
    db.execute(insert(fences).values(point=point, next_sequence=1, epoch=1))
    for each in forbidden:
        identity = new_id("prt", clock, entropy)
        told = {"act": each.act, "reason": each.reason, "until": each.until, "recorded_at": clock.now()}
        db.execute(insert(protections).values(id=identity, point=point, **told))
    return point


def create_gateway(db: Connection, clock: Clock, name: str) -> None:
    """Enter a gateway; nothing it says is believed before a key that it enrols was approved."""
    if db.execute(select(gateways.c.id).where(gateways.c.id == name)).one_or_none() is not None:
        raise ConflictError("a gateway of this name is there already", code="gateway_taken")
    db.execute(insert(gateways).values(id=name, public_key=NO_KEY, created_at=clock.now(), chain=0))


def create_meter(db: Connection, clock: Clock, name: str, binding: Binding) -> None:
    """Bind a new meter at a point that has none."""
    if db.execute(select(meters.c.name).where(meters.c.name == name)).one_or_none() is not None:
        raise ConflictError("a meter of this name is bound already; PATCH binds it anew", code="meter_taken")
    _fits(db, binding)
    fence = lock_point(db, binding.point)
    _free(db, binding.point)
    raise_epoch(db, name, binding.point, fence.epoch - 1)
    db.execute(insert(meters).values(name=name, **_columns(binding), bound_at=clock.now(), version=1))


def rebind(db: Connection, clock: Clock, name: str, change: Change, expected: int, is_settled: IsSettled) -> None:
    """Bind a meter anew, under the fences of both points; refused while anything there may still act (CONTROL P6)."""
    row = _meter(db, name)
    points = sorted({row.point, change.point or row.point})
    for point in points:
        _known(db, supply_points, point, "supply point")
        lock_point(db, point)
    row = _meter(db, name)
    if row.version != expected:
        raise StaleError(f"the meter is at version {row.version}, not {expected}: read it again")
    told = Identity(row.ident, row.manufacturer, row.version_no, row.medium, row.fabrication_number)
    binding = Binding(change.point or row.point, change.gateway or row.gateway, change.identity or told)
    _fits(db, binding)
    if binding.point != row.point:
        _free(db, binding.point)
    if not all(is_settled(db, point) for point in points):
        detail = "a command, permit or look at this point may still act; wait until it is settled, then try again"
        raise ConflictError(detail, code="unsettled")
    raise_epoch(db, name, binding.point, max(lock_point(db, point).epoch for point in points))
    changed = {**_columns(binding), "bound_at": clock.now(), "version": row.version + 1}
    db.execute(update(meters).where(meters.c.name == name).values(**changed))


def _meter(db: Connection, name: str) -> Row[tuple[object, ...]]:
    row = db.execute(select(meters).where(meters.c.name == name)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such meter")
    return row


def raise_epoch(db: Connection, meter: str, point: str, above: int) -> None:
    """Above every epoch that any gateway has made durable for this meter: old commands stay old."""
    marks = db.execute(select(meters_told.c.mark_epoch).where(meters_told.c.meter == meter))
    set_epoch(db, point, max([above, *(row.mark_epoch or 0 for row in marks)]) + 1)


def _fits(db: Connection, binding: Binding) -> None:
    """Point and gateway are known, and the meter's medium is the point's."""
    _known(db, supply_points, binding.point, "supply point")
    _known(db, gateways, binding.gateway, "gateway")
    revoked = gateways.c.revoked_at.is_not(None) & (gateways.c.id == binding.gateway)
    if db.execute(select(gateways.c.id).where(revoked)).one_or_none() is not None:
        raise UnprocessableError("this gateway was revoked", code="unknown_gateway")
    medium = db.execute(select(supply_points.c.medium).where(supply_points.c.id == binding.point)).scalar_one()
    if binding.identity.medium not in FITS[medium]:
        detail = f"the point is for {medium}, and byte {binding.identity.medium} is another medium (EN 13757-3)"
        raise UnprocessableError(detail, code="wrong_medium")


def _free(db: Connection, point: str) -> None:
    if db.execute(select(meters.c.name).where(meters.c.point == point)).one_or_none() is not None:
        raise ConflictError("another meter is bound at this point", code="point_taken")


def _known(db: Connection, table: Table, identity: str, what: str) -> None:
    column: ColumnElement[str] = table.c.id
    if db.execute(select(column).where(column == identity)).one_or_none() is None:
        raise UnprocessableError(f"there is no such {what}", code=f"unknown_{what.replace(' ', '_')}")


def _columns(binding: Binding) -> dict[str, object]:
    who = binding.identity
    return {
        "point": binding.point,
        "gateway": binding.gateway,
        "ident": who.id,
        "manufacturer": who.manufacturer,
        "version_no": who.version,
        "medium": who.medium,
        "fabrication_number": who.fabrication_number,
    }
