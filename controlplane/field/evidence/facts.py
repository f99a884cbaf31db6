"""What a photograph says of itself. All of it was chosen by whoever sent it: it is compared, never believed alone."""

from datetime import UTC, datetime, tzinfo

import msgspec


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the camera says that it was: decimal degrees in `datum`, metres."""

    latitude: float
    longitude: float
    datum: str
    accuracy_m: float | None = None


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Read once, when the photograph comes.

    `width` and `height` are as it is looked at. `taken_local` is the camera's own time, without a zone; `taken_at` is
    there where the camera has named its offset, or the satellites have said the time. `likeness` are 64 bits, in hex,
    None where too little is to be seen; `sharpness` is the variance of the Laplacian of its brightness.
    """

    width: int
    height: int
    sharpness: float
    likeness: str | None = None
    taken_local: datetime | None = None
    taken_at: datetime | None = None
    place: Place | None = None
    camera: str | None = None

    def when(self, zone: tzinfo) -> datetime | None:
        """The time it was taken, in UTC; a camera that names no offset is taken to show the time of `zone`."""
        if self.taken_at is not None:
            return self.taken_at.astimezone(UTC)
        return self.taken_local.replace(tzinfo=zone).astimezone(UTC) if self.taken_local is not None else None


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What looking at a photograph answers: facts, or the code of a refusal."""

    facts: Facts | None = None
    refusal: str | None = None
