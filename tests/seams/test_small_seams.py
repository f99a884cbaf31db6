"""Backoff, clocks, and how loudly failures are told."""

import logging
from datetime import UTC
from itertools import islice

import structlog

from seams.backoff import delays
from seams.clock import SystemClock, SystemEntropy
from seams.logs import ALIKE_MOST, ALIKE_WITHIN_S, Level, Sparing


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


def test_I12_a_flood_of_one_warning_is_cut_and_counted_and_others_are_told() -> None:
    now_s = 0.0
    sparing = Sparing(lambda: now_s)

    def told(text: str, method: str = "warning") -> dict[str, object] | None:
        try:
            return dict(sparing(None, method, {"event": text}))
        except structlog.DropEvent:
            return None

    assert sum(told("junk") is not None for _ in range(1000)) == ALIKE_MOST
    assert told("something else") == {"event": "something else"}
    assert told("junk", "error") == {"event": "junk"}
    now_s = ALIKE_WITHIN_S
    assert told("junk") == {"event": "junk", "untold": 1000 - ALIKE_MOST}
    assert told("junk") == {"event": "junk"}
