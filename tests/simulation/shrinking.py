"""A violation made small: whatever of its life can be left out while the same rule breaks is left out, one by one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from simulators.faults import Fault
from tests.simulation.cut import Cut
from tests.simulation.faulty import Lived


@dataclass(frozen=True, slots=True)
class Small:
    """What is left: the plots, the rest, and the life it makes."""

    plots: tuple[str, ...]
    cut: Cut
    lived: Lived


Plots = tuple[str, ...]
Live = Callable[[Plots, Cut], Lived]
Less = Callable[[Plots, Cut], tuple[Plots, Cut]]


def rules(lived: Lived) -> set[str]:
    """The rules that a life has broken."""
    return {text.partition(":")[0] for text in lived.broken}


def shrink(live: Live, found: Small) -> Small:
    """The least that still breaks a rule that `found` has broken: nothing more of it alone can be left out."""
    wanted, smaller = rules(found.lived), True
    while smaller:
        smaller = False
        for less in list(_less(found)):
            plots, cut = less(found.plots, found.cut)
            lived = live(plots, cut)
            if wanted & rules(lived):
                found, smaller = Small(plots, cut, lived), True
    return found


def _less(found: Small) -> Iterator[Less]:
    """All that can be left out, the largest things first."""
    yield from (partial(_without_plot, name) for name in found.plots)
    for order in sorted(set(range(found.cut.asked)) - found.cut.orders):
        yield partial(_without_order, order)
    for fault in Fault:
        if found.lived.counts[fault] and fault not in found.cut.faults:
            yield partial(_without_fault, fault)


def _without_plot(name: str, plots: Plots, cut: Cut) -> tuple[Plots, Cut]:
    return tuple(other for other in plots if other != name), cut


def _without_order(order: int, plots: Plots, cut: Cut) -> tuple[Plots, Cut]:
    return plots, cut.without_order(order)


def _without_fault(fault: Fault, plots: Plots, cut: Cut) -> tuple[Plots, Cut]:
    return plots, cut.without_fault(fault)
