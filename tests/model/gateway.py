"""A gateway: its journal, its guard, its answers (P3, P4, P5, P7, P11)."""

from collections.abc import Iterator

from tests.model.bounds import Model
from tests.model.explore import Step
from tests.model.orders import send
from tests.model.state import RUNNING, Gateway, Job, Message, Note, World

NAMES = "AB"


def became(w: World, i: int, g: Gateway, *messages: Message) -> World:
    """The gateway as it is now, its messages sent, and the truth about the highest sequence it ever held."""
    a, b = w.gateways
    high_a, high_b = w.highest
    if i == 0:
        w = w._replace(gateways=(g, b), highest=(max(high_a, g.mark), high_b))
    else:
        w = w._replace(gateways=(a, g), highest=(high_a, max(high_b, g.mark)))
    return send(w, *messages) if messages else w


def gateway(m: Model, w: World, i: int) -> Iterator[Step[World]]:
    g = w.gateways[i]
    if g.born or not m.rules.delivery_born:
        running = any(job == "started" for _, job in g.jobs)
        jobs = dict(g.jobs)
        for x in w.net:
            if x.gateway == i and x.kind == "close":
                yield from hears_close(m, w, i, x, jobs)
            elif x.gateway == i and x.kind == "look" and not (running and m.rules.p5_waits):
                yield from hears_look(m, w, i, x)
            elif x.gateway == i and x.kind == "open" and not (running and m.rules.p5_waits):
                yield from hears_open(m, w, i, x)
        for seq, job in g.jobs:
            yield from works(m, w, i, seq, job, running=running)
    yield from crashes(m, w, i)


def hears_close(m: Model, w: World, i: int, x: Message, jobs: dict[int, Job]) -> Iterator[Step[World]]:
    g, who = w.gateways[i], NAMES[i]
    if x.seq in jobs and (m.rules.p11_once or jobs[x.seq] != "over"):
        return
    if x.epoch < g.epoch or (x.seq <= g.mark and x.seq not in jobs):
        after = became(w, i, g.put(x.seq, "over"), Message("burned", x.seq, note="technical"))
        yield Step(f"{who} refuses close #{x.seq}", after)
    else:
        g = g.put(x.seq, "received")._replace(mark=max(g.mark, x.seq))
        yield Step(f"{who} journals close #{x.seq}", became(w, i, g))


def hears_look(m: Model, w: World, i: int, x: Message) -> Iterator[Step[World]]:
    """A look is a fence: durably raised and burned before it is answered."""
    g, cp = w.gateways[i], w.cp
    if x.seq <= g.mark or x.epoch < g.epoch:
        return
    named = not cp.unsettled or any(q == cp.unsettled for q, _ in g.jobs)
    notes: tuple[Note, Note] = ("open, named", "closed, named") if named else ("open", "closed")
    if m.rules.p7_fence:
        g = g.burn()._replace(mark=x.seq)
    elif any(y.kind == "answer" and y.seq == x.seq for y in w.net):
        return
    answered = became(w, i, g, Message("answer", x.seq, note=notes[w.valve == "closed"]))
    yield Step(f"{NAMES[i]} answers look #{x.seq}", answered)


def hears_open(m: Model, w: World, i: int, x: Message) -> Iterator[Step[World]]:
    g, who = w.gateways[i], NAMES[i]
    if x.seq > g.mark and x.epoch >= g.epoch:
        messages = [Message("opened", x.seq)]
        if m.rules.p5_supersedes:
            pending = [q for q, job in g.jobs if job in {"received", "asked"}]
            messages += [Message("burned", q, note="technical") for q in pending]
            g = g.burn()._replace(mark=x.seq)
        elif messages[0] in w.net:
            return
        after = became(w, i, g, *messages)._replace(valve="open")
        yield Step(f"{who} opens #{x.seq}", after, "open", i, x.seq)
    elif w.net.isdisjoint({Message("not_opened", x.seq), Message("opened", x.seq)}):
        yield Step(f"{who} refuses open #{x.seq}", send(w, Message("not_opened", x.seq)))


def works(m: Model, w: World, i: int, seq: int, job: Job, *, running: bool) -> Iterator[Step[World]]:
    if job == "started" and not w.flying:
        yield reads_back(w, i, seq, "")
    elif job in {"received", "asked"}:
        yield from before_the_permit(m, w, i, seq, job, running=running)
        if job == "asked":
            yield from with_an_answer(m, w, i, seq)
        if w.gateways[i].permit == seq or not m.rules.p4_permit:
            yield from at_the_guard(m, w, i, seq)


def reads_back(w: World, i: int, seq: int, why: str) -> Step[World]:
    receipt = Message("done" if w.valve == "closed" else "failed", seq)
    after = became(w, i, w.gateways[i].put(seq, "over"), receipt)
    return Step(f"{NAMES[i]} {why}reads back {w.valve} for #{seq}", after)


