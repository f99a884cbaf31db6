"""Commands and looks on their way: numbered under the fence, kept, and put into the outbox."""

from datetime import timedelta

from sqlalchemy import Connection, bindparam, insert, select, update

from controlplane import outbox
from controlplane.db import draw_sequence
from controlplane.orders import documents, hands, sent
from controlplane.orders.arming import means, why_not
from controlplane.orders.context import Context
from controlplane.orders.life import WITH_A_CREW, Order, advance, at_point, note, record
from controlplane.orders.models import commands, looks, orders
from controlplane.orders.states import Event, Kind, OrderState
from controlplane.orders.terms import end_of_term, term_ended, told_again
from controlplane.registry.binding import Bound, bound
from protocols.uplink.messages import Command, Look, Number, Reason

HOUSE, REMOTE = "control plane", "remote"
HAND_OUT = Reason(
    "hand_out",
    "A crew holds a permit here; supply is given back when it has reported.",
    "Qui una squadra ha un'autorizzazione: la fornitura si ridà quando ha riferito.",
)


def carry_out(db: Connection, context: Context, order: Order) -> Order:
    """From `planned`: dispatch where a gateway can do it, else leave it on the field channel (I11).

    What may no longer be done, because its term has ended meanwhile, ends.
    """
    if term_ended(context, order):
        return end_of_term(db, context, order)
    if hands.out(db, order.point) is not None:
        return _wait_for_the_hand(db, context, order)
    meter = bound(db, order.point)
    if (reason := why_not(db, context, order, meter)) is not None:
        return note_field(db, context, order, reason)
    assert meter is not None  # noqa: S101 - no meter is a reason
    return send_command(db, context, order, meter, Event.DISPATCH)


def _wait_for_the_hand(db: Connection, context: Context, order: Order) -> Order:
    """A hand can't be fenced: what a stop enters meanwhile is alive, and goes on with the crew's account (P9)."""
    said = {"code": HAND_OUT.code, "en": HAND_OUT.en, "it": HAND_OUT.it}
    order = note(db, order, channel=None, reason=said, until=told_again(context, order))
    record(db, context, order, "waits", order.state, HOUSE, said)
    return order


def waits_for_a_hand(order: Order) -> bool:
    """Whether it was entered while a crew held a permit, and waits for the crew's account."""
    return order.state is OrderState.PLANNED and order.channel is None


def note_field(db: Connection, context: Context, order: Order, reason: Reason) -> Order:
    """It stands planned on the field channel, and says why."""
    said = {"code": reason.code, "en": reason.en, "it": reason.it}
    order = note(db, order, channel="field", reason=said, until=told_again(context, order))
    record(db, context, order, "field", order.state, HOUSE, said)
    return order


SENT = insert(commands)


def _next_number(db: Connection, point: str) -> Number:
    """The point's next number in its epoch, drawn under its fence."""
    drawn = draw_sequence(db, point)
    return Number(drawn.epoch, drawn.next_sequence)


def _sent_to(order: Order, meter: Bound, number: Number) -> dict[str, object]:
    """What is kept of everything that is sent to a meter."""
    return {
        "order": order.id,
        "point": order.point,
        "meter": meter.name,
        "gateway": meter.gateway,
        "epoch": number.epoch,
        "sequence": number.sequence,
    }


def send_command(db: Connection, context: Context, order: Order, meter: Bound, on: Event) -> Order:
    """Number a command for the order, and send it: from here on its channel is the remote one."""
    number = _next_number(db, order.point)
    expires_at = context.now + timedelta(seconds=context.settings.command_ttl_s)
    verb = means(order, meter)
    assert verb is not None  # noqa: S101 - carry_out and send_again see to it
    command = Command(
        gateway=meter.gateway,
        meter=meter.name,
        identity=meter.identity,
        number=number,
        verb=verb,
        issued_at=context.now,
        expires_at=expires_at,
    )
    if order.command is not None:
        outbox.cancel(db, order.command)
    digest = outbox.put(db, command, context.now)
    documents.issued(db, order.id, command, context.now)
    row = {
        **_sent_to(order, meter, number),
        "digest": digest,
        "verb": verb,
        "issued_at": context.now,
        "expires_at": expires_at,
        "act_max_s": meter.act_max_s,
        "void": False,
        "answered": False,
    }
    db.execute(SENT, row)
    sends = order.sends + 1
    return advance(db, context, order, on, HOUSE, command=digest, look=None, looks_sent=0, sends=sends, channel=REMOTE)


