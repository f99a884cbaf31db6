"""I14: the wall clock is believed only while signed time and the boot clock agree with it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from gateway.clockwatch import ClockWatch

START = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass
class Hands:
    boot_s: float = 50.0
    wall: datetime = START

    def now(self) -> datetime:
        return self.wall

    def boot(self) -> float:
        return self.boot_s

    def run(self, seconds: float) -> None:
        self.boot_s += seconds
        self.wall += timedelta(seconds=seconds)


def test_I14_untrusted_until_confirmed() -> None:
    hands = Hands()
    watch = ClockWatch(hands, 5.0)
    told = [watch.trusted]
    watch.confirm(START, hands.boot_s)
    told.append(watch.trusted)
    hands.run(3_600)
    assert [*told, watch.trusted] == [False, True, True]


def test_I14_what_both_clocks_may_have_drifted_together_ends_the_trust_in_the_end() -> None:
    """No clock of this machine shows it; a week without signed time is no time that a closure may be judged by."""
    hands = Hands()
    watch = ClockWatch(hands, 5.0)
    watch.confirm(START, hands.boot_s)
    told = []
    for _ in range(8):
        hands.run(3_600)
        told.append((watch.trusted, watch.stale))
    assert told == [(True, False)] * 3 + [(True, True)] * 3 + [(False, True)] * 2
    watch.confirm(hands.wall, hands.boot_s)
    assert (watch.trusted, watch.stale) == (True, False)


def test_I14_drift_and_a_small_step_add_up() -> None:
    hands = Hands()
    watch = ClockWatch(hands, 5.0)
    watch.confirm(START, hands.boot_s)
    hands.run(10_000)
    hands.wall += timedelta(seconds=4)
    assert not watch.trusted


@pytest.mark.parametrize("jump_s", [6.0, -6.0, 3600.0])
def test_I14_a_jump_ends_the_trust_until_confirmed_anew(jump_s: float) -> None:
    hands = Hands()
    watch = ClockWatch(hands, 5.0)
    watch.confirm(START, hands.boot_s)
    hands.wall += timedelta(seconds=jump_s)
    told = [watch.trusted]
    watch.confirm(hands.wall, hands.boot_s)
    assert [*told, watch.trusted] == [False, True]


@pytest.mark.parametrize(("off_s", "trusted"), [(0, True), (4.9, True), (-4.9, True), (6, False), (-6, False)])
def test_I14_a_wall_clock_that_is_off_is_not_trusted(off_s: float, trusted: bool) -> None:
    hands = Hands()
    watch = ClockWatch(hands, 5.0)
    watch.confirm(START - timedelta(seconds=off_s), hands.boot_s)
    assert watch.trusted is trusted


def test_I14_an_answer_that_took_long_confirms_nothing() -> None:
    hands = Hands()
    watch = ClockWatch(hands, 5.0)
    asked_s = hands.boot_s
    hands.run(11)
    watch.confirm(START + timedelta(seconds=5), asked_s)
    assert not watch.trusted
