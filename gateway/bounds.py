"""What a control plane could never need, whoever holds its key: bounds on what it makes a gateway remember for ever.

Epochs, marks and the freeze's number only rise, and what is journaled never goes. One message could otherwise use them
up, and a flood the disk: after that the real house, with the same key, would reach no valve any more.
"""

from collections import deque
from dataclasses import dataclass, field

from protocols.uplink.messages import Number

FURTHEST = 1_000_000
"""By so much an epoch or a freeze's number may be above the highest known: a real one rises by one at a time."""
AN_HOUR, A_DAY = 1_000, 3_000
AN_HOUR_A_METER, A_DAY_A_METER = 10, 30
"""So many new commands and looks are journaled: for the house, and for each meter beside; those that give apart."""
HOUR_S, DAY_S = 3600.0, 86400.0


def too_far(number: int, known: int) -> bool:
    """Whether a number that only rises would rise by more than any house makes it rise."""
    return number > known + FURTHEST


def out_of_reach(number: Number, epoch: int, mark: Number | None) -> bool:
    """Whether a command's epoch is further above the known ones than any house gets."""
    return too_far(number.epoch, max(epoch, mark.epoch if mark else 0))


@dataclass(slots=True)
class Quota:
    """How many new things were journaled lately, by the boot clock; one for what gives, one for all else."""

    meters: int
    _taken: deque[float] = field(default_factory=deque)

    def take(self, now_s: float) -> bool:
        """Count one more; False where there were too many, and then it does not count."""
        while self._taken and self._taken[0] <= now_s - DAY_S:
            self._taken.popleft()
        within_an_hour = sum(1 for at_s in self._taken if at_s > now_s - HOUR_S)
        if len(self._taken) >= A_DAY + A_DAY_A_METER * self.meters:
            return False
        if within_an_hour >= AN_HOUR + AN_HOUR_A_METER * self.meters:
            return False
        self._taken.append(now_s)
        return True
