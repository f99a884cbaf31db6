"""Drops what can have no effect any more, so that states which differ in nothing that matters are one state.

Nothing is dropped that a restore still to come could revive: where a restore is possible, less is dropped.
"""

from tests.model.bounds import Model
from tests.model.state import CLEARED, OVER, Control, Gateway, Message, World

PENDING = {"received", "asked", "started"}
CP_READS = {"done", "failed", "found", "burned", "opened", "not_opened", "answer", "report", "abort"}


def tidy(m: Model, w: World) -> World:
    cp = w.cp
    revivable = w.backup is not None
    journals_may_return = bool(w.left.gateway_restores)
    live = {q for g in w.gateways for q, job in g.jobs if job in PENDING}
    net = w.net
    if not revivable:
        net = frozenset(x for x in net if not (x.kind in CP_READS and unread(cp, x)))
    if not journals_may_return:
        net = frozenset(x for x in net if not unheard(m, w, x, live, revivable=revivable))
    if not (revivable or journals_may_return):
        net = frozenset(x for x in net if not decided(net, x, live))
    keep_truth = journals_may_return or revivable
    gateways = w.gateways
    if not journals_may_return:
        closes = {x.seq for x in net if x.kind == "close"}
        kept = closes | live | {cp.unsettled}
        gateways = (forget(gateways[0], kept, all_=revivable), forget(gateways[1], kept, all_=revivable))
    calm = not (cp.unsettled or live or keep_truth or any(x.kind in {"ask", "permit", "judged"} for x in net))
    return w._replace(
        cp=tidy_control(m, cp),
        gateways=gateways,
        net=net,
        asked=w.asked if keep_truth else tuple(a for a in w.asked if a[0] in live),
        begun=w.begun if journals_may_return else tuple(q for q in w.begun if q in live or q == cp.live),
        moved=w.moved if journals_may_return else tuple(q for q in w.moved if q in live or q == cp.live),
        highest=w.highest if m.bounds.left.gateway_restores else (0, 0),
        lease=CLEARED if calm else w.lease,
    )


def unread(cp: Control, x: Message) -> bool:
    """The control plane would make nothing of it."""
    match x.kind:
        case "done" | "failed" | "found" | "burned":
            return x.seq != cp.unsettled and (x.seq != cp.live or cp.taking in OVER or cp.taking == "executed")
        case "opened" | "not_opened":
            return x.seq != cp.giving_live
        case "answer":
            return x.seq != cp.look
        case _:
            return x.seq != cp.number or (not (cp.taking == "permitted" and cp.field) and not cp.halted)


def unheard(m: Model, w: World, x: Message, live: set[int], *, revivable: bool) -> bool:
    """Its gateway is dead or would make nothing of it."""
    if x.kind not in {"close", "open", "look"}:
        return False
    g = w.gateways[x.gateway]
    if not g.alive:
        return True
    if x.kind == "close":
        return m.rules.p11_once and x.seq not in live and any(q == x.seq for q, _ in g.jobs)
    if x.seq > g.mark:
        return False
    return x.kind == "look" or (x.seq != w.cp.giving_live and not revivable)


def decided(net: frozenset[Message], x: Message, live: set[int]) -> bool:
    """A request answered, or an answer, for a command that is over."""
    if x.kind not in {"ask", "permit", "denial"} or x.seq in live:
        return False
    return x.kind != "ask" or not net.isdisjoint({x._replace(kind="permit"), x._replace(kind="denial")})


def forget(g: Gateway, kept: set[int], *, all_: bool) -> Gateway:
    jobs = g.jobs if all_ else tuple(job for job in g.jobs if job[0] in kept)
    return g._replace(jobs=jobs, nonce=g.nonce if jobs else 0)


def tidy_control(m: Model, cp: Control) -> Control:
    left = m.bounds.left
    return cp._replace(
        mark=cp.mark if left.gateway_restores or left.control_restores else 0,
        settled_from=cp.settled_from if cp.permitted else 0,
    )
