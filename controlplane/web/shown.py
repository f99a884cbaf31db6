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
    if words.language == "en":
        return f"{local.day} {MONTHS[local.month - 1]} {local.year} {clock}"
    return f"{local:%d/%m/%Y} {clock}"


def number(words: Words, value: int) -> str:
    """A whole number with its thousands."""
    text = f"{value:,}"
    return text if words.language == "en" else text.replace(",", ".")


def since(at: datetime, now: datetime) -> timedelta:
    """How long since; never below nothing."""
    return max(now - at, timedelta(0))
