"""What crews' devices sign, through the one door: reports, aborts, and two persons' word in their place (CONTROL P9).

A crew's account is taken whatever the order's state is: who has acted without a permit is told of, and the truth
counts. Its grade is `witnessed`. Whether its photographs and readings suffice was judged before it comes here.
"""

from datetime import timedelta

from sqlalchemy import Connection, insert

from controlplane import news
from controlplane.db import lock_point
from controlplane.orders import documents, hands
from controlplane.orders.context import Context
from controlplane.orders.evidence import LATE, keep
from controlplane.orders.life import Order, advance, get, giving_alive
from controlplane.orders.models import receipts
from controlplane.orders.observing import observe
from controlplane.orders.sending import note_field, send_look
from controlplane.orders.service import UNSETTLED, enter_giving
from controlplane.orders.settling import count_act, read_after, settle_hand
from controlplane.orders.sightings import see
from controlplane.orders.states import Event, Kind, OrderState
from controlplane.orders.stopping import REASONS, blocking, give_back_if_due
from controlplane.policy.facts import Act
from controlplane.problems import ConflictError, UnprocessableError
from controlplane.registry.binding import bound
from protocols.types import ValvePosition
from protocols.uplink.codec import Opened
from protocols.uplink.crew import CrewAbort, CrewRelease, CrewReport
from protocols.uplink.messages import Seen
from protocols.uplink.parts import Reason

WITNESSED = "witnessed"
BY_HAND = {
    Act.LIMIT: ValvePosition.LIMITED,
    Act.SUSPEND: ValvePosition.CLOSED,
    Act.INTERRUPT: ValvePosition.CLOSED,
    Act.REMOVE: ValvePosition.CLOSED,
    Act.REACTIVATE: ValvePosition.OPEN,
}
"""The position in which a crew leaves a point."""


def under_permit(db: Connection, order: Order, account: CrewReport | CrewAbort) -> bool:
    """Whether it is the account of the hand that the order waits for."""
    hand = hands.by_permit(db, account.permit)
    if hand is None or hand.settled_sequence is not None or order.state is not OrderState.PERMITTED:
        return False
    return bool(hand.order == order.id and hand.device == account.device)


def in_time(order: Order, report: CrewReport) -> bool:
    """Whether an order on site ends with this report: supply given back, or nothing moved because nothing had to be."""
    return order.state is OrderState.ON_SITE and (order.way is Kind.GIVING or report.outcome == "already")


def take_report(
    db: Connection, context: Context, opened: Opened[CrewReport], raw: bytes, sequence: int, *, doubted: bool
) -> Order:
    """Take a believed report; taking it twice changes nothing more.

    `sequence` was drawn when the crew came to look. A doubted report is kept and settles the hand, and no more.
    ConflictError (`unsettled`) where what was seen may be changed by what could still act then.
    """
    report = opened.message
    order = _locked(db, report.order)
    permitted, usual = under_permit(db, order, report), in_time(order, report)
    if (permitted or usual) and report.left is not BY_HAND.get(order.kind):
        detail = f"it is left {report.left}, which is not what was wanted; send an abort that says why"
        raise UnprocessableError(detail, code="not_as_wanted")
    if usual and order.way is Kind.GIVING and not read_after(db, order.point, sequence):
        raise ConflictError(f"{UNSETTLED.en} Arrive anew, look again, and report that.", code="unsettled")
    if not keep(db, context, opened.digest, report, report.chain, raw):
        return order
    documents.came(db, order.id, report.kind, opened.digest, context.now)
    if report.permit is not None:
        _within_its_time(db, context, order, report)
    if doubted and (permitted or usual):
        if permitted:
            settle_hand(db, context, report.permit or "", report.kind)
        return get(db, order.id)
    _see(db, context, order, report.left, report.device)
    if permitted:
        _proven(db, context, order, Event.PROOF, report)
    elif usual:
        _proven(db, context, order, _usual(report), report)
    elif report.outcome == "done":
        _late(db, context, order, opened)
    return get(db, order.id)


def settled_doubt(db: Connection, context: Context, report: CrewReport, *, accepted: bool) -> Order:
    """Two persons have judged a doubted report: it proves the act after all, or nobody can say what was done."""
    order = _locked(db, report.order)
    if order.state not in (OrderState.PERMITTED, OrderState.ON_SITE):
        return order
    if accepted:
        _see(db, context, order, report.left, report.device)
        _proven(db, context, order, Event.PROOF if order.state is OrderState.PERMITTED else _usual(report), report)
    elif order.state is OrderState.PERMITTED:
        send_look(db, context, advance(db, context, order, Event.RELEASED_BY_TWO, report.device, reason=DOUBTED))
    else:
        order = advance(db, context, order, Event.ABORTED, report.device, to=OrderState.PLANNED, reason=DOUBTED)
        note_field(db, context, order, DOUBTED)
    return get(db, order.id)


