"""The life of an order as CONTROL's table states it, transcribed by hand and on its own.

It is never imported by the code it is compared with, nor made from it. One row: the states it leaves, the event, the
guards that must hold, the states it may reach. Several states, guards or targets stand in one string, parted by blanks.

How the page is read:
- rows with stop, hold, deferral, freeze, cap or clock are for orders that take supply away; so are quarantine, the
  second person and the legal term, because an order that gives supply back is never held, and only its own client
  withdraws it;
- an order that stays where it is on an event has a row to itself;
- `hold` is the stop that ends (a hold, or a protection with an end); `stop` is every other one;
- `looking`, not as wanted, has one event for each outcome; a giving order's are `resend` and `to_field`;
- field work is planned on the field channel, so `planned` is where a look that failed leads to;
- an executed or completed order stays on a stop whether or not it ever had a permit: who found the valve closed has a
  closed valve to give back;
- notices take the giving rows of the field channel and are no order kind of their own here.
"""

from typing import Literal, NamedTuple

Kind = Literal["taking", "giving"]
OrderState = Literal[
    "entered",
    "held",
    "awaiting_approval",
    "planned",
    "dispatched",
    "assigned",
    "on_site",
    "permitted",
    "looking",
    "executed",
    "completed",
    "not_executed",
    "withdrawn",
    "rejected",
]
Event = Literal[
    "allowed",
    "denied_by_rule",
    "deferred",
    "needs_approval",
    "refused",
    "approved",
    "reason_passed",
    "dispatch",
    "assign",
    "arrive",
    "permit_granted",
    "permit_denied",
    "permit_denied_stop",
    "found_as_wanted",
    "proof",
    "technical",
    "refused_by_law",
    "deadline",
    "look_wanted",
    "look_not_wanted",
    "look_not_wanted_hold",
    "look_not_wanted_stop",
    "relook",
    "resend",
    "to_field",
    "aborted",
    "aborted_stop",
    "aborted_hold",
    "armed",
    "late_proof",
    "corroborated",
    "window_ended",
    "contradicted",
    "stop",
    "hold",
    "freeze",
    "legal_term_ended",
    "withdrawn_by_client",
    "released_by_two",
]
TERMINAL: frozenset[OrderState] = frozenset({"completed", "not_executed", "withdrawn", "rejected"})


class Row(NamedTuple):
    """One row: `source` and `target` hold states, `guards` names of facts, each parted by blanks."""

    source: str
    event: str
    guards: str
    target: str


class Edge(NamedTuple):
    """One step an order may take, as the code's table spells it: kind, from, event, to."""

    kind: str
    source: str
    event: str
    target: str


BOTH = (
    # entered | the rules allow
    Row("entered", "allowed", "", "planned"),
    # planned | channel remote / field
    Row("planned", "dispatch", "remote", "dispatched"),
    Row("planned", "assign", "field", "assigned"),
    Row("assigned", "arrive", "field", "on_site"),
    # planned, assigned | deadline: stays, escalated by name
    Row("planned", "deadline", "", "planned"),
    Row("assigned", "deadline", "field", "assigned"),
    # dispatched, on_site | found already as wanted, proven, nothing moved
    Row("dispatched", "found_as_wanted", "remote", "executed"),
    Row("on_site", "found_as_wanted", "field", "executed"),
    # dispatched | failed, refused for a technical cause, deadline
    Row("dispatched", "technical deadline", "remote", "looking"),
    # looking | deadline: the look sent again with a new sequence
    Row("looking", "relook", "", "looking"),
    # planned, dispatched, assigned, on_site | a late receipt proves the position wanted
    Row("planned dispatched assigned on_site", "late_proof", "", "executed"),
    # executed | corroborated, or the observation window ends
    Row("executed", "corroborated window_ended", "", "completed"),
)

