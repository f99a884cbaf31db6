"""I1-I3, I7, I15 on real processes: every acknowledged record is there, and a valve's diary agrees with the rules."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta

from controlplane.orders.models import receipts
from controlplane.orders.states import TERMINAL, Kind
from controlplane.registry.models import gateways
from controlplane.remote.models import gateway_standings
from controlplane.telemetry.models import readings
from protocols.types import ValvePosition
from protocols.uplink import envelope
from protocols.uplink.messages import Number
from tests.e2e.kills.case import Begun, Case, Row
from tests.e2e.kills.files import Place
from tests.e2e.kills.street import Deed

DRIFT, MEASURED = 1.01, timedelta(seconds=1)
"""`MEASURED`: how exactly a moment of one clock is known on the other."""
UNDER_WAY_S = 5.0
"""How long after its start a frame may still arrive at a meter: the tries of the link, on a busy machine."""
Broken = Iterator[str]


def closures_have_their_permit(case: Case) -> Broken:
    """I1: each closure was permitted before, for its own command, and came within what the permit allowed."""
    for deed, begun in case.matched:
        row = case.commands.get(begun.digest) if begun is not None else None
        if deed.wanted is not ValvePosition.CLOSED or row is None:
            continue
        at = case.at(deed.at_s)
        before = [granted for granted in _grants(case, row) if granted <= at + MEASURED]
        if not before:
            yield f"I1: {_told(deed)}, and no permit was granted for {row.digest[:8]}"
        elif at > before[-1] + timedelta(seconds=(row.validity_s + row.act_max_s) * DRIFT) + MEASURED:
            yield f"I1: {_told(deed)}, {at - before[-1]} after its permit"


def no_permit_after_a_stop(case: Case) -> Broken:
    """I1: none is granted after a payment was recorded for an order that was entered before it."""
    for event in case.events:
        order = case.orders[event.order]
        for stop in case.stops:
            reached = stop.point == order.point and stop.up_to is not None and order.number <= stop.up_to
            if event.event == "permit_granted" and reached and event.at > stop.recorded_at:
                yield f"I1: {order.id} was permitted at {event.at}, after the {stop.kind} of {stop.recorded_at}"


def every_deed_is_a_command_once(case: Case) -> Broken:
    """I2, I3: each deed is that of a command that durably began, of each at most one, by rising number."""
    for deed, begun in case.matched:
        if begun is None:
            yield f"I2, I3: {_told(deed)}, and no command that began and had not moved it yet accounts for that"
        elif begun.digest not in case.commands:
            yield f"I3: {_told(deed)}, by a command that nobody issued"


def nothing_expired_or_superseded_moves(case: Case) -> Broken:
    """I3: no closure by an expired command, nothing by one whose gateway had journaled a higher number."""
    for deed, begun in case.matched:
        row = case.commands.get(begun.digest) if begun is not None else None
        if row is None or begun is None:
            continue
        late = timedelta(seconds=UNDER_WAY_S) + MEASURED
        if deed.wanted is ValvePosition.CLOSED and case.at(deed.at_s) > row.expires_at + late:
            yield f"I3: {_told(deed)}, by a command that had expired at {row.expires_at}"
        higher = _higher_since(case, deed, begun)
        if higher is not None and deed.at_s > higher + UNDER_WAY_S:
            yield f"I3: {_told(deed)}, {deed.at_s - higher:.1f} s after a higher number was journaled"


def _higher_since(case: Case, deed: Deed, begun: Begun) -> float | None:
    query = "SELECT epoch, sequence, received_boot_s FROM tasks WHERE meter = ? AND kind = 'command'"
    rows = case.journal(deed.meter, query, deed.meter)
    return min((at_s for *number, at_s in rows if Number(*number) > begun.number), default=None)


def supply_comes_back(case: Case) -> Broken:
    """I15: the last word everywhere was a payment: each valve stands open, or an order to give back is alive."""
    for meter, point in case.office.points.items():
        giving = [o for o in case.orders.values() if o.point == point and o.way == Kind.GIVING and o.alive]
        if _stands(case, meter) is not ValvePosition.OPEN and not any(o.until or o.deadline for o in giving):
            yield f"I15: {meter} was paid for and stands shut, and nobody gives back"


def executed_means_that_it_stood_so(case: Case) -> Broken:
    """Evidence: an order that was executed had its valve truly stand as wanted, after it was entered."""
    meters = {point: meter for meter, point in case.office.points.items()}
    for event in case.events:
        order = case.orders[event.order]
        if event.state != "executed" or event.from_state == "executed":
            continue
        wanted = ValvePosition.OPEN if order.way == Kind.GIVING else ValvePosition.CLOSED
        if wanted not in _stood(case, meters[order.point], order.created_at, event.at):
            yield f"evidence: {order.id} was executed at {event.at}, and {meters[order.point]} never stood {wanted}"


def orders_end(case: Case) -> Broken:
    """I8: each order has ended, or stands on a list with its reason."""
    for order in case.orders.values():
        if order.state not in TERMINAL and not (order.state in ("planned", "held") and order.reason and order.until):
            yield f"I8: {order.id} stands {order.state} at the end"


def what_was_answered_is_there(case: Case) -> Broken:
    """I7: every order and payment that was answered is there, once; nothing is there that nobody asked for."""
    entered = Counter(row.id for row in case.orders.values() if row.way == Kind.TAKING)
    paid = Counter(row.reference for row in case.stops if row.kind == "payment")
    asked = Counter(each.document["id"] for each in case.office.answered if each.path == "orders")
    told = Counter(each.document["reference"] for each in case.office.answered if each.path == "payments")
    if entered != asked:
        yield f"I7: orders lost {asked - entered}, or entered unasked {entered - asked}"
    if paid != told:
        yield f"I7: payments lost {told - paid}, or recorded unasked or twice {paid - told}"


def what_was_acknowledged_is_there(case: Case) -> Broken:
    """I7: each signed message and reading that the other side's application said to hold, it holds."""
    kept = {row.digest for row in case.rows(receipts)}
    told = case.ear.own_words
    of_itself = {told[digest] for digest in case.ear.by_plane & set(told)}
    known = {row.gateway for row in case.rows(gateway_standings)}
    for gateway in of_itself - known - {row.id for row in case.rows(gateways) if row.condition}:
        yield f"I7: the control plane acknowledged how {gateway} stands, and does not have it"
    for digest in case.ear.by_plane - set(told) - kept:
        yield f"I7: the control plane acknowledged {digest[:8]}, and does not have it"
    for book in case.books:
        for digest in case.ear.by_gateway.get(book.gateway, set()) - set(book.tasks):
            yield f"I7: {book.gateway} acknowledged {digest[:8]}, and does not have it"
        for _, kind, digest, _, _, acked in book.outbox:
            if acked and digest not in kept:
                yield f"I7: {book.gateway} holds its {kind} {digest[:8]} for acknowledged; the plane does not have it"
    yield from _readings(case)


