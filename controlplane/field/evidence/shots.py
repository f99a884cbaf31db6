"""Which photographs an act needs: data, and what is missing of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from controlplane.policy.facts import Act


class View(StrEnum):
    """What a photograph is meant to show."""

    PLATE = "plate"
    REGISTER = "register"
    BEFORE = "before"
    AFTER = "after"
    SEAL = "seal"
    PLACE = "place"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Shot:
    """A piece of evidence, by its digest, and what it is meant to show."""

    what: View
    digest: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "what", View(self.what))


ACT = (View.PLATE, View.REGISTER, View.BEFORE, View.AFTER)
REQUIRED: Mapping[Act, tuple[View, ...]] = {
    Act.SUSPEND: ACT,
    Act.LIMIT: ACT,
    Act.INTERRUPT: ACT,
    Act.REACTIVATE: ACT,
    Act.REMOVE: ACT,
    Act.DELIVER_NOTICE: (View.PLACE, View.DOCUMENT),
}
"""`before` and `after` show the valve with its seal, or the place of the meter; of a notice, the letter where it was
left."""
WITHOUT_ACT = (View.PLACE,)
"""Nobody let the crew in, the meter can't be reached, a dog: where it stood shows it."""


def missing(act: Act, shots: Iterable[Shot], *, sealed: bool = False) -> tuple[View, ...]:
    """The shots that a completed act still needs; where a seal was put on or taken off, the seal's too.

    One photograph may show plate and register, but not both what was before and what was after.
    """
    return _missing((*REQUIRED[act], *([View.SEAL] if sealed else [])), shots)


def missing_without_act(shots: Iterable[Shot]) -> tuple[View, ...]:
    """The shots that a visit without its act still needs."""
    return _missing(WITHOUT_ACT, shots)


def _missing(needed: Iterable[View], shots: Iterable[Shot]) -> tuple[View, ...]:
    given = list(shots)
    earlier = {shot.digest for shot in given if shot.what is View.BEFORE}
    there = {shot.what for shot in given if shot.what is not View.AFTER or shot.digest not in earlier}
    return tuple(view for view in needed if view not in there)