def epoch_of(w: World, seq: int) -> int:
    return next((x.epoch for x in w.net if x.kind == "close" and x.seq == seq), 1)


def before_the_permit(m: Model, w: World, i: int, seq: int, job: Job, *, running: bool) -> Iterator[Step[World]]:
    """Read once, ask with a fresh nonce; or give up when nothing can come any more."""
    g, who = w.gateways[i], NAMES[i]
    used = dict(w.asked).get(seq, 0)
    if job == "received" and w.valve == "closed" and not running:
        yield Step(f"{who} finds it closed for #{seq}", became(w, i, g.put(seq, "over"), Message("found", seq)))
        return
    if g.permit:
        return
    epoch = epoch_of(w, seq)
    if used < m.bounds.asks and not running:
        ask = Message("ask", seq, i, epoch, used + 1)
        after = became(w, i, g.put(seq, "asked")._replace(nonce=used + 1), ask)
        after = after._replace(asked=tuple(sorted({**dict(w.asked), seq: used + 1}.items())))
        yield Step(f"{who} asks for #{seq}, nonce {used + 1}", after)
    denied = Message("denial", seq, i, epoch, g.nonce) in w.net
    if (w.lease or used >= m.bounds.asks) and not denied:
        burned = Message("burned", seq, note="technical")
        yield Step(f"{who}: #{seq} lapsed", became(w, i, g.put(seq, "over"), burned))


def with_an_answer(m: Model, w: World, i: int, seq: int) -> Iterator[Step[World]]:
    """P3: only the answer to the last asking counts, and only while it lasts."""
    g, who, epoch = w.gateways[i], NAMES[i], epoch_of(w, seq)
    if Message("denial", seq, i, epoch, g.nonce) in w.net:
        after = became(w, i, g.put(seq, "over")._replace(permit=0), Message("burned", seq, note="law"))
        yield Step(f"{who} burns #{seq}, denied", after)
    if g.permit:
        return
    mine = Message("permit", seq, i, epoch, g.nonce) in w.net and (w.lease == RUNNING or not m.rules.p3_validity)
    older = any(Message("permit", seq, i, epoch, n) in w.net for n in range(1, g.nonce)) and not m.rules.p3_nonce
    if mine or older:
        yield Step(f"{who} has the permit for #{seq}", became(w, i, g._replace(permit=seq)))


def at_the_guard(m: Model, w: World, i: int, seq: int) -> Iterator[Step[World]]:
    """P4, with no step between the guard's question and the write. A permit in memory ends with its validity."""
    g, who = w.gateways[i], NAMES[i]
    if w.flying:
        return
    if g.mark > seq and m.rules.p4_superseded:
        burned = Message("burned", seq, note="technical")
        yield Step(f"{who}: #{seq} is superseded", became(w, i, g.put(seq, "over")._replace(permit=0), burned))
    else:
        started = became(w, i, g.put(seq, "started")._replace(permit=0))
        started = started._replace(flying=(i, seq), begun=(*w.begun, seq))
        deed = "start" if g.permit == seq else "start_without_permit"
        yield Step(f"{who} starts close #{seq}", started, deed, i, seq)
    if w.left.caps:
        after = became(w, i, g.put(seq, "over")._replace(permit=0), Message("burned", seq, note="law"))
        yield Step(f"{who} refuses #{seq}: cap or clock", after._replace(left=w.left._replace(caps=w.left.caps - 1)))


def crashes(m: Model, w: World, i: int) -> Iterator[Step[World]]:
    """kill -9 before the start and after it; a gateway that dies for good; a journal restored from a backup."""
    g, who, left = w.gateways[i], NAMES[i], w.left
    if left.crashes:
        crashed = w._replace(left=left._replace(crashes=left.crashes - 1))
        if g.permit:
            yield Step(f"{who} crashes before the start", became(crashed, i, g._replace(permit=0)))
        for seq, job in g.jobs:
            if job != "started":
                continue
            if not m.rules.p11_started:
                forgot = g.put(seq, "received")
                yield Step(f"{who} crashes and has forgotten the start of #{seq}", became(crashed, i, forgot))
            elif not (w.flying and m.rules.p11_wait):
                yield reads_back(crashed, i, seq, "crashes, starts again, ")
    if left.deaths and i == 0 and g.jobs:
        dead = became(w, i, g._replace(alive=False, permit=0))
        yield Step(f"{who} dies for good", dead._replace(left=left._replace(deaths=0)))
    if left.gateway_restores:
        for mark in range(g.mark):
            kept: tuple[tuple[int, Job], ...] = tuple((q, "received") for q, _ in g.jobs if q <= mark)
            old = Gateway(mark=mark, jobs=kept, born=False)
            after = became(w, i, old, Message("birth", mark, i))
            yield Step(
                f"{who} restored from a backup, mark {mark}", after._replace(left=left._replace(gateway_restores=0))
            )
