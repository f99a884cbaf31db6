"""What needs a person now, each with its priority and the time left to respond: data, and pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

P1, P2, P3 = 1, 2, 3
RESPOND = {P1: timedelta(minutes=15), P2: timedelta(hours=1), P3: timedelta(hours=8)}
LOOKED_BACK = timedelta(hours=24)
"""Nobody can acknowledge an alarm yet: it is shown for a day."""
NAMED = 4
"""So many of those that wait alike are named."""
PRIORITIES = {
    "gas_leak_check": P1,
    "leak_suspected": P1,
    "acted_without_permit": P1,
    "acted_after_permit": P1,
    "receipt_chain_broken": P1,
    "gateway_safe_mode": P1,
    "gateway_storage": P1,
    "readings_lost": P2,
    "position_contradicted": P2,
    "passing_valve": P2,
    "crew_unreported": P2,
    "revoked_with_permit": P2,
    "receipt_missing": P2,
    "unknown_command": P2,
    "unknown_gateway": P2,
    "unknown_look": P3,
    "escalation": P3,
}
"""By the code of an alarm; one that nobody knows is of the second."""


@dataclass(frozen=True, slots=True)
class Need:
    """One row: `code` names its words, `subject` what it is about; `count` how often or how many since `at`."""

    id: str
    code: str
    priority: int
    subject: str
    at: datetime
    count: int = 1
    line: Any = None

    @property
    def by(self) -> datetime:
        """Until when somebody has to respond."""
        return self.at + RESPOND[self.priority]

    def left_s(self, now: datetime) -> float:
        """Seconds left; below nothing when it is too late."""
        return (self.by - now).total_seconds()


def of_alarms(told: Iterable[Any]) -> list[Need]:
    """Alarms, newest first, as one row for each cause and subject; the first time is kept."""
    found: dict[tuple[str, str], Need] = {}
    for row in told:
        code = str(row.data.get("code", row.type))
        known = found.get((code, row.subject))
        count = known.count + 1 if known is not None else 1
        priority = PRIORITIES.get(code, P2)
        found[code, row.subject] = Need(f"need-{code}-{row.subject}", code, priority, row.subject, row.at, count)
    return list(found.values())


def of_lines(code: str, priority: int, lines: Iterable[Any]) -> list[Need]:
    """Orders that wait for somebody, each since something last happened to it."""
    return [Need(f"need-{code}-{line.id}", code, priority, line.id, line.since, 1, line) for line in lines]


def of_many(code: str, priority: int, lines: Sequence[Any]) -> list[Need]:
    """Orders that wait for the same, as one row since the first of them waits: many alike are one thing to do."""
    if not lines:
        return []
    named = ", ".join(line.code for line in lines[:NAMED]) + ("…" if len(lines) > NAMED else "")
    return [Need(f"need-{code}", code, priority, named, min(line.since for line in lines), len(lines))]


def sorted_needs(needs: Iterable[Need]) -> list[Need]:
    """By the time that is left; of two that are equally late, the graver one first."""
    return sorted(needs, key=lambda need: (need.by, need.priority, need.id))
