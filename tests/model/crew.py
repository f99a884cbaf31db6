"""Crews (P9): people who go, with a permit for one device, whose hands cannot be fenced."""

from collections.abc import Iterator

from tests.model.bounds import Model, lasting, on_hold, settled
from tests.model.explore import Step
from tests.model.orders import give, give_back, look, refuse_permit, send, settle, take, with_cp
from tests.model.permits import blocked, giving_alive
from tests.model.state import GIVEN, Message, World


def crews(m: Model, w: World) -> Iterator[Step[World]]:
    yield from gives_back(m, w)
    if not m.bounds.crew:
        return
    cp = w.cp
    if cp.taking == "planned" and cp.field and not m.bounds.fine:
        yield Step("crew on site", take(m, take(m, w, "assign", "assigned"), "arrive", "on_site"))
    if cp.taking == "on_site":
        yield from asks(m, w)
    if w.crew_may_act:
        yield from acts(w)
    if cp.taking == "permitted" and cp.field:
        yield from reports(m, w)


def asks(m: Model, w: World) -> Iterator[Step[World]]:
    """On site: the position found comes first, then the permit."""
    cp = w.cp
    if w.valve == "closed" and m.rules.p9_finds:
        after = take(m, w, "found_as_wanted", "executed")
        yield Step("crew finds it closed, reports", give_back(m, after) if lasting(cp) or on_hold(cp) else after)
    elif blocked(m, cp) or (cp.frozen and m.rules.p2_freeze) or cp.halted or giving_alive(m, w):
        yield Step("crew's permit denied", refuse_permit(m, w))
    else:
        after = take(m, w, "permit_granted", "permitted")
        after = with_cp(after, after.cp._replace(permitted=True, hand=True))
        yield Step("crew's permit granted", after._replace(crew_may_act=True), "crew_grant")


def acts(w: World) -> Iterator[Step[World]]:
    number, away = w.cp.number, w._replace(crew_may_act=False)
    closed = away._replace(valve="closed", by_hand=number, closed_since=w.cp.giving in GIVEN)
    yield Step("crew closes by hand", send(closed, Message("report", number)), "hand")
    yield Step("crew aborts", send(away, Message("abort", number)))
    if w.left.lost_crews:
        left = w.left._replace(lost_crews=w.left.lost_crews - 1)
        yield Step("crew closes, its device lost", closed._replace(left=left), "hand")
        yield Step("crew leaves, its device lost", away._replace(left=left))


def reports(m: Model, w: World) -> Iterator[Step[World]]:
    """Only a report, an abort or two persons' statement settles a hand."""
    number = w.cp.number
    if Message("report", number) in w.net:
        yield Step("crew's report: closed", settle(m, hand_back(take(m, w, "proof", "executed"))))
    if Message("abort", number) in w.net:
        for after in aborted(m, w):
            yield Step(f"crew's abort: {after.cp.taking}", settle(m, hand_back(after)))
    lost = w.left.lost_crews < m.bounds.left.lost_crews
    if lost and not w.crew_may_act and m.rules.p9_release:
        looking = take(m, w, "released_by_two", "looking")
        yield Step("two persons end the crew's permit", look(m, settle(m, hand_back(looking))))


def hand_back(w: World) -> World:
    return with_cp(w, w.cp._replace(hand=False))


def aborted(m: Model, w: World) -> Iterator[World]:
    if m.rules.abort_row and lasting(w.cp):
        yield take(m, w, "aborted_stop", "withdrawn")
    elif m.rules.abort_row and on_hold(w.cp):
        yield take(m, w, "aborted_hold", "held")
    else:
        yield take(m, w, "aborted", "not_executed")
        if m.bounds.fine or not m.rules.abort_row:
            yield take(m, w, "aborted", "planned")


def gives_back(m: Model, w: World) -> Iterator[Step[World]]:
    """A technician needs no permit to give back, but the hand that may close must be settled first (I11)."""
    cp = w.cp
    if cp.giving == "planned" and cp.giving_field and not m.bounds.fine:
        yield Step("reactivate: crew on site", give(m, give(m, w, "assign", "assigned"), "arrive", "on_site"))
    if cp.giving == "on_site" and not w.crew_may_act and settled(cp):
        if w.valve == "open":
            yield Step("reactivate: crew finds it open", give(m, w, "found_as_wanted", "executed"))
        else:
            yield Step("reactivate: crew opens", give(m, w._replace(valve="open"), "proof", "executed"))
