"""Why an order does not stand where one would expect it: five answers, in a fixed order (U5). Data, and pure functions.

The sentence is the reason's own wherever there is one (U10); what ends it and who can change it follow from its code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controlplane.orders.sheet import Sheet, since
from controlplane.orders.states import TERMINAL, OrderState

S = OrderState
SILENT_AFTER = timedelta(seconds=90)
"""A gateway that has said nothing for so long since it was told is silent."""
WAYS = {
    "notice_term": "law",
    "forbidden_day": "law",
    "protected": "protection",
    "stopped_protection": "protection",
    "not_before": "client",
    "on_hold": "hold",
    "quarantine": "second",
    "frozen": "frozen",
    "halted": "halted",
    "giving_alive": "giving",
    "unsettled": "settling",
    "hand_out": "hand",
    "leak_alarm": "technician",
    "technician_reopens": "technician",
    "leak_suspected": "technician",
    "armed": "armed",
    "permit_denied": "refused",
    "cap": "refused",
    "clock_untrusted": "clock",
    "gas_never_opened": "technician",
}
"""By the code of a reason, how it ends and who can change that; in other states the state says so."""
FIRST = {S.LOOKING: "unknown", S.AWAITING_APPROVAL: "second"}
"""States that say more than any reason does."""
BY_STATE = {S.HELD: "review", S.PLANNED: "field"}
ARMED = "armed"
DATED = frozenset({"notice_term", "forbidden_day", "protected", "not_before"})
"""Reasons whose `until` is a date of their own; of all others it is only when they are asked about again."""
SEEN_BY_STATE = frozenset({"unknown", "silent"})
"""Ways whose sentence is their own, and the reason an aside: what happened before says less than what is not known."""
ENDING = frozenset({"second", "armed", "unknown"})
"""Ways whose `until` is when something else happens."""


@dataclass(frozen=True, slots=True)
class Why:
    """One block. `said` is the reason's own sentence; `way` names all the other words; `until` may be open."""

    way: str
    tag: str
    said: Mapping[str, str] | None
    since: datetime | None
    until: datetime | None
    rule: Mapping[str, str] | None

    @property
    def dated(self) -> bool:
        """Whether it can't go on before a known time."""
        return self.until is not None and self.said is not None and self.said["code"] in DATED

    @property
    def bounded(self) -> bool:
        """Whether it lasts until a known time, and not only until it is looked at again."""
        return self.dated or (self.until is not None and self.way in ENDING)


def why(sheet: Sheet, now: datetime) -> Why | None:
    """The block of an order; None where it stands as one would expect."""
    line = sheet.line
    reason: Mapping[str, Any] | None = line.reason
    way = _way(sheet, now)
    if way is None:
        return None
    until = line.until
    if line.state == S.LOOKING:
        until = sheet.look_due
    tag = "stopped_in_time" if line.state == S.WITHDRAWN and line.stopped else str(line.state)
    return Why(way, tag, reason, since(sheet.events), until, reason.get("rule") if reason else None)


def _way(sheet: Sheet, now: datetime) -> str | None:
    line, state = sheet.line, OrderState(sheet.line.state)
    code = line.reason["code"] if line.reason else ""
    if state in FIRST:
        return FIRST[state]
    if state in TERMINAL:
        return None if state is S.COMPLETED else "ended"
    if state is S.DISPATCHED and code == ARMED:
        return ARMED
    if state is S.DISPATCHED and is_silent(sheet, now):
        return "silent"
    if state in BY_STATE and (line.reason is not None or state is S.HELD):
        return WAYS.get(code, BY_STATE[state])
    return None


def is_silent(sheet: Sheet, now: datetime) -> bool:
    """Whether its gateway has said nothing at all since the order was sent to it."""
    line, sent = sheet.line, since(sheet.events)
    if line.gateway is None or sent is None or now - sent < SILENT_AFTER:
        return False
    return line.heard_at is None or line.heard_at < sent


LINES: dict[tuple[str, bool], Sequence[OrderState]] = {
    ("remote", True): (S.ENTERED, S.PLANNED, S.DISPATCHED, S.PERMITTED, S.EXECUTED, S.COMPLETED),
    ("remote", False): (S.ENTERED, S.PLANNED, S.DISPATCHED, S.EXECUTED, S.COMPLETED),
    ("field", True): (S.ENTERED, S.PLANNED, S.ASSIGNED, S.ON_SITE, S.PERMITTED, S.EXECUTED, S.COMPLETED),
    ("field", False): (S.ENTERED, S.PLANNED, S.ASSIGNED, S.ON_SITE, S.EXECUTED, S.COMPLETED),
}
"""The usual way of an order by its channel, and by whether it takes supply away."""


@dataclass(frozen=True, slots=True)
class Station:
    """One station of a life: behind it (`done`), where it stands (`now`), off its usual way (`off`), or to come."""

    state: str
    is_: str


def life(sheet: Sheet) -> list[Station]:
    """Where an order stands on its way; what is off that way stands where it happened."""
    line, state = sheet.line, OrderState(sheet.line.state)
    usual = LINES["field" if line.channel == "field" else "remote", line.way == "taking"]
    been = {event.state for event in sheet.events}
    if state in usual:
        here = usual.index(state)
        ended = state is S.COMPLETED
        return [Station(s, "done" if n < here or ended else "now" if n == here else "to_come") for n, s in _over(usual)]
    reached = max((n for n, s in _over(usual) if s in been), default=0)
    if state in (S.HELD, S.AWAITING_APPROVAL):
        reached = min(reached, 1 if S.PLANNED in been else 0)
    behind = [Station(s, "done") for s in usual[: reached + 1]]
    name = "stopped_in_time" if state is S.WITHDRAWN and line.stopped else state
    ahead = [] if state in TERMINAL else [Station(s, "to_come") for s in usual[reached + 1 :]]
    return [*behind, Station(name, "off"), *ahead]


def _over(states: Sequence[OrderState]) -> list[tuple[int, OrderState]]:
    return list(enumerate(states))
