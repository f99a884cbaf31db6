"""What a camera has written into a photograph (Exif 2.32), bounded and cleaned: each field may hold anything at all."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from math import isfinite
from typing import Any

from controlplane.field.evidence.facts import Place

MAKE, MODEL = 0x010F, 0x0110
TAKEN, OFFSET = 0x9003, 0x9011
LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE = 1, 2, 3, 4
GPS_TIME, DATUM, GPS_DATE, ACCURACY = 7, 18, 29, 31
LONGEST = 64
FIRST_YEAR, LAST_YEAR = 2000, 2200
LARGEST_ERROR_M = 100_000.0
MOMENT = re.compile(r"(\d{4}):(\d{2}):(\d{2}) (\d{2}):(\d{2}):(\d{2})")
DAY = re.compile(r"(\d{4}):(\d{2}):(\d{2})")
ZONE = re.compile(r"([+-])([01]\d):([0-5]\d)")
Tags = Mapping[int, Any]


def line(value: object) -> str | None:
    """A short line that any page can show, or None."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if not isinstance(value, str):
        return None
    shown = "".join(c if c.isprintable() and c != "\N{REPLACEMENT CHARACTER}" else " " for c in value[: 4 * LONGEST])
    return " ".join(shown.split())[:LONGEST].strip() or None


def number(value: object) -> float | None:
    """A finite number; a rational may divide by nothing."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return found if isfinite(found) else None


def numbers(value: object, count: int) -> list[float] | None:
    """So many finite numbers that are not negative."""
    if not isinstance(value, tuple | list) or len(value) != count:
        return None
    found = [number(part) for part in value]
    return [part for part in found if part is not None and part >= 0] if None not in found else None


def local(value: object) -> datetime | None:
    """The camera's own time, without a zone."""
    found = MOMENT.match(line(value) or "")
    try:
        moment = datetime(*(int(part) for part in found.groups())) if found else None  # type: ignore[arg-type] # noqa: DTZ001 - a camera without a zone
    except ValueError:
        return None
    return moment if moment is not None and FIRST_YEAR <= moment.year <= LAST_YEAR else None


def offset(value: object) -> timezone | None:
    """The offset from UTC that the camera names."""
    found = ZONE.fullmatch(line(value) or "")
    if found is None:
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-ahead if found[1] == "-" else ahead)


def satellite_time(gps: Tags) -> datetime | None:
    """The time that the satellites have said, in UTC."""
    found, clock = DAY.fullmatch(line(gps.get(GPS_DATE)) or ""), numbers(gps.get(GPS_TIME), 3)
    if found is None or clock is None or len(clock) != 3:  # noqa: PLR2004 - hours, minutes, seconds
        return None
    try:
        day = date(*(int(part) for part in found.groups()))
        moment = datetime.combine(day, time(int(clock[0]), int(clock[1]), int(clock[2])), UTC)
    except (ValueError, OverflowError):
        return None
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None


def taken(tags: Tags, gps: Tags) -> tuple[datetime | None, datetime | None]:
    """The camera's own time, and the moment itself where that can be told."""
    here, zone = local(tags.get(TAKEN)), offset(tags.get(OFFSET))
    if here is not None and zone is not None:
        return here, here.replace(tzinfo=zone).astimezone(UTC)
    return here, satellite_time(gps)


def degrees(value: object, towards: object, positive: str, negative: str, most: float) -> float | None:
    """Degrees, minutes and seconds as decimal degrees."""
    parts, side = numbers(value, 3), line(towards)
    if parts is None or len(parts) != 3 or side not in (positive, negative):  # noqa: PLR2004
        return None
    angle = parts[0] + parts[1] / 60 + parts[2] / 3600
    return round(angle if side == positive else -angle, 7) if angle <= most else None


def place(gps: Tags) -> Place | None:
    """Where the camera was; None where it does not say, or says nonsense."""
    latitude = degrees(gps.get(LATITUDE), gps.get(LATITUDE_REF), "N", "S", 90)
    longitude = degrees(gps.get(LONGITUDE), gps.get(LONGITUDE_REF), "E", "W", 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    error_m = number(gps.get(ACCURACY))
    accuracy_m = error_m if error_m is not None and 0 <= error_m <= LARGEST_ERROR_M else None
    return Place(latitude, longitude, line(gps.get(DATUM)) or "WGS-84", accuracy_m)


def camera(tags: Tags) -> str | None:
    """Maker and model."""
    parts = [part for part in (line(tags.get(MAKE)), line(tags.get(MODEL))) if part is not None]
    return " ".join(parts)[: 2 * LONGEST] or None
