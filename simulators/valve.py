"""A motor valve as a body: it travels, sticks, passes; and it keeps its own history, which is the truth.

Not a meter: no bytes here. Whoever checks a story asks the valve what was done to it, never those who did it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from protocols.ports import Clock
from protocols.types import ValvePosition

ML_PER_L = 1_000
US_PER_S = 1_000_000
UNHINDERED_ML_H = 10_000 * ML_PER_L
"""What an open valve lets through: more than any tap asks for."""


class By(StrEnum):
    """Whose hand it was."""

    WIRE = "wire"
    HAND = "hand"
    BUTTON = "button"
    EXPIRY = "expiry"
    LEAK_CHECK = "leak check"


@dataclass(frozen=True, slots=True)
class Actuation:
    """One accepted actuation: what was asked, where the valve stood, where it goes, and whether that turned it.

    `after` of a sticking valve is where it stood, unless a hand turned it.
    """

    at_s: float
    wanted: ValvePosition
    before: ValvePosition
    after: ValvePosition
    moved: bool
    by: By = By.WIRE


DRY = frozenset({ValvePosition.CLOSED, ValvePosition.ARMED})
"""Positions in which nothing flows; between them nothing turns either."""


class Valve:
    """A valve. While it travels, the bore of the position it left holds until it arrives.

    `sticks`: its motor accepts and never moves it; a hand with a key does. `passes_l_h`: what trickles through although
    closed. `fault` is reported in place of any position.
    """

    before_turning: Callable[[int], None] = staticmethod(lambda _: None)
    """Told the moment, in microseconds of boot time, before anything is done to it: whoever counts what flows."""

    def __init__(
        self,
        clock: Clock,
        position: ValvePosition = ValvePosition.OPEN,
        *,
        travel_s: float = 4.0,
        limit_l_h: int = 50,
        passes_l_h: int = 0,
        sticks: bool = False,
    ) -> None:
        self.history: list[Actuation] = []
        self.travel_s = travel_s
        self.sticks = sticks
        self.fault = False
        self._clock = clock
        self._limit_ml_h = limit_l_h * ML_PER_L
        self._passes_ml_h = passes_l_h * ML_PER_L
        self._left = self._target = position
        self._arrives_us = self._now_us()
        self._ahead: tuple[int, By] | None = None

    @property
    def position(self) -> ValvePosition:
        """What the valve's own switches say now."""
        self._catch_up()
        return self._told(self._now_us())

    @property
    def arrives_us(self) -> int:
        """When it arrived, or will, in microseconds of boot time."""
        return self._arrives_us

    def actuate(self, wanted: ValvePosition, by: By = By.WIRE) -> None:
        """Accept an order to go to `wanted`: open, closed, armed or limited. Only a closed valve can be armed."""
        self._catch_up()
        self._act(self._now_us(), wanted, by)

    def close_at(self, at_us: int, by: By) -> None:
        """The meter itself will close it then (microseconds of boot time), unless something else is done before."""
        self._ahead = (at_us, by)

    def _catch_up(self) -> None:
        if self._ahead is not None and self._now_us() >= self._ahead[0]:
            at_us, by = self._ahead
            self._act(at_us, ValvePosition.CLOSED, by)

    def _act(self, now_us: int, wanted: ValvePosition, by: By) -> None:
        self._ahead = None
        self.before_turning(now_us)
        before = self._told(now_us)
        target = wanted if self._obeys(wanted, by) else self._target
        moved = target is not self._target
        if moved:
            self._go(now_us, target)
        after = before if self._stuck(by) else target
        self.history.append(Actuation(now_us / US_PER_S, wanted, before, after, moved, by))

    def bore_ml_h(self, at_us: int) -> int:
        """The largest flow it lets through at `at_us`, which is not before the last actuation."""
        match self._bore_of(at_us):
            case ValvePosition.OPEN:
                return UNHINDERED_ML_H
            case ValvePosition.LIMITED:
                return self._limit_ml_h
            case _:
                return self._passes_ml_h

    def _go(self, now_us: int, target: ValvePosition) -> None:
        resting = self._bore_of(now_us)
        turns = now_us < self._arrives_us or not {resting, target} <= DRY
        travel_us = round(self.travel_s * US_PER_S) if turns else 0
        self._left, self._target, self._arrives_us = resting, target, now_us + travel_us

    def _told(self, at_us: int) -> ValvePosition:
        if self.fault:
            return ValvePosition.FAULT
        return self._target if at_us >= self._arrives_us else ValvePosition.MOVING

    def _bore_of(self, at_us: int) -> ValvePosition:
        return self._target if at_us >= self._arrives_us else self._left

    def _stuck(self, by: By) -> bool:
        return self.sticks and by is not By.HAND

    def _obeys(self, wanted: ValvePosition, by: By) -> bool:
        return not self._stuck(by) and (wanted is not ValvePosition.ARMED or self._target in DRY)

    def _now_us(self) -> int:
        return round(self._clock.boot() * US_PER_S)
