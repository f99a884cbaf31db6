"""What a crew's account needs beside its signature: shots that were put, seals, readings that can be true, gas tight.

What is doubted waits for two persons; what is missing refuses the whole account, and nothing of it is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
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
from controlplane.field.evidence.senders import Sender
from controlplane.field.evidence.service import Use, attach, sent
from controlplane.field.evidence.shots import Shot, View, lacking, missing
from controlplane.field.work import tightness
from controlplane.field.work.outcomes import OUTCOMES
from controlplane.field.work.required import House, judge_pieces, judge_times
from controlplane.orders.context import Context
from controlplane.orders.jurisdiction import pack_at
from controlplane.orders.life import Order
from controlplane.problems import UnprocessableError
from controlplane.registry.binding import bound
from protocols.uplink.crew import CrewAbort, CrewReport

SERIAL = "serial_mismatch"
VIEWS = frozenset(View)


@dataclass(frozen=True, slots=True)
class Filing:
    """An account that is being taken: whose it is, about which order, and since when the work order is open."""

    order: Order
    account: CrewReport | CrewAbort
    device: Device
    work_order: str
    since: datetime


class Needs(Protocol):
    """The evidence store's side of an account."""

    @property
    def house(self) -> House:
        """What this house asks for beyond what every act needs."""

    def findings(self, db: Connection, context: Context, filing: Filing) -> list[Finding]:
        """What is found about an account; a refusal where it names what nobody has put."""

    def recorded(self, db: Connection, context: Context, filing: Filing) -> None:
        """Enter what the account has changed: what its photographs serve, seals applied and removed."""


@dataclass(frozen=True, slots=True)
class PlateOnly:
    """Where no evidence is taken: what plate and register say, and the leak check of gas."""

    house: House = field(default_factory=House)

    def findings(self, db: Connection, context: Context, filing: Filing) -> list[Finding]:
        """Whether plate or register can't be this meter's, and whether gas is tight."""
        said = filing.account
        return [*_checked(db, filing.order, said), *read_off(db, context, said, filing.order)]

    def recorded(self, db: Connection, context: Context, filing: Filing) -> None:
        """Nothing is entered."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store and the registry of seals hold; `house` says what is asked for beyond what every act needs."""

    house: House = field(default_factory=House)

    def findings(self, db: Connection, context: Context, filing: Filing) -> list[Finding]:
        """All of it: shots, pieces and results that are missing too."""
        said, order = filing.account, filing.order
        shots = _shots(said)
        sealed = isinstance(said, CrewReport) and bool(said.seals_applied or said.seals_removed)
        zone = ZoneInfo(pack_at(db, context, order.point).calendar.zone)
        told = Report(order.kind, shots, filing.since, context.now, zone, sealed)
        needed = _needed(db, order, said, shots, sealed=sealed)
        found = [*review(db, told, order.id, sender(filing.device), needed=needed)]
        if isinstance(said, CrewReport):
            found += [*judge_pieces(said, order.kind, self.house), *judge_times(said, context.now)]
        return [*found, *_checked(db, order, said), *read_off(db, context, said, order)]

    def recorded(self, db: Connection, context: Context, filing: Filing) -> None:
        """Have the photographs serve the order; each seal is put on and taken off once.

        Of a leak's account, which is taken whatever it lacks, only what was put serves it.
        """
        order, device, said = filing.order, filing.device, filing.account
        there = sent(db, [photograph.digest for photograph in said.photographs], sender(device))
        known = [p for p in said.photographs if p.digest in there and p.shot in VIEWS]
        use = Use(order.id, order.point, order.client, filing.work_order)
        attach(db, context.now, use, [Shot(View(p.shot), p.digest) for p in known], device.id)
        if isinstance(said, CrewAbort):
            return
        by = seals.By(context.now, device.id, device.crew, order.id)
        for number in said.seals_removed:
            seals.remove(db, by, number, order.point)
        for number in said.seals_applied:
            seals.apply(db, by, number, order.point)


def _needed(
    db: Connection, order: Order, said: CrewReport | CrewAbort, shots: tuple[Shot, ...], *, sealed: bool
) -> tuple[View, ...]:
    """The shots that are missing; none of what was after where nothing was moved."""
    if isinstance(said, CrewAbort):
        return lacking(OUTCOMES[said.code].shots, shots)
    needed = missing(order.kind, shots, sealed=sealed, tested=tightness.needed(db, order))
    return tuple(view for view in needed if view is not View.AFTER or said.outcome != "already")


def _checked(db: Connection, order: Order, said: CrewReport | CrewAbort) -> Iterator[Finding]:
    """What is wrong with the leak check of an act that needs one."""
    if isinstance(said, CrewReport) and tightness.needed(db, order):
        yield from tightness.judge(said)


def sender(device: Device) -> Sender:
    """Whose evidence a device may name: its own, and its crew's."""
    return Sender(device.token, device.crew)


def refuse(findings: list[Finding]) -> None:
    """An order can't be completed without what its act requires, nor given up without what its outcome requires."""
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


def read_off(db: Connection, context: Context, said: CrewReport | CrewAbort, order: Order) -> Iterator[Finding]:
    """What plate and register say, held against what is known; where no meter is bound, nothing is.

    Known is what was read before the crew began: a later reading may well be higher than what the crew has seen.
    """
    meter = bound(db, order.point)
    if meter is None or isinstance(said, CrewAbort):
        return
    if (wrong := judge_serial(said.serial, meter.identity)) is not None:
        yield wrong
    if said.register is None:
        return
    steps = context.steps(db, meter.name, min(said.began_at, context.now))
    known = Known(steps[-1][1], steps[-1][0], per_day(steps)) if steps else None
    if (odd := judge_index(Decimal(said.register.value), said.ended_at, known)) is not None:
        yield odd


def plate_fits(db: Connection, point: str, serial: str) -> bool:
    """Whether a serial is that of the meter bound at the point; where none is bound, nothing is expected."""
    meter = bound(db, point)
    return meter is None or judge_serial(serial, meter.identity) is None


def _shots(said: CrewReport | CrewAbort) -> tuple[Shot, ...]:
    try:
        return tuple(Shot(View(photograph.shot), photograph.digest) for photograph in said.photographs)
    except ValueError:
        detail = f"a shot shows one of {', '.join(View)}"
        raise UnprocessableError(detail, code="unknown_shot") from None