def _readings(case: Case) -> Broken:
    """Each reading up to an acknowledged mark is at the control plane; later ones are there or in the journal."""
    kept = {(row.journal, row.boot, row.sequence) for row in case.rows(readings)}
    for book in case.books:
        there = kept | {(book.id, *each) for each in book.readings}
        for boot in {boot for journal, boot, _ in there if journal == book.id}:
            mark = case.ear.readings.get((book.id, boot), 0)
            last = max(n for journal, b, n in there if (journal, b) == (book.id, boot))
            lost = [n for n in range(1, mark + 1) if (book.id, boot, n) not in kept]
            lost += [n for n in range(mark + 1, last) if (book.id, boot, n) not in there]
            if lost:
                yield f"I7: readings {lost} of boot {boot} of {book.gateway} are lost; {mark} was acknowledged"


RULES: tuple[Callable[[Case], Broken], ...] = (
    closures_have_their_permit,
    no_permit_after_a_stop,
    every_deed_is_a_command_once,
    nothing_expired_or_superseded_moves,
    supply_comes_back,
    executed_means_that_it_stood_so,
    orders_end,
    what_was_answered_is_there,
    what_was_acknowledged_is_there,
)


def broken(case: Case) -> list[str]:
    """Everything that does not hold."""
    return [text for rule in RULES for text in rule(case)]


def seen(case: Case) -> Counter[str]:
    """How much there was to be judged."""
    counted = Counter(f"valves told {deed.wanted}" for deed in case.deeds)
    counted += Counter(f"{each.path} answered" for each in case.office.answered if each.path in ("orders", "payments"))
    counted["messages acknowledged"] = len(case.ear.by_plane) + sum(map(len, case.ear.by_gateway.values()))
    counted["readings kept"] = len(case.rows(readings))
    told = (envelope.read(row.raw)[1] for row in case.rows(receipts))
    counted["acts settled by reading"] = sum(b"settled by reading" in payload for payload in told)
    return counted


def quiet(place: Place) -> bool:
    """Whether every order has ended or waits on somebody's list."""
    db = sqlite3.connect(place.database)
    try:
        ended = ", ".join(f"'{state}'" for state in (*TERMINAL, "planned", "held"))
        (alive,) = db.execute(f"SELECT count(*) FROM orders WHERE state NOT IN ({ended})").fetchone()  # noqa: S608 - ours
    finally:
        db.close()
    return not alive


def all_read(place: Place, meters: int) -> bool:
    """Whether the control plane has a reading of every meter."""
    with closing(sqlite3.connect(place.database)) as db:
        (known,) = db.execute("SELECT count(DISTINCT meter) FROM latest").fetchone()
    return bool(known == meters)


def _grants(case: Case, command: Row) -> list[datetime]:
    """When this command was permitted: the grants of its order while it was the order's command."""
    later = [c.issued_at for c in case.commands.values() if c.order == command.order and c.sequence > command.sequence]
    until = min(later, default=None)
    mine = [event.at for event in case.events if event.order == command.order and event.event == "permit_granted"]
    return [at for at in mine if at >= command.issued_at and (until is None or at <= until)]


def _stands(case: Case, meter: str) -> ValvePosition:
    return next((deed.wanted for deed in reversed(case.deeds) if deed.meter == meter), ValvePosition.OPEN)


def _stood(case: Case, meter: str, since: datetime, until: datetime) -> set[ValvePosition]:
    """How the valve stood at any time between."""
    position, found = ValvePosition.OPEN, set[ValvePosition]()
    for deed in (deed for deed in case.deeds if deed.meter == meter):
        at = case.at(deed.at_s)
        if at >= since - MEASURED:
            found.add(position)
        if at > until + MEASURED:
            return found
        position = deed.wanted
    return found | {position}


def _told(deed: Deed) -> str:
    return f"{deed.meter} was told {deed.wanted} at {deed.at_s:.2f} s"
