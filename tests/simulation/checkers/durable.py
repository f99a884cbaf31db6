"""I7, I9, I12: what was acknowledged is there, the chain of proofs is whole, and nobody was stopped by another."""

from collections import defaultdict
from contextlib import suppress
from functools import lru_cache

from sqlalchemy import select

from controlplane.db import reading
from controlplane.registry.models import gateways
from controlplane.remote.models import gateway_standings
from controlplane.telemetry.models import readings
from protocols.errors import TheirsError
from protocols.uplink import codec, topics
from protocols.uplink.crew import CrewRelease
from protocols.uplink.keys import KeyRing
from protocols.uplink.messages import GENESIS, Ack, Condition, Readings, Standing
from tests.simulation.checkers.case import Case, Row
from tests.simulation.house import ATTIC, KEYS
from tests.simulation.machine import PLANE_KEY
from tests.simulation.witness import Seen

FRESH_OF = 5
"""Within so many polls each meter was read at least once."""
MOST_ACKS = 5000
Key = tuple[str, int, int]


def acknowledged_receipts_are_kept(case: Case) -> list[str]:
    """I7: what the plane's acknowledgement named, and what a journal holds for acknowledged, is in the plane."""
    kept = {r.digest for r in case.receipts} | _standings(case) | _conditions(case)
    told = {d for ack in _acks(case, "down") for d in ack.digests}
    broken = [f"I7: {d[:8]} was acknowledged, and the plane does not have it" for d in told - kept]
    for book in case.books:
        lost = [digest for _, _, digest, _, _, acked in book.outbox if acked and digest not in kept]
        broken += [f"I7: {book.gateway} holds {d[:8]} for acknowledged, and the plane does not have it" for d in lost]
    return broken


def _standings(case: Case) -> set[str]:
    """How gateways said that they stand: of those only the last word of each is kept, if any was said."""
    told = {d for seen in _seen(case, "delivered", Standing.kind) if (d := _standing(seen.message.payload)) is not None}
    with reading(case.world.engine) as db:
        return told if db.execute(select(gateway_standings)).first() is not None else set()


def _standing(raw: bytes) -> str | None:
    try:
        return codec.open_signed(raw, Standing, KeyRing([k.public for k in KEYS.values()])).digest
    except TheirsError:
        return None


def _conditions(case: Case) -> set[str]:
    """A gateway's word on its own state is kept with it, the newest alone: nothing is proven by the others."""
    told: set[str] = set()
    for seen in _seen(case, "delivered", Condition.kind):
        with suppress(TheirsError):
            told.add(codec.peek(seen.message.payload, Condition).digest)
    with reading(case.world.engine) as db:
        return told if db.execute(select(gateways).where(gateways.c.condition.is_not(None))).first() else set()


def acknowledged_commands_are_journaled(case: Case) -> list[str]:
    """I7: what a gateway's acknowledgement named is in its journal, unless its disk was taken away since."""
    changed = {m.id for m in case.world.machines.values() if len(m.journals) > 1}
    held = {d for book in case.books for d in book.tasks}
    sent = {*case.commands, *case.looks}
    return [
        f"I7: {ack.gateway} acknowledged {d[:8]} and has no trace of it"
        for ack in _acks(case, "up")
        for d in ack.digests
        if d in sent and d not in held and ack.gateway not in changed
    ]


def readings_are_kept(case: Case) -> list[str]:
    """I7: a reading that was acknowledged is in the plane; one that was not is there or still in its journal."""
    with reading(case.world.engine) as db:
        rows = db.execute(select(readings.c.journal, readings.c.boot, readings.c.sequence))
        kept: set[Key] = {(r.journal, r.boot, r.sequence) for r in rows}
    sent = _sent(case)
    marks: dict[tuple[str, int], int] = defaultdict(int)
    for ack in _acks(case, "down"):
        if (mark := ack.readings) is not None:
            marks[mark.journal, mark.boot] = max(marks[mark.journal, mark.boot], mark.sequence)
    held = {(b.id, boot, n) for b in case.books for boot, n in b.readings}
    broken = [
        f"I7: reading {n} of boot {boot} was acknowledged, and the plane does not have it"
        for journal, boot, n in sorted(sent - kept)
        if n <= marks[journal, boot]
    ]
    lost = sorted(sent - kept - held)
    return broken + [
        f"I7: reading {n} of boot {boot} is neither in the plane nor in its journal" for _, boot, n in lost
    ]


