"""The permit, decided in one place (P1, P2): the only steps that allow a closure to a gateway."""

from collections.abc import Iterator

from tests.model.bounds import Model, lasting, on_hold
from tests.model.explore import Step
from tests.model.orders import refuse_permit, send, take, with_cp
from tests.model.state import GIVEN, RUNNING, Control, Message, World


def blocked(m: Model, cp: Control) -> bool:
    """P2's `no stop`: those recorded for this order, while they last."""
    if lasting(cp) or on_hold(cp):
        return m.rules.p2_stop
    return cp.old_stop and not m.rules.p2_scope


def giving_alive(m: Model, w: World) -> bool:
    """Something that gives may still act here. The control plane knows by receipt or expiry; the model looks."""
    if not m.rules.p2_giving:
        return False
    return w.cp.giving not in GIVEN or any(
        x.kind == "open" and x.seq > w.gateways[x.gateway].mark and w.gateways[x.gateway].alive for x in w.net
    )


def names_the_live_command(cp: Control, ask: Message) -> bool:
    return ask.seq == cp.live and ask.gateway == cp.bound and ask.epoch == cp.epoch


def may_grant(m: Model, w: World, ask: Message) -> bool:
    """P2, the one compare-and-set."""
    cp, rules = w.cp, m.rules
    wanted = (cp.taking in {"dispatched", "permitted"} and not cp.field) or not rules.p2_command
    live = names_the_live_command(cp, ask) or not rules.p2_command
    free = not (cp.frozen and rules.p2_freeze) and not cp.halted and not giving_alive(m, w)
    return wanted and live and free and not blocked(m, cp)


def is_stopped(w: World) -> bool:
    """The truth: a stop was recorded for the order, and it has not ended."""
    return w.stopped and not (set(w.cp.stops) == {"h"} and w.hold_over)


def grant(m: Model, w: World, ask: Message) -> World:
    cp = w.cp
    if cp.taking in {"dispatched", "permitted"} and not cp.field:
        w = take(m, w, "permit_granted", "permitted")
    again = cp.unsettled == ask.seq
    w = with_cp(w, w.cp._replace(permitted=True, unsettled=ask.seq, regranted=again, mark=max(cp.mark, ask.seq)))
    return send(w, ask._replace(kind="permit"))._replace(lease=RUNNING)


def deny(m: Model, w: World, ask: Message) -> World:
    cp = w.cp
    w = with_cp(w, cp._replace(mark=max(cp.mark, ask.seq)))
    if names_the_live_command(cp, ask) and cp.taking in {"dispatched", "permitted"} and not cp.field:
        w = refuse_permit(m, w)
    return send(w, ask._replace(kind="denial"))


def permits(m: Model, w: World) -> Iterator[Step[World]]:
    for x in w.net:
        if x.kind == "judged":
            w_without = w._replace(net=w.net - {x})
            yield granted(m, w_without, x._replace(kind="ask"))
        if x.kind != "ask" or w.net & {x._replace(kind="permit"), x._replace(kind="denial"), x._replace(kind="judged")}:
            continue
        if not may_grant(m, w, x):
            yield Step(f"permit denied for #{x.seq}", deny(m, w, x))
        elif m.rules.p1_fence:
            yield granted(m, w, x)
        else:
            yield Step(f"permit for #{x.seq} judged, not yet recorded", send(w, x._replace(kind="judged")))


def granted(m: Model, w: World, ask: Message) -> Step[World]:
    after = grant(m, w, ask)
    return Step(f"permit granted for #{ask.seq}, nonce {ask.nonce}", after, "grant", ask.gateway, ask.seq)
