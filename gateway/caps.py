"""The edge's own bound on how many closures it will do, whatever the control plane says (CONTROL I5). Pure.

Counted against: takings within an hour and a day, and the share of valve meters that are closed at once, where a
position not known counts as closed. Giving supply back is never capped.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.journal.records import Taking
from protocols.types import ValvePosition

HOUR_S, DAY_S = 3600.0, 86_400.0
GIVING = frozenset({ValvePosition.OPEN})


@dataclass(frozen=True, slots=True)
class Limits:
    """The gateway's own file says them; nothing remote raises them."""

    per_hour: int
    per_day: int
    share: float
    floor: int

    def closed_at_once(self, valves: int) -> int:
        """How many of `valves` meters may be closed at the same time."""
        return max(self.floor, int(valves * self.share))


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, on both clocks, and in which run of the gateway."""

    now: datetime
    boot: int
    boot_s: float


def age_s(taking: Taking, moment: Moment) -> float:
    """How old a taking is at least: by the clock that never jumps in the same run, else by the wall, never below 0."""
    if taking.boot == moment.boot:
        return moment.boot_s - taking.boot_s
    return max((moment.now - taking.at) / timedelta(seconds=1), 0.0)


def free(limits: Limits, takings: Iterable[Taking], others: Iterable[ValvePosition], moment: Moment) -> bool:
    """Whether one more closure is within the limits. `others` are the positions of the gateway's other valve meters."""
    ages = [age_s(taking, moment) for taking in takings]
    positions = list(others)
    closed = sum(position not in GIVING for position in positions)
    return (
        sum(age < HOUR_S for age in ages) < limits.per_hour
        and sum(age < DAY_S for age in ages) < limits.per_day
        and closed + 1 <= limits.closed_at_once(len(positions) + 1)
    )