def _sent(case: Case) -> set[Key]:
    """Readings that a gateway published of meters that were bound to it all the time, on disks that are still there."""
    if case.world.machines[ATTIC].journals:
        return set()
    there, found = {b.id for b in case.books}, set[Key]()
    for seen in _seen(case, "accepted", "readings"):
        batch = codec.decode_plain(seen.message.payload, Readings)
        if batch.journal in there:
            found |= {(batch.journal, batch.boot, batch.first + n) for n in range(len(batch.readings))}
    return found


def every_proof_verifies(case: Case) -> list[str]:
    """I9: each kept proof is signed, is what it is kept as, and names the one before it; else that is an alarm.

    A crew's account that was refused may come once more, when another has its number.
    """
    broken, chains = [], dict[str, dict[int, tuple[str, str]]]()
    for row in case.receipts:
        opened = case.opened(row)
        if opened is None or opened.digest != row.digest:
            broken.append(f"I9: {row.digest[:8]} of {row.gateway} does not verify")
            continue
        if row.kind == CrewRelease.kind:
            continue
        chain = opened.message.chain
        chains.setdefault(chain.journal, {})[chain.number] = (row.digest, chain.previous)
    broken_chains = [n for n in case.news if n.data.get("code") == "receipt_chain_broken" and _is_a_crews(case, n)]
    told = {n.data["receipt"] for n in broken_chains}
    for journal, links in chains.items():
        for number, (digest, previous) in links.items():
            before = (GENESIS, "") if number == 1 else links.get(number - 1)
            if before is not None and before[0] != previous and not {digest, before[0]} & told:
                broken.append(f"I9: link {number} of {journal[:8]} does not name the one before it")
    return broken


def _is_a_crews(case: Case, told: Row) -> bool:
    """Whether an alarm is about a crew's device."""
    return told.subject in case.world.field.seen.approved


def every_proof_arrives(case: Case) -> list[str]:
    """I7: once all is quiet, the plane has every receipt and answer of every journal that is still there."""
    kept = {r.digest for r in case.receipts} | _standings(case) | _conditions(case)
    there = {str(m.journals[-1]) for m in case.world.machines.values() if m.journals}
    return [
        f"I7: {digest[:8]}, number {number} of {book.gateway}, never arrived"
        for book in case.books
        if book.path in there
        for number, _, digest, _, _, _ in book.outbox
        if digest not in kept
    ]


def nobody_was_stopped(case: Case) -> list[str]:
    """I12: at the end every meter is read again and again, whatever became of its neighbours."""
    since_s = case.world.virtual.loop.time() - FRESH_OF * case.world.every_s
    lately = [s for s in _seen(case, "accepted", Readings.kind) if s.at_s >= since_s]
    read = {r.meter for s in lately for r in codec.decode_plain(s.message.payload, Readings).readings}
    mine = [n for n, _, _ in case.world.cellar.meters if not (n == "A" and case.world.machines[ATTIC].journals)]
    return [f"I12: {name} is no longer read" for name in mine if name not in read | _asked_rarely(case)]


def _asked_rarely(case: Case) -> set[str]:
    """Meters that did not answer when they were asked themselves, and whose next turn is still to come."""
    gateway, now_s = case.world.cellar.gateway, case.world.cellar.clock.boot()
    schedules = gateway.schedules.values() if gateway is not None else ()
    return {name for s in schedules for due_s, _, name in s._due if due_s > now_s and s.polled[name].failures}


def _seen(case: Case, what: str, kind: str) -> list[Seen]:
    end = f"/{kind}"
    return [s for s in case.world.witness.messages if s.what == what and s.message.topic.endswith(end)]


def _acks(case: Case, direction: str) -> list[Ack]:
    """Believed acknowledgements: the plane's as they were delivered, the gateways' as they were published."""
    mine = [
        _believed(seen.message.payload, direction)
        for seen in _seen(case, "delivered" if direction == "down" else "accepted", Ack.kind)
        if topics.parse(seen.message.topic).direction == direction
    ]
    return [ack for ack in mine if ack is not None]


@lru_cache(maxsize=MOST_ACKS)
def _believed(raw: bytes, direction: str) -> Ack | None:
    """Several checkers ask for the same ones, and a signature costs more to verify than all the rest of a checker."""
    ring = KeyRing([PLANE_KEY.public] if direction == "down" else [k.public for k in KEYS.values()])
    try:
        return codec.open_signed(raw, Ack, ring).message
    except TheirsError:
        return None
