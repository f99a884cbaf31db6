"""Bodies of the orders' routes."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from controlplane.fields import Day, In, MaybeWords, Name, Out, When, Words


class Wanted(StrEnum):
    """What an order may ask for; a notice is refused with a code of its own until crews deliver them."""

    DELIVER_NOTICE = "deliver_notice"
    LIMIT = "limit"
    SUSPEND = "suspend"
    INTERRUPT = "interrupt"
    REACTIVATE = "reactivate"
    REMOVE = "remove"


class Notice(In):
    """How the customer was told, and when that was received."""

    received_on: Day
    channel: MaybeWords = ""


class NewOrder(In):
    """An order to be entered. `grounds` names its legal grounds; the rules answer at once."""

    supply_point: Name
    kind: Wanted
    grounds: Words = "default"
    notice: Notice | None = None
    not_before: When | None = None
    deadline: When | None = None


class RuleOut(Out):
    """The rule that decided, the rule pack it was asked under, and what its parameters cite."""

    pack: str
    id: str
    citation: str


class ReasonOut(Out):
    """Why: a stable code, words for people, and the rule that said so where one did."""

    code: str
    en: str
    it: str
    rule: RuleOut | None = None


class Step(Out):
    """One entry of an order's timeline."""

    at: datetime
    state: str
    grade: str | None
    actor: str
    reason: ReasonOut | None


class QuarantineOut(Out):
    """Which threshold an order was above when it entered, and until when a second person may release it."""

    scope: str
    name: str
    threshold: int
    window_s: int
    until: datetime


class OrderOut(Out):
    """An order as it stands; `approved_by` is who has released it from quarantine."""

    id: str
    supply_point: str
    client: str
    kind: str
    medium: str
    channel: str | None
    state: str
    grade: str | None
    reason: ReasonOut | None
    until: datetime | None
    grounds: str
    notice: dict[str, str] | None
    not_before: datetime | None
    deadline: datetime | None
    legal_term: datetime | None
    tried: list[dict[str, object]]
    quarantine: QuarantineOut | None
    approved_by: str | None
    created_at: datetime
    version: int


class OrderTold(OrderOut):
    """An order with everything that has happened to it."""

    timeline: list[Step]


class Rejection(In):
    """Why a second person deletes an order."""

    reason: Words


class Revocation(In):
    """Why a gateway is believed no more."""

    reason: Words


class NewFreeze(In):
    """Why all closing is to stop."""

    reason: Words


class FreezeOut(Out):
    """Whether all closing is stopped, and what it waits for."""

    frozen: bool
    reason: str
    lift_asked_by: str


class Resumption(In):
    """What an operator vouches for before permits are granted again after a restore; both have to be true."""

    stops_sent_again: Literal[True]
    crews_reported: Literal[True]
    note: Words


class HaltOut(Out):
    """Whether nothing is closed since a restore, and what told so."""

    halted: bool
    reason: str
