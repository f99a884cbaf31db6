"""What a gateway says of its own state, beside what it says of meters."""

from typing import Literal

from protocols.uplink.parts import Body, Count, Moment, Text, Token


class Condition(Body, frozen=True):
    """What ails a gateway: told at each start and on each change until it is acknowledged. `number` rises in a boot.

    `storage`: its disk works, refuses (full, say) or has failed, so that it closes and keeps nothing until it is
    started again. `safe_mode` is why it closes nothing until a person ends that, empty where it may. `readings_lost`
    counts those of this journal that were dropped at its bound and never acknowledged.
    """

    kind = "condition"
    journal: Token
    boot: Count
    number: Count
    storage: Literal["works", "refuses", "failed"]
    safe_mode: Text
    readings_lost: Count
    at: Moment
