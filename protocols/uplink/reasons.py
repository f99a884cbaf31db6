"""Why a command was refused or failed: codes of the edge, and whether they are of law or of technique.

A refusal of law (also cap, freeze, clock) holds the order: a crew must not walk around it. One of technique is looked
at, and may become field work.
"""

from enum import StrEnum


class Why(StrEnum):
    """The edge's reasons."""

    PERMIT_DENIED = "permit_denied"
    CAP = "cap"
    FROZEN = "frozen"
    CLOCK_UNTRUSTED = "clock_untrusted"
    GAS_NEVER_OPENED = "gas_never_opened"

    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    OLD_EPOCH = "old_epoch"
    WRONG_GATEWAY = "wrong_gateway"
    UNKNOWN_METER = "unknown_meter"
    NOT_CAPABLE = "not_capable"
    WRONG_IDENTITY = "wrong_identity"
    PERMIT_LAPSED = "permit_lapsed"
    NO_ANSWER = "no_answer"
    NOT_AS_WANTED = "not_as_wanted"
    VALVE_FAULT = "valve_fault"
    LINE_DOWN = "line_down"
    INTERRUPTED = "interrupted"
    STORAGE = "storage"
    MALFORMED = "malformed"

    ALREADY = "already"
    """Found as wanted: nothing was moved. Goes with outcome `done`."""

    @property
    def lawful(self) -> bool:
        """Whether the order is to be held, not looked at."""
        return self in LAWFUL


LAWFUL = frozenset({Why.PERMIT_DENIED, Why.CAP, Why.FROZEN, Why.CLOCK_UNTRUSTED, Why.GAS_NEVER_OPENED})
