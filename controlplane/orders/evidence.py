"""The one door for evidence: receipts and look answers of gateways, kept raw, then judged (CONTROL P6-P8, I10, I15).

Crews' accounts are kept here too, and judged in `witness`.

A receipt that names a command nobody here has issued is kept and told, and changes nothing.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from controlplane import news
from controlplane.orders import armed, documents, gaps, leaks, sent
from controlplane.orders.by_hand import TAKEN_BY_HAND, taken_by_hand
from controlplane.orders.context import Context
from controlplane.orders.life import Order, advance, get, note
from controlplane.orders.looking import conclude, not_wanted
from controlplane.orders.models import commands, looks, receipts
from controlplane.orders.observing import corroborate, observe
from controlplane.orders.sending import send_look
from controlplane.orders.settling import read_after, settle
from controlplane.orders.sightings import see
from controlplane.orders.states import Event, Kind, OrderState
from controlplane.orders.stopping import give_back_if_due
from controlplane.registry.binding import bound
from protocols.types import Outcome, ValvePosition, Verb
from protocols.uplink import codec
from protocols.uplink.crew import CrewAbort, CrewReport
from protocols.uplink.messages import Chain, LookAnswer, Reason, Receipt, Seen, Settled
from protocols.uplink.reasons import Why

READ_BACK = "read_back"
GATEWAY = ("gateway", READ_BACK)
LATE = frozenset({OrderState.HELD, OrderState.PLANNED, OrderState.ASSIGNED, OrderState.ON_SITE})


ANSWERED = update(commands).where(commands.c.digest == bindparam("this")).values(answered=True)


def take_receipt(db: Connection, context: Context, opened: codec.Opened[Receipt], raw: bytes) -> None:
    """Take a believed receipt; taking it twice changes nothing more."""
    receipt = opened.message
    if not keep(db, context, opened.digest, receipt, receipt.chain, raw):
        return
    row = sent.command_held(db, receipt.command)
    if row is None or row.gateway != receipt.gateway or row.meter != receipt.meter:
        _alarm(db, context, receipt.gateway, "unknown_command", {"command": receipt.command, "meter": receipt.meter})
        return
    documents.came(db, row.order, receipt.kind, opened.digest, context.now)
    db.execute(ANSWERED, {"this": row.digest})
    see(db, context, receipt.meter, receipt.after or receipt.before, GATEWAY)
    _leak(db, context, row, receipt.after or receipt.before, opened.digest)
    if not row.void and (not receipt.started or (receipt.outcome is not Outcome.UNKNOWN and receipt.after is not None)):
        settle(db, context, row, receipt.outcome)
    order = _tried(db, context, get(db, row.order), receipt)
    if row.verb == Verb.ARM and armed_or_open(receipt):
        _armed(db, context, order, receipt, row.sequence)
    elif _shows(receipt, Verb(row.verb)):
        _proven(db, context, order, receipt, row.sequence)
    elif order.command == receipt.command and order.state in (OrderState.DISPATCHED, OrderState.PERMITTED):
        _failed(db, context, order, receipt)


LOOKED = update(looks).where(looks.c.digest == bindparam("this"))


def take_answer(db: Connection, context: Context, opened: codec.Opened[LookAnswer], raw: bytes) -> None:
    """Take a believed look answer: first what it settles, then what it shows."""
    answer = opened.message
    if not keep(db, context, opened.digest, answer, answer.chain, raw):
        return
    row = sent.look_held(db, answer.look)
    if row is None or row.gateway != answer.gateway or row.meter != answer.meter:
        _alarm(db, context, answer.gateway, "unknown_look", {"look": answer.look, "meter": answer.meter})
        return
    documents.came(db, row.order, answer.kind, opened.digest, context.now)
    db.execute(LOOKED, {"this": row.digest, "answered_at": context.now})
    see(db, context, answer.meter, answer.seen, GATEWAY)
    _leak(db, context, row, answer.seen, opened.digest)
    named = {s.command for s in answer.settled}
    for settled in answer.settled:
        _settle_named(db, context, settled, row.sequence)
    order = get(db, row.order)
    if order.look != answer.look:
        return
    if order.state is OrderState.LOOKING:
        conclude(db, context, order, answer, row.sequence, named)
    elif order.look_at is not None:
        armed.judge(db, context, order, answer, row.sequence, named)
    elif order.state is OrderState.EXECUTED:
        corroborate(db, context, order, answer)


KEEP = insert(receipts)


Account = Receipt | LookAnswer | CrewReport | CrewAbort
ACCOUNTS: dict[str, type[Account]] = {c.kind: c for c in (Receipt, LookAnswer, CrewReport, CrewAbort)}


def keep(db: Connection, context: Context, digest: str, message: Account, chain: Chain, raw: bytes) -> bool:
    """Keep the raw bytes once; a gap in the journal's chain is told. `gateway` is whoever signed: a device, too."""
    source = message.gateway if isinstance(message, Receipt | LookAnswer) else message.device
    near = _near(db, source, chain)
    if any(row.digest == digest for row in near):
        return False
    kept = {
        "digest": digest,
        "gateway": source,
        "kind": message.kind,
        "journal": chain.journal,
        "number": chain.number,
        "raw": raw,
        "received_at": context.now,
    }
    db.execute(KEEP, kept)
    if _forks(near, digest, chain):
        _alarm(db, context, source, "receipt_chain_broken", {"number": chain.number, "receipt": digest})
    follows = any(row.number == chain.number - 1 for row in near)
    gaps.heard(db, context, source, chain, follows=follows)
    return True


