"""How guards around crews are taken away: one patch each, by name, undone when its world has ended."""

from types import SimpleNamespace
from typing import Any

from pytest import MonkeyPatch  # noqa: PT013 - a patch that undoes itself, outside of tests too
from sqlalchemy import Connection, bindparam, select

from controlplane import news
from controlplane.field.enrolment import service as enrolment
from controlplane.field.enrolment.models import crews, devices
from controlplane.field.evidence import reviewing
from controlplane.field.evidence.judging import judge
from controlplane.field.evidence.service import sent
from controlplane.field.work import acts, feed
from controlplane.orders import deadlines, hands, sending, service, settling, witness
from controlplane.orders.evidence import keep
from controlplane.orders.life import advance
from controlplane.orders.states import OrderState
from protocols.uplink import codec

EVERY = 3


def sends_past_a_hand(monkey: MonkeyPatch) -> None:
    """A command is sent wherever an order is carried out."""
    monkey.setattr(sending, "hands", SimpleNamespace(out=lambda *_: None))


def time_ends_a_hand(monkey: MonkeyPatch) -> None:
    """A crew that does not report in time is taken to have done nothing."""
    unreported = deadlines._unreported

    def ended(db: Connection, context: Any, order: Any) -> None:
        unreported(db, context, order)
        hand = hands.out(db, order.point)
        if hand is not None and context.now >= hand.until:
            settling.settle_hand(db, context, hand.digest, "time")

    monkey.setattr(deadlines, "_unreported", ended)


def silence_untold(monkey: MonkeyPatch) -> None:
    """The deadline of a crew's report passes, and it is no alarm."""
    tell = news.tell

    def told(db: Connection, at: Any, kind: str, subject: str, data: dict[str, object], client: str | None) -> None:
        if data.get("code") != "crew_unreported":
            tell(db, at, kind, subject, data, client)

    monkey.setattr(deadlines, "news", SimpleNamespace(tell=told))


def offers_what_was_held(monkey: MonkeyPatch) -> None:
    """An order that was a crew's stays a crew's while it is held."""

    def kept(db: Connection, context: Any, order: Any, on: Any, actor: str, **rest: Any) -> Any:
        return advance(db, context, order, on, actor, **{**rest, "channel": order.channel})

    monkey.setattr(service, "advance", kept)


def any_hand(db: Connection, order: Any, account: Any) -> bool:
    """Whoever names the permit may give its account."""
    hand = hands.by_permit(db, account.permit)
    return hand is not None and hand.settled_sequence is None and order.state is OrderState.PERMITTED


def believes_any_crew(monkey: MonkeyPatch) -> None:
    monkey.setattr(acts, "believed", lambda signed, kind, *_: codec.peek(signed.raw, kind))


def _believes(monkey: MonkeyPatch, *conditions: Any) -> None:
    query = select(devices.c.id, devices.c.crew, devices.c.public_key, crews.c.clients).join(
        crews, crews.c.id == devices.c.crew
    )
    monkey.setattr(enrolment, "ITS_DEVICE", query.where(devices.c.token == bindparam("token"), *conditions))


def believes_the_revoked(monkey: MonkeyPatch) -> None:
    _believes(monkey, devices.c.approved_at.is_not(None))


def believes_the_unapproved(monkey: MonkeyPatch) -> None:
    _believes(monkey, devices.c.revoked_at.is_(None))


def believes_in_photographs(monkey: MonkeyPatch) -> None:
    """A digest is a photograph, whoever has seen it."""
    monkey.setattr(reviewing, "sent", lambda db, digests, who: {**dict.fromkeys(digests), **sent(db, digests, who)})
    monkey.setattr(reviewing, "judge", lambda *given: tuple(f for f in judge(*given) if f.code != "not_a_photograph"))


def stops_untold(monkey: MonkeyPatch) -> None:
    tell = feed.tell

    def told(db: Connection, context: Any, identity: str, kind: feed.Entry) -> None:
        if kind is not feed.Entry.STOPPED:
            tell(db, context, identity, kind)

    monkey.setattr(feed, "tell", told)


def accounts_unkept(monkey: MonkeyPatch) -> None:
    """Every third account of a crew is answered and not kept."""
    seen: list[int] = []

    def keeps_most(*given: Any) -> bool:
        seen.append(1)
        return False if len(seen) % EVERY == 0 else keep(*given)

    monkey.setattr(witness, "keep", keeps_most)
