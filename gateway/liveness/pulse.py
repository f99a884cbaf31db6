"""How late the loop is: everything of this process waits for it, a commit on a slow disk as much as a mistake of ours.

A commit runs on the loop, so that nothing can happen between what was made durable and what is then done. A disk that
takes seconds therefore holds up all lines for as long; it is told, and answers that came meanwhile still count.
"""

import asyncio
from collections import Counter

import structlog

from protocols.ports import Clock
from seams.logs import Level

BEAT_S = 0.25
LATE_S = 1.0
"""A loop that is so late is told of: some answer's time-out was over before it was looked at."""
ASLEEP_S = 2.0
BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
log: structlog.stdlib.BoundLogger = structlog.get_logger("pulse")


class Pulse:
    """Beats, and measures how late each beat was. `beats` counts them by the least bound that holds them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._level = Level()
        self.beats: Counter[float] = Counter()
        self.sum_s = self.worst_s = 0.0
        self.suspended = 0

    async def run(self) -> None:
        """Beat for ever."""
        loop = asyncio.get_running_loop()
        while True:
            begun_s, boot_s = loop.time(), self._clock.boot()
            await asyncio.sleep(BEAT_S)
            self.beat(loop.time() - begun_s - BEAT_S, self._clock.boot() - boot_s - (loop.time() - begun_s))

    def beat(self, late_s: float, asleep_s: float) -> None:
        """One beat that was so late, while the machine was suspended for so long."""
        self.beats[next((bound for bound in BOUNDS_S if late_s <= bound), float("inf"))] += 1
        self.sum_s += max(late_s, 0.0)
        self.worst_s = max(self.worst_s, late_s)
        if asleep_s > ASLEEP_S:
            self.suspended += 1
            log.info("the machine was suspended", seconds=round(asleep_s, 1))
        if late_s > LATE_S:
            what = "everything stood still: a slow disk or a busy machine"
            log.log(self._level.failed(), what, seconds=round(late_s, 1))
        elif (level := self._level.recovered()) is not None:
            log.log(level, "nothing stands still any more")

    def quantile_s(self, share: float) -> float:
        """The bound that holds this share of the beats; 0 before the first."""
        left = share * self.beats.total()
        for bound in (*BOUNDS_S, float("inf")):
            left -= self.beats[bound]
            if left <= 0:
                return bound if self.beats else 0.0
        return float("inf")
