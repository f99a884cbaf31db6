"""I5: the edge's own bound, whatever anybody says, and whatever the clocks do."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.caps import Limits, Moment, age_s, free
from gateway.journal.records import Taking
from protocols.types import MeterId, ValvePosition

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MOMENT = Moment(NOW, boot=3, boot_s=200_000.0)
LIMITS = Limits(per_hour=2, per_day=3, share=0.5, floor=2)
OPEN, CLOSED, UNKNOWN = ValvePosition.OPEN, ValvePosition.CLOSED, ValvePosition.UNKNOWN


def taken(ago_s: float, *, boot: int = 3) -> Taking:
    return Taking(MeterId("A"), NOW - timedelta(seconds=ago_s), boot, MOMENT.boot_s - ago_s)


@pytest.mark.parametrize(
    ("ages", "answer"),
    [
        ([], True),
        ([10], True),
        ([10, 20], False),
        ([10, 3601], True),
        ([10, 3601, 3602], False),
        ([10, 3601, 86_401], True),
    ],
)
def test_I5_per_hour_and_per_day(ages: list[float], answer: bool) -> None:
    assert free(LIMITS, [taken(a) for a in ages], [OPEN] * 9, MOMENT) is answer


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


def test_I5_a_clock_set_back_frees_nothing() -> None:
    ahead = Taking(MeterId("A"), NOW + timedelta(days=2), boot=2, boot_s=0.0)
    assert age_s(ahead, MOMENT) == 0
    assert not free(LIMITS, [ahead, ahead], [OPEN] * 9, MOMENT)


def test_I5_a_clock_set_forward_frees_nothing_in_the_same_run() -> None:
    later = Moment(NOW + timedelta(days=400), boot=3, boot_s=MOMENT.boot_s + 5)
    assert not free(LIMITS, [taken(10), taken(20)], [OPEN] * 9, later)


def test_caps_of_zero_close_nothing() -> None:
    assert not free(Limits(0, 3, 0.5, 2), [], [OPEN] * 9, MOMENT)
    assert not free(Limits(2, 0, 0.5, 2), [], [OPEN] * 9, MOMENT)
    assert not free(Limits(2, 3, 0.0, 0), [], [OPEN] * 9, MOMENT)
