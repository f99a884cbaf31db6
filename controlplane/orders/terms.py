"""Deadlines and legal terms: until when an order is to be done, who is told when it was not, and when it is too late.

The client's deadline puts field work on the planner's list again. The legal term, from the rule pack with its citation,
else some time after that deadline, ends an order that nobody could carry out. Giving back never ends so.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from controlplane.orders.context import Context
from controlplane.orders.jurisdiction import pack_at
from controlplane.orders.life import Order, advance
from controlplane.orders.states import Event
from controlplane.policy.facts import Act
from controlplane.policy.packs import Pack
from protocols.uplink.messages import Reason

ESCALATION = timedelta(days=2)
RULE = "legal_term"


def legal_term(context: Context, pack: Pack, act: Act, deadline: datetime | None) -> datetime | None:
    """After which an order that is entered now is not executed any more; None if it has no such time."""
    if not act.takes:
        return None
    term = pack.term
    if term is not None and act in term.acts:
        return pack.calendar.end_of_open_day(context.now, term.days)
    return deadline + timedelta(seconds=context.settings.term_after_deadline_s) if deadline is not None else None


def told_again(context: Context, order: Order) -> datetime:
    """When field work that nobody has taken by then is told to the planner (again)."""
    times = (order.deadline, order.legal_term)
    return min([context.now + ESCALATION, *(at for at in times if at is not None and at > context.now)])


def term_ended(context: Context, order: Order) -> bool:
    """Whether it is too late for this order."""
    return order.legal_term is not None and context.now >= order.legal_term


def end_of_term(db: Connection, context: Context, order: Order) -> Order:
    """It was not executed, and says by which rule."""
    pack = pack_at(db, context, order.point)
    term = pack.term
    cited = term is not None and order.kind in term.acts
    source = term.source.citation if term is not None and cited else pack.own.citation
    en = f"It could not be done within its term ({source})."
    it = f"Non è stato possibile eseguirlo entro il termine ({source})."
    return advance(db, context, order, Event.LEGAL_TERM_ENDED, RULE, reason=Reason("legal_term_ended", en, it))
