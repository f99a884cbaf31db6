"""Days of one jurisdiction: national holidays, the patron saint, and the eves of both. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIXED_ITALY = frozenset(
    {(1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (10, 4), (11, 1), (12, 8), (12, 25), (12, 26)}
)
"""4 October is one again from 2026 on; in doubt a day is closed."""


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm printed in Nature, 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    l = (32 + 2 * e + 2 * i - h - k) % 7  # noqa: E741 - the algorithm's own letter
    m = (a + 11 * h + 22 * l) // 451
    month, day = divmod(h + l - 7 * m + 114, 31)
    return date(year, month, day + 1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are closed to an act. `patron` is month and day of the place's saint."""

    zone: str
    forbidden_weekdays: frozenset[str]
    holidays: bool
    eves: bool
    patron: tuple[int, int] | None = None

    def is_holiday(self, day: date) -> bool:
        """National holiday, Easter, Easter Monday, the patron's day, or a Sunday."""
        fixed = (day.month, day.day) in FIXED_ITALY or (day.month, day.day) == self.patron
        sunday = easter(day.year)
        return fixed or day in (sunday, sunday + ONE_DAY) or day.weekday() == WEEKDAYS.index("sunday")

    def forbidden(self, day: date) -> bool:
        """Whether nothing may be done on this day."""
        if WEEKDAYS[day.weekday()] in self.forbidden_weekdays:
            return True
        if self.holidays and self.is_holiday(day):
            return True
        return self.eves and self.is_holiday(day + ONE_DAY)

    def day_of(self, at: datetime) -> date:
        """The local day of a moment."""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def next_open(self, at: datetime) -> datetime:
        """The first moment, from the next local midnight on, of a day that is not forbidden."""
        day = self.day_of(at) + ONE_DAY
        while self.forbidden(day):
            day += ONE_DAY
        return datetime.combine(day, time(0), ZoneInfo(self.zone)).astimezone(at.tzinfo)

    def end_of_open_day(self, at: datetime, days: int) -> datetime:
        """The end of the last of so many open days after the day of a moment."""
        day = self.day_of(at)
        while days > 0:
            day += ONE_DAY
            days -= 0 if self.forbidden(day) else 1
        return datetime.combine(day + ONE_DAY, time(0), ZoneInfo(self.zone)).astimezone(at.tzinfo)