def take_abort(
    db: Connection,
    context: Context,
    opened: Opened[CrewAbort | CrewReport],
    raw: bytes,
    reason: Reason,
    ends: OrderState,
) -> Order:
    """Take a believed account that it was not done: an abort, or a report of what must not stay as it was wanted.

    The hand is settled, and the order goes where its stops, else `ends`, say.
    """
    abort = opened.message
    order = _locked(db, abort.order)
    if not keep(db, context, opened.digest, abort, abort.chain, raw):
        return order
    documents.came(db, order.id, abort.kind, opened.digest, context.now)
    permitted = under_permit(db, order, abort)
    if not permitted and order.state is not OrderState.ON_SITE:
        return order
    _see(db, context, order, abort.left, abort.device)
    stop = blocking(db, context, order) if order.way is Kind.TAKING else None
    if order.way is Kind.TAKING and order.stopped:
        why = REASONS[stop or "protection"]
        order = advance(db, context, order, Event.ABORTED_STOP, abort.device, reason=why)
    elif stop is not None:
        until = context.now + timedelta(seconds=context.settings.held_review_s)
        order = advance(db, context, order, Event.ABORTED_HOLD, abort.device, reason=REASONS[stop], until=until)
    else:
        to = ends if order.way is Kind.TAKING else OrderState.PLANNED
        order = advance(db, context, order, Event.ABORTED, abort.device, to=to, reason=reason)
        if order.state is OrderState.PLANNED:
            order = note_field(db, context, order, reason)
    if permitted:
        settle_hand(db, context, abort.permit or "", abort.kind)
    give_back_if_due(db, context, order.point, abort.device)
    return get(db, order.id)


def release(db: Connection, context: Context, word: CrewRelease, digest: str, raw: bytes) -> Order:
    """Two persons end the permit of a crew that does not report: the hand is settled, and the valve is looked at."""
    order = _locked(db, word.order)
    kept = {"digest": digest, "gateway": word.device, "kind": word.kind, "journal": "", "number": 0, "raw": raw}
    db.execute(insert(receipts).values(**kept, received_at=context.now))
    documents.came(db, order.id, word.kind, digest, context.now)
    order = advance(db, context, order, Event.RELEASED_BY_TWO, " and ".join(word.persons), reason=RELEASED)
    settle_hand(db, context, word.permit, word.kind)
    send_look(db, context, get(db, order.id))
    return get(db, order.id)


RELEASED = Reason(
    "released_by_two",
    "The crew did not report; two persons have ended its permit, and the valve is looked at.",
    "La squadra non ha riferito: due persone hanno chiuso l'autorizzazione e la valvola viene verificata.",
)
DOUBTED = Reason(
    "report_rejected",
    "Two persons have rejected the crew's report; what it has done is not known.",
    "Due persone hanno respinto il rapporto della squadra: non si sa che cosa abbia fatto.",
)


def _locked(db: Connection, order: str) -> Order:
    lock_point(db, get(db, order).point)
    return get(db, order)


def _usual(report: CrewReport) -> Event:
    return Event.FOUND_AS_WANTED if report.outcome == "already" else Event.PROOF


def _see(db: Connection, context: Context, order: Order, position: ValvePosition, device: str) -> None:
    meter = bound(db, order.point)
    if meter is not None:
        see(db, context, meter.name, Seen(position=position, at=context.now, boot_s=0.0), (device, WITNESSED))


def _proven(db: Connection, context: Context, order: Order, event: Event, report: CrewReport) -> None:
    permitted = order.state is OrderState.PERMITTED
    advance(db, context, order, event, report.device, grade=WITNESSED)
    if permitted and report.permit is not None:
        settle_hand(db, context, report.permit, report.kind)
    observe(db, context, get(db, order.id))
    if order.way is Kind.TAKING:
        give_back_if_due(db, context, order.point, report.device)


def _within_its_time(db: Connection, context: Context, order: Order, report: CrewReport) -> None:
    """A hand that began after its permit's end is told of: by the device's own word, so that it may be late itself."""
    hand = hands.by_permit(db, report.permit)
    if hand is not None and report.outcome == "done" and report.began_at > hand.until:
        _alarm(db, context, order, "acted_after_permit", report.device)


def _late(db: Connection, context: Context, order: Order, opened: Opened[CrewReport]) -> None:
    """A hand acted, and no permit for it stands: its order had ended, was held, or was never permitted."""
    report = opened.message
    if order.way is Kind.GIVING:
        return
    if hands.by_permit(db, report.permit) is None:
        _alarm(db, context, order, "acted_without_permit", report.device)
    count_act(db, context, order, opened.digest, report.device, report.kind)
    if report.left is not BY_HAND.get(order.kind):
        return
    order = get(db, order.id)
    if order.state is OrderState.LOOKING:
        _proven(db, context, order, Event.LOOK_WANTED, report)
    elif order.state in LATE:
        _proven(db, context, order, Event.LATE_PROOF, report)
    elif (order.stopped or blocking(db, context, order) is not None) and giving_alive(db, order.point) is None:
        enter_giving(db, context, order.point, report.device)


def _alarm(db: Connection, context: Context, order: Order, code: str, device: str) -> None:
    told: dict[str, object] = {"code": code, "to": "operator", "order": order.id, "device": device}
    news.tell(db, context.now, "alarm", order.id, told, order.client)
