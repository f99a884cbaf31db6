"""What a run of the model is about: which rules stand, how much may happen, and the ledger of the rows used."""

from dataclasses import dataclass, field
from typing import NamedTuple

from tests.model.rules import Rules
from tests.model.state import Control, Left, World
from tests.model.table import Edge, Event, Kind, OrderState, guarded_edges


class Bounds(NamedTuple):
    """How far an aspect goes; within these bounds every interleaving is explored."""

    orders: int = 1  # that take supply away, one after another
    stops: str = "p"  # which may be recorded, each at most once per order: p payment, q protection, h hold
    crew: bool = True
    asks: int = 2  # nonces per command
    last_seq: int = 5
    fine: bool = False  # orders go through the desk's states one by one
    left: Left = Left()


def lasting(cp: Control) -> bool:
    """A payment, withdrawal or protection is recorded for the order."""
    return "p" in cp.stops or "q" in cp.stops


def on_hold(cp: Control) -> bool:
    """A hold is recorded and its end is not."""
    return "h" in cp.stops and not cp.hold_ended


def settled(cp: Control) -> bool:
    """P6, as the control plane knows it."""
    return not cp.unsettled and not cp.hand


@dataclass
class Ledger:
    """Which rows of the life table the model's steps used, and which of its steps were no row."""

    used: set[Edge] = field(default_factory=set)
    unlawful: set[str] = field(default_factory=set)
    _judged: set[tuple[object, ...]] = field(default_factory=set)
    _law: dict[Kind, dict[Edge, list[frozenset[str]]]] = field(
        default_factory=lambda: {"taking": guarded_edges("taking"), "giving": guarded_edges("giving")}
    )

    def note(self, kind: Kind, cp: Control, event: Event, to: OrderState) -> None:
        """An order of this kind moves; the facts its guards ask for are those of `cp`, before the move."""
        source = cp.taking if kind == "taking" else cp.giving
        by_crew = cp.field if kind == "taking" else cp.giving_field
        facts = (kind, source, event, to, by_crew, cp.stops, cp.hold_ended, settled(cp), cp.permitted)
        if facts in self._judged:
            return
        self._judged.add(facts)
        edge = Edge(kind, source, event, to)
        true = {
            "field" if by_crew else "remote",
            "stopped" if lasting(cp) else "not_stopped",
            "on_hold" if on_hold(cp) else "not_on_hold",
            "settled" if settled(cp) else "unsettled",
            "once_permitted" if cp.permitted else "never_permitted",
            "rules_allow" if not lasting(cp) and not on_hold(cp) and not cp.frozen else "rules_forbid",
            "stopped_once" if cp.stops or cp.old_stop else "never_stopped",
        }
        if any(guards <= true for guards in self._law[kind].get(edge, ())):
            self.used.add(edge)
        else:
            self.unlawful.add(f"{kind}: {source} on {event} to {to}, where {', '.join(sorted(true))}")


@dataclass
class Model:
    """What every step is given beside the state."""

    bounds: Bounds
    rules: Rules = field(default_factory=Rules)
    ledger: Ledger = field(default_factory=Ledger)

    def first(self) -> World:
        """Nothing has happened yet."""
        return World(left=self.bounds.left)
