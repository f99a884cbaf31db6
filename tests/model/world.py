"""All steps of the model put together: both sides, crews, the valve and time."""

from collections.abc import Iterator

from tests.model.bounds import Model
from tests.model.control_plane import deadlines, intake, resend_frozen, settlements
from tests.model.crew import crews
from tests.model.desk import desk
from tests.model.evidence import evidence
from tests.model.explore import Step
from tests.model.gateway import gateway
from tests.model.permits import permits
from tests.model.restores import restarted, restores, with_crash
from tests.model.state import CLEARED, ENDED, GIVEN, RUNNING, World
from tests.model.tidy import tidy


def steps(m: Model, w: World) -> Iterator[Step[World]]:
    """Every step that may come next, with what can have no more effect dropped behind it."""
    for step in raw_steps(m, w):
        yield step._replace(after=tidy(m, step.after))


def raw_steps(m: Model, w: World) -> Iterator[Step[World]]:
    if w.outbox:
        yield from restarted(w)
    else:
        for step in control_plane(m, w):
            yield step
            yield from with_crash(m, w, step)
    yield from crews(m, w)
    for i in (0, 1):
        if w.gateways[i].alive:
            yield from gateway(m, w, i)
    yield from physics(m, w)


def control_plane(m: Model, w: World) -> Iterator[Step[World]]:
    yield from intake(m, w)
    yield from permits(m, w)
    yield from evidence(m, w)
    yield from deadlines(m, w)
    yield from settlements(m, w)
    if m.bounds.fine:
        yield from desk(m, w)
    if not m.rules.giving_row:
        yield from resend_frozen(m, w)
    if m.bounds.left.gateway_restores or m.bounds.left.control_restores:
        yield from restores(m, w)


def physics(m: Model, w: World) -> Iterator[Step[World]]:
    """The valve and the clocks. A close takes effect once, late or never; a permit in memory dies with its validity."""
    if w.flying:
        seq = w.flying[1]
        landed = w._replace(flying=(), valve="closed", moved=(*w.moved, seq))
        landed = landed._replace(closed_since=w.cp.giving in GIVEN)
        yield Step(f"close #{seq} takes effect", landed, "effect", w.flying[0], seq)
        yield Step(f"close #{seq} is lost, or the valve sticks", w._replace(flying=()))
    if w.lease == RUNNING and (w.cp.unsettled or any(x.kind == "permit" for x in w.net)):
        a, b = w.gateways
        if m.rules.p3_validity:
            a, b = a._replace(permit=0), b._replace(permit=0)
        yield Step("validity passes", w._replace(lease=ENDED, gateways=(a, b)))
    if w.lease == ENDED and not w.flying:
        yield Step("act_max passes", w._replace(lease=CLEARED))
    for x in w.net:
        forgotten = w.cp.giving in GIVEN or x.seq != w.cp.giving_live
        if x.kind == "open" and forgotten and x.seq > w.gateways[x.gateway].mark:
            yield Step(f"open #{x.seq} expires", w._replace(net=w.net - {x}))
