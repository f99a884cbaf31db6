"""What the control plane may do next of its own accord: entry, stops, deadlines, settlement by time, rebinding."""

from collections.abc import Iterator

from tests.model.bounds import Model, lasting, on_hold, settled
from tests.model.explore import Step
from tests.model.orders import (
    command,
    freeze,
    give,
    look,
    not_as_wanted,
    record_stop,
    send_giving,
    sequences_left,
    settle,
    take,
    to_field,
    with_cp,
)
from tests.model.state import CLEARED, ENDED, OVER, World

STOPS = {"p": "payment", "q": "protection", "h": "hold"}


def enter(w: World) -> World:
    """A new order that takes; stops recorded before it are not its own."""
    cp = w.cp
    fresh = cp._replace(
        taking="entered", field=False, number=cp.number + 1, live=0, permitted=False, stops="", hold_ended=False,
        old_stop=cp.old_stop or bool(cp.stops), refused=False,
    )  # fmt: skip
    return with_cp(w, fresh)._replace(stopped=False, hold_over=False)


def dispatch(m: Model, w: World) -> World:
    """From planned: on the remote channel a command goes out."""
    if w.cp.field:
        return w
    w = take(m, w, "dispatch", "dispatched")
    return command(with_cp(w, w.cp._replace(live=w.cp.next_seq)), "close")


def intake(m: Model, w: World) -> Iterator[Step[World]]:
    cp = w.cp
    if cp.taking in OVER and cp.number < m.bounds.orders and sequences_left(m, w) and not w.crew_may_act:
        entered = enter(w)
        if not m.bounds.fine:
            entered = dispatch(m, take(m, entered, "allowed", "planned"))
        yield Step(f"suspend {cp.number + 1} entered", entered)
    if cp.taking == "absent":
        return
    for kind in m.bounds.stops:
        if kind not in cp.stops:
            yield Step(f"{STOPS[kind]} recorded", record_stop(m, w, kind))
    if on_hold(cp):
        yield Step("hold ends", with_cp(w, cp._replace(hold_ended=True))._replace(hold_over=True))
    if w.left.freezes and not cp.frozen:
        yield Step("freeze", freeze(m, w)._replace(left=w.left._replace(freezes=w.left.freezes - 1)))
    if cp.frozen:
        yield Step("freeze lifted", with_cp(w, cp._replace(frozen=False)))
    if cp.taking == "held" and not cp.frozen and not on_hold(cp) and not lasting(cp) and sequences_left(m, w):
        planned = take(m, w, "reason_passed", "planned")
        planned = with_cp(planned, planned.cp._replace(refused=False))
        yield Step("reason passed", planned if m.bounds.fine else dispatch(m, planned))


def deadlines(m: Model, w: World) -> Iterator[Step[World]]:
    cp = w.cp
    if cp.taking in {"dispatched", "permitted"} and not cp.field:
        yield Step("deadline: looking", look(m, take(m, w, "deadline", "looking")))
    if cp.giving == "dispatched":
        yield Step("reactivate's deadline: looking", look(m, give(m, w, "deadline", "looking")))
    if cp.taking == "executed" and not m.bounds.fine:
        yield Step("completed", take(m, w, "corroborated", "completed"))
    if "looking" in {cp.taking, cp.giving} and sequences_left(m, w) and m.rules.relook_row and look_is_spent(w):
        again = w
        if cp.taking == "looking":
            again = take(m, again, "relook", "looking")
        if cp.giving == "looking":
            again = give(m, again, "relook", "looking")
        yield Step("look sent again", look(m, again))


def look_is_spent(w: World) -> bool:
    """Its answer came too early, or the gateway has journaled something higher, or forgotten it."""
    cp = w.cp
    if not cp.look:
        return settled(cp) or cp.unsettled != cp.time_only
    return w.gateways[cp.bound].mark > cp.look or cp.epoch > 1


def settlements(m: Model, w: World) -> Iterator[Step[World]]:
    cp, rules = w.cp, m.rules
    early = w.lease == ENDED and not rules.p6_act_max
    passed = w.lease == CLEARED or early or (cp.regranted and not rules.p6_last_grant)
    if cp.unsettled and passed and rules.p6_time:
        yield Step("settled by time, recorded", settle(m, w))
    if cp.seen == "open" and cp.taking == "looking" and settled(cp):
        yield Step("the earlier look answer counts now", not_as_wanted(m, with_cp(w, cp._replace(seen=""))))
    if not w.gateways[cp.bound].alive and settled(cp) and rules.unanswered_row:
        if cp.taking == "looking":
            yield Step("nobody answers, all settled", not_as_wanted(m, w))
        if cp.giving == "looking":
            yield Step("reactivate: nobody answers, all settled", to_field(m, w))
    free = settled(cp) or not rules.p6_settled_first
    if w.left.rebinds and cp.bound == 0 and cp.taking not in {"absent", "permitted"} and free:
        left = w.left._replace(rebinds=0)
        yield Step(
            "rebound to gateway B", with_cp(w, cp._replace(bound=1, epoch=cp.epoch + 1, mark=0))._replace(left=left)
        )


def resend_frozen(m: Model, w: World) -> Iterator[Step[World]]:
    """Only where the giving row is missing: a reactivate that a hold or a freeze had caught goes on."""
    if w.cp.giving == "held" and not w.cp.frozen and not on_hold(w.cp):
        yield Step("reactivate's reason passed", send_giving(m, with_cp(w, w.cp._replace(giving="planned"))))
