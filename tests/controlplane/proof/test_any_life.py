"""Whatever happens to orders, the log holds."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from controlplane.db import reading as look
from controlplane.orders.models import order_events
from controlplane.policy.facts import Act
from protocols.proof import entry
from protocols.types import Outcome, ValvePosition
from protocols.uplink.reasons import Why
from tests.controlplane.desk import Desk
from tests.controlplane.proof.house import Logged

ACTS = st.lists(st.sampled_from(["enter", "permit", "done", "refused", "pay", "hold", "pass", "log"]), max_size=25)


@given(ACTS)
@settings(max_examples=40, deadline=None)
def test_whatever_happens_the_log_holds(acts: list[str]) -> None:
    logged = Logged(Desk())
    for act in acts:
        _do(logged, act)
    logged.catch_up()
    stand = logged.check()
    with look(logged.desk.engine) as db:
        events = db.execute(select(order_events.c.id)).all()
    steps = [e for leaf in logged.leaves() if (e := entry.decode(leaf)).step]
    assert len(steps) == len(events)
    assert stand.size >= len(events)


def _do(logged: Logged, act: str) -> None:
    desk = logged.desk
    alive: list[Any] = [o for o in desk.orders() if o.alive]
    if act == "enter" and not alive:
        desk.enter(Act.SUSPEND)
    elif act == "permit" and alive and alive[0].command:
        desk.ask(alive[0])
    elif act == "done" and alive and alive[-1].command:
        desk.receipt(alive[-1].command)
    elif act == "refused" and alive and alive[0].command:
        desk.receipt(alive[0].command, Outcome.REFUSED, Why.CAP, ValvePosition.OPEN)
    elif act in ("pay", "hold"):
        desk.stop({"pay": "payment", "hold": "hold"}[act])
    elif act == "pass":
        desk.pass_s(120)
    elif act == "log":
        logged.catch_up()
