"""I1, I11, P6, P9: hands at valves; what each did is compared with the permits, settlements and commands around it."""

from controlplane.field.work.models import feed
from controlplane.orders.states import Kind
from protocols.uplink.crew import CrewAbort, CrewRelease, CrewReport
from tests.simulation.checkers.case import DRIFT, GIVES, Case
from tests.simulation.crews.seen import HandAct

AT_ONCE_S = 0.001


def _closings(case: Case) -> list[HandAct]:
    return [act for act in case.world.field.seen.acts if act.wanted not in GIVES and act.obeys]


def hands_have_their_permit(case: Case) -> list[str]:
    """I1: a hand that obeys closes only under its own device's permit for this order, while that is valid."""
    broken = []
    for act in _closings(case):
        hand = case.hands.get(act.permit or "")
        at = f"I1: a hand closed {act.meter} at {act.at_s:.1f} s"
        if hand is None or (hand.device, hand.order) != (act.device, act.order):
            broken.append(f"{at}, without a permit of its own for {act.order}")
            continue
        late_s = act.at_s - act.asked_s - (hand.until - hand.granted_at).total_seconds() * DRIFT
        if late_s > 0:
            broken.append(f"{at}, {late_s:.1f} s after its permit had ended")
    return broken


def no_hand_acts_once_it_is_settled(case: Case) -> list[str]:
    """P6: a settlement says that a hand can act no more."""
    return [
        f"P6: a hand closed {act.meter} at {act.at_s:.1f} s under a permit that was settled before"
        for act in _closings(case)
        if act.permit and case.settled_at(act.permit, act.at_s - AT_ONCE_S)
    ]


def no_hand_at_anothers_valve(case: Case) -> list[str]:
    """Identity: a hand that obeys turns nothing but what its work order names."""
    return [
        f"identity: a hand sent to {act.sent_to} told {act.meter} {act.wanted} at {act.at_s:.1f} s"
        for act in case.world.field.seen.acts
        if act.meter != act.sent_to
    ]


def one_hand_at_a_time(case: Case) -> list[str]:
    """P9, I11: while a hand is out no other is, no command leaves, none is permitted, and no wire moves the valve."""
    broken = []
    for digest, hand in case.hands.items():
        since_s, until_s = case.let_go_s(digest)
        for other, row in case.hands.items():
            permitted = other != digest and row.point == hand.point and row.granted_at != row.until
            if permitted and since_s <= case.let_go_s(other)[0] < until_s:
                broken.append(f"P9: {other[:8]} was let loose at {hand.point} while {digest[:8]} was out")
        for row in case.commands.values():
            at_s = case.true_s(row.issued_at)
            if row.point == hand.point and since_s + AT_ONCE_S < at_s < until_s - AT_ONCE_S:
                broken.append(f"P9: {row.digest[:8]} was sent to {hand.point} at {at_s:.1f} s while a hand was out")
        for deed in case.deeds:
            mine = deed.entry is not None and case.commands[deed.entry.digest].point == hand.point
            if mine and since_s < deed.at_s < until_s:
                broken.append(f"I11: {deed}, while {digest[:8]} was out")
    return broken


def a_hand_comes_after_settlement(case: Case) -> list[str]:
    """P6, I11: work is offered, and a crew's permit granted, only when all that was granted before has settled."""
    broken = []
    for digest, hand in case.hands.items():
        if hand.granted_at != hand.until:
            broken += _unsettled(case, hand.point, case.let_go_s(digest)[0], f"permit {digest[:8]} was granted", digest)
    for entry in case.rows(feed):
        if entry.type == "created":
            point = entry.data["supply_point"]
            broken += _unsettled(case, point, case.true_s(entry.at), f"{entry.work_order} was offered", "")
    return broken


def _unsettled(case: Case, point: str, at_s: float, what: str, but: str) -> list[str]:
    """What was granted at a point before this and had not settled then."""
    found = []
    for row in case.commands.values():
        granted = any(g < at_s for g in case.grants(row))
        if row.point == point and row.verb not in GIVEN and granted and not case.settled_at(row.digest, at_s):
            found.append(f"P6: {what} at {at_s:.1f} s, before {row.digest[:8]} had settled")
    for digest, hand in case.hands.items():
        before = hand.point == point and digest != but and case.let_go_s(digest)[0] < at_s
        if before and not case.settled_at(digest, at_s + AT_ONCE_S):
            found.append(f"P6: {what} at {at_s:.1f} s, while the hand of {digest[:8]} was out")
    return found


GIVEN = frozenset({"open", "arm"})
ACCOUNTS = (CrewReport.kind, CrewAbort.kind)


def an_account_ends_a_hand(case: Case) -> list[str]:
    """P9: no time ends a hand: its device's signed account of it does, or two persons' word."""
    broken = []
    for digest, hand in case.hands.items():
        if hand.settled_sequence is None or hand.granted_at == hand.until:
            continue
        kinds = (hand.settled_by,) if hand.settled_by in (*ACCOUNTS, CrewRelease.kind) else ()
        said = [case.opened(r) for r in case.receipts if r.kind in kinds and r.received_at <= hand.settled_at]
        mine = [o for o in said if o is not None and (o.message.permit, o.message.device) == (digest, hand.device)]
        if not mine:
            broken.append(f"P9: the hand of {digest[:8]} was settled by {hand.settled_by}, and nobody said so")
    return broken


def the_silent_are_told_of(case: Case) -> list[str]:
    """P9: a crew that does not report in its time is somebody's alarm."""
    broken = []
    for digest, hand in case.hands.items():
        since_s, until_s = case.let_go_s(digest)
        due_s = since_s + case.world.settings.crew_report_s * DRIFT
        up = case.world.plane_was_up(due_s, min(until_s, case.world.virtual.loop.time()))
        if up and not case.alarms("crew_unreported", hand.order):
            broken.append(f"P9: the crew of {digest[:8]} was silent from {since_s:.1f} s on, and nobody was told")
    return broken


def paid_after_a_permit_is_given_back(case: Case) -> list[str]:
    """I15: a stop while a hand is out enters the order that gives back, if none is alive, in its own transaction."""
    broken = []
    for stop in case.world.witness.stops:
        for digest, hand in case.hands.items():
            since_s, until_s = case.let_go_s(digest)
            order = case.orders[hand.order]
            lasts = stop.act in (None, order.kind) and (not stop.up_to or order.number <= stop.up_to)
            if hand.point != stop.point or not since_s < stop.at_s < until_s or order.way != Kind.TAKING or not lasts:
                continue
            giving = [o for o in case.of(Kind.GIVING) if o.point == stop.point and o.number > order.number]
            if not giving:
                broken.append(
                    f"I15: the {stop.kind} of {stop.at_s:.1f} s came while {digest[:8]} was out: none gives back"
                )
    return broken


def nothing_is_offered_that_a_gateway_does(case: Case) -> list[str]:
    """I11: where an order is sent to a gateway, no work order of it is open."""
    return [
        f"I11: {work.id} stands open while {event.order} is sent to a gateway at {case.true_s(event.at):.1f} s"
        for event in case.events
        if event.state == "dispatched"
        for work in case.work
        if work.order == event.order
        and work.opened_at <= event.at
        and (work.closed_at is None or work.closed_at > event.at)
    ]
