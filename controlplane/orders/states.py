"""What may follow what in the life of an order: data, one lookup, one error. The docs' diagram is drawn from it.

Orders that take supply away and orders that give it back have tables of their own. An event under which an order stays
where it is has a row too: whatever has no row can't happen.
"""

from enum import StrEnum
from typing import NamedTuple

from controlplane.problems import ConflictError


class Kind(StrEnum):
    """What an order does to supply."""

    TAKING = "taking"
    GIVING = "giving"


class OrderState(StrEnum):
    """Where an order stands."""

    ENTERED = "entered"
    HELD = "held"
    AWAITING_APPROVAL = "awaiting_approval"
    PLANNED = "planned"
    DISPATCHED = "dispatched"
    ASSIGNED = "assigned"
    ON_SITE = "on_site"
    PERMITTED = "permitted"
    LOOKING = "looking"
    EXECUTED = "executed"
    COMPLETED = "completed"
    NOT_EXECUTED = "not_executed"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


class Event(StrEnum):
    """What happens to an order."""

    ALLOWED = "allowed"
    DENIED_BY_RULE = "denied_by_rule"
    DEFERRED = "deferred"
    NEEDS_APPROVAL = "needs_approval"
    REFUSED = "refused"
    APPROVED = "approved"
    REASON_PASSED = "reason_passed"
    DISPATCH = "dispatch"
    ASSIGN = "assign"
    ARRIVE = "arrive"
    PERMIT_GRANTED = "permit_granted"
    PERMIT_DENIED = "permit_denied"
    PERMIT_DENIED_STOP = "permit_denied_stop"
    FOUND_AS_WANTED = "found_as_wanted"
    PROOF = "proof"
    TECHNICAL = "technical"
    REFUSED_BY_LAW = "refused_by_law"
    DEADLINE = "deadline"
    LOOK_WANTED = "look_wanted"
    LOOK_NOT_WANTED = "look_not_wanted"
    LOOK_NOT_WANTED_HOLD = "look_not_wanted_hold"
    LOOK_NOT_WANTED_STOP = "look_not_wanted_stop"
    RELOOK = "relook"
    RESEND = "resend"
    TO_FIELD = "to_field"
    ABORTED = "aborted"
    ABORTED_STOP = "aborted_stop"
    ABORTED_HOLD = "aborted_hold"
    ARMED = "armed"
    LATE_PROOF = "late_proof"
    CORROBORATED = "corroborated"
    WINDOW_ENDED = "window_ended"
    CONTRADICTED = "contradicted"
    STOP = "stop"
    HOLD = "hold"
    FREEZE = "freeze"
    LEGAL_TERM_ENDED = "legal_term_ended"
    WITHDRAWN_BY_CLIENT = "withdrawn_by_client"
    RELEASED_BY_TWO = "released_by_two"


class Row(NamedTuple):
    """From one state, on an event, to another: one of the lawful steps of one kind of order."""

    from_: OrderState
    on: Event
    to: OrderState
    kind: Kind


S, E = OrderState, Event
STAYS = None
TERMINAL = frozenset({S.COMPLETED, S.NOT_EXECUTED, S.WITHDRAWN, S.REJECTED})
ON_THE_WAY = (S.PLANNED, S.DISPATCHED, S.ASSIGNED, S.ON_SITE)

Lines = tuple[tuple[tuple[OrderState, ...], tuple[Event, ...], tuple[OrderState | None, ...]], ...]

