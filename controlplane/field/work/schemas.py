"""Bodies of the routes of work orders and of the feed."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from controlplane.field.evidence.findings import Weight
from controlplane.field.evidence.shots import View
from controlplane.field.work.feed import Entry
from controlplane.field.work.required import Piece
from controlplane.fields import In, MaybeWords, Out, Words
from controlplane.orders.schemas import ReasonOut
from controlplane.policy.facts import Act
from protocols.types import ValvePosition

Base64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=60000)]


class FindingOut(Out):
    """One thing that was found about an account, and what follows: `told`, or `two_keys` for two persons to judge."""

    code: str
    weight: Weight
    it: str
    en: str
    digest: str | None


class PhotographOut(Out):
    """A photograph that the crew's account came with, under `/field/evidence/{sha256}`, and what it shows."""

    shot: View
    sha256: str


class WorkOrderOut(Out):
    """A work order as it stands. `state` is its order's while it is open, then `closed`, and `ending` says how.

    `serial` is what the meter's plate should say. `doubts` are what two persons have to judge of a kept report;
    `findings` are all that was found about the crew's account, and `photographs` are those it came with.
    """

    id: str
    order: str
    supply_point: str
    code: str
    zone: str
    medium: str
    client: str
    kind: str
    state: str
    ending: str | None
    visit: int
    next_step: str | None
    crew: str | None
    meter: str | None
    serial: str | None
    reason: ReasonOut | None
    tried: list[dict[str, object]]
    found: str | None
    doubts: list[str]
    findings: list[FindingOut]
    photographs: list[PhotographOut]
    opened_at: datetime
    closed_at: datetime | None
    stopped_at: datetime | None
    found_at: datetime | None
    deadline: datetime | None
    version: int


class EntryOut(Out):
    """One entry. `work_order` is whole as it stood then; null where `taken` tells that another crew has it."""

    id: int
    at: datetime
    type: Entry
    subject: str
    work_order: WorkOrderOut | None


class FeedOut(Out):
    """Entries, oldest first. `next` goes on after the last one, now or later; `more` tells that some are there."""

    items: list[EntryOut]
    next: str
    more: bool


class ActNeeds(Out):
    """What a report of an act needs: photographs, pieces, and checks with the result that completes it.

    A `seal`'s photograph is needed, beyond these, with any seal that a report names.
    """

    act: Act
    medium: Literal["water", "gas"]
    photographs: list[View]
    pieces: list[Piece]
    checks: dict[str, str]


class OutcomeNeeds(Out):
    """An abort's code with its words, the photographs that it needs, and what is done next."""

    code: str
    it: str
    en: str
    photographs: list[View]
    next_step: str
    after_two_visits: str


class RequirementsOut(Out):
    """All that crews' accounts need in this house."""

    acts: list[ActNeeds]
    outcomes: list[OutcomeNeeds]


class Arrival(In):
    """The position in which the crew finds the valve, before it asks for anything."""

    position: ValvePosition


class Signature(In):
    """One signature of an envelope."""

    keyid: Annotated[str, StringConstraints(max_length=200)]
    sig: Base64


class SignedBody(In):
    """A DSSE envelope, signed with the device's key. docs/control.md names what it holds."""

    payload: Base64
    payloadType: Annotated[str, StringConstraints(max_length=200)]  # noqa: N815 - the specification's spelling
    signatures: Annotated[tuple[Signature, ...], Field(min_length=1, max_length=8)]


class PermitOut(Out):
    """Whether a permit was granted; `signed` is the house's own envelope, and only that counts."""

    granted: bool
    reason: ReasonOut | None
    signed: SignedBody


class Releasing(In):
    """One person's word that the crew was spoken to, or is away, and that its permit has ended."""

    crew_is: Literal["spoken_to", "away"]
    statement: Words


class RepairEnding(In):
    """What was found and done, or why nothing is."""

    reason: Words


class Judging(In):
    """One person's judgement of what is doubted; `serial` is the one to accept where no report is kept."""

    accept: bool
    reason: Words
    serial: MaybeWords = ""


class TwoOut(Out):
    """Whether it is done: false waits for a second, different person who says the same."""

    done: bool
    work_order: WorkOrderOut
