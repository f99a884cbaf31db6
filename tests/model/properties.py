"""What must hold: the invariants that one supply point can show, and what must stay possible."""

from collections.abc import Callable
from typing import NamedTuple

from tests.model.bounds import Bounds, lasting, settled
from tests.model.explore import Goal, Step
from tests.model.permits import is_stopped
from tests.model.state import GIVEN, OVER, World


class Deed(NamedTuple):
    """Something that must not be done: judged at the moment of the act, by the truth that neither side can read."""

    deeds: str
    text: str
    forbidden: Callable[[World, Step[World]], bool]


def superseded(w: World, gateway: int, seq: int) -> bool:
    """The gateway has journaled, or even done, what has a higher sequence."""
    done = (x.seq for x in w.net if x.kind == "opened" and w.cp.bound == gateway)
    return max(w.gateways[gateway].mark, *done, 0) > seq


DEEDS = (
    Deed("grant crew_grant", "I1 a permit was granted after a stop was recorded", lambda w, _: is_stopped(w)),
    Deed("grant crew_grant", "I1 a permit was granted during a freeze", lambda w, _: w.cp.frozen),
    Deed("crew_grant", "I5 a crew walked around a cap or a clock", lambda w, _: w.cp.refused),
    Deed("start_without_permit", "I1 a valve started to take supply away without a permit", lambda *_: True),
    Deed("start", "I3 a superseded close was started", lambda w, step: superseded(w, step.gateway, step.seq)),
    Deed("start", "I2 one command was begun twice", lambda w, step: step.seq in w.begun),
    Deed("start", "I11 a gateway started a close while a crew held a permit", lambda w, _: w.crew_may_act),
    Deed("start", "I11 a gateway started a close while a crew was giving back", lambda w, _: w.cp.giving == "on_site"),
    Deed("effect", "I2 one command moved the valve twice", lambda w, step: step.seq in w.moved),
    Deed("effect", "I11 a close took effect while a crew held a permit", lambda w, _: w.crew_may_act),
    Deed(
        "effect",
        "I11 a close took effect after the crew had closed",
        lambda w, _: w.valve == "closed" and w.by_hand == w.cp.number,
    ),
    Deed(
        "hand",
        "I11 a crew closed what the gateway had closed",
        lambda w, _: w.valve == "closed" and w.cp.live in w.moved,
    ),
    Deed("open", "I11 a gateway opened while a crew held a permit", lambda w, _: w.crew_may_act),
    Deed(
        "open",
        "I3 a superseded open moved the valve",
        lambda w, step: w.valve == "closed" and w.highest[step.gateway] >= step.seq,
    ),
    Deed(
        "open",
        "I3 an open of an ended order moved a valve that was closed since",
        lambda w, _: w.valve == "closed" and w.closed_since and w.cp.giving in GIVEN and not w.stopped,
    ),
)
BY_DEED = {deed: [d for d in DEEDS if deed in d.deeds.split()] for d in DEEDS for deed in d.deeds.split()}


def judge(bounds: Bounds, before: World, step: Step[World]) -> str | None:
    """The first promise that this step breaks."""
    for deed in BY_DEED.get(step.deed, ()):
        if deed.forbidden(before, step):
            return deed.text
    return of_the_world(bounds, before, step.after)


def of_the_world(bounds: Bounds, before: World, w: World) -> str | None:
    """Judged of every state."""
    cp, was = w.cp, before.cp
    sent = cp.field and cp.taking == "planned" and was.taking != "planned"
    if sent and lasting(cp):
        return "I1 a stopped order was planned for a crew"
    if sent and was.taking == "looking" and not settled(cp):
        return "I11 a crew was planned before the act was settled"
    if sent and w.valve == "closed" and cp.live in w.moved and w.gateways[cp.bound].alive:
        return "I11 a crew was planned before the act's result was read"
    if cp.taking == "withdrawn" != was.taking and set(cp.stops) == {"h"}:
        return "I8 a hold ended an order for good"
    if not (is_stopped(w) and w.valve == "closed" and cp.giving in GIVEN):
        return None
    restored = w.left.control_restores < bounds.left.control_restores
    if restored:
        return None if cp.halted else "I15 restored, stopped, closed, nothing alive to give back, permits on"
    ended = "ended" if cp.taking in OVER else "alive"
    return f"I15 stopped, closed, nothing alive to give back (suspend {ended}, reactivate {cp.giving})"


def goals(bounds: Bounds) -> list[Goal[World]]:
    """In scope while sequences are left: their bound is the model's, not the protocol's."""

    def room(w: World) -> bool:
        return w.cp.next_seq < bounds.last_seq - 1

    def given_back(w: World) -> bool:
        return w.valve == "open" and w.cp.taking in OVER and w.cp.giving in GIVEN

    def unhindered_second(w: World) -> bool:
        cp = w.cp
        calm = not w.stopped and not cp.frozen and w.left.gateway_restores == bounds.left.gateway_restores
        return calm and cp.number == 2 and cp.taking == "dispatched" and cp.bound == 0 and heard(w)

    def heard(w: World) -> bool:
        return w.gateways[0].alive and w.gateways[0].mark < w.cp.live

    return [
        Goal(
            "I8 a suspend can never end", lambda w: w.cp.taking != "absent" and room(w), lambda w: w.cp.taking in OVER
        ),
        Goal(
            "I8 a reactivate can never end",
            lambda w: w.cp.giving not in GIVEN and room(w),
            lambda w: w.cp.giving in GIVEN,
        ),
        Goal(
            "I15 supply can never come back",
            lambda w: w.stopped and lasting(w.cp) and room(w),
            lambda w: not w.stopped or given_back(w),
        ),
        Goal(
            "P2 a second suspend can never be permitted, though nothing stops it",
            lambda w: unhindered_second(w) and room(w),
            lambda w: w.cp.taking in {"permitted", "executed", "completed"},
        ),
    ]
