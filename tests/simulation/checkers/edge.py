"""I3, I5, I10, I13, I14: what a gateway may carry out, how much of it, by which clock, and whose reading is whose."""

from datetime import timedelta

from sqlalchemy import select

from controlplane.db import reading
from controlplane.telemetry.models import readings
from protocols.errors import TheirsError
from protocols.types import GatewayId, MeterId, ValvePosition, Verb
from protocols.uplink import codec
from protocols.uplink.keys import KeyRing
from protocols.uplink.messages import Number, Receipt
from protocols.uplink.reasons import Why
from simulators.loop import START
from simulators.valve import By
from tests.simulation.bodies import INDEX_DL, NAMES
from tests.simulation.checkers.case import GIVES, Case
from tests.simulation.house import ATTIC, KEYS
from tests.simulation.witness import Entry

MAX_SKEW_S = 5.0
TRUSTED_S = 2 * MAX_SKEW_S + 1.0
"""A clock confirmed as far off as allowed may run as far off again before it is not believed."""
HOUR_S = 3600.0 / 1.01


def nothing_superseded_starts(case: Case) -> list[str]:
    """I3: known and signed, for this gateway, not expired, and not lower than what its journal already holds."""
    broken, highest = [], dict[tuple[str, str], Number]()
    for entry in case.world.witness.entries:
        key = (entry.journal, entry.meter)
        if entry.what == "received":
            highest[key] = max(highest.get(key, entry.number), entry.number)
        if entry.what == "started":
            broken += [f"I3: at {entry.at_s:.1f} s {entry.meter} began {why}" for why in _unlawful(case, entry)]
            if entry.number < highest.get(key, entry.number):
                broken.append(f"I3: at {entry.at_s:.1f} s {entry.meter} began a command below what its journal holds")
    return broken


def _unlawful(case: Case, entry: Entry) -> list[str]:
    row = case.commands.get(entry.digest)
    if row is None:
        return ["a command that nobody issued"]
    found = []
    if row.gateway != entry.gateway:
        found.append("another gateway's command (I10)")
    clock = case.world.plane_clock
    now = START + timedelta(seconds=entry.at_s * clock.rate + clock.offset_s)
    late_s = (now - row.expires_at).total_seconds()
    if late_s > TRUSTED_S:
        found.append(f"a command that had expired {late_s:.0f} s before")
    return found


def a_higher_number_burns_at_once(case: Case) -> list[str]:
    """P7: once a higher number is durable, every lower command that has not started has ended in the same instant."""
    broken, waiting = [], dict[tuple[str, str], dict[str, Entry]]()
    ended = {(e.journal, e.digest): e.at_s for e in case.world.witness.entries if e.what == "finished"}
    for entry in case.world.witness.entries:
        mine = waiting.setdefault((entry.journal, entry.meter), {})
        if entry.what != "received":
            mine.pop(entry.digest, None)
            continue
        for lower in [e for e in mine.values() if e.number < entry.number]:
            if ended.get((lower.journal, lower.digest)) != entry.at_s:
                broken.append(f"P7: a lower command waits on at {entry.meter} though {entry.at_s:.1f} s burned it")
            del mine[lower.digest]
        if entry.verb is not None:
            mine[entry.digest] = entry
    return broken


def no_closure_begins_in_a_freeze(case: Case) -> list[str]:
    """P4: once a gateway has made a freeze durable, it begins no closure until it has made its end durable."""
    broken = []
    for entry in case.world.witness.entries:
        if entry.what != "started" or entry.verb is None or not entry.verb.takes:
            continue
        heard = [
            on
            for at_s, journal, on in case.world.witness.edge_freezes
            if journal == entry.journal and at_s < entry.at_s
        ]
        if heard and heard[-1]:
            broken.append(f"P4: {entry.meter} began to close at {entry.at_s:.1f} s, and its gateway was frozen")
    return broken


def no_stranger_is_moved(case: Case) -> list[str]:
    """Identity: a meter that nobody meant, though at the right address, is never told anything."""
    return [
        f"identity: a stranger was told {a.wanted} at {a.at_s:.1f} s" for v in case.world.strangers for a in v.history
    ]


