"""What a crew does with a work order: accept, arrive, ask, report, abort (CONTROL P9). Each under the point's fence.

Whatever is signed is believed only from the approved device under whose token it comes, and only about the work order
that it names.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Row

from controlplane import news
from controlplane.db import draw_sequence, lock_point
from controlplane.field.enrolment.service import Device
from controlplane.field.evidence.findings import Finding
from controlplane.field.evidence.readings import bare
from controlplane.field.work import feed, offering, outcomes, tightness
from controlplane.field.work.models import REPAIR
from controlplane.field.work.needs import Filing, Needs, doubts, plate_fits, refuse
from controlplane.orders import evidence, handing, witness
from controlplane.orders.context import Context
from controlplane.orders.life import Order, advance, get
from controlplane.orders.states import Event, Kind, OrderState
from controlplane.orders.terms import told_again
from controlplane.problems import ConflictError, NotFoundError, UnprocessableError
from protocols.errors import TheirsError
from protocols.ports import Signer
from protocols.types import ValvePosition
from protocols.uplink import codec
from protocols.uplink.crew import ByHand, CrewAbort, CrewPermit, CrewPermitRequest, CrewReport
from protocols.uplink.keys import KeyRing

M = TypeVar("M", bound=ByHand)


@dataclass(frozen=True, slots=True)
class Signed:
    """An envelope as it came."""

    raw: bytes


def may_see(device: Device, row: Row[Any]) -> bool:
    """Whether a work order is offered to this device's crew, or its own."""
    return device.works_for(row.client) and row.crew in (None, device.crew)


def mine(db: Connection, device: Device, identity: str) -> Row[Any]:
    """A work order that this device's crew may see: offered to it, or its own. Any other is not found (I10)."""
    row = offering.find(db, identity)
    if row is None or not may_see(device, row):
        raise NotFoundError("there is no such work order")
    lock_point(db, row.point)
    return row


def _its_own(db: Connection, device: Device, identity: str) -> tuple[Row[Any], Order]:
    row = mine(db, device, identity)
    if row.crew is None:
        raise ConflictError("accept the work order first", code="not_accepted")
    return row, get(db, row.order)


def _is_open(row: Row[Any]) -> None:
    if row.closed_at is not None:
        raise ConflictError(f"this work order has ended ({row.ending}): do nothing more here", code="closed")


def accept(db: Connection, context: Context, device: Device, identity: str) -> None:
    """The crew takes it: nobody else may."""
    row = mine(db, device, identity)
    _is_open(row)
    if row.crew is not None:
        raise ConflictError("your crew has accepted it already", code="taken")
    order = get(db, row.order)
    offering.change(db, row, crew=device.crew)
    if row.kind == REPAIR:
        feed.tell(db, context, row.id, feed.Entry.CHANGED)
        return
    advance(db, context, order, Event.ASSIGN, device.id, until=told_again(context, order))


def arrive(db: Connection, context: Context, device: Device, identity: str, found: ValvePosition) -> None:
    """The crew is there, and says which position it finds before it asks for anything; later it may look again."""
    row, order = _its_own(db, device, identity)
    _is_open(row)
    if row.kind == REPAIR:
        offering.change(db, row, found=found, found_at=context.now)
        feed.tell(db, context, row.id, feed.Entry.CHANGED)
        return
    if order.state not in (OrderState.ASSIGNED, OrderState.ON_SITE):
        raise ConflictError(f"an order that is {order.state} is past arriving", code="illegal_transition")
    number = draw_sequence(db, row.point).next_sequence
    offering.change(db, row, found=found, found_at=context.now, sequence=number)
    if order.state is OrderState.ASSIGNED:
        advance(db, context, order, Event.ARRIVE, device.id, until=told_again(context, order))
    else:
        feed.tell(db, context, row.id, feed.Entry.CHANGED)


def permit(db: Connection, context: Context, device: Device, identity: str, signed: Signed) -> CrewPermit:
    """May supply be taken away here, by this device's crew, in the next minutes? A denial is an answer too."""
    row, order = _its_own(db, device, identity)
    opened = believed(signed, CrewPermitRequest, device, row)
    asked = opened.message
    _is_open(row)
    if abs(context.now - asked.at) > timedelta(seconds=context.settings.crew_permit_s):
        raise UnprocessableError("it was not signed in these minutes: set the device's clock, ask anew", code="too_old")
    if row.found_at is None or order.state is not OrderState.ON_SITE:
        detail = f"a permit is asked for on site, once, and the order is {order.state}"
        raise ConflictError(detail, code="illegal_transition")
    if asked.found is witness.BY_HAND.get(order.kind):
        raise ConflictError("it is as wanted already: report that, and act no more", code="already_as_wanted")
    if not _is_this_meter(db, row, asked.serial):
        detail = "this serial is not that of the meter here; two persons can accept it, else abort: wrong_meter"
        raise ConflictError(detail, code="wrong_serial")
    return handing.decide(db, context, asked, opened.digest)


def _is_this_meter(db: Connection, row: Row[Any], serial: str) -> bool:
    accepted = row.serial is not None and bare(row.serial) == bare(serial)
    return accepted or plate_fits(db, row.point, serial)


def hear_of_leak(
    db: Connection, context: Context, device: Device, identity: str, signed: Signed, kind: type[CrewReport | CrewAbort]
) -> None:
    """Whatever else is wrong with an account, and however it ends: the leak that it tells of is an alarm (G4).

    A transaction of its own, before the account is judged: a refusal takes back what was done with it.
    """
    row, _ = _its_own(db, device, identity)
    opened = believed(signed, kind, device, row)
    if tightness.leaking(db, opened.message, row.point):
        tightness.suspected(db, context, row, opened)


