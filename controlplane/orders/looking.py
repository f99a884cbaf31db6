"""What a look concludes: as wanted, not as wanted, or not yet to be said (the rows `looking` of CONTROL's table)."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from controlplane.orders import leaks
from controlplane.orders.arming import LEAK, NO_VALVE
from controlplane.orders.by_hand import TAKEN_BY_HAND, taken_by_hand
from controlplane.orders.context import Context
from controlplane.orders.life import Order, advance, note
from controlplane.orders.models import looks
from controlplane.orders.observing import observe
from controlplane.orders.sending import note_field, send_again, send_look
from controlplane.orders.settling import last_settlement, read_after, settled_after, settled_by, unsettled
from controlplane.orders.states import Event, Kind, OrderState
from controlplane.orders.stopping import REASONS, blocking, give_back_if_due
from protocols.types import ValvePosition, Verb
from protocols.uplink.messages import LookAnswer, Reason

READ_BACK = "read_back"
NOT_AS_WANTED = Reason(
    "remote_failed",
    "It was tried remotely and the valve is not as wanted; what was tried is attached.",
    "È stato tentato a distanza e la valvola non è come richiesto; i tentativi sono allegati.",
)

UNUSED = Reason(
    "arm_unused",
    "It was armed and nobody has opened it at the meter in its time; a crew has to go.",
    "Il contatore era pronto e nessuno lo ha riaperto in tempo: serve una squadra.",
)


def conclude(
    db: Connection, context: Context, order: Order, answer: LookAnswer, sequence: int, named: set[str]
) -> None:
    """Judge an order that is looking by the answer to its look."""
    position = answer.seen.position if answer.seen is not None else ValvePosition.UNKNOWN
    if order.verb is not None and position is order.verb.wanted:
        _wanted(db, context, order, answer.gateway, sequence)
    elif _said_after_settlement(db, order, sequence, named):
        not_wanted(db, context, order, answer.gateway)
    elif (settled := settled_by(db, order.point)) is not None:
        _look_again_at(db, order, settled)
    else:
        send_look(db, context, advance(db, context, order, Event.RELOOK, answer.gateway))


LATER = update(looks).where(looks.c.digest == bindparam("this"))


def _look_again_at(db: Connection, order: Order, at: datetime) -> None:
    """Nothing can be concluded before all is settled: one look then, not one for every answer until then.

    A gateway that answers is no unreachable one, so looks that went unanswered are counted anew.
    """
    db.execute(LATER, {"this": order.look, "due_at": at})
    note(db, order, looks_sent=0)


def _wanted(db: Connection, context: Context, order: Order, actor: str, sequence: int) -> None:
    if order.way is Kind.GIVING and not read_after(db, order.point, sequence):
        return
    if order.way is Kind.GIVING and taken_by_hand(db, order.point):
        not_wanted(db, context, order, actor)
        return
    observe(db, context, advance(db, context, order, Event.LOOK_WANTED, actor, grade=READ_BACK))
    if order.way is Kind.TAKING:
        give_back_if_due(db, context, order.point, actor)


def _said_after_settlement(db: Connection, order: Order, sequence: int, named: set[str]) -> bool:
    """A position against what is wanted counts if all was settled before the look, or the answer itself says how."""
    if unsettled(db, order.point):
        return False
    return last_settlement(db, order.point) < sequence or settled_after(db, order.point, sequence) <= named


def not_wanted(db: Connection, context: Context, order: Order, actor: str) -> None:
    """Everything is settled, and the valve is not as wanted (or nobody can say)."""
    if order.way is Kind.GIVING:
        _give_again(db, context, order, actor)
        return
    stop = blocking(db, context, order)
    if stop is None:
        planned = advance(db, context, order, Event.LOOK_NOT_WANTED, actor, reason=NOT_AS_WANTED)
        note_field(db, context, planned, NOT_AS_WANTED)
        return
    held = stop not in ("payment", "withdrawal") and not order.stopped
    if held:
        until = context.now
        advance(db, context, order, Event.LOOK_NOT_WANTED_HOLD, actor, reason=REASONS[stop], until=until)
        return
    advance(db, context, order, Event.LOOK_NOT_WANTED_STOP, actor, reason=REASONS[stop], stopped=True)
    give_back_if_due(db, context, order.point, actor)


def _give_again(db: Connection, context: Context, order: Order, actor: str) -> None:
    """Sent again a few times, then a crew's work: supply is not kept off because a wire is dead.

    What a leak check has closed, and an arm that nobody used, are a person's work at once.
    """
    reason = _never_again(db, order)
    if reason is None and order.sends < context.settings.giving_sends:
        again = send_again(db, context, order)
        if again.state is OrderState.DISPATCHED:
            return
    reason = reason or (NOT_AS_WANTED if order.sends else NO_VALVE)
    planned = advance(db, context, order, Event.TO_FIELD, actor, reason=reason, armed_until=None)
    note_field(db, context, planned, reason)


def _never_again(db: Connection, order: Order) -> Reason | None:
    if order.verb is Verb.OPEN and leaks.stands(db, order.point):
        return LEAK
    if taken_by_hand(db, order.point):
        return TAKEN_BY_HAND
    return UNUSED if order.armed_until is not None else None
