"""Backoff, clocks, and how loudly failures are told."""

import logging
from datetime import UTC
from itertools import islice

from seams.backoff import delays
from seams.clock import SystemClock, SystemEntropy
from seams.logs import Level


class Highest:
    def token(self, size: int) -> bytes:
        return bytes(size)

    def fraction(self) -> float:
        return 1.0


def test_backoff_doubles_up_to_its_cap() -> None:
    assert list(islice(delays(Highest(), first_s=1, cap_s=5), 5)) == [1, 2, 4, 5, 5]


def test_backoff_has_full_jitter() -> None:
    waits = list(islice(delays(SystemEntropy(), first_s=8, cap_s=8), 200))
    assert min(waits) < 2
    assert max(waits) > 6
    assert all(0 <= w < 8 for w in waits)


def test_the_system_clock_is_aware_and_runs_on() -> None:
    clock = SystemClock()
    first = clock.boot()
    assert clock.now().tzinfo is UTC
    assert clock.boot() >= first


def test_chance_is_not_constant() -> None:
    assert SystemEntropy().token(16) != SystemEntropy().token(16)


def test_first_failure_warns_the_following_whisper_recovery_informs() -> None:
    level = Level()
    assert level.recovered() is None
    assert [level.failed(), level.failed(), level.recovered(), level.recovered(), level.failed()] == [
        logging.WARNING,
        logging.DEBUG,
        logging.INFO,
        None,
        logging.WARNING,
    ]
