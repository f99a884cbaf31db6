"""Bodies of the readings' routes."""

from datetime import datetime

from controlplane.fields import Out


class ReadingOut(Out):
    """One value as the meter gave it: exact decimal text; null with its reason where there is none."""

    at: datetime
    quantity: str
    value: str | None
    unit: str
    storage: int
    tariff: int
    subunit: int
    function: str
    reason: str | None


class LatestOut(Out):
    """The latest value of each register."""

    items: list[ReadingOut]


class PositionOut(Out):
    """The last proven position of a meter's valve; `unknown`, with nothing beside it, before any."""

    meter: str
    position: str
    at: datetime | None
    age_s: float | None
    source: str | None
    grade: str | None
