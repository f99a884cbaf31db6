"""What of a seed's life is left out, or forced: how a story is made smaller, and how a fault is lived by its name.

Whatever is left out, the rest draws the same chance and does what it would have done.
"""

from dataclasses import dataclass, replace

from simulators.chance import stream
from simulators.faults import CUT_ODDS, CUTS, ODDS, Fault, Window, plan
from tests.simulation.machine import EVERY_S

ORDERS, SHORT_ORDERS = 12, 6
POLLED_S = (60, 120, 300)


@dataclass(frozen=True, slots=True)
class Cut:
    """Orders that are not asked for, and faults of line and broker that do not strike; or those that alone do."""

    orders: frozenset[int] = frozenset()
    faults: frozenset[Fault] = frozenset()
    only: frozenset[Fault] | None = None
    asked_for: int = ORDERS
    short: bool = False
    """A life of six orders whose meters are read each minute, with connections that end often."""

    @property
    def asked(self) -> int:
        """How many orders are asked for, with those that are left out."""
        return SHORT_ORDERS if self.short else self.asked_for

    def every_s(self, seed: int) -> int:
        """So often each meter is read."""
        return EVERY_S if self.short else stream(seed, "pace").choice(POLLED_S)

    def drawn(self, seed: int, horizon_s: float) -> tuple[Window, ...]:
        """The windows that a seed draws."""
        return plan(seed, horizon_s, cut_odds=ODDS if self.short else CUT_ODDS)

    def windows(self, drawn: tuple[Window, ...], seed: int, horizon_s: float) -> tuple[Window, ...]:
        """Those that are left of them; those of forced faults last a whole life."""
        if self.only is not None:
            chance = stream(seed, "forced")
            drawn = tuple(
                Window(fault, chance.choice(CUT_ODDS if fault in CUTS else ODDS), 0.0, horizon_s)
                for fault in sorted(self.only)
            )
        return tuple(window for window in drawn if window.fault not in self.faults)

    def without_order(self, order: int) -> "Cut":
        """The same, and this order too is not asked for."""
        return replace(self, orders=self.orders | {order})

    def without_fault(self, fault: Fault) -> "Cut":
        """The same, and this fault too does not strike."""
        return replace(self, faults=self.faults | {fault})

    def __str__(self) -> str:
        """As the command line says it."""
        forced = [] if self.only is None else [f"--faults {','.join(sorted(self.only)) or 'none'}"]
        left = [f"--no-order {order}" for order in sorted(self.orders)]
        short = ["--short"] if self.short else [f"--orders {self.asked_for}"]
        return " ".join([*short, *forced, *left, *(f"--no-fault {fault}" for fault in sorted(self.faults))])


WHOLE, SHORT = Cut(), Cut(short=True)
