"""What the control plane makes of receipts and look answers: the one door through which positions come in (P6, P8)."""

from collections.abc import Iterator

from tests.model.bounds import Model, lasting, settled
from tests.model.explore import Step
from tests.model.orders import (
    give,
    late_proof,
    look,
    not_as_wanted,
    proves_giving,
    settle,
    take,
    to_field,
    with_cp,
)
from tests.model.state import Message, World

RECEIPTS = {"done", "failed", "found", "burned"}


def evidence(m: Model, w: World) -> Iterator[Step[World]]:
    cp = w.cp
    for x in w.net:
        after = w
        if x.kind in RECEIPTS:
            after = receipt(m, w, x)
        elif x.kind == "opened" and x.seq == cp.giving_live:
            after = opened(m, w, x)
        elif x.kind == "not_opened" and x.seq == cp.giving_live and cp.giving == "dispatched":
            after = look(m, give(m, w, "technical", "looking"))
        elif x.kind == "answer" and x.seq == cp.look:
            after = answer(m, w, x)
        if after is not w:
            yield Step(f"receipt: {x.kind} #{x.seq} {x.note}".strip(), after)


def receipt(m: Model, w: World, x: Message) -> World:
    """A gateway's signed account of one close."""
    cp = w.cp
    if x.seq > cp.mark:
        w = with_cp(w, cp._replace(mark=x.seq))
    if x.seq == cp.unsettled != cp.time_only:
        w = settle(m, w)
    if x.seq != cp.live:
        return w
    if x.kind in {"done", "found"}:
        return proof(m, w, x)
    if cp.taking not in {"dispatched", "permitted"} or cp.field:
        return w
    if x.note == "law" and m.rules.cap_row:
        w = take(m, w, "refused_by_law", "held")
        if lasting(w.cp):
            return take(m, w, "stop", "withdrawn")
        return with_cp(w, w.cp._replace(refused=True))
    w = with_cp(w, w.cp._replace(refused=x.note == "law"))
    return look(m, take(m, w, "technical", "looking"))


def proof(m: Model, w: World, x: Message) -> World:
    """The valve was read closed: after its own close, or already before."""
    match w.cp.taking:
        case "permitted" if not w.cp.field:
            return take(m, w, "proof", "executed")
        case "looking":
            return take(m, w, "look_wanted", "executed")
        case "dispatched" if x.kind == "found":
            return take(m, w, "found_as_wanted", "executed")
        case "held" | "planned" | "dispatched" | "assigned" | "on_site":
            return late_proof(m, w)
        case _:
            return w


def opened(m: Model, w: World, x: Message) -> World:
    """The valve was read open after an open."""
    if not proves_giving(m, w, x.seq):
        return w
    match w.cp.giving:
        case "dispatched":
            return give(m, w, "proof", "executed")
        case "looking":
            return give(m, w, "look_wanted", "executed")
        case "planned" | "assigned" | "on_site":
            return give(m, w, "late_proof", "executed")
        case _:
            return w


def answer(m: Model, w: World, x: Message) -> World:
    """A look answer: it settles what its journal names, and proves a position if it was asked late enough."""
    cp = w.cp
    position, _, named = x.note.partition(", ")
    w = with_cp(w, cp._replace(mark=max(cp.mark, x.seq), look=0))
    names = bool(named) and 0 < cp.unsettled < x.seq and cp.unsettled != cp.time_only
    if names or (cp.unsettled and not m.rules.p6_named):
        w = settle(m, w)
    if cp.taking == "looking":
        w = conclude_taking(m, w, x, position, names)
    if w.cp.giving == "looking":
        w = conclude_giving(m, w, x, position)
    return w


def conclude_taking(m: Model, w: World, x: Message, position: str, names: bool) -> World:
    if position == "closed":
        return take(m, w, "look_wanted", "executed")
    late_enough = x.seq >= w.cp.settled_from or names
    if (settled(w.cp) and (late_enough or not m.rules.p6_look_again)) or not m.rules.p6_settled_first:
        return not_as_wanted(m, w)
    if m.rules.p6_look_again:
        return w
    return with_cp(w, w.cp._replace(seen="open"))


def conclude_giving(m: Model, w: World, x: Message, position: str) -> World:
    if position == "open":
        return give(m, w, "look_wanted", "executed") if proves_giving(m, w, x.seq) else w
    if not settled(w.cp):
        return w
    if lasting(w.cp) and not m.rules.giving_row:
        return with_cp(w, w.cp._replace(giving="withdrawn"))
    return to_field(m, w)
