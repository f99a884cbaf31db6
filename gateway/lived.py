"""How long this journal has been at work: the clock that caps are counted on (CONTROL I5). It never runs ahead.

The wall clock may be set by days in either direction and the machine's own clock begins anew at each of its starts. So
neither tells how long ago a closure was, once the machine was off. What is sure is how long a gateway has run since:
that is added up, over restarts of the process in full, over restarts of the machine without the time that it was off.
"""

import msgspec

from gateway.caps import DAY_S
from gateway.journal.journal import Journal
from gateway.journal.place import FORGOT
from protocols.ports import Clock

KEY = "lived"
KEEP_EVERY_S = 60.0
"""So much of a run may be forgotten when the machine loses its power: caps then bind so much longer."""


class Kept(msgspec.Struct, frozen=True):
    """The journal had lived `lived_s` when the clock of this start of the machine showed `boot_s`."""

    machine: str
    boot_s: float
    lived_s: float


class Lived:
    """Counts on from what the journal kept. `machine` names one start of the machine; empty: no two are the same."""

    def __init__(self, journal: Journal, clock: Clock, machine: str) -> None:
        self._journal, self._clock, self._machine = journal, clock, machine
        text, boot_s = journal.meta(KEY, ""), clock.boot()
        kept = msgspec.json.decode(text, type=Kept) if text else Kept(machine, boot_s, 0.0)
        same = bool(machine) and kept.machine == machine
        self._ahead_s = kept.lived_s - (kept.boot_s if same else boot_s)
        self.whole_at_s = self._whole_at_s()
        self.keep()

    def _whole_at_s(self) -> float:
        """From when on the journal surely knows all closures of a day: a restored one has lived a day since then."""
        text = self._journal.meta(FORGOT, "")
        if text != FORGOT:
            return float(text or "-inf")
        until_s = self.now() + DAY_S
        with self._journal.transaction():
            self._journal.set_meta(FORGOT, str(until_s))
        return until_s

    def now(self) -> float:
        """Seconds that the journal has certainly lived."""
        return self._clock.boot() + self._ahead_s

    def keep(self) -> None:
        """Make it durable; StorageError where the disk refuses."""
        kept = Kept(self._machine, self._clock.boot(), self.now())
        with self._journal.transaction():
            self._journal.set_meta(KEY, msgspec.json.encode(kept).decode())
