"""Times, ages and numbers as people write them, in the reader's language."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from controlplane.web.words import Words

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def span(words: Words, seconds: float) -> str:
    """A length of time in its largest unit: `3 min`."""
    for name, size in (("d", DAY_S), ("h", HOUR_S), ("min", MINUTE_S)):
        if seconds >= size:
            return words(f"span.{name}", n=int(seconds // size))
    return words("span.s", n=max(0, int(seconds)))


def age(words: Words, at: datetime, now: datetime) -> str:
    """How long ago: `3 min ago`; what a wrong clock puts into the future is now."""
    seconds = (now - at).total_seconds()
    return words("span.now") if seconds < 1 else words("span.ago", span=span(words, seconds))


def moment(words: Words, at: datetime, zone: str, now: datetime) -> str:
    """A time in its place's zone; with its day, unless that is today."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return clock
    return f"{_date(words, local)} {clock}"


def _date(words: Words, local: datetime) -> str:
    if words.language == "en":
        return f"{local.day} {MONTHS[local.month - 1]} {local.year}"
    return f"{local:%d/%m/%Y}"


def day(words: Words, at: datetime, zone: str, now: datetime) -> str:
    """A time with its day and date, as one plans by: `mer 02/12/2026 08:00`."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    name = words("span.today") if local.date() == today else words(f"weekday.{local.weekday()}")
    return f"{name} {_date(words, local)} {local:%H:%M}"


def precise(words: Words, at: datetime, zone: str, now: datetime) -> str:
    """A time to the second; with its day, unless that is today."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    return f"{local:%H:%M:%S}" if local.date() == today else f"{_date(words, local)} {local:%H:%M:%S}"


def decimal(words: Words, value: str) -> str:
    """An exact decimal as it was read, every digit of it; what is none stays as it is."""
    whole, point, rest = value.partition(".")
    if not whole.removeprefix("-").isdecimal() or (point and not rest.isdecimal()):
        return value
    mark = "." if words.language == "en" else ","
    return number(words, int(whole)) + (f"{mark}{rest}" if rest else "")


def number(words: Words, value: int) -> str:
    """A whole number with its thousands."""
    text = f"{value:,}"
    return text if words.language == "en" else text.replace(",", ".")


def since(at: datetime, now: datetime) -> timedelta:
    """How long since; never below nothing."""
    return max(now - at, timedelta(0))
