"""I7, I10, I12, P9 and evidence: whose accounts were believed, what orders were completed by, and who was told."""

from sqlalchemy import select

from controlplane.db import reading
from controlplane.field.evidence.models import evidence_sent, evidence_uses
from controlplane.field.work.models import feed
from protocols.uplink import codec
from protocols.uplink.crew import CrewAbort, CrewReport
from tests.simulation.checkers.case import Case, Row

ACCOUNTS: dict[str, type[CrewReport | CrewAbort]] = {c.kind: c for c in (CrewReport, CrewAbort)}
STOPS = ("stop", "hold", "freeze", "deferred")
UNDER_WAY = ("planned", "assigned", "on_site", "permitted")
VIEWS = {"plate", "register", "before", "after"}
LATE = ("late_proof", "look_wanted")
OK = 200


def only_enrolled_devices_are_believed(case: Case) -> list[str]:
    """P9: no account is kept of a device that was not approved, or had been revoked before it came."""
    seen, broken = case.world.field.seen, [f"P9: {text}" for text in case.world.field.seen.strangers]
    for row in case.receipts:
        if row.kind in ACCOUNTS:
            revoked_s = seen.revoked.get(row.gateway, float("inf"))
            if row.gateway not in seen.approved or case.true_s(row.received_at) > revoked_s:
                broken.append(f"P9: {row.digest[:8]} of {row.gateway} was kept, which is nobody's device")
    return broken


def crews_orders_have_their_evidence(case: Case) -> list[str]:
    """Evidence: what a crew reports as done is completed only with the photographs that its device has put.

    What comes late, or of a hand without a permit, is the truth whatever it shows.
    """
    uses, sent = _uses(case)
    broken = []
    for event in case.events:
        new = event.state == "executed" and event.from_state != "executed"
        if not new or event.event in LATE or event.actor not in case.world.field.seen.approved:
            continue
        needed = VIEWS - {"after"} if event.event == "found_as_wanted" else VIEWS
        shown = {shot for shot, digest in uses.get(event.order, ()) if digest in sent}
        lacks = needed - shown
        if lacks:
            broken.append(f"evidence: {event.order} was executed by a crew without {', '.join(sorted(lacks))}")
    return broken


def _uses(case: Case) -> tuple[dict[str, set[tuple[str, str]]], set[str]]:
    uses: dict[str, set[tuple[str, str]]] = {}
    with reading(case.world.engine) as db:
        for row in db.execute(select(evidence_uses)):
            uses.setdefault(row.order, set()).add((row.shot, row.evidence))
        sent = {row.evidence for row in db.execute(select(evidence_sent))}
    return uses, sent & set(case.world.field.film.kept)


def who_acts_without_a_permit_is_told_of(case: Case) -> list[str]:
    """P9: a hand that acted without a permit, and says so, is an alarm."""
    broken = []
    for act in case.world.field.seen.acts:
        if act.obeys or act.permit is not None:
            continue
        kept = [_said(r) for r in case.receipts if r.kind == CrewReport.kind and r.gateway == act.device]
        told = any(s.work_order == act.work_order and s.outcome == "done" for s in kept if isinstance(s, CrewReport))
        if told and not case.alarms("acted_without_permit", act.order):
            broken.append(f"P9: a hand closed {act.meter} at {act.at_s:.1f} s without a permit, and nobody was told")
    return broken


def _said(row: Row) -> CrewReport | CrewAbort:
    return codec.peek(row.raw, ACCOUNTS[row.kind]).message


def who_is_stopped_is_told(case: Case) -> list[str]:
    """P9: a crew whose order is stopped is told at once, in the stop's own transaction."""
    told = {(e.work_order, e.at) for e in case.rows(feed) if e.type == "stopped"}
    broken = []
    for event in case.events:
        if event.event not in STOPS or event.from_state not in UNDER_WAY:
            continue
        open_ = [
            w
            for w in case.work
            if w.order == event.order
            and w.opened_at < event.at
            and (w.closed_at is None or w.closed_at > event.at or (w.closed_at, w.ending) == (event.at, "stopped"))
        ]
        broken += [
            f"P9: {w.id} was stopped at {case.true_s(event.at):.1f} s and its crew was not told"
            for w in open_
            if (w.id, event.at) not in told
        ]
    return broken


def what_a_crew_was_answered_is_kept(case: Case) -> list[str]:
    """I7: an account that was answered with 200 is there, and so is a photograph."""
    kept, broken = {r.raw for r in case.receipts}, []
    _, sent = _uses(case)
    for crew in case.world.field.crews:
        for phone in (crew.phone, crew.spare):
            for at_s, call, reply in phone.replies if phone is not None else ():
                if call.what in ("report", "abort") and reply.status == OK and call.body not in kept:
                    broken.append(f"I7: {call.key}'s {call.what} was taken at {at_s:.1f} s and is not there")
                if call.what == "evidence" and reply.status < OK + 100 and call.digest not in sent:
                    broken.append(f"I7: {call.key}'s photograph was taken at {at_s:.1f} s and is not there")
    return broken


def no_route_falls(case: Case) -> list[str]:
    """I12: nothing that crews send is answered with a fault."""
    return [f"I12: a route fell over {text}" for text in case.world.field.radio.fallen]
