"""The demo's one point under rules with forbidden days: F has no meter, so that no verdict of today can close anything.

Whatever the day, its order must stand exactly as the pack itself says: that is asked here, beside the control plane.
"""

from datetime import datetime, timedelta

from controlplane.policy import packs
from controlplane.policy.facts import Act, Answer, Effect, Facts
from controlplane.policy.rules import ask, decisive
from curbstop.demo.rest import Document

LAWFUL_EVERY_DAY, LAW = "demo", "italy-water"
NOTICE_DAYS_AGO = 60
POINT, WORDS = "F", f"no meter; its point's rules are {LAW}: never on a Friday, Saturday, holiday or eve"
FOR_A_CREW = ("planned", "no_remote_valve")
STATES = {Effect.DENY: "rejected", Effect.DEFER: "held"}
Standing = tuple[str, str | None, datetime | None]
"""An order's state, its reason's code, and until when it is held."""


def verdict_at(now: datetime) -> Answer:
    """What the Italian rules for water say of a suspension at a moment; where all allow it, the rule of days speaks."""
    served = (now - timedelta(days=NOTICE_DAYS_AGO)).date()
    facts = Facts(Act.SUSPEND, now, now, "default", served, None, (), other_taking_alive=False)
    answers = ask(facts, packs.installed(LAW))
    heaviest = decisive(answers)
    if heaviest.effect is not Effect.ALLOW:
        return heaviest
    return next(answer for answer in answers if answer.rule == "forbidden_days")


def stands_by(now: datetime) -> Standing:
    """How an order that is entered at that moment must stand, where no meter is."""
    answer = verdict_at(now)
    if answer.effect is Effect.ALLOW:
        return (*FOR_A_CREW, None)
    return STATES[answer.effect], answer.reason.code if answer.reason else None, answer.until


def stands(order: Document) -> Standing:
    """How an order stands, as the API tells it: until when matters only while it is held."""
    code = order["reason"]["code"] if order["reason"] is not None else None
    held = order["state"] == STATES[Effect.DEFER]
    return order["state"], code, datetime.fromisoformat(order["until"]) if held else None


def in_words(order: Document) -> str:
    """What the law made of an order, in one sentence."""
    state, code, until = stands(order)
    if (state, code) == FOR_A_CREW:
        return f"{LAW} allows it today: it waits for a crew, as no meter is here"
    until_when = f" until {until:%Y-%m-%d %H:%M} UTC" if until else ""
    return f"{LAW}: {state}{until_when}. {order['reason']['en']} ({order['reason']['rule']['citation']})"
