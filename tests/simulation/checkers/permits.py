"""I1, I2, I6, P2, P6: what took supply away had its permit, once, in its time, and none was granted against a stop."""

from collections import Counter

from controlplane.orders.states import TERMINAL, Kind
from tests.simulation.checkers.case import DRIFT, GIVES, Case, Row

ENDED = {*TERMINAL, "executed"}


def closures_have_their_permit(case: Case) -> list[str]:
    """I1: each closure was begun under a permit of its own command, which was still valid."""
    broken = []
    for deed in case.deeds:
        row = case.commands.get(deed.entry.digest) if deed.entry is not None else None
        if deed.wanted in GIVES or deed.entry is None or row is None:
            continue
        before = [at_s for at_s in case.grants(row) if at_s <= deed.entry.at_s]
        if not before:
            broken.append(f"I1: {deed}, without a permit for its command")
            continue
        late_s = deed.entry.at_s - before[-1] - row.validity_s * DRIFT
        if late_s > 0:
            broken.append(f"I1: {deed}, begun {late_s:.1f} s after its permit had ended")
        if deed.at_s > before[-1] + (row.validity_s + row.act_max_s) * DRIFT:
            broken.append(f"P6: {deed}, later than validity and act_max_s after its last grant")
    return broken


def every_deed_has_its_command(case: Case) -> list[str]:
    """I2: nothing moves a valve but a command whose start is durable, and each at most once."""
    broken = [f"I2: {d}, and no journal says that it began" for d in case.deeds if d.entry is None]
    times = Counter(d.entry.digest for d in case.deeds if d.entry is not None)
    broken += [f"I2: command {digest[:8]} told its valve {n} times" for digest, n in times.items() if n > 1]
    return broken


def no_permit_after_a_stop(case: Case) -> list[str]:
    """I1, I6: nothing is granted after a stop that reaches the order, in the order in which both were recorded."""
    broken = []
    for grant in _grants(case):
        order = case.orders[grant.order]
        for stop in case.world.witness.stops:
            if stop.point != order.point or stop.after >= grant.id or stop.act not in (None, order.kind):
                continue
            if grant.id > case.world.witness.ended.get(stop.id, grant.id):
                continue
            lasts = order.number <= stop.up_to if stop.up_to else stop.until is None or grant.at < stop.until
            if lasts:
                law = "I6" if stop.kind == "protection" else "I1"
                broken.append(f"{law}: {order.id} was permitted after the {stop.kind} of {stop.at_s:.1f} s")
    return broken


def no_permit_in_a_freeze(case: Case) -> list[str]:
    """I1: a freeze of everything is a stop of everything."""
    return [
        f"I1: {grant.order} was permitted while everything was frozen"
        for grant in _grants(case)
        for since, until in case.world.witness.freezes
        if since < grant.id and (until is None or grant.id <= until)
    ]


def no_permit_while_supply_is_given_back(case: Case) -> list[str]:
    """P2: none while an order that gives back is alive at the point."""
    broken = []
    for grant in _grants(case):
        point = case.orders[grant.order].point
        for giving in case.of(Kind.GIVING):
            states = [e.state for e in case.events if e.order == giving.id and e.id < grant.id]
            if giving.point == point and states and states[-1] not in ENDED:
                broken.append(f"P2: {grant.order} was permitted while {giving.id} gave supply back")
    return broken


def nothing_acts_once_it_is_settled(case: Case) -> list[str]:
    """P6: a settlement says that a command can act no more."""
    broken = []
    for deed in case.deeds:
        if deed.entry is None:
            continue
        known = [s for s in case.world.witness.settled.get(deed.entry.digest, []) if s[0] < deed.at_s]
        if known and known[-1][1] is not None:
            broken.append(f"P6: {deed}, by a command that was settled at {known[-1][0]:.1f} s")
    return broken


def _grants(case: Case) -> list[Row]:
    return [e for e in case.events if e.event == "permit_granted"]
