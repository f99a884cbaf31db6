"""Births, backups, restores and the crash of the control plane between commit and publish (CONTROL, Delivery)."""

from collections.abc import Iterator

from tests.model.bounds import Model, lasting, on_hold
from tests.model.evidence import proof
from tests.model.explore import Step
from tests.model.orders import record_stop, send, send_giving, with_cp
from tests.model.state import Control, Message, World


def restores(m: Model, w: World) -> Iterator[Step[World]]:
    yield from births(m, w)
    yield from backup_and_restore(m, w)
    if w.cp.halted and not w.crew_may_act:
        yield Step("operator: reports and stops sent again, permits resume", resume(m, w))


def births(m: Model, w: World) -> Iterator[Step[World]]:
    """A journal that is behind the highest sequence ever issued to the meter raises the epoch."""
    cp = w.cp
    for x in w.net:
        if x.kind != "birth" or x._replace(kind="welcome") in w.net:
            continue
        behind = x.seq < (cp.next_seq - 1 if m.rules.delivery_mark else cp.mark)
        after = w
        if behind:
            time_only = cp.unsettled if m.rules.p6_new_journal else cp.time_only
            after = with_cp(w, cp._replace(epoch=cp.epoch + 1, time_only=time_only))
            if cp.giving == "dispatched":
                after = send_giving(m, after)
        after = with_cp(after, after.cp._replace(mark=x.seq))
        a, b = after.gateways
        born = after.gateways[x.gateway]._replace(epoch=after.cp.epoch, born=True)
        after = after._replace(gateways=(born, b) if x.gateway == 0 else (a, born))
        yield Step(f"birth acknowledged, mark {x.seq}", send(after, x._replace(kind="welcome")))


def backup_and_restore(m: Model, w: World) -> Iterator[Step[World]]:
    cp, left = w.cp, w.left
    if left.control_restores and w.backup is None and cp.taking != "absent":
        yield Step("control plane backed up", w._replace(backup=cp))
    if left.control_restores and w.backup is not None and w.backup != cp:
        back = w.backup
        if m.rules.delivery_halted:
            back = unsure(m, back, cp)
        yield Step(
            "control plane restored", with_cp(w, back)._replace(backup=None, left=left._replace(control_restores=0))
        )
    restored = m.bounds.left.control_restores and not left.control_restores
    if restored and not any(x.kind == "welcome" for x in w.net) and w.gateways[0].alive:
        mark = w.gateways[0].mark
        halted = cp.halted or mark >= cp.next_seq
        after = with_cp(w, cp._replace(mark=max(cp.mark, mark), halted=halted))
        yield Step(f"birth of gateway A, mark {mark}", send(after, Message("welcome", mark)))


def unsure(m: Model, back: Control, lost: Control) -> Control:
    """What a restored control plane must assume: its order was permitted, and nothing of it is settled."""
    return back._replace(
        halted=True,
        epoch=lost.epoch + 1,
        next_seq=lost.next_seq,
        permitted=True,
        unsettled=back.live,
        time_only=back.live,
        look=0,
        seen="",
        hand=m.bounds.crew and back.taking not in {"executed", "completed"},
    )


def resume(m: Model, w: World) -> World:
    """An operator has had the crews' reports and, from their senders, the stops since the backup."""
    after = with_cp(w, w.cp._replace(halted=False))
    if m.rules.delivery_halted:
        after = proof(m, after, Message("report", w.cp.number)) if w.by_hand else after
        after = with_cp(after, after.cp._replace(hand=False, settled_from=w.cp.next_seq))
    if w.stopped and not (lasting(w.cp) or on_hold(w.cp)) and w.cp.taking != "absent":
        return record_stop(m, after, "p")
    if after.cp.giving in {"planned", "dispatched"} and m.rules.delivery_halted:
        return send_giving(m, after)
    return after


def with_crash(m: Model, before: World, step: Step[World]) -> Iterator[Step[World]]:
    """The same step of the control plane, and the crash that may follow its commit before anything is published."""
    sent = step.after.net - before.net
    if not (before.left.control_crashes and sent):
        return
    left = before.left._replace(control_crashes=before.left.control_crashes - 1)
    if m.rules.delivery_committed:
        after = step.after._replace(net=before.net, outbox=sent, left=left)
        yield Step(f"{step.label}; crash before publishing", after, step.deed, step.gateway, step.seq)
    else:
        yield Step(f"{step.label}, published; crash before the commit", before._replace(net=step.after.net, left=left))


def restarted(w: World) -> Iterator[Step[World]]:
    if w.outbox:
        yield Step("control plane restarts, its outbox goes out", w._replace(net=w.net | w.outbox, outbox=frozenset()))
