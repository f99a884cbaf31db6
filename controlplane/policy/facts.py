"""What rules look at: frozen, gathered while the fence row is held. And what they answer."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from protocols.uplink.messages import Reason


class Act(StrEnum):
    """What an order would do at the point: its kind."""

    DELIVER_NOTICE = "deliver_notice"
    LIMIT = "limit"
    SUSPEND = "suspend"
    INTERRUPT = "interrupt"
    REACTIVATE = "reactivate"
    REMOVE = "remove"

    @property
    def takes(self) -> bool:
        """Whether it takes supply away."""
        return self in TAKING_ACTS


TAKING_ACTS = frozenset({Act.LIMIT, Act.SUSPEND, Act.INTERRUPT, Act.REMOVE})


@dataclass(frozen=True, slots=True)
class Protected:
    """An act that must not happen at the point, and until when; None is for ever."""

    act: str
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Which threshold of the house an order was above when it entered; `window_s` is how long it counts."""

    scope: str
    name: str
    threshold: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Facts:
    """One act at one point, asked for one interval: `now` to `until`.

    `quarantine` is there until a second person has released the order.
    """

    act: Act
    now: datetime
    until: datetime
    grounds: str
    notice_received_on: date | None
    not_before: datetime | None
    protections: tuple[Protected, ...]
    other_taking_alive: bool
    quarantine: Quarantine | None = None


class Effect(StrEnum):
    """What a rule does to an order. The order of the words is their weight: the heaviest of all answers counts."""

    ALLOW = "allow"
    DEFER = "defer"
    SECOND_PERSON = "second_person"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Answer:
    """One rule's answer, with its citation and the pack that was asked; `until` is when a deferral ends."""

    rule: str
    citation: str
    effect: Effect
    reason: Reason | None = None
    until: datetime | None = None
    pack: str = ""
