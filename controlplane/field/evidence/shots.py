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
    TEST = "test"
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
left. `test` shows the result of a leak check, on the gauge or the meter's display."""


def missing(act: Act, shots: Iterable[Shot], *, sealed: bool = False, tested: bool = False) -> tuple[View, ...]:
    """The shots that a completed act still needs; the seal's too where one was put on or taken off.

    `tested`: the act needs a leak check. One photograph may show plate and register, but not both what was before and
    what was after.
    """
    return lacking((*REQUIRED[act], *([View.SEAL] if sealed else []), *([View.TEST] if tested else [])), shots)


def lacking(needed: Iterable[View], shots: Iterable[Shot]) -> tuple[View, ...]:
    """Those of the shots that are needed which are not there."""
    given = list(shots)
    earlier = {shot.digest for shot in given if shot.what is View.BEFORE}
    there = {shot.what for shot in given if shot.what is not View.AFTER or shot.digest not in earlier}
    return tuple(view for view in needed if view not in there)
