"""I8, I11, I15, P8: where orders end, who is sent when, and that supply comes back; judged by the valve's truth."""

from controlplane.orders.states import TERMINAL, Kind, OrderState
from protocols.types import MeterId, ValvePosition
from simulators.valve import By
from tests.simulation.checkers.case import Case, Row

GIVING = ("open", "arm")
KINDS = {"suspend": ValvePosition.CLOSED, "reactivate": ValvePosition.OPEN}


def every_order_ends_or_stands_on_a_list(case: Case) -> list[str]:
    """I8: terminal, or held or planned for a crew with a reason and a time to look again."""
    broken = []
    for row in case.orders.values():
        state = OrderState(row.state)
        waits = state is OrderState.HELD or (state is OrderState.PLANNED and row.channel == "field")
        crews = state in (OrderState.ASSIGNED, OrderState.ON_SITE)
        until = row.until is not None and row.until > case.world.context.now
        listed = until and (crews or (waits and row.reason is not None))
        if state not in TERMINAL and not listed:
            broken.append(f"I8: {row.id} at {row.point} stands {state}, on nobody's list")
    return broken


def supply_comes_back(case: Case) -> list[str]:
    """I15: after a stop the valve is open, or an order to give back is alive, or a later permitted order took it."""
    broken = []
    for stop in case.world.witness.stops:
        if stop.id in case.world.witness.ended:
            continue
        if stop.act not in (None, "suspend") or (stop.until is not None and stop.until <= case.world.context.now):
            continue
        mine = [o for o in case.orders.values() if o.point == stop.point]
        later = any(o.number > stop.up_to and _took(o) for o in mine if stop.up_to)
        giving = any(o.way == Kind.GIVING and o.alive for o in mine)
        name = MeterId(stop.point.removeprefix("pt_"))
        shut = case.world.places[name].valve.position is not ValvePosition.OPEN
        if shut and (_leaked_afterwards(case, name, mine) or _is_a_lie(case, mine)):
            continue
        if shut and not later and not giving:
            broken.append(f"I15: {stop.point} has a {stop.kind}, stands shut, and nobody gives back")
    return broken


def _is_a_lie(case: Case, mine: list[Row]) -> bool:
    """A crew has reported that it gave supply back, and did not: nobody could know, where no meter tells."""
    given = [o for o in mine if o.way == Kind.GIVING]
    return bool(given) and given[-1].id in case.world.field.seen.lies


def _took(order: Row) -> bool:
    """Whether an order may have taken supply away; a crew's word that it has, without a permit, is enough."""
    return order.way == Kind.TAKING and (order.ever_permitted or order.state in ("executed", "completed"))


def _leaked_afterwards(case: Case, name: MeterId, mine: list[Row]) -> bool:
    """The meter's own leak check closed it after supply was read as given back, and later than it is watched."""
    return case.world.places[name].valve.history[-1].by is By.LEAK_CHECK and any(
        o.way == Kind.GIVING and o.state == OrderState.COMPLETED for o in mine
    )


def executed_means_that_it_stood_so(case: Case) -> list[str]:
    """Evidence: an order is executed only with a grade, and only where the valve truly stood as wanted meanwhile.

    A crew that lies is believed, until something contradicts it; so are two persons who accept what the house doubts.
    """
    broken, seen = [], case.world.field.seen
    for event in case.events:
        order = case.orders[event.order]
        if event.state != "executed" or event.from_state == "executed":
            continue
        if order.id in seen.lies or order.id in seen.vouched_for:
            continue
        if event.grade is None:
            broken.append(f"evidence: {order.id} is executed without a read-back")
        meter = MeterId(order.point.removeprefix("pt_"))
        since_s, until_s = case.true_s(order.created_at), case.true_s(event.at)
        if not case.stood(meter, KINDS[order.kind], since_s, until_s):
            broken.append(f"evidence: {order.id} is executed and {meter} never stood so since it was entered")
    return broken


def given_back_is_read_after_settlement(case: Case) -> list[str]:
    """P8: executed only by a read-back whose number was drawn after every granted act of the point had settled."""
    broken = []
    for event in case.events:
        order = case.orders[event.order]
        if order.way != Kind.GIVING or event.state != "executed" or event.from_state == "executed":
            continue
        at_s = case.true_s(event.at)
        asked = [r.sequence for r in (*case.commands.values(), *case.looks.values()) if r.order == order.id]
        asked += [w.sequence for w in case.work if w.order == order.id and w.sequence is not None]
        for row in case.commands.values():
            if row.point != order.point or row.verb in GIVING or not [g for g in case.grants(row) if g < at_s]:
                continue
            known = [s for t, s in case.world.witness.settled.get(row.digest, []) if t <= at_s]
            if not known or known[-1] is None or known[-1] > max(asked):
                broken.append(f"P8: {order.id} was executed before {row.digest[:8]} had settled and been read after")
    return broken


def a_crew_goes_alone(case: Case) -> list[str]:
    """I11: once an order is planned for a crew, no older command acts at that valve; what was tried goes with it.

    One that gives back for another order may: no hand is permitted while it lives, and each hand is held to that.
    """
    broken = []
    for event in case.events:
        order = case.orders[event.order]
        if event.event != "field":
            continue
        at_s = case.true_s(event.at)
        for deed in case.deeds:
            row = case.commands.get(deed.entry.digest) if deed.entry is not None else None
            if row is None or row.point != order.point or (row.verb in GIVING and row.order != order.id):
                continue
            if row.issued_at <= event.at and deed.at_s > at_s:
                broken.append(f"I11: {deed}, after {order.id} was planned for a crew at {at_s:.1f} s")
        if _answered(case, order, event) and not order.tried:
            broken.append(f"I11: {order.id} is a crew's, and what was tried is not attached")
    return broken


def _answered(case: Case, order: Row, event: Row) -> bool:
    """Whether a receipt of one of its commands had come by then."""
    mine = {c.digest for c in case.commands.values() if c.order == order.id}
    for row in case.receipts:
        opened = case.opened(row) if row.kind == "receipt" and row.received_at < event.at else None
        if opened is not None and opened.message.command in mine:
            return True
    return False
