"""I5: the edge's own bound, whatever anybody says."""

from datetime import UTC, datetime

import pytest

from gateway.caps import Limits, Moment, age_s, free
from gateway.journal.records import Taking
from protocols.types import MeterId, ValvePosition

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MOMENT = Moment(lived_s=200_000.0)
LIMITS = Limits(per_hour=2, per_day=3, share=0.5, floor=2)
OPEN, CLOSED, UNKNOWN = ValvePosition.OPEN, ValvePosition.CLOSED, ValvePosition.UNKNOWN


def taken(ago_s: float) -> Taking:
    return Taking(MeterId("A"), NOW, 3, MOMENT.lived_s - ago_s)


@pytest.mark.parametrize(
    ("ages", "answer"),
    [
        ([], True),
        ([10], True),
        ([10, 20], False),
        ([10, 3601], False),
        ([10, 3637], True),
        ([10, 3637, 3638], False),
        ([10, 3637, 86_401], False),
        ([10, 3637, 87_265], True),
    ],
)
def test_I5_per_hour_and_per_day_by_a_clock_that_may_run_a_hundredth_too_fast(ages: list[float], answer: bool) -> None:
    assert free(LIMITS, [taken(a) for a in ages], [OPEN] * 9, MOMENT) is answer


def test_I5_a_valve_counts_from_when_its_write_may_have_moved_it_at_the_latest() -> None:
    slow = Moment(MOMENT.lived_s, act_max_s=12)
    assert age_s(taken(3640), slow) == 3628
    assert not free(LIMITS, [taken(10), taken(3640)], [OPEN] * 9, slow)


def test_I5_a_closure_of_a_time_still_to_come_counts() -> None:
    assert not free(LIMITS, [taken(-500), taken(-90_000)], [OPEN] * 9, MOMENT)


@pytest.mark.parametrize(
    ("others", "answer"),
    [
        ([OPEN] * 9, True),
        ([CLOSED] * 4 + [OPEN] * 5, True),
        ([CLOSED] * 5 + [OPEN] * 4, False),
        ([UNKNOWN] * 5 + [OPEN] * 4, False),
        ([ValvePosition.LIMITED] * 5 + [OPEN] * 4, False),
        ([CLOSED], True),
        ([CLOSED, CLOSED], False),
        ([], True),
    ],
)
def test_I5_share_above_a_floor_and_unknown_counts_as_closed(others: list[ValvePosition], answer: bool) -> None:
    assert free(LIMITS, [], others, MOMENT) is answer


def test_caps_of_zero_close_nothing() -> None:
    assert not free(Limits(0, 3, 0.5, 2), [], [OPEN] * 9, MOMENT)
    assert not free(Limits(2, 0, 0.5, 2), [], [OPEN] * 9, MOMENT)
    assert not free(Limits(2, 3, 0.0, 0), [], [OPEN] * 9, MOMENT)
