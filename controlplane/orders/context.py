"""What the verbs of orders need beside the session: clocks, chance, rules and numbers, all handed in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from controlplane.policy.packs import Packs
from protocols.ports import Clock, Entropy

if TYPE_CHECKING:
    from controlplane.orders.life import Order

DRIFT = 1.01
"""Two clocks that count the same seconds may differ by this much (CONTROL P6)."""


@dataclass(frozen=True, slots=True)
class OrderSettings:
    """Numbers of the house: times in seconds, and how many taking orders may enter before a second person is asked."""

    permit_validity_s: float = 10.0
    crew_permit_s: float = 300.0
    crew_report_s: float = 3600.0
    command_ttl_s: float = 120.0
    command_grace_s: float = 30.0
    look_due_s: float = 120.0
    looks_unanswered: int = 3
    giving_sends: int = 3
    observe_min_s: float = 10.0
    observe_max_s: float = 72 * 3600.0
    armed_look_s: float = 60.0
    armed_look_max_s: float = 3600.0
    arm_unused_s: float = 86400.0
    leak_watch_s: float = 420.0
    passing_tolerance_m3: float = 0.01
    held_review_s: float = 3600.0
    term_after_deadline_s: float = 30 * 86400.0
    receipt_gap_s: float = 900.0
    quarantine_s: float = 86400.0
    client_per_hour: int = 500
    client_per_day: int = 2000
    zone_per_hour: int = 200
    zone_per_day: int = 600
    gateway_per_hour: int = 100
    gateway_per_day: int = 300


Steps = Callable[[Connection, str, datetime], list[tuple[datetime, Decimal]]]
"""The last moments at which a meter's index moved before a time, oldest first: a fact that telemetry gives."""


def no_steps(_db: Connection, _meter: str, _before: datetime) -> list[tuple[datetime, Decimal]]:
    """Where nothing is known of a meter's index."""
    return []


Field = Callable[[Connection, "Context", "Order", str], None]
"""Told of whatever happens to an order of the field channel, in the same transaction: crews live above orders."""


def no_field(_db: Connection, _context: "Context", _order: "Order", _on: str) -> None:
    """Where nobody goes."""


@dataclass(frozen=True, slots=True)
class Context:
    """All of it, for one control plane."""

    clock: Clock
    entropy: Entropy
    packs: Packs
    settings: OrderSettings = OrderSettings()
    steps: Steps = no_steps
    field: Field = no_field

    @property
    def now(self) -> datetime:
        """The wall clock."""
        return self.clock.now()
