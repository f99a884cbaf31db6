"""Is the wall clock to be believed? Only by the control plane's signed time, and only until it jumps (CONTROL I14).

Confirmed by the answer to a nonce: the time signed must lie between asking and hearing, give or take the allowed skew.
From then on the wall clock must run beside the boot clock; where it leaves it, it is not believed until confirmed anew.
Both may drift together, unseen: so the allowance shrinks as the confirmation ages, and it is asked for anew in time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from protocols.ports import Clock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_ROUND_TRIP_S = 10.0
DRIFT = 2e-4
"""What a cheap crystal may lose or gain, in a cellar, with nobody to set it: 17 s a day."""
STALE = 0.5
"""A confirmation that may have drifted by this share of the allowed skew is asked for anew."""


def _seconds(at: datetime) -> float:
    return (at - EPOCH) / timedelta(seconds=1)


@dataclass(slots=True)
class ClockWatch:
    """One gateway's judgement of its wall clock."""

    clock: Clock
    max_skew_s: float
    _offset_s: float | None = None
    _confirmed_s: float = 0.0

    def confirm(self, signed: datetime, asked_boot_s: float) -> None:
        """Take a time that the control plane signed in answer to a nonce asked at `asked_boot_s`."""
        boot_s, wall_s = self.clock.boot(), _seconds(self.clock.now())
        round_trip_s = boot_s - asked_boot_s
        behind_s = wall_s - _seconds(signed)
        usable = 0 <= round_trip_s <= LONGEST_ROUND_TRIP_S
        if not usable:
            return
        within = -self.max_skew_s <= behind_s <= round_trip_s + self.max_skew_s
        self._offset_s, self._confirmed_s = (wall_s - boot_s if within else None), asked_boot_s

    def ahead_s(self) -> float:
        """How far the wall clock stands ahead of the boot clock: it changes where somebody sets the one."""
        return _seconds(self.clock.now()) - self.clock.boot()

    def _drift_s(self) -> float:
        """By how much both clocks may have drifted together since they were confirmed."""
        return (self.clock.boot() - self._confirmed_s) * DRIFT

    @property
    def trusted(self) -> bool:
        """Whether the wall clock was confirmed in this run, not too long ago, and has kept beside the boot clock."""
        if self._offset_s is None:
            return False
        return abs(self.ahead_s() - self._offset_s) + self._drift_s() <= self.max_skew_s

    @property
    def stale(self) -> bool:
        """Whether it is time to have it confirmed again, long before the trust ends."""
        return self._drift_s() > STALE * self.max_skew_s

    @property
    def confirmed_ago_s(self) -> float | None:
        """How long ago it was confirmed; None where it is not."""
        return None if self._offset_s is None else self.clock.boot() - self._confirmed_s