EITHER: Lines = (
    ((S.ENTERED,), (E.ALLOWED,), (S.PLANNED,)),
    ((S.PLANNED,), (E.DISPATCH,), (S.DISPATCHED,)),
    ((S.PLANNED,), (E.ASSIGN,), (S.ASSIGNED,)),
    ((S.ASSIGNED,), (E.ARRIVE,), (S.ON_SITE,)),
    ((S.PLANNED, S.ASSIGNED), (E.DEADLINE,), (STAYS,)),
    ((S.DISPATCHED, S.ON_SITE), (E.FOUND_AS_WANTED,), (S.EXECUTED,)),
    ((S.DISPATCHED,), (E.TECHNICAL, E.DEADLINE), (S.LOOKING,)),
    ((S.LOOKING,), (E.RELOOK,), (STAYS,)),
    ((S.LOOKING,), (E.LOOK_WANTED,), (S.EXECUTED,)),
    (ON_THE_WAY, (E.LATE_PROOF,), (S.EXECUTED,)),
    ((S.EXECUTED,), (E.CORROBORATED, E.WINDOW_ENDED), (S.COMPLETED,)),
    ((S.ENTERED,), (E.DENIED_BY_RULE,), (S.REJECTED,)),
)
TAKING: Lines = (
    *EITHER,
    ((S.ENTERED,), (E.DEFERRED,), (S.HELD,)),
    ((S.ENTERED,), (E.NEEDS_APPROVAL,), (S.AWAITING_APPROVAL,)),
    ((S.ENTERED, S.HELD, S.AWAITING_APPROVAL), (E.REFUSED,), (S.REJECTED,)),
    ((S.HELD,), (E.REASON_PASSED,), (S.PLANNED, STAYS)),
    ((S.HELD, S.AWAITING_APPROVAL), (E.APPROVED,), (S.PLANNED, S.HELD)),
    ((S.PLANNED, S.ASSIGNED), (E.LEGAL_TERM_ENDED,), (S.NOT_EXECUTED,)),
    (ON_THE_WAY, (E.HOLD, E.DEFERRED, E.FREEZE), (S.HELD,)),
    ((S.DISPATCHED, S.ON_SITE, S.PERMITTED), (E.PERMIT_GRANTED,), (S.PERMITTED,)),
    ((S.DISPATCHED, S.ON_SITE, S.PERMITTED), (E.PERMIT_DENIED,), (S.HELD,)),
    ((S.DISPATCHED, S.ON_SITE, S.PERMITTED), (E.PERMIT_DENIED_STOP,), (S.WITHDRAWN,)),
    ((S.PERMITTED,), (E.PROOF,), (S.EXECUTED,)),
    ((S.PERMITTED,), (E.TECHNICAL,), (S.LOOKING,)),
    ((S.PERMITTED,), (E.DEADLINE,), (S.LOOKING, STAYS)),
    ((S.DISPATCHED, S.PERMITTED), (E.REFUSED_BY_LAW,), (S.HELD,)),
    ((S.LOOKING,), (E.LOOK_NOT_WANTED,), (S.PLANNED,)),
    ((S.LOOKING,), (E.LOOK_NOT_WANTED_HOLD,), (S.HELD,)),
    ((S.LOOKING,), (E.LOOK_NOT_WANTED_STOP,), (S.WITHDRAWN,)),
    ((S.ON_SITE, S.PERMITTED), (E.ABORTED,), (S.PLANNED, S.NOT_EXECUTED)),
    ((S.ON_SITE, S.PERMITTED), (E.ABORTED_STOP,), (S.WITHDRAWN,)),
    ((S.ON_SITE, S.PERMITTED), (E.ABORTED_HOLD,), (S.HELD,)),
    ((S.PERMITTED,), (E.RELEASED_BY_TWO,), (S.LOOKING,)),
    ((S.HELD,), (E.LATE_PROOF,), (S.EXECUTED,)),
    ((S.EXECUTED,), (E.CONTRADICTED,), (STAYS,)),
    ((S.ENTERED, S.AWAITING_APPROVAL, S.HELD, *ON_THE_WAY), (E.STOP,), (S.WITHDRAWN,)),
    ((S.ENTERED, S.AWAITING_APPROVAL), (E.HOLD,), (S.HELD,)),
    ((S.LOOKING,), (E.STOP,), (S.WITHDRAWN, STAYS)),
    ((S.LOOKING,), (E.HOLD,), (S.HELD, STAYS)),
    ((S.HELD,), (E.HOLD,), (STAYS,)),
    ((S.PERMITTED, S.EXECUTED, *sorted(TERMINAL)), (E.STOP, E.HOLD), (STAYS,)),
)
GIVING: Lines = (
    *EITHER,
    ((S.DISPATCHED, S.ON_SITE), (E.PROOF,), (S.EXECUTED,)),
    ((S.DISPATCHED,), (E.ARMED,), (STAYS,)),
    ((S.DISPATCHED, S.LOOKING), (E.RESEND,), (S.DISPATCHED,)),
    ((S.LOOKING,), (E.TO_FIELD,), (S.PLANNED,)),
    ((S.ON_SITE,), (E.ABORTED,), (S.PLANNED,)),
    ((S.EXECUTED,), (E.CONTRADICTED,), (S.LOOKING,)),
    ((S.ENTERED, *ON_THE_WAY, S.LOOKING), (E.WITHDRAWN_BY_CLIENT,), (S.WITHDRAWN,)),
)


def _rows(kind: Kind, lines: Lines) -> frozenset[Row]:
    return frozenset(
        Row(state, on, to if to is not None else state, kind)
        for states, events, targets in lines
        for state in states
        for on in events
        for to in targets
    )


TABLE: frozenset[Row] = _rows(Kind.TAKING, TAKING) | _rows(Kind.GIVING, GIVING)


def target(kind: Kind, state: OrderState, on: Event, wanted: OrderState | None = None) -> OrderState:
    """Where an order goes; `wanted` chooses where the table leaves a choice. ConflictError where it has no such row."""
    targets = {row.to for row in TABLE if (row.kind, row.from_, row.on) == (kind, state, on)}
    if wanted is not None and wanted in targets:
        return wanted
    if wanted is None and len(targets) == 1:
        return targets.pop()
    raise ConflictError(f"an order that is {state} has no step {on}", code="illegal_transition")
