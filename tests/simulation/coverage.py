"""What was met in lives: rows of the table of orders, faults of line and broker, plots; and what never was."""

from collections import Counter
from collections.abc import Iterable

from controlplane.orders.states import TABLE, Row
from simulators.faults import Fault
from tests.simulation.world import World

FIRED = """SELECT o.way, e.from_state, e.event, e.state, count(*) FROM order_events e JOIN orders o ON o.id = e."order"
GROUP BY 1, 2, 3, 4"""


def named(row: Row) -> str:
    """A row as it is told."""
    return f"{row.kind}: {row.from_} {row.on} -> {row.to}"


ROWS = frozenset(map(named, TABLE))


def rows(world: World) -> Counter[str]:
    """How often each row was taken."""
    told = ((f"{way}: {before} {on} -> {to}", count) for way, before, on, to, count in world.eye.execute(FIRED))
    return Counter({name: count for name, count in told if name in ROWS})


def told(what: str, met: Counter[str], all_: Iterable[str]) -> str:
    """How many of all were met, and which never."""
    every = sorted(all_)
    never = [name for name in every if not met[name]]
    head = f"{what}: {len(every) - len(never)} of {len(every)} met"
    return "\n".join([head, *(f"  never: {name}" for name in never)])


def report(counts: Counter[str], fired: Counter[str], plots: Iterable[str]) -> str:
    """What was met of everything that there is."""
    return "\n".join(
        [
            told("faults", counts, map(str, Fault)),
            told("plots", counts, (f"plot {name}" for name in plots)),
            told("rows of the orders' table", fired, ROWS),
        ]
    )
