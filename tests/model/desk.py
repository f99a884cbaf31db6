"""The states before a command or a crew, one by one: the desk's part of an order's life, where a run goes slowly."""

from collections.abc import Iterator

from tests.model.bounds import Model, settled
from tests.model.control_plane import dispatch
from tests.model.explore import Step
from tests.model.orders import burned_by_a_look, give, send_giving, take, with_cp
from tests.model.state import OVER, World
from tests.model.table import Event, OrderState

DESK: dict[str, tuple[tuple[Event, OrderState], ...]] = {
    "entered": (
        ("allowed", "planned"),
        ("denied_by_rule", "rejected"),
        ("deferred", "held"),
        ("needs_approval", "awaiting_approval"),
        ("refused", "rejected"),
    ),
    "held": (("reason_passed", "held"), ("refused", "rejected")),
    "awaiting_approval": (("approved", "held"), ("refused", "rejected")),
    "planned": (("deadline", "planned"), ("legal_term_ended", "not_executed"), ("deferred", "held")),
    "assigned": (
        ("arrive", "on_site"),
        ("deadline", "assigned"),
        ("legal_term_ended", "not_executed"),
        ("deferred", "held"),
    ),
    "on_site": (("aborted", "planned"), ("aborted", "not_executed"), ("deferred", "held")),
    "dispatched": (("deferred", "held"),),
    "executed": (("corroborated", "completed"), ("window_ended", "completed"), ("contradicted", "executed")),
}
GIVING_DESK: dict[str, tuple[tuple[Event, OrderState], ...]] = {
    "entered": (("allowed", "planned"), ("denied_by_rule", "rejected")),
    "planned": (("deadline", "planned"),),
    "assigned": (("arrive", "on_site"), ("deadline", "assigned")),
    "on_site": (("aborted", "planned"),),
    "executed": (("corroborated", "completed"), ("window_ended", "completed")),
}


def desk(m: Model, w: World) -> Iterator[Step[World]]:
    """What people, rules and clocks do to an order before and after its act."""
    cp = w.cp
    for event, to in DESK.get(cp.taking, ()):
        yield Step(f"suspend: {event}", burned_by_a_look(m, take(m, w, event, to), cp))
    if cp.taking == "awaiting_approval" and not cp.frozen:
        yield Step("suspend: approved", take(m, w, "approved", "planned"))
    if cp.taking == "planned":
        yield Step("suspend: sent out", take(m, w, "assign", "assigned") if cp.field else dispatch(m, w))
        if not cp.field and settled(cp):
            yield Step("no valve here: the field channel", with_cp(w, cp._replace(field=True)))
    if cp.taking == "permitted" and cp.field:
        yield Step("crew's permit overdue", take(m, w, "deadline", "permitted"))
    yield from giving_desk(m, w)


def giving_desk(m: Model, w: World) -> Iterator[Step[World]]:
    cp = w.cp
    never_stopped = not cp.stops and not cp.old_stop
    for event, to in GIVING_DESK.get(cp.giving, ()):
        if event == "denied_by_rule" and not never_stopped:
            continue
        yield Step(f"reactivate: {event}", give(m, w, event, to))
    if cp.giving == "planned" and cp.giving_field:
        yield Step("reactivate: sent out", give(m, w, "assign", "assigned"))
    elif cp.giving == "planned" and not cp.hand:
        yield Step("reactivate: sent out", send_giving(m, w))
    if cp.giving == "executed" and w.valve == "closed":
        yield Step("reactivate: contradicted", give(m, w, "contradicted", "looking"))
    if cp.giving == "absent" and cp.taking == "completed" and not cp.stops:
        entered = with_cp(w, cp._replace(giving="entered"))
        yield Step("client asks for a reactivate", entered._replace(closed_since=False))
    if cp.giving not in OVER and cp.giving != "executed" and never_stopped:
        yield Step("client withdraws its reactivate", give(m, w, "withdrawn_by_client", "withdrawn"))