def replaced(db: Connection, device: str, digest: str, chain: Chain) -> bool:
    """Whether another account of this device stands under this number: it was signed anew, and this is what was before.

    A device goes on in its chain only when an account was taken; one that was refused comes late, out of the network.
    """
    return any(row.number == chain.number and row.digest != digest for row in _near(db, device, chain))


NEIGHBOURS = select(receipts.c.digest, receipts.c.kind, receipts.c.number, receipts.c.raw).where(
    receipts.c.gateway == bindparam("gateway"),
    receipts.c.journal == bindparam("journal"),
    receipts.c.number.between(bindparam("lowest"), bindparam("highest")),
)


def _near(db: Connection, gateway: str, chain: Chain) -> Sequence[Row[str, str, int, bytes]]:
    """What is kept of this journal under its number and the two beside it."""
    between = {"journal": chain.journal, "lowest": chain.number - 1, "highest": chain.number + 1}
    return db.execute(NEIGHBOURS, {"gateway": gateway, **between}).all()


def _forks(near: Sequence[Row[str, str, int, bytes]], digest: str, chain: Chain) -> bool:
    """Two receipts of one journal with one number, or one that does not name its predecessor, is a forked history."""
    doubled = any(row.number == chain.number for row in near)
    before = any(row.number < chain.number and row.digest != chain.previous for row in near)
    after = any(row.number > chain.number and _previous(row.kind, row.raw) != digest for row in near)
    return doubled or before or after


def _previous(kind: str, raw: bytes) -> str:
    """The predecessor that a kept message names."""
    return codec.peek(raw, ACCOUNTS[kind]).message.chain.previous


def _alarm(db: Connection, context: Context, subject: str, code: str, data: dict[str, object]) -> None:
    news.tell(db, context.now, "alarm", subject, {"code": code, **data}, None)


def _leak(db: Connection, context: Context, row: Row[Any], seen: Seen | None, account: str) -> None:
    """Water has its own leaks, which forbid nothing."""
    if seen is None or leaks.ALARM not in seen.alarms:
        return
    meter = bound(db, row.point)
    if meter is not None and meter.name == row.meter and meter.is_gas:
        leaks.saw(db, context, row.point, row.meter, account)


def _settle_named(db: Connection, context: Context, named: Settled, below: int) -> None:
    """A look's answer settles lower commands that its journal names; never one whose journal is gone (P6).

    One that started and was not read back may still act: time settles it.
    """
    if named.started and named.outcome is Outcome.UNKNOWN:
        return
    row = sent.command(db, named.command)
    if row is not None and not row.void and row.sequence < below:
        settle(db, context, row, named.outcome)


def _shows(receipt: Receipt, verb: Verb) -> bool:
    """Whether it shows what was asked for: an outcome is a word, a position was read."""
    read = receipt.after.position if receipt.after is not None else None
    return receipt.outcome is Outcome.DONE and receipt.verb is verb and read is verb.wanted


def armed_or_open(receipt: Receipt) -> bool:
    """Whether an arm's receipt shows it used or ready: read back, or read before it, and then nothing was written."""
    return receipt.verb is Verb.ARM and _stands(receipt) in Verb.ARM.shown_by


def _stands(receipt: Receipt) -> ValvePosition | None:
    if receipt.outcome is Outcome.DONE and receipt.after is not None:
        return receipt.after.position
    return receipt.before.position if receipt.before is not None and not receipt.started else None


