"""Seeds by hand: `python -m tests.simulation SEED [N]` lives N seeds from SEED, over all cores of this machine.

A seed that breaks a rule is made small, tells its story and how to live it again. `--faults` names faults of line and
broker, and plots, that alone strike; `--plot NAME` (repeatable) sets the plots instead of the seed's own; `--sabotage
NAME` takes one guard away first and looks for the first seed that shows it, in short lives.
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import replace

from simulators.faults import Fault
from tests.simulation import coverage
from tests.simulation.cut import ORDERS, Cut
from tests.simulation.drawing import WITH_CREWS, drawn
from tests.simulation.faulty import Lived
from tests.simulation.many import hush, lives, one
from tests.simulation.plots import PLOTS
from tests.simulation.sabotage import SABOTAGES, UNSEEN
from tests.simulation.shrinking import Small, shrink

COLUMNS = 3
CREWS = "crews_are_out"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("count", type=int, nargs="?", default=1)
    parser.add_argument("--plot", action="append", choices=[*sorted(WITH_CREWS), "none"])
    parser.add_argument("--sabotage", choices=sorted({**SABOTAGES, **UNSEEN}))
    parser.add_argument("--faults", default="", help="names of faults and plots, with commas between; none: no fault")
    parser.add_argument("--no-order", type=int, action="append", default=[])
    parser.add_argument("--no-fault", action="append", default=[], choices=[str(fault) for fault in Fault])
    parser.add_argument("--orders", type=int, default=ORDERS, help="how many orders are asked for in a life")
    parser.add_argument("--short", action="store_true", help="lives of six orders")
    parser.add_argument("--whole", action="store_true", help="tell a story as it is, without making it small")
    asked = parser.parse_args()
    for name in filter(None, asked.faults.split(",")):
        if name not in {*map(str, Fault), *WITH_CREWS, "none"}:
            parser.error(
                f"no fault or plot is called {name!r}; there are: {', '.join([*map(str, Fault), *WITH_CREWS])}"
            )
    return asked


def plots_of(asked: argparse.Namespace) -> tuple[str, ...] | None:
    """The plots that were named; None where each seed has its own."""
    named = [name for name in asked.faults.split(",") if name in WITH_CREWS] + list(asked.plot or ())
    if asked.faults and not asked.plot:
        named.append(CREWS)
    return tuple(dict.fromkeys(name for name in named if name != "none")) if named else None


def cut_of(asked: argparse.Namespace) -> Cut:
    """What is left out of each life, or forced."""
    left = frozenset(asked.no_order), frozenset(map(Fault, asked.no_fault))
    cut = Cut(*left, asked_for=asked.orders, short=asked.short or bool(asked.sabotage))
    named = frozenset(Fault(name) for name in asked.faults.split(",") if name in set(Fault))
    return replace(cut, only=named) if asked.faults else cut


def smallest(lived: Lived, asked: argparse.Namespace) -> Small:
    """The same violation in the least of its life that still shows it."""
    plots, cut = plots_of(asked), cut_of(asked)
    found = Small(drawn(lived.seed) if plots is None else plots, cut, lived)
    if asked.whole or lived.broken[0].startswith("liveness"):
        return found
    return shrink(lambda plots, cut: one(lived.seed, plots, asked.sabotage, cut), found)


def replay(small: Small, sabotage: str | None) -> str:
    plots = "".join(f" --plot {name}" for name in small.plots or ("none",))
    taken = f" --sabotage '{sabotage}'" if sabotage else ""
    return f"replay: .venv/bin/python -m tests.simulation {small.lived.seed}{plots} --whole{taken} {small.cut}".rstrip()


def tell(lived: Lived, asked: argparse.Namespace) -> None:
    small = smallest(lived, asked)
    print(f"\n{small.lived.story}\n")
    print("\n".join(f"seed {lived.seed}: {text}" for text in small.lived.broken))
    print(replay(small, asked.sabotage), flush=True)


def main() -> int:
    hush()
    asked, began, failed = arguments(), time.monotonic(), list[int]()
    counts, fired = Counter[str](), Counter[str]()
    seeds = range(asked.seed, asked.seed + asked.count)
    for done, lived in enumerate(lives(seeds, plots_of(asked), asked.sabotage, cut_of(asked)), 1):
        counts.update(lived.counts)
        fired.update(lived.rows)
        if lived.broken:
            failed.append(lived.seed)
            tell(lived, asked)
            if asked.sabotage:
                break
        print(f"\r{done} of {asked.count} seeds, {len(failed)} failed", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    summary(counts, asked, failed, time.monotonic() - began)
    if asked.count > 1 and not asked.sabotage:
        print(coverage.report(counts, fired, PLOTS))
    return int(bool(failed) is not bool(asked.sabotage))


def summary(counts: Counter[str], asked: argparse.Namespace, failed: list[int], took_s: float) -> None:
    cells = [f"{counts[name]:>7} {name.replace('_', ' ')}" for name in sorted(counts)]
    for at in range(0, len(cells), COLUMNS):
        print("".join(f"{cell:<33}" for cell in cells[at : at + COLUMNS]).rstrip())
    last = asked.seed + asked.count - 1
    pace = f"{counts['seeds'] / took_s:.1f} schedules a second"
    print(
        f"{asked.count} seeds, {asked.seed} to {last}, in {took_s:.0f} s, {pace}: {len(failed)} failed {failed or ''}"
    )


if __name__ == "__main__":
    sys.exit(main())
