"""Water: how much is asked for over a day, how much comes, and what the index says of it.

Volumes are integers, in ml/h times microseconds, so that no rounding ever moves an index. The index is settled when it
is read, and never by a timer: a point costs nothing while nobody looks.
"""

from collections.abc import Sequence
from typing import Protocol

from protocols.ports import Clock
from protocols.types import ValvePosition
from simulators.chance import stream
from simulators.valve import ML_PER_L, UNHINDERED_ML_H, US_PER_S, By, Valve

US_PER_H = 3_600 * US_PER_S
ML_PER_DL = 100
FOREVER_US = 1 << 62

QUARTER_US = US_PER_H // 4
QUARTERS_PER_DAY = 96
USE_BY_HOUR = (2, 1, 1, 1, 2, 8, 25, 35, 25, 15, 12, 14, 20, 18, 10, 8, 8, 12, 22, 30, 28, 18, 10, 4)
"""In how many of a hundred quarters of this hour somebody opens a tap."""


class Flow(Protocol):
    """What the taps ask for."""

    def piece(self, at_us: int) -> tuple[int, int]:
        """Return the flow in ml/h at `at_us` (boot time) and until when, later than `at_us`, it stays so."""


class Constant:
    """The same flow for ever."""

    def __init__(self, l_h: int) -> None:
        self._ml_h = l_h * ML_PER_L

    def piece(self, at_us: int) -> tuple[int, int]:  # noqa: ARG002 - the same at any time
        """Return the flow, for ever."""
        return self._ml_h, FOREVER_US


class Scripted:
    """Flows one after the other; `steps` are (from second, l/h) in order, nothing flows before the first."""

    def __init__(self, steps: Sequence[tuple[float, int]]) -> None:
        self._steps = [(round(at_s * US_PER_S), l_h * ML_PER_L) for at_s, l_h in steps]

    def piece(self, at_us: int) -> tuple[int, int]:
        """Return the step that `at_us` is in."""
        flow = 0
        for since_us, ml_h in self._steps:
            if since_us > at_us:
                return flow, since_us
            flow = ml_h
        return flow, FOREVER_US


class Daily:
    """A household: quarters of an hour in which somebody draws water, more of them in mornings and evenings.

    `since_midnight_s` is the time of day at boot second 0. Days differ; the same seed and name give the same days.
    """

    def __init__(self, seed: int, name: str = "household", since_midnight_s: float = 0.0) -> None:
        self._seed = seed
        self._name = name
        self._offset_us = round(since_midnight_s * US_PER_S)
        self._days: dict[int, tuple[int, ...]] = {}

    def piece(self, at_us: int) -> tuple[int, int]:
        """Return the flow of the quarter that `at_us` is in."""
        quarter = (at_us + self._offset_us) // QUARTER_US
        day, of_day = divmod(quarter, QUARTERS_PER_DAY)
        if day not in self._days:
            self._days[day] = self._draw(day)
        return self._days[day][of_day], (quarter + 1) * QUARTER_US - self._offset_us

    def _draw(self, day: int) -> tuple[int, ...]:
        chance = stream(self._seed, f"{self._name}/day {day}")
        return tuple(
            chance.randrange(20, 400) * ML_PER_L if chance.randrange(100) < USE_BY_HOUR[quarter // 4] else 0
            for quarter in range(QUARTERS_PER_DAY)
        )


class Supply:
    """One point: its taps, its valve if it has one, and its index, which resolves 0.1 l."""

    def __init__(self, clock: Clock, flow: Flow, *, valve: Valve | None = None, index_dl: int = 0) -> None:
        self.valve = valve
        self._clock = clock
        self._flow = flow
        self._volume = index_dl * ML_PER_DL * US_PER_H
        self._settled_us = self._now_us()
        if valve is not None:
            valve.before_turning = self._settle_until

    def index_dl(self) -> int:
        """Return the index in 0.1 l, cut, not rounded."""
        self._settle()
        return self._volume // (ML_PER_DL * US_PER_H)

    def flow_l_h(self) -> int:
        """Return what flows now, in whole l/h."""
        self._settle()
        wanted, _ = self._flow.piece(self._now_us())
        return min(wanted, self._bore_ml_h(self._now_us())) // ML_PER_L

    def actuate(self, wanted: ValvePosition, by: By = By.WIRE) -> None:
        """Move the valve: what has flowed until now counts under its old position. ValueError where there is none."""
        if self.valve is None:
            raise ValueError("this point has no valve")
        self.valve.actuate(wanted, by)

    def press(self) -> None:
        """Press the button on site: an armed valve opens; otherwise it does nothing."""
        if self.valve is not None and self.valve.position is ValvePosition.ARMED:
            self.actuate(ValvePosition.OPEN, By.BUTTON)

    def exceeded_us(self, volume_ml: int, within_s: float) -> int | None:
        """When more than `volume_ml` will have flowed, if within `within_s` from now and nobody turns anything."""
        at_us = since_us = self._now_us()
        end_us, left = since_us + round(within_s * US_PER_S), volume_ml * US_PER_H
        while at_us < end_us:
            ml_h, until_us = self._piece(at_us)
            until_us = min(until_us, end_us)
            if ml_h * (until_us - at_us) > left:
                return at_us + left // ml_h + 1
            left -= ml_h * (until_us - at_us)
            at_us = until_us
        return None

    def _piece(self, at_us: int) -> tuple[int, int]:
        """The flow at a moment, and until when it stays so by taps and by a valve under way."""
        wanted, changes_us = self._flow.piece(at_us)
        turn_us = self.valve.arrives_us if self.valve is not None else at_us
        return min(wanted, self._bore_ml_h(at_us)), min(changes_us, turn_us) if turn_us > at_us else changes_us

    def _settle(self) -> None:
        if self.valve is not None:
            _ = self.valve.position
        self._settle_until(self._now_us())

    def _settle_until(self, now_us: int) -> None:
        turn_us = now_us if self.valve is None else self.valve.arrives_us
        for until_us in (min(turn_us, now_us), now_us):
            if until_us > self._settled_us:
                self._volume += self._between(self._settled_us, until_us)
                self._settled_us = until_us

    def _between(self, since_us: int, until_us: int) -> int:
        """Return what flows in an interval in which the valve's bore does not change."""
        bore, volume = self._bore_ml_h(since_us), 0
        while since_us < until_us:
            wanted, changes_us = self._flow.piece(since_us)
            end_us = min(changes_us, until_us)
            volume += min(wanted, bore) * (end_us - since_us)
            since_us = end_us
        return volume

    def _bore_ml_h(self, at_us: int) -> int:
        return UNHINDERED_ML_H if self.valve is None else self.valve.bore_ml_h(at_us)

    def _now_us(self) -> int:
        return round(self._clock.boot() * US_PER_S)