def _armed(db: Connection, context: Context, order: Order, receipt: Receipt, sequence: int) -> None:
    """Open is supply; armed is not, and waits for the person, if it is this order's live command that says so."""
    if _stands(receipt) is ValvePosition.OPEN:
        _given_back(db, context, order, receipt, sequence)
    elif order.command == receipt.command and order.state is OrderState.DISPATCHED:
        armed.begin(db, context, order, receipt)


def _tried(db: Connection, context: Context, order: Order, receipt: Receipt) -> Order:
    """What was tried goes with the order, for the crew that may have to go (I11)."""
    tried: dict[str, object] = {
        "at": context.now.isoformat(),
        "verb": str(receipt.verb),
        "outcome": str(receipt.outcome),
        "why": str(receipt.why) if receipt.why else None,
        "detail": receipt.detail,
        "position": str(receipt.after.position) if receipt.after else None,
    }
    told = {key: tried[key] for key in ("verb", "outcome", "why", "position")}
    news.tell(db, context.now, "receipt", order.id, {**told, "point": order.point}, order.client)
    return note(db, order, tried=[*order.tried, tried])


def _proven(db: Connection, context: Context, order: Order, receipt: Receipt, sequence: int) -> None:
    """A receipt that shows the position as wanted; `sequence` is its command's own, whatever the receipt says."""
    if order.way is Kind.GIVING:
        _given_back(db, context, order, receipt, sequence)
        return
    if order.command != receipt.command and order.state is not OrderState.HELD:
        return
    event = _event_of_proof(order, receipt)
    if event is None:
        return
    observe(db, context, advance(db, context, order, event, receipt.gateway, grade=READ_BACK))
    give_back_if_due(db, context, order.point, receipt.gateway)


def _event_of_proof(order: Order, receipt: Receipt) -> Event | None:
    """A crew that holds a permit proves its act itself: a gateway's late receipt must not end what a hand may do."""
    if order.state is OrderState.PERMITTED:
        return Event.PROOF if order.channel == "remote" else None
    if order.state is OrderState.LOOKING:
        return Event.LOOK_WANTED
    if order.state is OrderState.DISPATCHED:
        return Event.FOUND_AS_WANTED if receipt.why is Why.ALREADY else Event.LATE_PROOF
    return Event.LATE_PROOF if order.state in LATE else None


def _given_back(db: Connection, context: Context, order: Order, receipt: Receipt, sequence: int) -> None:
    """P8: only a read-back that was asked after every taking act had settled ends it; else it goes out again.

    A valve that was never moved shows nothing where a hand has closed.
    """
    if not order.alive or not read_after(db, order.point, sequence):
        return
    if not receipt.started and taken_by_hand(db, order.point):
        _for_a_hand(db, context, order, receipt)
        return
    if order.state is OrderState.LOOKING:
        event = Event.LOOK_WANTED
    elif order.state in LATE:
        event = Event.LATE_PROOF
    else:
        event = Event.PROOF if receipt.started else Event.FOUND_AS_WANTED
    observe(db, context, advance(db, context, order, event, receipt.gateway, grade=READ_BACK))


def _for_a_hand(db: Connection, context: Context, order: Order, receipt: Receipt) -> None:
    """The valve was open already, and a hand has closed something else: a crew gives it back."""
    if order.state is OrderState.DISPATCHED:
        order = advance(db, context, order, Event.TECHNICAL, receipt.gateway, reason=TAKEN_BY_HAND)
    if order.state is OrderState.LOOKING:
        not_wanted(db, context, order, receipt.gateway)


def _failed(db: Connection, context: Context, order: Order, receipt: Receipt) -> None:
    """Refused by law, cap, freeze or clock: held. For any technical cause: look first."""
    reason = _reason(receipt)
    if order.way is Kind.TAKING and receipt.why is not None and receipt.why.lawful:
        until = context.now + timedelta(seconds=context.settings.held_review_s)
        advance(db, context, order, Event.REFUSED_BY_LAW, receipt.gateway, reason=reason, until=until)
        return
    send_look(db, context, advance(db, context, order, Event.TECHNICAL, receipt.gateway, reason=reason))


def _reason(receipt: Receipt) -> Reason:
    why = str(receipt.why or (Why.NOT_AS_WANTED if receipt.outcome is Outcome.DONE else receipt.outcome))
    said = f"{why.replace('_', ' ')}: {receipt.detail}" if receipt.detail else why.replace("_", " ")
    return Reason(why, f"The gateway reports: {said}"[:1000], f"Il gateway riferisce: {said}"[:1000])
