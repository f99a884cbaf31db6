"""The rules: each a pure function of facts and the pack's parameters; each answers, none decides alone.

Every number comes from a rule pack with its citation; a lawyer confirms a pack before it is used.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from controlplane.policy.facts import Answer, Effect, Facts
from controlplane.policy.packs import Pack, Parameters
from protocols.uplink.messages import Reason

Rule = Callable[[Facts, Pack], Answer]
HOUR_S, DAY_S = 3600, 86400
WINDOWS = {HOUR_S: ("an hour", "un'ora"), DAY_S: ("a day", "un giorno")}
SCOPES = {
    "client": ("for this client", "per questo committente"),
    "zone": ("in this zone", "in questa zona"),
    "gateway": ("at this gateway", "su questo gateway"),
}


def _answer(
    rule: str, parameters: Parameters, effect: Effect, reason: Reason | None = None, until: datetime | None = None
) -> Answer:
    return Answer(rule, parameters.citation, effect, reason, until)


def notice_served(facts: Facts, pack: Pack) -> Answer:
    """R7: the term runs from the day the notice was proven received."""
    rule, parameters = "notice_served", pack.notice
    if not facts.act.takes or facts.grounds != "default":
        return _answer(rule, parameters, Effect.ALLOW)
    if facts.notice_received_on is None:
        en, it = "No notice was proven received.", "Nessun avviso risulta ricevuto."
        return _answer(rule, parameters, Effect.DENY, Reason("no_notice", en, it))
    first = facts.notice_received_on + timedelta(days=pack.notice_days + 1)
    opens = datetime.combine(first, time(0), ZoneInfo(pack.calendar.zone)).astimezone(facts.now.tzinfo)
    if facts.now >= opens:
        return _answer(rule, parameters, Effect.ALLOW)
    en = f"The notice's term of {pack.notice_days} days ends on {first - timedelta(days=1)}."
    it = f"Il termine di {pack.notice_days} giorni dall'avviso scade il {first - timedelta(days=1)}."
    return _answer(rule, parameters, Effect.DEFER, Reason("notice_term", en, it), opens)


def protection(facts: Facts, pack: Pack) -> Answer:
    """R5, per act: what a point's protection forbids never happens there."""
    rule, parameters = "protection", pack.protection
    for protected in facts.protections:
        if protected.act != facts.act or not facts.act.takes:
            continue
        if protected.until is not None and protected.until <= facts.now:
            continue
        en = f"This point is protected from {facts.act}: {protected.reason}."
        it = f"Questo punto è protetto da {facts.act}: {protected.reason}."
        reason = Reason("protected", en, it)
        if protected.until is None:
            return _answer(rule, parameters, Effect.DENY, reason)
        return _answer(rule, parameters, Effect.DEFER, reason, protected.until)
    return _answer(rule, parameters, Effect.ALLOW)


def forbidden_days(facts: Facts, pack: Pack) -> Answer:
    """R1: the whole interval that is asked for must lie on days that are open to this act."""
    rule, parameters = "forbidden_days", pack.days
    if not facts.act.takes or facts.act not in pack.days_acts:
        return _answer(rule, parameters, Effect.ALLOW)
    first, last = pack.calendar.day_of(facts.now), pack.calendar.day_of(facts.until)
    if not any(pack.calendar.forbidden(first + timedelta(days=n)) for n in range((last - first).days + 1)):
        return _answer(rule, parameters, Effect.ALLOW)
    opens = pack.calendar.next_open(facts.now)
    en = "Not on this day: Fridays, Saturdays, holidays and their eves are closed to it."
    it = "Non in questo giorno: venerdì, sabato, festivi e prefestivi sono esclusi."
    return _answer(rule, parameters, Effect.DEFER, Reason("forbidden_day", en, it), opens)


def not_before(facts: Facts, pack: Pack) -> Answer:
    """The client's own earliest time."""
    if facts.not_before is None or facts.now >= facts.not_before:
        return _answer("not_before", pack.own, Effect.ALLOW)
    en, it = "The client asked for it not to be done earlier.", "Il committente ha chiesto di non eseguirlo prima."
    return _answer("not_before", pack.own, Effect.DEFER, Reason("not_before", en, it), facts.not_before)


def one_at_a_time(facts: Facts, pack: Pack) -> Answer:
    """At most one order that takes supply away is alive per supply point."""
    if not (facts.act.takes and facts.other_taking_alive):
        return _answer("one_at_a_time", pack.own, Effect.ALLOW)
    en = "Another order that takes supply away is alive at this point."
    it = "Presso questo punto è già attivo un altro ordine che toglie la fornitura."
    return _answer("one_at_a_time", pack.own, Effect.DENY, Reason("second_taking_order", en, it))


def quarantine(facts: Facts, pack: Pack) -> Answer:
    """I5: above the house's own thresholds a second person releases an order, or deletes it."""
    found = facts.quarantine
    if found is None or not facts.act.takes:
        return _answer("quarantine", pack.own, Effect.ALLOW)
    en_window, it_window = WINDOWS[found.window_s]
    en_scope, it_scope = SCOPES[found.scope]
    en = f"More than {found.threshold} orders like this within {en_window} {en_scope}: a second person decides."
    it = f"Più di {found.threshold} ordini come questo in {it_window} {it_scope}: decide una seconda persona."
    return _answer("quarantine", pack.own, Effect.SECOND_PERSON, Reason("quarantine", en, it))


RULES: tuple[Rule, ...] = (protection, one_at_a_time, notice_served, not_before, forbidden_days, quarantine)


def ask(facts: Facts, pack: Pack) -> tuple[Answer, ...]:
    """Ask every rule and keep every answer."""
    return tuple(replace(rule(facts, pack), pack=pack.name) for rule in RULES)


WEIGHT = {Effect.ALLOW: 0, Effect.DEFER: 1, Effect.SECOND_PERSON: 2, Effect.DENY: 3}


def decisive(answers: tuple[Answer, ...]) -> Answer:
    """The answer that counts: the heaviest effect; among deferrals the longest."""
    return max(answers, key=lambda a: (WEIGHT[a.effect], a.until.timestamp() if a.until else 0.0))
