"""Bodies of the routes of evidence."""

from datetime import datetime

from controlplane.fields import Out


class PlaceOut(Out):
    """Where the camera says that it was: decimal degrees in `datum`, metres."""

    latitude: float
    longitude: float
    datum: str
    accuracy_m: float | None


class FactsOut(Out):
    """What a photograph says of itself; nothing of it is proven.

    `taken_local` is the camera's time without a zone. `taken_at` is there where the camera has named its offset, or the
    satellites have said the time. `likeness` are 64 bits in hex; `sharpness` is the variance of the Laplacian of its
    brightness.
    """

    width: int
    height: int
    sharpness: float
    likeness: str | None
    taken_local: datetime | None
    taken_at: datetime | None
    place: PlaceOut | None
    camera: str | None


class EvidenceOut(Out):
    """A piece of evidence, kept under its digest; `facts` is null for a document."""

    sha256: str
    kind: str
    size: int
    received_at: datetime
    facts: FactsOut | None