ASKED = insert(looks)


def send_look(
    db: Connection, context: Context, order: Order, observe_s: float = 0.0, meter: Bound | None = None
) -> Order:
    """Look at the order's valve: burn what has not started, and see (P7). A revoked gateway is asked nothing.

    `meter` is what is bound at its point, from whoever has read it already.
    """
    meter = meter or bound(db, order.point)
    if meter is None or meter.revoked:
        return order
    number = _next_number(db, order.point)
    look = Look(
        gateway=meter.gateway,
        meter=meter.name,
        identity=meter.identity,
        number=number,
        observe_s=observe_s,
        issued_at=context.now,
    )
    for earlier in (order.command, order.look):
        if earlier is not None:
            outbox.cancel(db, earlier)
    digest = outbox.put(db, look, context.now)
    documents.issued(db, order.id, look, context.now)
    due_at = context.now + timedelta(seconds=context.settings.look_due_s + observe_s)
    row = {
        **_sent_to(order, meter, number),
        "digest": digest,
        "observe_s": observe_s,
        "due_at": due_at,
    }
    db.execute(ASKED, row)
    return note(db, order, look=digest, looks_sent=order.looks_sent + 1)


def send_again(db: Connection, context: Context, order: Order) -> Order:
    """A giving order goes out with a new sequence: after each settlement, and when it did not take (P8)."""
    meter = bound(db, order.point)
    if meter is None or why_not(db, context, order, meter) is not None:
        return order
    return send_command(db, context, order, meter, Event.RESEND)


def give_remotely(db: Connection, context: Context, order: Order) -> Order:
    """Supply waits for no crew where a gateway that has not tried it yet can give it back: after a rebinding, a birth.

    Not while a crew is on its way to the point or there (I11, P9).
    """
    meter, tried = bound(db, order.point), sent.command(db, order.command)
    waits = order.state is OrderState.PLANNED and order.way is Kind.GIVING and order.channel == "field"
    if any(o.state in WITH_A_CREW and o.channel == "field" for o in at_point(db, order.point)):
        return order
    if not waits or meter is None or (tried is not None and tried.gateway == meter.gateway):
        return order
    if why_not(db, context, order, meter) is not None:
        return order
    order = carry_out(db, context, order)
    context.field(db, context, order, Event.DISPATCH)
    return order


FORGOTTEN = (
    update(commands)
    .where(commands.c.gateway == bindparam("by"), commands.c.meter == bindparam("at"))
    .where(commands.c.settled_sequence.is_(None))
    .values(void=True)
)


def forget_commands(db: Connection, gateway: str, meter: str) -> None:
    """An epoch was raised: what was granted before it at this meter settles by time alone (P6)."""
    db.execute(FORGOTTEN, {"by": gateway, "at": meter})


WAITING_FOR = (
    select(orders.c.id)
    .join(commands, commands.c.digest == orders.c.command)
    .where(commands.c.gateway == bindparam("gateway"), commands.c.meter == bindparam("meter"))
    .where(orders.c.state.in_([OrderState.DISPATCHED, OrderState.PERMITTED, OrderState.LOOKING]))
)


def waiting_for(db: Connection, gateway: str, meter: str) -> list[str]:
    """Orders whose live command is at this meter."""
    return list(db.execute(WAITING_FOR, {"gateway": gateway, "meter": meter}).scalars())
