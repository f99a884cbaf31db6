"""Bodies of the routes of protections and holds."""

from datetime import datetime

from controlplane.fields import In, Out, When, Words


class NewHold(In):
    """Why nothing may be taken away here for now; without `until` it lasts until its end is recorded."""

    reason: Words
    until: When | None = None


class Ending(In):
    """Why a hold or protection ends."""

    reason: Words


class StopOut(Out):
    """What stops orders at a point: a payment, withdrawal, hold or protection. Ended, never erased."""

    id: str
    supply_point: str
    kind: str
    act: str | None
    reason: str | None
    until: datetime | None
    recorded_by: str
    recorded_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None


class StopTold(StopOut):
    """A stop as it was just recorded; `gives_back` is the order it has entered to give supply back."""

    gives_back: str | None


class ProtectionTold(Out):
    """A protection as it stands."""

    id: str
    supply_point: str
    act: str
    reason: str
    until: datetime | None
    recorded_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None


class ProtectionMade(ProtectionTold):
    """A protection as it was just recorded; `gives_back` is the order it has entered to give supply back."""

    gives_back: str | None
