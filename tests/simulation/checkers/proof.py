"""I9: whatever a life was, its log holds all of it, and each order's dossier verifies with public keys alone."""

from sqlalchemy import func, select

from controlplane.db import reading as look
from controlplane.orders.models import order_documents, order_events
from controlplane.proof.models import log_entries
from protocols.proof import entry
from protocols.proof.verdict import Outcome
from tests.simulation import proving
from tests.simulation.checkers.case import Case

SOUND = (Outcome.HOLDS, Outcome.INCOMPLETE)
"""An order that still runs, or whose house has lost what was signed, is told as incomplete."""


def every_dossier_verifies(case: Case) -> list[str]:
    """Every order's file holds, beside the checkpoints that were ever signed."""
    world = case.world
    at = world.plane_clock.now()
    proving.catch_up(world.engine, at)
    return [
        f"I9: the proof of {order} does not hold: {check.said.en}"
        for order, verdict in proving.each_of_its_house(world.engine, at)
        if verdict.outcome not in SOUND
        for check in verdict.checks
        if check.outcome not in SOUND
    ]


def the_log_holds_everything(case: Case) -> list[str]:
    """As many steps as there were events, as many documents as were signed, each once."""
    with look(case.world.engine) as db:
        events = db.execute(select(func.count()).select_from(order_events)).scalar_one()
        papers = db.execute(select(func.count()).select_from(order_documents)).scalar_one()
        told = [entry.decode(leaf) for leaf in db.execute(select(log_entries.c.leaf)).scalars()]
    steps = sum(one.step is not None for one in told)
    named = sum(len(one.documents) for one in told)
    if (steps, named) == (events, papers):
        return []
    return [f"I9: the log tells {steps} steps and {named} documents; there were {events} and {papers}"]
