"""The days of Italy, beside a list made by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.policy.calendar import Calendar, easter

ROME = Calendar("Europe/Rome", frozenset({"friday", "saturday"}), holidays=True, eves=True, patron=(6, 24))
OPEN = Calendar("Europe/Rome", frozenset(), holidays=False, eves=False)


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2000, date(2000, 4, 23)),
        (2019, date(2019, 4, 21)),
        (2024, date(2024, 3, 31)),
        (2025, date(2025, 4, 20)),
        (2026, date(2026, 4, 5)),
        (2027, date(2027, 3, 28)),
        (2038, date(2038, 4, 25)),
        (2049, date(2049, 4, 18)),
    ],
)
def test_easter_is_where_almanacs_have_it(year: int, day: date) -> None:
    assert easter(year) == day


@given(st.integers(1900, 2200))
def test_easter_is_a_sunday_in_spring(year: int) -> None:
    assert easter(year).weekday() == 6
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


CLOSED_2026 = {
    "new year": date(2026, 1, 1),
    "epiphany": date(2026, 1, 6),
    "its eve, a Monday": date(2026, 1, 5),
    "Easter Monday": date(2026, 4, 6),
    "the eve of 2 June, a Monday": date(2026, 6, 1),
    "2 June": date(2026, 6, 2),
    "the patron's day, a Wednesday": date(2026, 6, 24),
    "the patron's eve": date(2026, 6, 23),
    "a Friday": date(2026, 3, 6),
    "a Saturday": date(2026, 3, 7),
    "a Sunday": date(2026, 3, 8),
    "Immaculate Conception": date(2026, 12, 8),
    "Christmas Eve, a Thursday": date(2026, 12, 24),
    "New Year's Eve, a Thursday": date(2026, 12, 31),
}


@pytest.mark.parametrize("name", CLOSED_2026)
def test_a_closed_day_is_closed(name: str) -> None:
    assert ROME.forbidden(CLOSED_2026[name])
    assert not OPEN.forbidden(CLOSED_2026[name])


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 3, 5), date(2026, 4, 7), date(2026, 6, 3)])
def test_a_working_day_is_open(day: date) -> None:
    assert not ROME.forbidden(day)


def test_a_day_is_the_places_own() -> None:
    thursday_2330_utc = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
    assert ROME.day_of(thursday_2330_utc) == date(2026, 3, 6)
    assert ROME.day_of(datetime(2026, 7, 2, 22, 30, tzinfo=UTC)) == date(2026, 7, 3), "summer time"


@given(st.integers(0, 10 * 366 * 86400))
def test_the_next_open_moment_is_a_local_midnight_and_the_first(seconds: int) -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    opens = ROME.next_open(at)
    assert opens > at
    assert not ROME.forbidden(ROME.day_of(opens))
    assert ROME.day_of(opens - timedelta(seconds=1)) == ROME.day_of(opens) - timedelta(days=1)
    day = ROME.day_of(at) + timedelta(days=1)
    while day < ROME.day_of(opens):
        assert ROME.forbidden(day)
        day += timedelta(days=1)