def report(db: Connection, context: Context, device: Device, identity: str, signed: Signed, needs: Needs) -> None:
    """What was done and seen. What its act requires must be there; what is doubted waits for two persons."""
    row, order = _its_own(db, device, identity)
    opened = believed(signed, CrewReport, device, row)
    filing = Filing(order, opened.message, device, row.id, row.opened_at)
    if tightness.leaking(db, opened.message, row.point):
        if order.way is Kind.GIVING and order.state is OrderState.ON_SITE:
            _given_up(db, context, Taken(row, filing, opened, signed.raw), tightness.LEAK_SUSPECTED, needs)
            return
    else:
        _is_the_last_word(db, device, opened)
    if order.way is Kind.GIVING and order.state is OrderState.ASSIGNED:
        detail = "arrive first: say in which position you find the valve, and report then"
        raise ConflictError(detail, code="not_arrived")
    said = opened.message
    usual = witness.under_permit(db, order, said) or witness.in_time(order, said)
    doubted: list[str] = []
    if usual:
        if row.report is not None:
            raise ConflictError("a report is kept here until two persons have judged it", code="report_kept")
        doubted = doubts(_judged(db, context, row, filing, needs), row.serial, said.serial)
        needs.recorded(db, context, filing)
    witness.take_report(db, context, opened, signed.raw, row.sequence or 0, doubted=bool(doubted))
    if usual and not doubted:
        tightness.cleared(db, context, order, opened)
    if doubted:
        offering.change(db, row, report=opened.digest, doubts=doubted)
        feed.tell(db, context, row.id, feed.Entry.CHANGED)
        told = {"code": "report_doubted", "to": "operator", "order": row.order, "doubts": doubted}
        news.tell(db, context.now, "approval", row.id, told, row.client)


def _judged(db: Connection, context: Context, row: Row[Any], filing: Filing, needs: Needs) -> list[Finding]:
    """What was found about an account, kept with the work order; refused where something is missing."""
    findings = needs.findings(db, context, filing)
    refuse(findings)
    offering.change(db, row, findings=[finding.document(house=False) for finding in findings])
    return findings


def abort(db: Connection, context: Context, device: Device, identity: str, signed: Signed, needs: Needs) -> None:
    """It was not done; the outcome's code says what comes next, and which photographs show it; none shows a leak."""
    row, order = _its_own(db, device, identity)
    opened = believed(signed, CrewAbort, device, row)
    code = opened.message.code
    if code not in outcomes.OUTCOMES:
        detail = f"there is no outcome {code}; it is one of {', '.join(outcomes.OUTCOMES)}"
        raise UnprocessableError(detail, code="unknown_outcome")
    filing = Filing(order, opened.message, device, row.id, row.opened_at)
    if not tightness.leaking(db, opened.message, row.point):
        _is_the_last_word(db, device, opened)
        if witness.under_permit(db, order, opened.message) or order.state is OrderState.ON_SITE:
            _judged(db, context, row, filing, needs)
    _given_up(db, context, Taken(row, filing, opened, signed.raw), code, needs)


@dataclass(frozen=True, slots=True)
class Taken:
    """A believed account of a work order that was not done, and its bytes."""

    row: Row[Any]
    filing: Filing
    opened: codec.Opened[Any]
    raw: bytes


def _given_up(db: Connection, context: Context, taken: Taken, code: str, needs: Needs) -> None:
    """The order goes where the outcome says; what was photographed serves it all the same."""
    row, order = taken.row, taken.filing.order
    step = outcomes.step(code, row.visit, order.kind, gas=tightness.is_gas(db, row.point))
    if row.closed_at is None:
        offering.change(db, row, next_step=step)
    ends = OrderState.NOT_EXECUTED if step in outcomes.ENDS else OrderState.PLANNED
    needs.recorded(db, context, taken.filing)
    after = witness.take_abort(db, context, taken.opened, taken.raw, outcomes.reason(code), ends)
    if after.state is not order.state and step != outcomes.SECOND_VISIT:
        told = {"order": order.id, "to": step, "code": code, "visit": row.visit}
        news.tell(db, context.now, "escalation", order.id, told, order.client)


def _is_the_last_word(
    db: Connection, device: Device, opened: codec.Opened[CrewReport] | codec.Opened[CrewAbort]
) -> None:
    """Of two accounts of one number only the one that was taken counts. A leak is told of whatever comes."""
    if evidence.replaced(db, device.id, opened.digest, opened.message.chain):
        detail = "another account of this number was taken in its place; sign what is new under the next number"
        raise ConflictError(detail, code="account_replaced")


def believed(signed: Signed, kind: type[M], device: Device, row: Row[Any]) -> codec.Opened[M]:
    """Open what this device has signed about this work order; refused where anybody else did, or about another."""
    try:
        opened = codec.open_signed(signed.raw, kind, KeyRing([device.public_key]))
    except TheirsError as error:
        raise UnprocessableError(f"this is not believed: {error}", code="untrusted") from None
    said = opened.message
    if (said.device, said.work_order, said.order) != (device.id, row.id, row.order):
        detail = "device, work_order and order in what was signed are not those of this request"
        raise UnprocessableError(detail, code="untrusted")
    return opened


def sealed(permit: CrewPermit, signer: Signer) -> bytes:
    """The house's signed answer."""
    return codec.seal(permit, signer)[0]
