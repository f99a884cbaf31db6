"""Bodies of the routes of seals."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictInt, StringConstraints

from controlplane.field.evidence.seals.numbers import MOST, listed, ranged
from controlplane.fields import In, Name, Out, Words
from controlplane.problems import UnprocessableError

Number = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Count = Annotated[StrictInt, Field(ge=0, lt=10**15)]


class SealRange(In):
    """All numbers from `first` to `last`, both too: the prefix, then so many digits."""

    prefix: Annotated[str, StringConstraints(max_length=16)] = ""
    first: Count
    last: Count
    digits: Annotated[StrictInt, Field(ge=1, le=15)]


class Batch(In):
    """Seals, as a list of their numbers or as a range of them: one of the two."""

    numbers: Annotated[list[Number], Field(min_length=1, max_length=MOST)] | None = None
    range: SealRange | None = None

    def all(self) -> list[str]:
        """Each number once, as it is kept; UnprocessableError (`bad_seal`, `too_many_seals`) where that can't be."""
        if (self.numbers is None) == (self.range is None):
            raise UnprocessableError("name the seals by `numbers` or by `range`: one of the two", code="bad_seal")
        if self.range is not None:
            return ranged(self.range.prefix, self.range.first, self.range.last, self.range.digits)
        return listed(self.numbers or [])


class NewSeals(Batch):
    """Seals to be entered: into the store, or as hanging at a point already."""

    standing_at: Name | None = None


class SealIssue(Batch):
    """Seals that a crew is given."""

    crew: Name


class SealVoiding(In):
    """Why a seal is never applied."""

    reason: Words


class SealsOut(Out):
    """How many seals it was about, the first and the last of them."""

    count: int
    first: str
    last: str


class SealEvent(Out):
    """One thing that happened to a seal."""

    seal: str
    at: datetime
    event: str
    actor: str
    crew: str | None
    supply_point: str | None
    order: str | None
    reason: str | None


class SealOut(Out):
    """Where a seal is: `crew` has it in hand, or `supply_point` is where it was put on."""

    number: str
    state: str
    crew: str | None
    supply_point: str | None


class SealTold(SealOut):
    """A seal, with everything that ever happened to it."""

    history: list[SealEvent]
