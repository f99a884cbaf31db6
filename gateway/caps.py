"""The edge's own bound on how many closures it will do, whatever the control plane says (CONTROL I5). Pure.

Counted against: takings within an hour and a day, and the share of valve meters that are closed at once, where a
position not known counts as closed. Giving supply back is never capped.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.journal.records import Taking
from protocols.types import ValvePosition

DRIFT = 1.01
"""A clock may run so much too fast (P6): a true hour is over only when it shows so much more."""
HOUR_S, DAY_S = 3600.0 * DRIFT, 86_400.0 * DRIFT
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
    """Now, in seconds that the journal has lived, and how late a write may still move its valve."""

    lived_s: float
    act_max_s: float = 0.0


def age_s(taking: Taking, moment: Moment) -> float:
    """How long ago its valve has moved at least. No wall clock is asked: it may have been set."""
    return moment.lived_s - taking.lived_s - moment.act_max_s


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
