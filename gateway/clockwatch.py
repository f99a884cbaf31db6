"""Is the wall clock to be believed? Only by the control plane's signed time, and only until it jumps (CONTROL I14).

Confirmed by the answer to a nonce: the time signed must lie between asking and hearing, give or take the allowed skew.
From then on the wall clock must run beside the boot clock; where it leaves it, it is not believed until confirmed anew.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from protocols.ports import Clock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_ROUND_TRIP_S = 10.0


def _seconds(at: datetime) -> float:
    return (at - EPOCH) / timedelta(seconds=1)


@dataclass(slots=True)
class ClockWatch:
    """One gateway's judgement of its wall clock."""

    clock: Clock
    max_skew_s: float
    _offset_s: float | None = None

    def confirm(self, signed: datetime, asked_boot_s: float) -> None:
        """Take a time that the control plane signed in answer to a nonce asked at `asked_boot_s`."""
        boot_s, wall_s = self.clock.boot(), _seconds(self.clock.now())
        round_trip_s = boot_s - asked_boot_s
        behind_s = wall_s - _seconds(signed)
        usable = 0 <= round_trip_s <= LONGEST_ROUND_TRIP_S
        if not usable:
            return
        within = -self.max_skew_s <= behind_s <= round_trip_s + self.max_skew_s
        self._offset_s = wall_s - boot_s if within else None

    @property
    def trusted(self) -> bool:
        """Whether the wall clock was confirmed in this run and has kept beside the boot clock since."""
        if self._offset_s is None:
            return False
        return abs(_seconds(self.clock.now()) - self.clock.boot() - self._offset_s) <= self.max_skew_s