def deeds_go_forward(case: Case) -> list[str]:
    """I3: no valve is moved by an older command once a newer one has moved it."""
    broken, last = [], dict[str, Number]()
    for deed in case.deeds:
        if deed.entry is None:
            continue
        number = deed.entry.number
        if number < last.get(deed.meter, number):
            broken.append(f"I3: {deed}, by {number.epoch}.{number.sequence} after a newer command had moved it")
        last[deed.meter] = max(number, last.get(deed.meter, number))
    return broken


def what_has_ended_was_accounted_for(case: Case) -> list[str]:
    """I3: each command that has ended, refused or not, has its receipt, signed by the gateway that held it."""
    broken = []
    for book in case.books:
        ring = KeyRing([KEYS[GatewayId(book.gateway)].public])
        said = set()
        for _, kind, _, task, raw, _ in book.outbox:
            if kind == Receipt.kind and task is not None:
                try:
                    said.add(codec.open_signed(raw, Receipt, ring).message.command)
                except TheirsError as error:
                    broken.append(f"I3: a receipt of {book.gateway} is not believed: {error}")
        ended = {d for d, (kind, state) in book.tasks.items() if kind == "command" and state == "finished"}
        broken += [f"I3: command {d[:8]} has ended at {book.gateway} and no receipt says how" for d in ended - said]
    return broken


def caps_hold(case: Case) -> list[str]:
    """I5: by the valves' own history, no journal let more closures begin in an hour, or at once, than its file says."""
    broken, caps = [], case.world.caps
    assert caps is not None
    begun = [d.entry for d in case.deeds if d.wanted not in GIVES and d.entry is not None]
    for entry in begun:
        hour = [e for e in begun if e.journal == entry.journal and 0 <= entry.at_s - e.at_s < HOUR_S]
        if len(hour) > caps.per_hour:
            broken.append(f"I5: {len(hour)} closures within an hour at {entry.at_s:.1f} s, {caps.per_hour} are allowed")
        most = max(caps.floor, int(len(case.world.valves) * caps.share))
        closed = sum(_closed(case, name, entry.at_s) for name in case.world.valves if name != entry.meter) + 1
        if closed > most and not case.world.machines[ATTIC].journals:
            broken.append(f"I5: {closed} valves closed at once at {entry.at_s:.1f} s, {most} are allowed")
    return broken


def _closed(case: Case, name: MeterId, at_s: float) -> bool:
    """What a leak check or a crew's hand has closed was no gateway's closure, and none could know of it at once."""
    acts = [a for a in case.world.valves[name].history if a.at_s < at_s]
    return bool(acts) and acts[-1].after is not ValvePosition.OPEN and acts[-1].by not in (By.LEAK_CHECK, By.HAND)


def giving_is_never_capped(case: Case) -> list[str]:
    """I5: no cap and no freeze keeps supply off."""
    broken = []
    for row in case.receipts:
        opened = case.opened(row) if row.kind == Receipt.kind else None
        if opened is None or opened.message.verb not in (Verb.OPEN, Verb.ARM):
            continue
        if opened.message.why in (Why.CAP, Why.FROZEN):
            broken.append(f"I5: opening {opened.message.meter} was refused: {opened.message.why}")
    return broken


def no_closure_by_a_clock_that_is_wrong(case: Case) -> list[str]:
    """I14: a gateway whose wall clock stands wrong begins no closure."""
    return [
        f"I14: {entry.meter} began to close at {entry.at_s:.1f} s by a clock {entry.skew_s:+.0f} s off"
        for entry in case.world.witness.entries
        if entry.what == "started" and entry.verb is not None and entry.verb.takes and abs(entry.skew_s) > TRUSTED_S
    ]


def readings_are_their_own_meters(case: Case) -> list[str]:
    """I13: each meter's index lies in the range that only it has."""
    with reading(case.world.engine) as db:
        query = select(readings.c.meter, readings.c.value).where(readings.c.quantity == "volume")
        rows = db.execute(query.where(readings.c.value.is_not(None))).all()
    litres = INDEX_DL // 10_000
    return [
        f"I13: {row.value} m3 was credited to {row.meter}"
        for row in rows
        if int(float(row.value)) // litres != NAMES.index(row.meter) + 1
    ]
