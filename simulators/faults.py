"""Named faults of wires and brokers: each has its own seeded stream and strikes only in its windows of time.

A fault decides whether and how much; what it does to bytes or messages stands with the line and the broker.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from simulators.chance import stream


class Fault(StrEnum):
    """What can go wrong."""

    NOISE = "noise"
    FLIPPED_BIT = "flipped_bit"
    DROPPED_BYTE = "dropped_byte"
    SPLIT_DELIVERY = "split_delivery"
    LOST_ANSWER = "lost_answer"
    LATE_ANSWER = "late_answer"
    LINE_DOWN = "line_down"
    STALLED_CONVERTER = "stalled_converter"

    MESSAGE_LOST = "message_lost"
    MESSAGE_DOUBLED = "message_doubled"
    MESSAGE_REORDERED = "message_reordered"
    MESSAGE_DELAYED = "message_delayed"
    MESSAGE_HELD = "message_held"
    MESSAGE_REPLAYED = "message_replayed"
    PUBLISH_CUT = "publish_cut"
    SESSION_TAKEN_OVER = "session_taken_over"
    BROKER_DOWN = "broker_down"
    BROKER_RESTARTED = "broker_restarted"


LINE_FAULTS = frozenset(
    {
        Fault.NOISE,
        Fault.FLIPPED_BIT,
        Fault.DROPPED_BYTE,
        Fault.SPLIT_DELIVERY,
        Fault.LOST_ANSWER,
        Fault.LATE_ANSWER,
        Fault.LINE_DOWN,
        Fault.STALLED_CONVERTER,
    }
)
BROKER_FAULTS = frozenset(Fault) - LINE_FAULTS
FOREVER_S = float("inf")
ODDS = (0.02, 0.1, 0.3)
CUTS = frozenset({Fault.PUBLISH_CUT, Fault.SESSION_TAKEN_OVER, Fault.BROKER_DOWN, Fault.BROKER_RESTARTED})
CUT_ODDS = (0.005, 0.02, 0.06)
"""Of what ends connections at a message: more often, and nothing but births would ever be said."""


@dataclass(frozen=True, slots=True)
class Window:
    """When a fault is on, and how likely it strikes at each occasion; at those only whose subject contains `about`."""

    fault: Fault
    probability: float = 1.0
    since_s: float = 0.0
    until_s: float = FOREVER_S
    about: str = ""

    def __str__(self) -> str:
        aim = f" at {self.about}" if self.about else ""
        return f"{self.fault} p={self.probability:g} {self.since_s:.1f}..{self.until_s:.1f} s{aim}"


Told = Callable[[Fault, str], None]
"""Told what has struck, and at what: a topic, or nothing."""


class Faults:
    """The faults of one world; `struck` counts what has struck. Windows are in `time`, by default the loop's."""

    def __init__(
        self,
        seed: int = 0,
        windows: Iterable[Window] = (),
        time: Callable[[], float] | None = None,
        told: Told | None = None,
    ) -> None:
        self.windows: tuple[Window, ...] = ()
        self.struck: Counter[Fault] = Counter()
        self.told = told
        self._time = time or _loop_time
        self._chances = {fault: stream(seed, fault) for fault in Fault}
        self._of: dict[Fault, tuple[Window, ...]] = {}
        self.add(*windows)

    def add(self, *windows: Window) -> None:
        """Let these faults strike too."""
        self.windows += windows
        for window in windows:
            self._of[window.fault] = (*self._of.get(window.fault, ()), window)

    def strikes(self, fault: Fault, about: str = "") -> bool:
        """Whether `fault` strikes at this occasion, now; draws only while it is on."""
        windows = self._of.get(fault)
        if windows is None:
            return False
        odds = self._odds(windows, about)
        if odds == 0.0 or self._chances[fault].random() >= odds:
            return False
        self.struck[fault] += 1
        if self.told is not None:
            self.told(fault, about)
        return True

    def chance(self, fault: Fault) -> Random:
        """The stream that says how hard `fault` strikes."""
        return self._chances[fault]

    def _odds(self, windows: tuple[Window, ...], about: str) -> float:
        now = self._time()
        return max((w.probability for w in windows if w.since_s <= now < w.until_s and w.about in about), default=0.0)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


def plan(
    seed: int, horizon_s: float, among: Iterable[Fault] = Fault, cut_odds: tuple[float, ...] = CUT_ODDS
) -> tuple[Window, ...]:
    """Draw the windows of a seed: about half of the faults, each on for a part of the `horizon_s`."""
    chance = stream(seed, "plan of faults")
    windows = []
    for fault in sorted(among):
        on, since, length, odds = (
            chance.random(),
            chance.random(),
            chance.random(),
            chance.choice(cut_odds if fault in CUTS else ODDS),
        )
        if on < 1 / 2:
            since_s = since * horizon_s
            windows.append(Window(fault, odds, since_s, since_s + length * (horizon_s - since_s)))
    return tuple(windows)
