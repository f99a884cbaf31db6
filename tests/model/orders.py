"""How orders move: each change of an order's state is made here, through the ledger; what causes it is elsewhere."""

from tests.model.bounds import Model, lasting, on_hold, settled
from tests.model.state import GIVEN, Control, Message, MessageKind, World
from tests.model.table import Event, OrderState


def with_cp(w: World, cp: Control) -> World:
    return w._replace(cp=cp)


def take(m: Model, w: World, event: Event, to: OrderState) -> World:
    """The order that takes supply away moves."""
    m.ledger.note("taking", w.cp, event, to)
    stands = True if to == "executed" else w.cp.stands
    return with_cp(w, w.cp._replace(taking=to, stands=stands))


def give(m: Model, w: World, event: Event, to: OrderState) -> World:
    """The order that gives supply back moves."""
    m.ledger.note("giving", w.cp, event, to)
    stands = False if to == "executed" else w.cp.stands
    return with_cp(w, w.cp._replace(giving=to, stands=stands))


def send(w: World, *messages: Message) -> World:
    return w._replace(net=w.net.union(messages))


def command(w: World, kind: MessageKind) -> World:
    """A command with the next sequence, to the bound gateway, in this epoch."""
    cp = w.cp
    w = with_cp(w, cp._replace(next_seq=cp.next_seq + 1))
    return send(w, Message(kind, cp.next_seq, cp.bound, cp.epoch))


def sequences_left(m: Model, w: World) -> bool:
    """The bound on sequences is the model's, not the protocol's."""
    return w.cp.next_seq <= m.bounds.last_seq


def look(m: Model, w: World) -> World:
    if not sequences_left(m, w):
        return with_cp(w, w.cp._replace(look=0, seen=""))
    return command(with_cp(w, w.cp._replace(look=w.cp.next_seq, seen="")), "look")


def send_giving(m: Model, w: World) -> World:
    """Send the giving order, or send it again, unless a crew's hand is still out."""
    cp = w.cp
    if cp.giving_field or (cp.hand and m.rules.p9_waits) or not sequences_left(m, w):
        return w
    event: Event = "dispatch" if cp.giving == "planned" else "resend"
    w = give(m, w, event, "dispatched")
    return command(with_cp(w, w.cp._replace(giving_live=cp.next_seq)), "open")


def give_back(m: Model, w: World) -> World:
    """Enter a reactivate and send it, unless one is alive."""
    if w.cp.giving not in GIVEN:
        return w
    w = with_cp(w, w.cp._replace(giving="entered", giving_field=False, giving_live=0))._replace(closed_since=False)
    return send_giving(m, give(m, w, "allowed", "planned"))


def settle(m: Model, w: World) -> World:
    """A settlement is recorded, with a sequence of its own; each one sends giving back again (P8)."""
    w = with_cp(w, w.cp._replace(unsettled=0, time_only=0, regranted=False, settled_from=w.cp.next_seq))
    if (w.cp.giving in {"dispatched", "looking"} and m.rules.p8_causal) or w.cp.giving == "planned":
        return send_giving(m, w)
    return w


def record_stop(m: Model, w: World, kind: str) -> World:
    """A payment (p), a protection (q) or a hold (h), in the transaction that also gives back."""
    if not m.rules.giving_row and w.cp.giving not in GIVEN:
        w = with_cp(w, w.cp._replace(giving="held" if kind == "h" else "withdrawn"))
    event: Event = "hold" if kind == "h" else "stop"
    to: OrderState = "held" if kind == "h" else "withdrawn"
    before = w.cp
    w = with_cp(w, before._replace(stops="".join(sorted(before.stops + kind))))._replace(stopped=True)
    match before.taking:
        case "absent" | "rejected" | "not_executed" | "withdrawn" if not before.permitted:
            return give_back(m, w) if before.stands and m.rules.stands_row else w
        case "absent":
            return w
        case "permitted" | "executed" | "completed" | "rejected" | "not_executed" | "withdrawn":
            return give_back(m, take(m, w, event, before.taking))
        case "looking" if before.permitted:
            return give_back(m, take(m, w, event, "looking"))
        case _ if before.permitted and not m.rules.stop_row:
            return w
        case _:
            w = burned_by_a_look(m, take(m, w, event, to), before)
            return give_back(m, w) if before.permitted or (before.stands and m.rules.stands_row) else w


def burned_by_a_look(m: Model, w: World, before: Control) -> World:
    """A command that was out when its order came to be held is burned by a look."""
    return look(m, w) if before.taking == "dispatched" and w.cp.taking == "held" else w


def freeze(m: Model, w: World) -> World:
    before = w.cp
    if before.taking in {"planned", "dispatched", "assigned", "on_site"}:
        w = burned_by_a_look(m, take(m, w, "freeze", "held"), before)
    if not m.rules.giving_row and w.cp.giving not in GIVEN:
        w = with_cp(w, w.cp._replace(giving="held"))
    return with_cp(w, w.cp._replace(frozen=True))


def refuse_permit(m: Model, w: World) -> World:
    """The live order's permit was denied: held with the rule's reason, or withdrawn for a stop that is not a hold."""
    if lasting(w.cp):
        return take(m, w, "permit_denied_stop", "withdrawn")
    return take(m, w, "permit_denied", "held")


def not_as_wanted(m: Model, w: World) -> World:
    """`looking`, and the valve was not found as wanted, after settlement."""
    if lasting(w.cp) or (on_hold(w.cp) and not m.rules.hold_row):
        return take(m, w, "look_not_wanted_stop", "withdrawn")
    if on_hold(w.cp):
        return take(m, w, "look_not_wanted_hold", "held")
    w = take(m, w, "look_not_wanted", "planned")
    return with_cp(w, w.cp._replace(field=True))


def to_field(m: Model, w: World) -> World:
    """The giving order, not as wanted, goes to the field channel."""
    w = give(m, w, "to_field", "planned")
    return with_cp(w, w.cp._replace(giving_field=True))


def proves_giving(m: Model, w: World, seq: int) -> bool:
    """P8: the read-back answers a command or look drawn after every settlement, and all is settled."""
    return settled(w.cp) and (seq >= w.cp.settled_from or not m.rules.p8_causal)


def late_proof(m: Model, w: World) -> World:
    """A late receipt proves the valve as wanted; with a stop, what was taken is given back."""
    w = take(m, w, "late_proof", "executed")
    return give_back(m, w) if lasting(w.cp) or on_hold(w.cp) else w
