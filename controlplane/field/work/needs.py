"""What a report needs beside its signature: shots, kept photographs, seals, a serial and an index that can be true."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from controlplane.field.enrolment.service import Device
from controlplane.field.evidence.findings import Finding, Weight
from controlplane.field.evidence.judging import Report
from controlplane.field.evidence.readings import Known, bare, judge_index, judge_serial, per_day
from controlplane.field.evidence.reviewing import review
from controlplane.field.evidence.seals import service as seals
from controlplane.field.evidence.service import Use, attach
from controlplane.field.evidence.shots import Shot, View, missing
from controlplane.orders.context import Context
from controlplane.orders.jurisdiction import pack_at
from controlplane.orders.life import Order
from controlplane.problems import UnprocessableError
from controlplane.registry.binding import bound
from protocols.uplink.crew import CrewReport

SERIAL = "serial_mismatch"


@dataclass(frozen=True, slots=True)
class Filing:
    """A report that is being taken: whose it is, about which order, and since when the work order is open."""

    order: Order
    report: CrewReport
    device: Device
    since: datetime


class Needs(Protocol):
    """The evidence store's side of a report."""

    def findings(self, db: Connection, context: Context, filing: Filing) -> list[Finding]:
        """What is found about a report; a refusal where it names what nobody has put."""

    def recorded(self, db: Connection, context: Context, filing: Filing) -> None:
        """Enter what the report has changed: what its photographs serve, seals applied and removed."""


@dataclass(frozen=True, slots=True)
class PlateOnly:
    """Where no evidence is taken: no more than what the plate and the register say."""

    def findings(self, db: Connection, context: Context, filing: Filing) -> list[Finding]:
        """Whether plate or register can't be this meter's."""
        return list(read_off(db, context, filing))

    def recorded(self, db: Connection, context: Context, filing: Filing) -> None:
        """Nothing is entered."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store and the registry of seals hold."""

    def findings(self, db: Connection, context: Context, filing: Filing) -> list[Finding]:
        """All of it: missing shots too, but for what was after where nothing was moved."""
        said, order = filing.report, filing.order
        sealed = bool(said.seals_applied or said.seals_removed)
        zone = ZoneInfo(pack_at(db, context, order.point).calendar.zone)
        shots = _shots(said)
        needed = missing(order.kind, shots, sealed=sealed)
        if said.outcome == "already":
            needed = tuple(view for view in needed if view is not View.AFTER)
        told = Report(order.kind, shots, filing.since, context.now, zone, sealed)
        found = review(db, told, order.id, filing.device.token, needed=needed)
        return [*found, *read_off(db, context, filing)]

    def recorded(self, db: Connection, context: Context, filing: Filing) -> None:
        """Each seal is put on and taken off once."""
        order, device, said = filing.order, filing.device, filing.report
        use = Use(order.id, order.point, order.client)
        attach(db, context.now, use, _shots(said), device.id)
        by = seals.By(context.now, device.id, device.crew, order.id)
        for number in said.seals_removed:
            seals.remove(db, by, number, order.point)
        for number in said.seals_applied:
            seals.apply(db, by, number, order.point)


def refuse(findings: list[Finding]) -> None:
    """An order can't be completed without what its act requires."""
    blocking = [finding for finding in findings if finding.weight is Weight.BLOCKS]
    if blocking:
        detail = " ".join(finding.words("en") for finding in blocking)
        told = {"findings": [finding.document(house=False) for finding in blocking]}
        raise UnprocessableError(detail, code="evidence_missing", extra=told)


def doubts(findings: list[Finding], accepted: str | None, serial: str) -> list[str]:
    """What two persons have to judge; a serial that they have accepted before is no doubt."""
    known = accepted is not None and bare(accepted) == bare(serial)
    codes = [finding.code for finding in findings if finding.weight is Weight.TWO_KEYS]
    return [code for code in codes if not (known and code == SERIAL)]


def read_off(db: Connection, context: Context, filing: Filing) -> Iterator[Finding]:
    """What plate and register say, held against what is known; where no meter is bound, nothing is."""
    meter, said = bound(db, filing.order.point), filing.report
    if meter is None:
        return
    if (wrong := judge_serial(said.serial, meter.identity)) is not None:
        yield wrong
    if said.register is None:
        return
    steps = context.steps(db, meter.name, context.now)
    known = Known(steps[-1][1], steps[-1][0], per_day(steps)) if steps else None
    if (odd := judge_index(Decimal(said.register.value), said.ended_at, known)) is not None:
        yield odd


def plate_fits(db: Connection, point: str, serial: str) -> bool:
    """Whether a serial is that of the meter bound at the point; where none is bound, nothing is expected."""
    meter = bound(db, point)
    return meter is None or judge_serial(serial, meter.identity) is None


def _shots(said: CrewReport) -> tuple[Shot, ...]:
    try:
        return tuple(Shot(View(photograph.shot), photograph.digest) for photograph in said.photographs)
    except ValueError:
        detail = f"a shot shows one of {', '.join(View)}"
        raise UnprocessableError(detail, code="unknown_shot") from None
