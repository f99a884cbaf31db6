"""What a line tells of itself: whether it stands, since when, what was wrong last, how much it was used.

Its owner writes it, and everybody may read it.
A line that is connected is not yet one that works: a converter that takes a connection and drops it again has not
recovered. It has when a meter has answered.
"""

from dataclasses import dataclass, field

import structlog

from protocols.ports import Clock
from seams.logs import Level
from seams.transient import transient

WINDOW_S = 300.0
log: structlog.stdlib.BoundLogger = structlog.get_logger("line")


@dataclass(slots=True)
class LineState:
    """Times are on the boot clock, which runs through suspend."""

    name: str
    clock: Clock
    up: bool = False
    since_s: float = 0.0
    error: str = ""
    exchanges: int = 0
    answers: int = 0
    busy_s: float = 0.0
    lost: int = 0
    _marks: tuple[tuple[float, float], ...] = ()
    _level: Level = field(default_factory=Level)

    def __post_init__(self) -> None:
        self.since_s = self.clock.boot()
        self._marks = ((self.since_s, 0.0),) * 2

    def connected(self) -> None:
        """A connection stands."""
        self.up, self.since_s = True, self.clock.boot()

    def away(self, what: str, error: OSError) -> None:
        """It can't be reached, or was lost; raises the error where it is none that passes by itself."""
        if self.up:
            self.lost += 1
        if self.up or not self.error:
            self.up, self.since_s = False, self.clock.boot()
        self.error = str(error) or type(error).__name__
        if not transient(error):
            raise error
        log.log(self._level.failed(), what, line=self.name, error=self.error)

    def used(self, begun_s: float) -> None:
        """An exchange that began then has ended."""
        now_s = self.clock.boot()
        self.busy_s += now_s - begun_s
        if now_s - self._marks[1][0] > WINDOW_S:
            self._marks = (self._marks[1], (now_s, self.busy_s))

    def use(self) -> float:
        """The share of the last minutes in which the line was busy."""
        since_s, busy_s = self._marks[0]
        return (self.busy_s - busy_s) / max(self.clock.boot() - since_s, 1.0)

    def answered(self) -> None:
        """A meter has answered: the line works."""
        self.answers += 1
        if (level := self._level.recovered()) is not None:
            log.log(level, "line reached again", line=self.name)
