"""Whose evidence a file is, and how much of it one sender may send in a day.

What a crew sends is the crew's: it outlives the token and the device under which it came.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select

from controlplane.access.service import Principal
from controlplane.field.enrolment.models import devices
from controlplane.field.evidence.models import evidence, evidence_sent
from controlplane.problems import TooManyError

DAY = timedelta(days=1)
ITS_CREW = select(devices.c.crew).where(
    devices.c.token == bindparam("token"), devices.c.approved_at.is_not(None), devices.c.revoked_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class Sender:
    """A token, and the crew whose approved device works under it; no crew where there is none."""

    token: str
    crew: str | None = None

    @property
    def key(self) -> str:
        """Who is counted: the crew as a whole, else the token."""
        return self.crew or self.token

    @property
    def values(self) -> dict[str, str | None]:
        """What the conditions of this module are bound to."""
        return {"token": self.token, "crew": self.crew}


@dataclass(frozen=True, slots=True)
class Quota:
    """What one crew may send in 24 hours; what comes at the same time may exceed it by as much."""

    files: int = 2000
    bytes: int = 5_000_000_000


def sent_by() -> ColumnElement[bool]:
    """The condition on `evidence_sent` that a sender has sent it, itself or by its crew's other devices."""
    by_crew = evidence_sent.c.crew == bindparam("crew")
    return or_(evidence_sent.c.principal == bindparam("token"), by_crew)


COUNTED = or_(
    evidence_sent.c.crew == bindparam("crew"),
    and_(bindparam("crew").is_(None), evidence_sent.c.principal == bindparam("token")),
)
RECENT = (
    select(evidence_sent.c.evidence, func.min(evidence_sent.c.at).label("at"))
    .where(COUNTED, evidence_sent.c.at > bindparam("since"))
    .group_by(evidence_sent.c.evidence)
    .subquery()
)
TODAY = select(func.count(), func.coalesce(func.sum(evidence.c.size), 0), func.min(RECENT.c.at)).join_from(
    RECENT, evidence, evidence.c.sha256 == RECENT.c.evidence
)


def sender_of(db: Connection, who: Principal) -> Sender:
    """Who sends: its token, and its crew where an approved device is enrolled under the token."""
    return Sender(who.id, db.execute(ITS_CREW, {"token": who.id}).scalar_one_or_none())


def check_quota(db: Connection, now: datetime, sender: Sender, announced: int, quota: Quota) -> None:
    """TooManyError where this sender has sent as much as a day takes; `announced` are the new file's bytes."""
    count, size, oldest = db.execute(TODAY, {**sender.values, "since": now - DAY}).one()
    if count < quota.files and int(size) + announced <= quota.bytes:
        return
    again = (oldest if oldest is not None else now) + DAY
    told = f"{count} files with {int(size)} bytes in 24 hours"
    detail = (
        f"you have sent {told}, and {quota.files} files with {quota.bytes} bytes are taken; go on at {again:%FT%RZ}"
    )
    more = "or ask an operator, who may raise evidence.files_per_day and evidence.bytes_per_day"
    wait_s = max(1, int((again - now).total_seconds()))
    raise TooManyError(f"{detail}, {more}", code="evidence_quota", retry_after_s=wait_s)