TAKING = (
    *BOTH,
    # entered | a rule denies, or defers; a second person or quarantine is asked for
    Row("entered", "denied_by_rule", "", "rejected"),
    Row("entered", "deferred", "", "held"),
    Row("entered", "needs_approval", "", "awaiting_approval"),
    # entered, held, awaiting_approval | refused by the second person, quarantine deleted
    Row("entered held awaiting_approval", "refused", "", "rejected"),
    # held | reason passed; awaiting_approval | approved: planned if the rules allow, else held with a new `until`
    Row("held", "reason_passed", "rules_allow", "planned"),
    Row("held", "reason_passed", "", "held"),
    # a quarantined order that a hold has reached is approved where it stands
    Row("held awaiting_approval", "approved", "rules_allow", "planned"),
    Row("held awaiting_approval", "approved", "", "held"),
    # planned, assigned | the legal term has ended
    Row("planned assigned", "legal_term_ended", "", "not_executed"),
    # planned, dispatched, assigned, on_site | hold, deferral, freeze: held, the command burned by a look
    Row("planned dispatched assigned on_site", "hold deferred freeze", "", "held"),
    # dispatched, on_site | permit granted; a second request for the same command is granted again (P2)
    Row("dispatched", "permit_granted", "remote", "permitted"),
    Row("on_site", "permit_granted", "field", "permitted"),
    Row("permitted", "permit_granted", "remote", "permitted"),
    # dispatched, permitted, on_site | permit denied: held with the rule's reason; withdrawn for a stop, no hold
    Row("dispatched permitted", "permit_denied", "remote", "held"),
    Row("on_site", "permit_denied", "field", "held"),
    Row("dispatched permitted", "permit_denied_stop", "remote stopped", "withdrawn"),
    Row("on_site", "permit_denied_stop", "field stopped", "withdrawn"),
    # permitted | proof, or the crew's signed report
    Row("permitted", "proof", "", "executed"),
    # permitted | failed, refused for a technical cause, deadline; a crew's permit stays, as somebody's alarm (P9)
    Row("permitted", "technical deadline", "remote", "looking"),
    Row("permitted", "deadline", "field", "permitted"),
    # dispatched, permitted | refused by law, cap, freeze or clock
    Row("dispatched permitted", "refused_by_law", "remote", "held"),
    # looking | position proven as wanted / not, no stop / not, a hold / not, another stop
    Row("looking", "look_wanted", "", "executed"),
    Row("looking", "look_not_wanted", "settled not_stopped not_on_hold", "planned"),
    Row("looking", "look_not_wanted_hold", "settled not_stopped on_hold", "held"),
    Row("looking", "look_not_wanted_stop", "settled stopped", "withdrawn"),
    # on_site, permitted (field) | abort, no stop / abort, a stop (a hold: held)
    Row("on_site permitted", "aborted", "field not_stopped not_on_hold", "planned not_executed"),
    Row("on_site permitted", "aborted_stop", "field stopped", "withdrawn"),
    Row("on_site permitted", "aborted_hold", "field not_stopped on_hold", "held"),
    # permitted (field) | two persons end the permit of a crew that does not report (P9)
    Row("permitted", "released_by_two", "field", "looking"),
    # held | a late receipt proves the position wanted
    Row("held", "late_proof", "", "executed"),
    # executed | contradicted before completed: stays, with an alarm and field work
    Row("executed", "contradicted", "", "executed"),
    # alive, no permit ever granted for it | stop: withdrawn (a hold: held)
    Row("entered awaiting_approval looking", "stop", "never_permitted", "withdrawn"),
    Row("entered awaiting_approval looking", "hold", "never_permitted", "held"),
    # held, planned, dispatched, assigned, on_site, whether or not a permit was granted | stop: withdrawn (a hold: held)
    Row("held planned dispatched assigned on_site", "stop", "", "withdrawn"),
    Row("held", "hold", "", "held"),
    # permitted, looking after a permit, executed, or ended after a permit | stop: stays
    Row("permitted executed completed", "stop hold", "", ""),
    Row("looking not_executed withdrawn rejected", "stop hold", "once_permitted", ""),
)

GIVING = (
    *BOTH,
    # entered | a rule denies: never once a stop counts on it (I15)
    Row("entered", "denied_by_rule", "never_stopped", "rejected"),
    # dispatched, on_site (giving acts, notices) | proof
    Row("dispatched", "proof", "remote", "executed"),
    Row("on_site", "proof", "field", "executed"),
    # dispatched (gas) | armed, which is no supply: it stays dispatched, with the arm's expiry as its deadline
    Row("dispatched", "armed", "remote", "dispatched"),
    # each settlement sends it again (P8)
    Row("dispatched", "resend", "remote", "dispatched"),
    # looking | position proven as wanted after settlement (P8) / not: sent again, or the field channel
    Row("looking", "look_wanted", "settled", "executed"),
    Row("looking", "resend", "", "dispatched"),
    Row("looking", "to_field", "settled", "planned"),
    # on_site | abort: planned again
    Row("on_site", "aborted", "field", "planned"),
    # executed | contradicted before completed: looking (field work if a leak alarm stands)
    Row("executed", "contradicted", "", "looking"),
    # only its own client's withdrawal before any stop ends it
    Row("entered planned dispatched assigned on_site looking", "withdrawn_by_client", "never_stopped", "withdrawn"),
)

ROWS: dict[Kind, tuple[Row, ...]] = {"taking": TAKING, "giving": GIVING}


def guarded_edges(kind: Kind) -> dict[Edge, list[frozenset[str]]]:
    """Each step with the sets of guards under which it is lawful; an empty target means that the order stays."""
    found: dict[Edge, list[frozenset[str]]] = {}
    for row in ROWS[kind]:
        for source in row.source.split():
            for event in row.event.split():
                for target in row.target.split() or [source]:
                    edge = Edge(kind, source, event, target)
                    found.setdefault(edge, []).append(frozenset(row.guards.split()))
    return found


def edges() -> frozenset[Edge]:
    """All quadruples of both kinds: what the code's table must equal."""
    return frozenset(guarded_edges("taking")) | frozenset(guarded_edges("giving"))
